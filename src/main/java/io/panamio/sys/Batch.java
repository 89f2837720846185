package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A batch of datagrams in slots of equal size; {@code DatagramBatch} documents each method. A platform adds their
 * addresses and control messages.
 */
public abstract class Batch {
    /** The memory of the batch. */
    protected final Arena arena = Arena.ofAuto();
    private final int size;
    private final MemorySegment[] data;
    private final int[] lengths;
    private final boolean[] truncated;
    private int count;
    /** The error of a receive that followed others in one batch, and its descriptor: see {@link #defer}. */
    private int deferred;
    private int deferredFd;

    /** For the platforms: allocates {@code capacity} slots of {@code size} bytes. */
    protected Batch(int capacity, int size) {
        this.size = size;
        MemorySegment bytes = arena.allocate((long) size * capacity, 64);
        data = new MemorySegment[capacity];
        lengths = new int[capacity];
        truncated = new boolean[capacity];
        for (int i = 0; i < capacity; i++) {
            data[i] = bytes.asSlice((long) size * i, size);
        }
    }

    // ---- the datagrams

    /** Returns the maximum number of datagrams. */
    public final int capacity() {
        return data.length;
    }

    /** Returns the number of datagrams. */
    public final int count() {
        return count;
    }

    /** Removes all datagrams; closes received descriptors that were not taken. */
    public void clear() {
        for (int i = 0; i < count && control(i) != null; i++) {
            control(i).clear();
        }
        count = 0;
    }

    /** Returns the slot of a datagram. */
    public final MemorySegment data(int i) {
        return data[i];
    }

    /** Returns the length of a datagram in its slot. */
    public final int length(int i) {
        return lengths[i];
    }

    /** Sets the length of a datagram in its slot. */
    public final void setLength(int i, int bytes) {
        lengths[i] = Objects.checkIndex(bytes, size + 1);
    }

    /** Returns whether a received datagram was truncated. */
    public final boolean isTruncated(int i) {
        return truncated[i];
    }

    /** Copies the address of a datagram to a buffer. */
    public abstract void address(int i, AddressBuffer into);

    /** Returns the family of the address of a datagram, or null if it has none. */
    public abstract AddressFamily family(int i);

    /** Sets the address of a datagram. */
    public abstract void setAddress(int i, AddressBuffer to);

    /** Returns the control messages of a datagram, or null if the batch has no room for any. */
    public abstract Control control(int i);

    /** Adds a datagram; returns its index. */
    public final int add(MemorySegment bytes, AddressBuffer to) {
        int i = Objects.checkIndex(count, data.length);
        setLength(i, (int) Math.min(bytes.byteSize(), Integer.MAX_VALUE - 1));
        MemorySegment.copy(bytes, 0, data[i], 0, bytes.byteSize());
        setAddress(i, to);
        truncated[i] = false;
        if (control(i) != null) {
            control(i).clear();
        }
        count++;
        return i;
    }

    // ---- calls

    /** Returns the size of a slot. */
    public final int size() {
        return size;
    }

    /** Records the length of a received datagram, of which no more than the size of a slot is kept. */
    protected final void setReceived(int i, long bytes, boolean cut) {
        lengths[i] = (int) Math.min(bytes, size);
        truncated[i] = cut;
    }

    /** Sets how many datagrams were received. */
    public void setCount(int n) {
        count = n;
    }

    /** Keeps the error of a receive, which the system reports only once, for the next receive into this batch. */
    public final void defer(int fd, int error) {
        deferredFd = fd;
        deferred = error;
    }

    /** Returns and clears the error kept for a descriptor, or 0. */
    public final int takeDeferred(int fd) {
        int error = deferredFd == fd ? deferred : 0;
        deferred = 0;
        return error;
    }
}
