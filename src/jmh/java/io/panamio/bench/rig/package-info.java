/**
 * Shared by the benchmarks that measure servers side by side: server processes that are started, stopped and whose use
 * of resources is read, and rounds over all of them. {@link io.panamio.bench.rig.SideBySide} runs it.
 */
package io.panamio.bench.rig;
