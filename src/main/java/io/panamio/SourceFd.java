package io.panamio;

import io.panamio.sys.Handle;

/**
 * Watches a descriptor that it does not own, such as a timerfd, a signalfd, an inotify instance or another {@link
 * Poll}: mio's {@code SourceFd}.
 *
 * {@snippet file="SourceSnippets.java" region="source-fd"}
 *
 * <p>Make system calls on the descriptor through {@link #tryIo(Interest, IoOperation)}, until they would block. A short
 * read does not mean that a descriptor is drained: a terminal returns one line at a time, inotify whole events, and a
 * message socket one message.
 *
 * <p>Keep a reference to this object while it is registered. {@link #close} it before the owner closes the descriptor:
 * that ends the registration and leaves the descriptor open.
 */
public final class SourceFd extends IoSource {
    /**
     * Constructs a source for a descriptor that the caller owns.
     *
     * @param fd an open descriptor in {@linkplain #makeNonBlocking non-blocking mode}; on Windows a handle, whose
     *     significant bits fit into an {@code int}
     * @throws IllegalArgumentException if {@code fd} is negative
     */
    public SourceFd(int fd) {
        super(Handle.borrowing(fd));
    }
}
