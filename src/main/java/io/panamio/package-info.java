/**
 * Readiness-based, non-blocking I/O: a {@link io.panamio.Poll} watches {@link io.panamio.Source}s and reports {@link
 * io.panamio.Events}. Names and semantics are those of mio, the library beneath Rust's tokio.
 *
 * <h2>Overview</h2>
 * <ul>
 * <li>A {@link io.panamio.Poll} waits for events; one thread polls at a time.
 * <li>Its {@link io.panamio.Registry} registers a {@link io.panamio.Source} for an {@link io.panamio.Interest}, with a
 *     token, a {@code long} of the application's choice. A {@link io.panamio.Slab} assigns tokens and finds the state
 *     of a connection by them.
 * <li>{@link io.panamio.Events} is a reusable buffer for the events of one poll.
 * <li>{@link io.panamio.Timers} are the deadlines of a loop.
 * <li>A {@link io.panamio.Waker} ends a wait from another thread.
 * <li>An {@link io.panamio.IoSource} owns a descriptor; a {@link io.panamio.SourceFd} watches one that it does not own.
 * <li>A {@link io.panamio.Feature} reports whether this system supports an optional part of the API.
 * </ul>
 * Sockets and pipes are in {@link io.panamio.net}, encrypted streams are in {@link io.panamio.tls}, pooled memory is in
 * {@link io.panamio.memory}, and zero-copy transfers are in {@link io.panamio.pipeline}.
 *
 * <h2>A complete loop</h2>
 * {@snippet file="LoopSnippets.java" region="echo"}
 *
 * <h2>Conventions</h2>
 * <ul>
 * <li>An I/O method returns a number of bytes, or a negative {@link io.panamio.IoResult}: the end of the stream, or
 *     that it would block. After an event, repeat the operation until it would block; the source then reports the next
 *     event.
 * <li>A failure is the exception that the JDK throws for it. It also identifies the system call and its error; see
 *     {@link io.panamio.SystemError}.
 * <li>A closed source throws {@link java.nio.channels.ClosedChannelException}, a closed Poll {@link
 *     java.nio.channels.ClosedSelectorException}.
 * <li>A {@code null} argument throws {@link java.lang.NullPointerException}, unless documented otherwise.
 * <li>Polling, reading events, I/O, timers and waking allocate no objects in the steady state.
 * </ul>
 */
package io.panamio;
