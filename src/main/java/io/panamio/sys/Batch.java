package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/** A platform's batch of datagrams; {@code DatagramBatch} documents each method. */
public abstract class Batch {
    /** For the platforms. */
    protected Batch() {
    }

    /** Returns the maximum number of datagrams. */
    public abstract int capacity();

    /** Returns the number of datagrams. */
    public abstract int count();

    /** Removes all datagrams; closes received descriptors that were not taken. */
    public abstract void clear();

    /** Returns the slot of a datagram. */
    public abstract MemorySegment data(int i);

    /** Returns the length of a datagram in its slot. */
    public abstract int length(int i);

    /** Sets the length of a datagram in its slot. */
    public abstract void setLength(int i, int bytes);

    /** Returns whether a received datagram was truncated. */
    public abstract boolean isTruncated(int i);

    /** Copies the address of a datagram to a buffer. */
    public abstract void address(int i, AddressBuffer into);

    /** Returns the family of the address of a datagram, or null if it has none. */
    public abstract AddressFamily family(int i);

    /** Sets the address of a datagram. */
    public abstract void setAddress(int i, AddressBuffer to);

    /** Returns the control messages of a datagram, or null if the batch has no room for any. */
    public abstract Control control(int i);

    /** Adds a datagram; returns its index. */
    public abstract int add(MemorySegment data, AddressBuffer to);
}
