/**
 * The echo benchmark: echo servers on Panamio, plain C, java.nio and Netty under one load, measured by requests per
 * second, latency, processor time and heap for a request. {@link io.panamio.bench.echo.Echo} runs it.
 */
package io.panamio.bench.echo;
