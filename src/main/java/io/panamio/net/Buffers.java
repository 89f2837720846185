package io.panamio.net;

import io.panamio.sys.RawAccess;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/** Checks and measures the memory that users pass. */
final class Buffers {
    private Buffers() {
    }

    static void requireWritable(MemorySegment dst) {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("the segment to read into is read-only");
        }
    }

    static void requireWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
    }

    /**
     * Returns the total size of segments to read into.
     *
     * @throws IllegalArgumentException if one of them is read-only
     */
    static long writableSize(MemorySegment[] dsts) {
        for (MemorySegment dst : dsts) {
            requireWritable(dst);
        }
        return size(dsts);
    }

    static long size(MemorySegment[] segments) {
        long size = 0;
        for (MemorySegment segment : segments) {
            size += segment.byteSize();
        }
        return size;
    }

    /**
     * Checks the segments of a list that have remaining bytes, before any byte moves.
     *
     * @throws IllegalStateException if the arena of one of them is closed
     * @throws WrongThreadException if one of them belongs to another thread
     */
    static void requireUsable(GatherList list) {
        for (int i = 0; i < list.capacity(); i++) {
            if (list.remaining(i) > 0) {
                RawAccess.requireUsable(list.segment(i));
            }
        }
    }

    /**
     * Advances the position by the number of bytes transferred, and returns {@code n}.
     *
     * @param n the result of the operation. If negative, the position does not change. More than the remaining bytes
     *     if a datagram was truncated; the position then becomes the limit
     */
    static long advance(ByteBuffer buffer, long n) {
        if (n > 0) {
            buffer.position(buffer.position() + (int) Math.min(n, buffer.remaining()));
        }
        return n;
    }
}
