/**
 * An HTTP/1.1 server of static files on Panamio, the command {@code serve}. {@link
 * io.panamio.examples.serve.HttpLoop} is the event loop, {@code Connections} what is done for each, {@code Request} the
 * parser, {@code FileCache} what is kept open, {@code Answers} what is said and {@code Output} how it is written.
 */
package io.panamio.examples.serve;
