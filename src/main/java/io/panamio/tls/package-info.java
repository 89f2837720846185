/**
 * TLS over any stream of this library, by the JDK's {@link javax.net.ssl.SSLEngine}.
 *
 * <p>A {@link io.panamio.tls.TlsStream} is a stream and a {@link io.panamio.Source} itself. It is used like the {@link
 * io.panamio.net.TcpStream} below it: registered, read until it would block, written. {@link io.panamio.tls.TlsOptions}
 * sets where the tasks of a handshake run, and how long it may take. Everything else, such as protocols, certificates
 * and ALPN, is configured by the JDK's own types: {@link javax.net.ssl.SSLContext} and {@link
 * javax.net.ssl.SSLParameters}.
 *
 * {@snippet file="TlsSnippets.java" region="server"}
 */
package io.panamio.tls;
