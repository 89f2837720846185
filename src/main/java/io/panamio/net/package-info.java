/**
 * Non-blocking sockets over {@link java.lang.foreign.MemorySegment}s, to be registered with a {@link io.panamio.Poll}.
 */
package io.panamio.net;
