package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/**
 * A platform's list of segments to be written in order, with the progress of the write; {@code GatherList} documents
 * each method.
 */
public abstract class Gather {
    /** For the platforms. */
    protected Gather() {
    }

    /** Returns the maximum number of segments. */
    public abstract int capacity();

    /** Replaces a segment by a part of {@code segment}, and rewinds. */
    public abstract void set(int i, MemorySegment segment, long off, long len);

    /** Returns the segment that was set, or {@link MemorySegment#NULL}. */
    public abstract MemorySegment segment(int i);

    /** Returns the offset of the remaining bytes in their segment. */
    public abstract long offset(int i);

    /** Returns the number of remaining bytes of a segment. */
    public abstract long remaining(int i);

    /** Returns the number of bytes of all segments. */
    public abstract long size();

    /** Returns the number of remaining bytes of all segments. */
    public abstract long remaining();

    /** Advances by {@code n} bytes, at most those that remain. */
    public abstract void advance(long n);

    /** Returns to the beginning: the bytes of all segments remain. */
    public abstract void rewind();

    /** Removes all segments, so that their memory can be collected. */
    public abstract void clear();
}
