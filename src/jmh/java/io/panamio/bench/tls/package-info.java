/**
 * The benchmark of TLS: the same small HTTPS server on this library and on Netty, with the same engines of the JDK, under
 * the load of wrk. {@link io.panamio.bench.tls.Tls} runs it.
 */
package io.panamio.bench.tls;
