package io.panamio.sys;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A list of segments to be written in order, with the progress of the write; {@code GatherList} documents each method.
 * A platform adds the vectors of the next call: it makes them for each call, or keeps them, and updates those that
 * {@link #changed} names.
 */
public abstract class Gather {
    private final MemorySegment[] segments;
    /** The addresses of the first bytes. */
    private final long[] bases;
    private final long[] lengths;
    /** The index from which on no segment was set. */
    private int end;
    /** The first segment that is not written completely and not empty. */
    private int first;
    /** The number of bytes of it that were written. */
    private long part;
    private long size;
    private long remaining;

    /** For the platforms. */
    protected Gather(int capacity) {
        segments = new MemorySegment[capacity];
        bases = new long[capacity];
        lengths = new long[capacity];
    }

    // ---- the segments

    /** Returns the maximum number of segments. */
    public final int capacity() {
        return segments.length;
    }

    /** Sets the segment at an index to a part of {@code segment}, and rewinds. */
    public final void set(int i, MemorySegment segment, long off, long len) {
        Objects.checkIndex(i, segments.length);
        Objects.checkFromIndexSize(off, len, segment.byteSize());
        requireGatherable(segment);
        if (remaining > 0 && remaining < size) {
            throw new IllegalStateException("partly written: " + (size - remaining) + " of " + size + " bytes");
        }
        long others = size - lengths[i];
        if (len > Long.MAX_VALUE - others) {
            throw new IllegalArgumentException("more than 2^63 - 1 bytes in total");
        }
        segments[i] = segment;
        bases[i] = segment.address() + off;
        lengths[i] = len;
        end = Math.max(end, i + 1);
        size = others + len;
        changed(i, bases[i], len);
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

    /** Returns the segment that was set, or {@link MemorySegment#NULL}. */
    public final MemorySegment segment(int i) {
        MemorySegment segment = segments[i];
        return segment == null ? MemorySegment.NULL : segment;
    }

    /** Returns the offset of the remaining bytes in their segment. */
    public final long offset(int i) {
        return address(i) - segment(i).address();
    }

    /** Returns the address of the remaining bytes of a segment. */
    protected final long address(int i) {
        return bases[i] + lengths[i] - remaining(i);
    }

    /** Returns the number of remaining bytes of a segment. */
    public final long remaining(int i) {
        long length = lengths[i];
        return i < first ? 0 : i == first ? length - part : length;
    }

    /** Returns the number of bytes of all segments. */
    public final long size() {
        return size;
    }

    /** Returns the number of remaining bytes of all segments. */
    public final long remaining() {
        return remaining;
    }

    /** Rewinds: all bytes of all segments remain to be written. */
    public final void rewind() {
        restore();
        first = 0;
        remaining = size;
        skip(0);
    }

    /** Removes all segments, so that their memory can be collected. */
    public final void clear() {
        Arrays.fill(segments, 0, end, null);
        Arrays.fill(bases, 0, end, 0);
        Arrays.fill(lengths, 0, end, 0);
        for (int i = 0; i < end; i++) {
            changed(i, 0, 0);
        }
        end = 0;
        part = 0;
        size = 0;
        rewind();
    }

    // ---- the progress

    /** Advances by {@code n} bytes, at most those that remain. */
    public final void advance(long n) {
        remaining -= n;
        skip(n);
    }

    private void skip(long n) {
        long left = n;
        while (first < end && left >= lengths[first] - part) { // empty ones, too
            left -= lengths[first] - part;
            restore();
            first++;
        }
        if (left > 0) {
            part += left;
            changed(first, bases[first] + part, lengths[first] - part);
        }
    }

    private void restore() {
        if (part > 0) {
            part = 0;
            changed(first, bases[first], lengths[first]);
        }
    }

    // ---- the vectors of a call

    /**
     * Called with the new address and length of a segment whose vector must change. A call transfers the vectors from
     * {@link #first} on.
     */
    protected void changed(int i, long address, long length) {
    }

    /** Returns the index of the first segment of which bytes remain. */
    public final int first() {
        return first;
    }

    /** Returns the index from which on no segment was set. */
    protected final int end() {
        return end;
    }

    /** Checks that the memory of a segment is usable. */
    protected final void requireUsable(int i) {
        if (segments[i] != null) {
            RawAccess.requireUsable(segments[i]);
        }
    }
}
