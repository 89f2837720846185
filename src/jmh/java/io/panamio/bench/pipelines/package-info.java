/**
 * The rig for programs that move bytes: the examples {@code serve} and {@code proxy} beside nginx, HAProxy and the same
 * on java.nio, under the load of wrk. {@link io.panamio.bench.pipelines.Pipelines} runs it.
 */
package io.panamio.bench.pipelines;
