package io.panamio;

import io.panamio.sys.Handle;

/**
 * Watches a descriptor that it does not own, such as a timerfd, a signalfd, an inotify or another {@link Poll}: mio's
 * {@code SourceFd}. Calls on it go through {@link #tryIo(Interest, IoOperation)}, until they would block: many
 * descriptors give less than they have. A terminal gives a line at a time, an inotify whole events, a socket of
 * messages one message.
 *
 * <p>Keep it while it is registered, and {@link #close} it, which ends the watch and leaves the descriptor open,
 * before the descriptor is closed by its owner.
 */
public final class SourceFd extends IoSource {
    /**
     * Makes a source of a descriptor.
     *
     * @param fd an open descriptor, in {@linkplain #makeNonBlocking non-blocking mode}; an {@code int} on every system,
     *     since a handle of the Windows kernel has 32 significant bits
     * @throws IllegalArgumentException if it is negative
     */
    public SourceFd(int fd) {
        super(Handle.borrowing(fd));
    }
}
