/**
 * A TCP proxy, the command {@code proxy}. {@link io.panamio.examples.proxy.ProxyLoop} is its event loop; a {@code Flow}
 * moves one direction of a connection.
 */
package io.panamio.examples.proxy;
