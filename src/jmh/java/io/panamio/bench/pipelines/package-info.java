/**
 * The benchmark of file servers and proxies: the examples {@code serve} and {@code proxy} compared with nginx, HAProxy
 * and the same programs on java.nio, under the load of wrk. {@link io.panamio.bench.pipelines.Pipelines} runs it.
 */
package io.panamio.bench.pipelines;
