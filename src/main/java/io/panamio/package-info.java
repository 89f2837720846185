/**
 * Readiness: a {@link io.panamio.Poll} watches {@link io.panamio.Source}s and reports {@link io.panamio.Events}. The
 * names and the semantics are those of mio, the library under Rust's tokio.
 *
 * <p>A source is watched for what an {@link io.panamio.Interest} says, and its events carry a token, any {@code long}
 * of the user's, for which a {@link io.panamio.Slab} is handy. A {@link io.panamio.Waker} ends a wait from another
 * thread.
 *
 * <p>Results of I/O methods are numbers of bytes or an {@link io.panamio.IoResult}. Failures are the JDK's own
 * exceptions and tell the system call and its error, see {@link io.panamio.SystemError}. What is closed throws {@link
 * java.nio.channels.ClosedChannelException}, or {@link java.nio.channels.ClosedSelectorException} for a Poll.
 *
 * <p>Null arguments throw {@link java.lang.NullPointerException} throughout.
 */
package io.panamio;
