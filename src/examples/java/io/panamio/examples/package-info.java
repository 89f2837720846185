/**
 * Programs that use the public API, to run and to copy from. {@link io.panamio.examples.EchoLoop} is an event loop to
 * start from.
 */
package io.panamio.examples;
