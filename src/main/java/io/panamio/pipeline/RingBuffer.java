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
 * A ring of bytes to read into, parse in place and write from. What can be read is one contiguous region, and so is
 * all that can be written to, wherever the ring's seam is: its memory is mapped twice, one mapping behind the other, so
 * that what goes over the end of the first is at the beginning. There is never anything to compact.
 *
 * <pre>{@code
 * ArrayDeque<RingBuffer> idle = new ArrayDeque<>();       // the loop's, as is the arena
 * ...
 * RingBuffer in = idle.isEmpty() ? RingBuffer.allocate(arena, 64 * 1024) : idle.pop();
 * long got = in.readFrom(stream);
 * for (long end; (end = in.indexOf((byte) '\n')) >= 0;) {
 *     handle(in.memory(), in.readOffset(), end);                      // a line, in place
 *     in.advanceRead(end + 1);
 * }
 * if (in.readableBytes() == 0) {
 *     idle.push(in);                                      // until there is more to read
 * }
 * }</pre>
 *
 * <h2>What a ring costs</h2>
 * Two mappings, of which a process may have 65,530 for all that it does, if the system's administrator has not changed
 * that (vm.max_map_count of Linux); six system calls when it is made; and memory, in whole pages, for as much of its
 * capacity as was ever written to. So let a stream have a ring while it has something to read, and give it back as
 * above: there are as many rings then as messages that have come in part. A ring for each stream is for servers of
 * some thousands.
 *
 * <p>Where the system refuses to map memory twice, and when rings have a quarter of the mappings that a process may
 * have, there is a plain segment of twice the capacity instead, and what is readable moves from the second half to the
 * first when the second is reached: a copy of each byte at most, and of none when the ring is empty then. It may take
 * all its memory from the system at once. Everything else is the same. {@code -Dpanamio.ring=plain}, read when a ring
 * is made, asks for that.
 *
 * <p>The memory belongs to the arena that it was allocated in: it ends with that, and can be used by the threads that
 * can use that. The ring is for one thread at a time. Nothing is allocated after it, but for {@link #readable} and
 * {@link #writable}; a loop that must not make garbage uses {@link #memory} with the offsets.
 */
public final class RingBuffer {
    private static final ValueLayout.OfLong LITTLE_ENDIAN =
        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private final MemorySegment memory;
    private final long capacity;
    private final boolean mapped;
    private long readOffset; // less than the capacity
    private long readable;

    private RingBuffer(MemorySegment memory, boolean mapped) {
        this.memory = memory;
        this.capacity = memory.byteSize() / 2;
        this.mapped = mapped;
    }

    /**
     * An empty ring. It costs six system calls and two mappings, see above, and one system call when the arena is
     * closed; the memory is taken from the system as it is used.
     *
     * @param arena with what the memory ends
     * @param capacity how many bytes it must be able to hold, at least 1; rounded up to whole pages of memory
     * @return the ring
     * @throws IllegalArgumentException if the capacity is less than 1 or more than 2^46
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is another thread's
     * @throws OutOfMemoryError if there is no memory
     */
    @SuppressWarnings("restricted")
    public static RingBuffer allocate(Arena arena, long capacity) {
        if (capacity < 1 || capacity > 1L << 46) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        Platform platform = Platform.current();
        long page = platform.pageSize();
        long size = (capacity + page - 1) / page * page;
        MemorySegment twice = isPlainAskedFor() ? null : platform.mapTwice(size);
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

    private static boolean isPlainAskedFor() {
        String ring = System.getProperty("panamio.ring", "mapped");
        return switch (ring) {
            case "mapped" -> false;
            case "plain" -> true;
            default -> throw new UnsupportedOperationException(
                "no ring \"" + ring + "\"; panamio.ring may be mapped or plain");
        };
    }

    // ---- the regions

    /**
     * How many bytes it can hold.
     *
     * @return the capacity, whole pages
     */
    public long capacity() {
        return capacity;
    }

    /**
     * The memory that the offsets are of: always the same segment, of twice the capacity. Use nothing of it but the two
     * regions.
     *
     * @return the memory
     */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Where the region begins that can be read. It is good until the next {@link #advanceRead} or {@link #clear}.
     *
     * @return an offset in the {@link #memory}
     */
    public long readOffset() {
        return readOffset;
    }

    /**
     * How many bytes can be read.
     *
     * @return from 0 to the capacity
     */
    public long readableBytes() {
        return readable;
    }

    /**
     * Where the region begins that can be written to. It is good until the next advance or {@link #clear}.
     *
     * @return an offset in the {@link #memory}
     */
    public long writeOffset() {
        return readOffset + readable;
    }

    /**
     * How many bytes can be written.
     *
     * @return what the capacity leaves, from 0 on
     */
    public long writableBytes() {
        return capacity - readable;
    }

    /**
     * What can be read, as a segment of its own, which is short-lived garbage. It is good until the next {@link
     * #advanceRead} or {@link #clear}.
     *
     * @return a slice of the memory
     */
    public MemorySegment readable() {
        return memory.asSlice(readOffset, readable);
    }

    /**
     * What can be written to, as a segment of its own, which is short-lived garbage. It is good until the next advance
     * or {@link #clear}.
     *
     * @return a slice of the memory
     */
    public MemorySegment writable() {
        return memory.asSlice(writeOffset(), writableBytes());
    }

    /**
     * Says that bytes were written at the beginning of the writable region: they become readable.
     *
     * @param n how many
     * @throws IndexOutOfBoundsException if they are not within the region
     */
    public void advanceWrite(long n) {
        requireWritable(n);
        readable += n;
    }

    /**
     * Says that bytes were read at the beginning of the readable region: they become writable. Both regions may be
     * elsewhere afterwards; in the writable one nothing stays of what {@link #advanceWrite} was not told of.
     *
     * @param n how many
     * @throws IndexOutOfBoundsException if they are not within the region
     */
    public void advanceRead(long n) {
        if (n < 0 || n > readable) {
            throw new IndexOutOfBoundsException(n + " of " + readable + " readable bytes");
        }
        readable -= n;
        long offset = readOffset + n;
        if (readable == 0) {
            offset = 0; // the pages that are in the cache, and not ever more of them
        } else if (offset >= capacity) {
            offset -= capacity;
            if (!mapped) {
                MemorySegment.copy(memory, offset + capacity, memory, offset, readable);
            }
        }
        readOffset = offset;
    }

    /** Makes this empty. */
    public void clear() {
        readable = 0;
        readOffset = 0;
    }

    // ---- bytes

    /**
     * Puts a byte into the writable region; it becomes readable.
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
     * Puts a copy of an array's part into the writable region; it becomes readable. All of it, or nothing.
     *
     * @param src what to copy from
     * @param off where the part begins
     * @param len how long it is
     * @throws IndexOutOfBoundsException if the part is not within the array, or is more than can be written
     */
    public void put(byte[] src, int off, int len) {
        Objects.checkFromIndexSize(off, len, src.length);
        requireWritable(len);
        MemorySegment.copy(src, off, memory, JAVA_BYTE, writeOffset(), len);
        readable += len;
    }

    /**
     * Puts a copy of a segment's part into the writable region; it becomes readable. All of it, or nothing.
     *
     * @param src what to copy from
     * @param off where the part begins
     * @param len how long it is
     * @throws IndexOutOfBoundsException if the part is not within the segment, or is more than can be written
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
     * Takes bytes from the beginning of the readable region, as {@link #advanceRead} does, and copies them to an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @throws IndexOutOfBoundsException if the part is not within the array, or is more than can be read
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
     * Looks for a byte in the readable region.
     *
     * @param b the byte
     * @return where it is first, counted from the beginning of the region; -1 if it is not there
     */
    public long indexOf(byte b) {
        return indexOf(b, 0);
    }

    /**
     * Looks for a byte in the readable region from a place on, such as the end of what an earlier look has seen.
     *
     * @param b the byte
     * @param from the place, counted from the beginning of the region
     * @return where it is first from there on, counted from the beginning of the region; -1 if it is not there
     * @throws IndexOutOfBoundsException if {@code from} is negative or more than {@link #readableBytes}
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
     * Reads from a stream into the writable region, by one system call.
     *
     * @param stream where from
     * @return how many bytes were read, {@link IoResult#EOF} or {@link IoResult#WOULD_BLOCK}; 0 only if the ring is
     *     full, without a system call: read on when there is room, as there may be no event for what has not been asked
     * @throws IllegalStateException if the memory has ended
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
     * Writes the readable region to a stream, by one system call, and takes away what the system took.
     *
     * @param stream where to
     * @return how many bytes were written, maybe not all; {@link IoResult#WOULD_BLOCK} if none; 0 only if the ring is
     *     empty, without a system call
     * @throws IllegalStateException if the memory has ended
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long writeTo(WritableStream stream) throws IOException {
        long n = stream.write(memory, readOffset, readable);
        if (n > 0) {
            advanceRead(n);
        }
        return n;
    }

    /** How full it is, and of which kind. */
    @Override
    public String toString() {
        return "RingBuffer[" + readable + " of " + capacity + " bytes, " + (mapped ? "mapped" : "plain") + "]";
    }
}
