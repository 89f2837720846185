/**
 * The echo rig: echo servers on Panamio, plain C, java.nio and Netty under one load, by requests a second, latency,
 * processor time and heap a request. {@link io.panamio.bench.echo.Echo} runs it.
 */
package io.panamio.bench.echo;
