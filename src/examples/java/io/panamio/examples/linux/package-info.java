/**
 * Descriptors that only Linux has, and the command {@code watch}, which waits for all of them in one event loop:
 * timers, directories, processes and signals. The classes are written to be copied.
 */
package io.panamio.examples.linux;
