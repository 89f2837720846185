package io.panamio.tls;

import io.panamio.sys.RawAccess;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The memory that a user passed last, as the buffer that an engine takes. A loop that passes the same segment or array
 * again allocates nothing.
 */
final class View {
    /** The memory that is worth a new view: as long as a full record. Shorter memory is copied instead. */
    private static final int LONG = 16 << 10;

    private Object memory;
    private ByteBuffer buffer;

    /** Returns a buffer from {@code off} to {@code off + len}, or null if the bytes must be copied. */
    ByteBuffer of(MemorySegment segment, long off, long len) {
        if (segment != memory) {
            if (buffer != null && len < LONG || !isViewable(segment)) {
                return null;
            }
            buffer = segment.asByteBuffer();
            memory = segment;
        }
        return part((int) off, (int) len);
    }

    /** Returns a buffer from {@code off} to {@code off + len}. */
    ByteBuffer of(byte[] array, int off, int len) {
        if (array != memory) {
            buffer = ByteBuffer.wrap(array);
            memory = array;
        }
        return part(off, len);
    }

    private ByteBuffer part(int off, int len) {
        return buffer.limit(off + len).position(off);
    }

    /**
     * Returns whether an engine can use a view of the segment. The ciphers of the JDK refuse memory that another thread
     * can free.
     */
    private static boolean isViewable(MemorySegment segment) {
        return segment.byteSize() <= Integer.MAX_VALUE
            && (RawAccess.isSafe(segment) || segment.heapBase().orElse(null) instanceof byte[]);
    }

    /** Releases the reference to the memory. */
    void clear() {
        memory = null;
        buffer = null;
    }
}
