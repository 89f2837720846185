package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A platform's sends that leave the bytes where they are until the kernel has done with them, on descriptors that the
 * caller keeps open. Each send that took bytes has a number, counted from 0 by each socket, that
 * wraps around.
 */
public abstract class ZeroCopy {
    /** What {@link #send} returns where the kernel has no room to remember the send: it must be copied. */
    public static final int REFUSED = -3;

    /** Is told of sends that are over. */
    public interface Completion {
        /**
         * The kernel has done with some sends.
         *
         * @param first the number of the first one
         * @param last the number of the last one
         * @param copied whether the kernel has copied the bytes after all
         */
        void completed(int first, int last, boolean copied);
    }

    /** For the platforms. */
    protected ZeroCopy() {
    }

    /** Whether a socket can do such sends already. */
    public abstract boolean isEnabled(int fd);

    /** Asks for such sends on a socket; false if the system refuses. */
    public abstract boolean enable(int fd);

    /** Sends a part of {@code src} that is not empty; bytes, {@link Sockets#WOULD_BLOCK} or {@link #REFUSED}. */
    public abstract long send(int fd, MemorySegment src, long off, long len) throws IOException;

    /** Takes all completions that there are; returns how many reports there were. */
    public abstract int complete(int fd, Completion to) throws IOException;
}
