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

    // ---- the segments of a vectored call

    /** Copies the bytes of the segments on the heap to the copy buffer. */
    protected static void copyFromHeap(MemorySegment[] segments, int from, int count, MemorySegment copy) {
        long copied = 0;
        for (int i = from; i < from + count; i++) {
            MemorySegment segment = segments[i];
            if (!segment.isNative()) {
                MemorySegment.copy(segment, 0, copy, copied, segment.byteSize());
                copied += segment.byteSize();
            }
        }
    }

    /** Copies received bytes to the segments on the heap. */
    protected static void copyToHeap(MemorySegment[] segments, int from, MemorySegment copy, long received) {
        long copied = 0;
        long left = received;
        for (int i = from; left > 0; i++) {
            MemorySegment segment = segments[i];
            long n = Math.min(left, segment.byteSize());
            if (!segment.isNative()) {
                MemorySegment.copy(copy, copied, segment, 0, n);
                copied += n;
            }
            left -= n;
        }
    }

    /** Returns the number of bytes of segments that need the copy buffer. */
    protected static long sizeOnHeap(MemorySegment[] segments, int from, int count) {
        long size = 0;
        for (int i = from; i < from + count; i++) {
            size += segments[i].isNative() ? 0 : segments[i].byteSize();
        }
        return size;
    }

    /** Returns the number of bytes of segments. */
    protected static long size(MemorySegment[] segments, int from, int count) {
        long size = 0;
        for (int i = from; i < from + count; i++) {
            size += segments[i].byteSize();
        }
        return size;
    }

    /**
     * Returns the number of segments from {@code from} on that one vectored call of at most {@code max} bytes takes,
     * see {@link RawAccess}: native ones, and as many on the heap as the copy buffer holds. A segment of a shared arena
     * is passed alone, as an argument.
     */
    protected static int vectorable(MemorySegment[] segments, int from, long max) {
        long size = 0;
        long copied = 0;
        int i = from;
        while (i < segments.length && i - from < NativeScratch.MAX_VECTORS) {
            MemorySegment segment = segments[i];
            copied += segment.isNative() ? 0 : segment.byteSize();
            if (copied > NativeScratch.COPY_SIZE || segment.isNative() && !RawAccess.isSafe(segment)) {
                break;
            }
            size += segment.byteSize();
            if (size < 0 || size > max) {
                break;
            }
            i++;
        }
        return i - from;
    }
}
