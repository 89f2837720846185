package io.panamio.net;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/** What is asked of memory that users pass. */
final class Buffers {
    private Buffers() {
    }

    static void requireWritable(MemorySegment dst) {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("a read-only segment to read into");
        }
    }

    static void requireWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
    }

    /** The size of all segments together, which are to be read into. */
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

    /** Moves the position by what was transferred, and returns the result. */
    static long advance(ByteBuffer buffer, long n) {
        if (n > 0) {
            buffer.position(buffer.position() + (int) Math.min(n, buffer.remaining()));
        }
        return n;
    }
}
