/**
 * The benchmarks that are not JMH's, started by {@link io.panamio.bench.Main}: the guard against regressions, memory of
 * idle connections, start-up, sizes of buffers; and the tables, pictures and the page that present all results.
 */
package io.panamio.bench;
