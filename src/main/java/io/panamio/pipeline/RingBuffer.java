package io.panamio.pipeline;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.IoResult;
import io.panamio.net.ReadableStream;
import io.panamio.net.WritableStream;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A ring buffer of bytes to read into, parse in place and write from. The readable and the writable region are each
 * contiguous, wherever they begin: the memory is mapped twice, at adjacent addresses, so an access past the end of the
 * first reaches its beginning. Nothing ever needs to be compacted.
 *
 * {@snippet file="PipelineSnippets.java" region="ring-buffer"}
 *
 * <h2>Cost</h2>
 * A ring takes five system calls to allocate, two mappings, and memory, in whole pages, for as much of its capacity as
 * was ever written to. A Linux process may have 65,530 mappings by default (vm.max_map_count). Therefore let a
 * stream hold a ring only while it has something to read, and return it to a pool afterwards, as above: there are then
 * as many rings as incomplete messages. One ring for each stream suits servers with some thousands of them.
 *
 * <p>If the system refuses to map memory twice, or rings already use a quarter of the permitted mappings, a plain
 * segment of twice the capacity is used instead. The readable bytes are then moved from its second half to the first
 * when the second half is reached: each byte is copied at most once, and none if the ring is empty at that time. All of
 * its memory may be committed at once. {@code -Dpanamio.ring=plain}, read when a ring is allocated, requests a plain
 * segment. See {@link io.panamio.Feature#MIRRORED_MEMORY}.
 *
 * <p>The arena that a ring is allocated in determines its lifetime and the threads that can access it. Not thread-safe.
 * Nothing is allocated after construction, except by {@link #readable} and {@link #writable}; garbage-free code uses
 * {@link #memory} and the offsets.
 */
public final class RingBuffer {
    private static final ValueLayout.OfLong LITTLE_ENDIAN =
        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private final MemorySegment memory;
    private final long capacity;
    private final boolean mapped;
    /** Less than the capacity. */
    private long readOffset;
    private long readable;

    private RingBuffer(MemorySegment memory, boolean mapped) {
        this.memory = memory;
        this.capacity = memory.byteSize() / 2;
        this.mapped = mapped;
    }

    /**
     * Allocates an empty ring buffer (five system calls; pages are committed on first use). Closing the arena takes one
     * system call.
     *
     * @param arena the arena whose lifetime bounds the memory
     * @param capacity the minimum capacity in bytes, 1 &lt;= capacity &lt;= 2^46; rounded up to whole pages
     * @return the ring buffer
     * @throws IllegalArgumentException if {@code capacity} is out of range
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     * @throws OutOfMemoryError if no memory is available
     * @throws UnsupportedOperationException if the property {@code panamio.ring} is neither {@code mapped} nor {@code
     *     plain}
     */
    @SuppressWarnings("restricted")
    public static RingBuffer allocate(Arena arena, long capacity) {
        if (capacity < 1 || capacity > 1L << 46) {
            throw new IllegalArgumentException("capacity " + capacity + " is not between 1 and 2^46");
        }
        Platform platform = Platform.current();
        long page = platform.pageSize();
        long size = (capacity + page - 1) / page * page;
        MemorySegment twice = isPlainRequested() ? null : platform.mapTwice(size);
        if (twice == null) {
            return new RingBuffer(arena.allocate(2 * size, 64), false);
        }
        boolean done = false;
        try {
            RingBuffer ring = new RingBuffer(twice.reinterpret(arena, platform::unmapTwice), true);
            done = true;
            return ring;
        } finally {
            if (!done) {
                platform.unmapTwice(twice);
            }
        }
    }

    private static boolean isPlainRequested() {
        String ring = System.getProperty("panamio.ring", "mapped");
        return switch (ring) {
            case "mapped" -> false;
            case "plain" -> true;
            default -> throw new UnsupportedOperationException(
                "panamio.ring=" + ring + ": must be mapped or plain");
        };
    }

    // ---- the regions

    /** {@return the capacity in bytes, a multiple of the page size} */
    public long capacity() {
        return capacity;
    }

    /**
     * Returns the memory that the offsets refer to, a segment of twice the capacity. Access only the readable and the
     * writable region.
     *
     * @return the memory, the same segment at every call
     */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Returns the offset of the readable region. Valid until the next {@link #advanceRead} or {@link #clear}.
     *
     * @return an offset into {@link #memory}
     */
    public long readOffset() {
        return readOffset;
    }

    /** {@return the number of readable bytes, 0 &lt;= n &lt;= capacity} */
    public long readableBytes() {
        return readable;
    }

    /**
     * Returns the offset of the writable region. Valid until the next advance or {@link #clear}.
     *
     * @return an offset into {@link #memory}
     */
    public long writeOffset() {
        return readOffset + readable;
    }

    /** {@return the number of writable bytes, the capacity minus the readable bytes} */
    public long writableBytes() {
        return capacity - readable;
    }

    /**
     * Returns the readable region as a new segment. Valid until the next {@link #advanceRead} or {@link #clear}.
     *
     * @return a slice of {@link #memory}
     */
    public MemorySegment readable() {
        return memory.asSlice(readOffset, readable);
    }

    /**
     * Returns the writable region as a new segment. Valid until the next advance or {@link #clear}.
     *
     * @return a slice of {@link #memory}
     */
    public MemorySegment writable() {
        return memory.asSlice(writeOffset(), writableBytes());
    }

    /**
     * Commits bytes written at the beginning of the writable region: they become readable.
     *
     * @param n the number of bytes
     * @throws IndexOutOfBoundsException if {@code n} is negative or exceeds {@link #writableBytes}
     */
    public void advanceWrite(long n) {
        requireWritable(n);
        readable += n;
    }

    /**
     * Consumes bytes from the beginning of the readable region: they become writable. Both regions may move. Bytes in
     * the writable region that {@link #advanceWrite} has not committed are lost.
     *
     * @param n the number of bytes
     * @throws IndexOutOfBoundsException if {@code n} is negative or exceeds {@link #readableBytes}
     */
    public void advanceRead(long n) {
        if (n < 0 || n > readable) {
            throw new IndexOutOfBoundsException(n + " of " + readable + " readable bytes");
        }
        readable -= n;
        long offset = readOffset + n;
        if (readable == 0) {
            offset = 0; // reuses cached pages instead of touching new ones
        } else if (offset >= capacity) {
            offset -= capacity;
            if (!mapped) {
                MemorySegment.copy(memory, offset + capacity, memory, offset, readable);
            }
        }
        readOffset = offset;
    }

    /** Discards all readable bytes. */
    public void clear() {
        readable = 0;
        readOffset = 0;
    }

    // ---- bytes

    /**
     * Appends a byte to the readable region.
     *
     * @param b the byte
     * @throws IndexOutOfBoundsException if the ring is full
     */
    public void put(byte b) {
        requireWritable(1);
        memory.set(JAVA_BYTE, writeOffset(), b);
        readable++;
    }

    /**
     * Appends a part of an array to the readable region, entirely or not at all.
     *
     * @param src the array
     * @param off the offset of the part
     * @param len the length of the part
     * @throws IndexOutOfBoundsException if the part is not within the array, or exceeds {@link #writableBytes}
     */
    public void put(byte[] src, int off, int len) {
        Objects.checkFromIndexSize(off, len, src.length);
        requireWritable(len);
        MemorySegment.copy(src, off, memory, JAVA_BYTE, writeOffset(), len);
        readable += len;
    }

    /**
     * Appends a part of a segment to the readable region, entirely or not at all.
     *
     * @param src the segment
     * @param off the offset of the part in bytes
     * @param len the length of the part in bytes
     * @throws IndexOutOfBoundsException if the part is not within the segment, or exceeds {@link #writableBytes}
     */
    public void put(MemorySegment src, long off, long len) {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        requireWritable(len);
        MemorySegment.copy(src, off, memory, writeOffset(), len);
        readable += len;
    }

    private void requireWritable(long n) {
        if (n < 0 || n > capacity - readable) {
            throw new IndexOutOfBoundsException(n + " of " + (capacity - readable) + " writable bytes");
        }
    }

    /**
     * Copies bytes from the beginning of the readable region to an array and consumes them, as {@link #advanceRead}
     * does.
     *
     * @param dst the array
     * @param off the offset of the part to copy to
     * @param len the number of bytes
     * @throws IndexOutOfBoundsException if the part is not within the array, or {@code len} exceeds {@link
     *     #readableBytes}
     */
    public void get(byte[] dst, int off, int len) {
        Objects.checkFromIndexSize(off, len, dst.length);
        if (len > readable) {
            throw new IndexOutOfBoundsException(len + " of " + readable + " readable bytes");
        }
        MemorySegment.copy(memory, JAVA_BYTE, readOffset, dst, off, len);
        advanceRead(len);
    }

    /**
     * Returns the index of the first occurrence of a byte in the readable region.
     *
     * @param b the byte
     * @return the index relative to {@link #readOffset}, or -1 if the byte does not occur
     */
    public long indexOf(byte b) {
        return indexOf(b, 0);
    }

    /**
     * Returns the index of the first occurrence of a byte in the readable region, starting at an index, for example at
     * the end of what was searched before.
     *
     * @param b the byte
     * @param from the index to start at, relative to {@link #readOffset}
     * @return the index relative to {@link #readOffset}, or -1 if the byte does not occur there
     * @throws IndexOutOfBoundsException if {@code from} is negative or exceeds {@link #readableBytes}
     */
    public long indexOf(byte b, long from) {
        long i = Objects.checkIndex(from, readable + 1);
        long pattern = (b & 0xFF) * ONES;
        for (; i <= readable - 8; i += 8) { // Hacker's Delight: the lowest byte of a word that is zero
            long x = memory.get(LITTLE_ENDIAN, readOffset + i) ^ pattern;
            long zeros = x - ONES & ~x & HIGH_BITS;
            if (zeros != 0) {
                return i + Long.numberOfTrailingZeros(zeros) / 8;
            }
        }
        for (; i < readable; i++) {
            if (memory.get(JAVA_BYTE, readOffset + i) == b) {
                return i;
            }
        }
        return -1;
    }

    // ---- streams

    /**
     * Reads from a stream into the writable region, with one system call.
     *
     * @param stream the stream to read from
     * @return the number of bytes read, {@link IoResult#EOF} or {@link IoResult#WOULD_BLOCK}; 0 only if the ring is
     *     full, without a system call. In that case read again once there is space, as no event may follow
     * @throws IllegalStateException if the arena of the ring is closed
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException if the connection is broken
     */
    public long readFrom(ReadableStream stream) throws IOException {
        long n = stream.read(memory, readOffset + readable, capacity - readable);
        if (n > 0) {
            readable += n;
        }
        return n;
    }

    /**
     * Writes the readable region to a stream, with one system call, and consumes the bytes that were written.
     *
     * @param stream the stream to write to
     * @return the number of bytes written, possibly not all, or {@link IoResult#WOULD_BLOCK}; 0 only if the ring is
     *     empty, without a system call
     * @throws IllegalStateException if the arena of the ring is closed
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException if the connection is broken or shut down for writing
     */
    public long writeTo(WritableStream stream) throws IOException {
        long n = stream.write(memory, readOffset, readable);
        if (n > 0) {
            advanceRead(n);
        }
        return n;
    }

    /** {@return the number of readable bytes, the capacity, and whether the memory is mapped twice} */
    @Override
    public String toString() {
        return "RingBuffer[" + readable + " of " + capacity + " bytes, " + (mapped ? "mapped" : "plain") + "]";
    }
}
