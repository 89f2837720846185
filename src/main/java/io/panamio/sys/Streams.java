package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A platform's calls that move the bytes of stream sockets, or of pipes, on descriptors that the caller keeps open.
 * Results are plain: bytes, or {@link Sockets#WOULD_BLOCK}; everything else is an exception that names the system call
 * and its error. Interrupted calls are retried. A call on a socket never blocks, even on a descriptor in blocking mode.
 */
public abstract class Streams {
    /** For the platforms. */
    protected Streams() {
    }

    /** Receives into a part of {@code dst} that is not empty; 0 is the end of the stream. */
    public abstract long recv(int fd, MemorySegment dst, long off, long len) throws IOException;

    /** Like {@code recv}, into all of {@code dst}, leaving the bytes where they are; sockets alone. */
    public abstract long peek(int fd, MemorySegment dst) throws IOException;

    /** Sends a part of {@code src} that is not empty. */
    public abstract long send(int fd, MemorySegment src, long off, long len) throws IOException;

    /** Like {@code send}, when more follows at once: the system may hold back what fills no packet. Sockets alone. */
    public abstract long sendMore(int fd, MemorySegment src, long off, long len) throws IOException;

    /** Like {@code recv}, into a part of an array that is not empty. */
    public abstract long recv(int fd, byte[] dst, int off, int len) throws IOException;

    /** Like {@link #peek(int, MemorySegment)}, into a part of an array that is not empty. */
    public abstract long peek(int fd, byte[] dst, int off, int len) throws IOException;

    /** Like {@code send}, from a part of an array that is not empty. */
    public abstract long send(int fd, byte[] src, int off, int len) throws IOException;

    /** Receives into all of {@code dsts} in order, at least one of which is not empty; 0 is the end of the stream. */
    public abstract long recvVectored(int fd, MemorySegment[] dsts) throws IOException;

    /** Sends from all of {@code srcs} in order. */
    public abstract long sendVectored(int fd, MemorySegment[] srcs) throws IOException;

    /** A list of that many empty segments. */
    public abstract Gather newGather(int capacity);

    /** Sends what remains of {@code list}, which is something, and moves it on; to the end unless there is no room. */
    public abstract long send(int fd, Gather list) throws IOException;

    /** The most bytes that one call can move. */
    public abstract long maxTransfer();
}
