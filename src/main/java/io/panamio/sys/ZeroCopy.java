package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A platform's sends that do not copy: the kernel reads the bytes until it reports that it is done with them. The
 * caller keeps the descriptors open. Each send that accepted bytes has a number, counted from 0 for each socket, that
 * wraps around.
 */
public abstract class ZeroCopy {
    /** Returned by {@link #send} if the kernel has no room to track the send: the bytes must be copied. */
    public static final int REFUSED = -3;

    /** Receives the reports of completed sends. */
    public interface Completion {
        /**
         * Called when the kernel no longer uses the memory of a range of sends.
         *
         * @param first the number of the first send
         * @param last the number of the last send
         * @param copied whether the kernel copied the bytes nevertheless
         */
        void completed(int first, int last, boolean copied);
    }

    /** For the platforms. */
    protected ZeroCopy() {
    }

    /** Returns whether such sends are enabled on a socket. */
    public abstract boolean isEnabled(int fd);

    /** Enables such sends on a socket; returns false if the system refuses. */
    public abstract boolean enable(int fd);

    /** Sends a part of {@code src} that is not empty; also returns {@link Sockets#WOULD_BLOCK} or {@link #REFUSED}. */
    public abstract long send(int fd, MemorySegment src, long off, long len) throws IOException;

    /** Passes all pending reports to {@code to}; returns their number. */
    public abstract int complete(int fd, Completion to) throws IOException;
}
