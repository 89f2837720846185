package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/**
 * A platform's list of segments to be written one after the other, with how far it is: what {@code GatherList} says.
 */
public abstract class Gather {
    /** For the platforms. */
    protected Gather() {
    }

    /** How many segments it can have. */
    public abstract int capacity();

    /** Replaces a segment by a part of {@code segment}, and begins anew. */
    public abstract void set(int i, MemorySegment segment, long off, long len);

    /** The segment that was set, or {@link MemorySegment#NULL}. */
    public abstract MemorySegment segment(int i);

    /** Where in its segment begins what is left of it. */
    public abstract long offset(int i);

    /** How many bytes are left of a segment. */
    public abstract long remaining(int i);

    /** How many bytes all segments have together. */
    public abstract long size();

    /** How many bytes are left of all. */
    public abstract long remaining();

    /** Goes on after {@code n} more bytes were written, which are left. */
    public abstract void advance(long n);

    /** Begins anew with the same segments. */
    public abstract void rewind();

    /** Makes all segments empty, and lets go of their memory. */
    public abstract void clear();
}
