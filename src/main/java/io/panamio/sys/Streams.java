package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A platform's calls that move the bytes of stream sockets, or of pipes, on descriptors that the caller keeps open. A
 * method returns the number of bytes moved, or {@link Sockets#WOULD_BLOCK}; every other outcome is an exception that
 * names the system call and its error. Interrupted calls are retried. A call on a socket never blocks, even if its
 * descriptor is in blocking mode.
 */
public abstract class Streams {
    /** For the platforms. */
    protected Streams() {
    }

    /** Receives into a part of {@code dst} that is not empty; returns 0 at the end of the stream. */
    public abstract long recv(int fd, MemorySegment dst, long off, long len) throws IOException;

    /** Receives into a part of an array that is not empty; returns 0 at the end of the stream. */
    public abstract long recv(int fd, byte[] dst, int off, int len) throws IOException;

    /**
     * Receives into {@code dst} without removing the bytes from the stream.
     *
     * @throws UnsupportedOperationException on a pipe
     */
    public long peek(int fd, MemorySegment dst) throws IOException {
        throw new UnsupportedOperationException("a pipe cannot be peeked at");
    }

    /**
     * Receives into a part of an array that is not empty, without removing the bytes from the stream.
     *
     * @throws UnsupportedOperationException on a pipe
     */
    public long peek(int fd, byte[] dst, int off, int len) throws IOException {
        throw new UnsupportedOperationException("a pipe cannot be peeked at");
    }

    /** Sends a part of {@code src} that is not empty. */
    public abstract long send(int fd, MemorySegment src, long off, long len) throws IOException;

    /** Sends a part of an array that is not empty. */
    public abstract long send(int fd, byte[] src, int off, int len) throws IOException;

    /** Sends a part of {@code src} when more follows at once: the system may hold back a partial packet. */
    public long sendMore(int fd, MemorySegment src, long off, long len) throws IOException {
        return send(fd, src, off, len);
    }

    /** Receives into {@code dsts} in order, at least one of which is not empty; returns 0 at the end of the stream. */
    public abstract long recvVectored(int fd, MemorySegment[] dsts) throws IOException;

    /** Sends from {@code srcs} in order. */
    public abstract long sendVectored(int fd, MemorySegment[] srcs) throws IOException;

    /** Allocates a list of {@code capacity} empty segments. */
    public abstract Gather newGather(int capacity);

    /** Sends the remaining bytes of {@code list}, at least one, and advances it by the number of bytes sent. */
    public abstract long send(int fd, Gather list) throws IOException;

    /** Returns the maximum number of bytes that one call moves. */
    public abstract long maxTransfer();
}
