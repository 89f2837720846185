package io.panamio.sys.windows;

import io.panamio.bindings.windows._WSABUF;
import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/** The segments of a gather list, and the WSABUFs of the next call, which are made for it. */
final class WindowsGather extends Gather {
    private static final int SIZE = (int) _WSABUF.sizeof();
    private static final int LENGTH = (int) _WSABUF.len$offset();
    private static final int ADDRESS = (int) _WSABUF.buf$offset();

    private final MemorySegment[] segments;
    private final long[] offsets;
    private final long[] lengths;
    /** The WSABUFs. */
    final MemorySegment buffers;
    private final ByteBuffer bytes;
    /** The index from which on no segment was set. */
    private int end;
    /** The first segment that is not written completely and not empty. */
    private int first;
    /** The number of bytes of it that were written. */
    private long part;
    private long size;
    private long remaining;

    private WindowsGather(int capacity) {
        segments = new MemorySegment[capacity];
        offsets = new long[capacity];
        lengths = new long[capacity];
        buffers = Arena.ofAuto().allocate((long) SIZE * Math.min(capacity, NativeScratch.MAX_VECTORS), 16);
        bytes = NativeScratch.bytes(buffers);
    }

    /** Returned as what it extends, so that the verifier does not load this class for the caller. */
    static Gather open(int capacity) {
        return new WindowsGather(capacity);
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
        long others = size - lengths[i];
        if (len > Long.MAX_VALUE - others) {
            throw new IllegalArgumentException("more than 2^63 bytes in all");
        }
        segments[i] = segment;
        offsets[i] = off;
        lengths[i] = len;
        end = Math.max(end, i + 1);
        size = others + len;
        rewind();
    }

    private static void requireGatherable(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a segment on the heap; a gather list needs native memory");
        }
        RawAccess.requireUsable(segment);
        if (!RawAccess.isSafe(segment)) {
            throw new IllegalArgumentException("a segment that another thread could free while it is written, as one "
                + "of a shared arena");
        }
    }

    @Override
    public MemorySegment segment(int i) {
        MemorySegment segment = segments[i];
        return segment == null ? MemorySegment.NULL : segment;
    }

    @Override
    public long offset(int i) {
        return offsets[i] + (i < first ? lengths[i] : i == first ? part : 0);
    }

    @Override
    public long remaining(int i) {
        return lengths[i] - (i < first ? lengths[i] : i == first ? part : 0);
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
        first = 0;
        part = 0;
        remaining = size;
        advance(0);
    }

    @Override
    public void clear() {
        Arrays.fill(segments, 0, end, null);
        Arrays.fill(offsets, 0, end, 0);
        Arrays.fill(lengths, 0, end, 0);
        end = 0;
        size = 0;
        rewind();
    }

    @Override
    public void advance(long n) {
        remaining -= n;
        part += n;
        while (first < end && part >= lengths[first]) { // empty ones, too
            part -= lengths[first++];
        }
    }

    // ---- a call

    /** Makes the WSABUFs of the next call, after a check that their memory is usable; returns their number. */
    int prepare() {
        long left = Winsock.MAX_TRANSFER;
        int count = 0;
        for (int i = first; i < end && left > 0 && count < NativeScratch.MAX_VECTORS; i++) {
            if (segments[i] != null) {
                RawAccess.requireUsable(segments[i]);
            }
            long length = Math.min(remaining(i), left);
            if (length > 0) {
                write(bytes, count++, segments[i].address() + offset(i), (int) length);
                left -= length;
            }
        }
        return count;
    }

    /** Returns the number of bytes of the next call. */
    long size(int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += bytes.getInt(SIZE * i + LENGTH);
        }
        return sum;
    }

    /** Writes a WSABUF. */
    static void write(ByteBuffer buffers, int i, long address, int length) {
        buffers.putInt(SIZE * i + LENGTH, length).putLong(SIZE * i + ADDRESS, address);
    }
}
