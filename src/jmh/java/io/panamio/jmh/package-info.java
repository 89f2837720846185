/**
 * Benchmarks of single operations by JMH: each compares Panamio with plain C and java.nio, and with Netty where a whole
 * turn of an event loop is measured. See {@link io.panamio.jmh.Operation}.
 */
package io.panamio.jmh;
