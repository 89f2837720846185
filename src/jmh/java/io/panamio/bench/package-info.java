/**
 * {@link io.panamio.bench.Main}, which starts all benchmarks; those that neither use JMH nor have a package of their
 * own: the guard against regressions, memory of idle connections, start-up, sizes of buffers; and the tables, pictures
 * and the page that present all results.
 */
package io.panamio.bench;
