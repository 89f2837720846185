/**
 * Programs on the public API, to use and to copy from. {@link io.panamio.examples.EchoLoop} is the model of an event
 * loop.
 */
package io.panamio.examples;
