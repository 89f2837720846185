package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * An array of struct iovec and the struct msghdr that refers to it. A vector that was written in part is advanced by
 * that much, and restored when the write goes past it, so that at most one differs from its segment.
 */
final class UnixGatherList extends Gather {
    private final UnixConstants c;
    private final MemorySegment[] segments;
    final MemorySegment vectors;
    private final MemorySegment message; // its other fields stay zero
    /** The index from which on no segment was set. */
    private int end;
    /** The first vector that is not written completely and not empty. */
    private int first;
    /** The number of bytes of it that were written. */
    private long part;
    private long size;
    private long remaining;

    private UnixGatherList(UnixConstants constants, int capacity) {
        c = constants;
        segments = new MemorySegment[capacity];
        Arena arena = Arena.ofAuto();
        vectors = arena.allocate((long) UnixStreams.IOVEC_SIZE * capacity, 16);
        message = arena.allocate(constants.MSGHDR_SIZE(), 16);
    }

    /** The return type is the superclass, so that the verifier does not load this class for the caller. */
    static Gather open(UnixConstants constants, int capacity) {
        return new UnixGatherList(constants, capacity);
    }

    // ---- the segments

    @Override
    public int capacity() {
        return segments.length;
    }

    @Override
    public void set(int i, MemorySegment segment, long off, long len) {
        Objects.checkIndex(i, segments.length);
        Objects.checkFromIndexSize(off, len, segment.byteSize());
        requireGatherable(segment);
        if (remaining > 0 && remaining < size) {
            throw new IllegalStateException("partly written: " + (size - remaining) + " of " + size + " bytes");
        }
        long others = size - (segments[i] == null ? 0 : length(i));
        if (len > Long.MAX_VALUE - others) {
            throw new IllegalArgumentException("more than 2^63 - 1 bytes in total");
        }
        segments[i] = segment;
        setVector(i, segment.address() + off, len);
        end = Math.max(end, i + 1);
        size = others + len;
        rewind();
    }

    private static void requireGatherable(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a segment on the heap; a gather list requires native memory");
        }
        RawAccess.requireUsable(segment);
        if (!RawAccess.isSafe(segment)) {
            throw new IllegalArgumentException("a segment that another thread could free while it is written, such as "
                + "one of a shared arena");
        }
    }

    @Override
    public MemorySegment segment(int i) {
        MemorySegment segment = segments[i];
        return segment == null ? MemorySegment.NULL : segment;
    }

    @Override
    public long offset(int i) {
        return segments[i] == null ? 0 : base(i) - segments[i].address() + (i < first ? length(i) : 0);
    }

    @Override
    public long remaining(int i) {
        Objects.checkIndex(i, segments.length);
        return i < first ? 0 : length(i);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long remaining() {
        return remaining;
    }

    @Override
    public void rewind() {
        restore();
        first = 0;
        remaining = size;
        skip(0);
    }

    @Override
    public void clear() {
        Arrays.fill(segments, 0, end, null);
        vectors.asSlice(0, at(end)).fill((byte) 0);
        end = 0;
        part = 0;
        size = 0;
        rewind();
    }

    // ---- the vectors

    private static long at(int i) {
        return (long) UnixStreams.IOVEC_SIZE * i;
    }

    private long base(int i) {
        return vectors.get(JAVA_LONG, at(i) + UnixStreams.IOV_BASE_OFFSET);
    }

    private long length(int i) {
        return vectors.get(JAVA_LONG, at(i) + UnixStreams.IOV_LEN_OFFSET);
    }

    private void setVector(int i, long base, long length) {
        vectors.set(JAVA_LONG, at(i) + UnixStreams.IOV_BASE_OFFSET, base);
        vectors.set(JAVA_LONG, at(i) + UnixStreams.IOV_LEN_OFFSET, length);
    }

    @Override
    public void advance(long n) {
        remaining -= n;
        skip(n);
    }

    private void skip(long n) {
        long left = n;
        while (first < end && left >= length(first)) { // empty ones, too
            left -= length(first);
            restore();
            first++;
        }
        if (left > 0) {
            setVector(first, base(first) + left, length(first) - left);
            part += left;
        }
    }

    private void restore() {
        if (part > 0) {
            setVector(first, base(first) - part, length(first) + part);
            part = 0;
        }
    }

    // ---- a call

    /**
     * Checks that the memory of the next vectors is usable, and returns their number: as many as one call accepts and
     * can transfer, or a single one of any size.
     */
    int run() {
        long sum = 0;
        int i = first;
        do {
            if (segments[i] != null) {
                RawAccess.requireUsable(segments[i]);
            }
            sum += length(i++);
        } while (i < end && i - first < NativeScratch.MAX_VECTORS && length(i) <= Libc.MAX_TRANSFER - sum);
        return i - first;
    }

    /** Returns the number of bytes of the next vectors. */
    long size(int count) {
        long sum = 0;
        for (int i = first; i < first + count; i++) {
            sum += length(i);
        }
        return sum;
    }

    /** Returns the index of the next vector. */
    int first() {
        return first;
    }

    /** Returns the offset of the next vector. */
    long vectorsOffset() {
        return at(first);
    }

    /** Returns a struct msghdr with the next vectors. */
    MemorySegment message(int count) {
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vectors.address() + at(first));
        c.setLength(message, c.MSGHDR_IOVLEN(), count);
        return message;
    }
}
