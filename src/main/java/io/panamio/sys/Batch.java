package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/** A platform's batch of datagrams: what {@code DatagramBatch} says of each method. */
public abstract class Batch {
    /** For the platforms. */
    protected Batch() {
    }

    /** How many datagrams it can have. */
    public abstract int capacity();

    /** How many there are. */
    public abstract int count();

    /** Makes this empty. */
    public abstract void clear();

    /** The slot of a datagram. */
    public abstract MemorySegment data(int i);

    /** How many bytes of a slot count. */
    public abstract int length(int i);

    /** Sets how many bytes of a slot count. */
    public abstract void setLength(int i, int bytes);

    /** Whether a datagram was longer than its slot. */
    public abstract boolean isTruncated(int i);

    /** Copies the address of a datagram. */
    public abstract void address(int i, AddressBuffer into);

    /** The family of the address of a datagram, or null if it has none. */
    public abstract AddressFamily family(int i);

    /** Sets the address of a datagram. */
    public abstract void setAddress(int i, AddressBuffer to);

    /** The control messages of a datagram, or null if the batch has no room for any. */
    public abstract Control control(int i);

    /** Adds a datagram, and returns its index. */
    public abstract int add(MemorySegment data, AddressBuffer to);
}
