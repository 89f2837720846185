/**
 * An HTTP/1.1 server of static files on Panamio, the command {@code serve}. {@link io.panamio.examples.serve.HttpLoop}
 * is the event loop, {@code Connections} handles each connection, {@code Request} is the parser, {@code FileCache}
 * keeps files open, {@code Responses} chooses the response and {@code Output} writes it.
 */
package io.panamio.examples.serve;
