package io.panamio.net;

import io.panamio.sys.Batch;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Datagrams that are received or sent by one system call, in memory that is used again and again. Each has a slot for
 * its bytes, an address and control messages. A batch that was received can be sent as it is: every datagram goes back
 * to where it came from.
 *
 * <p>For one thread at a time. Nothing is allocated after the batch itself.
 */
public final class DatagramBatch {
    final Batch part;
    private final ControlMessages[] controls;

    private DatagramBatch(Batch part, boolean controlled) {
        this.part = part;
        controls = controlled ? new ControlMessages[part.capacity()] : null;
        for (int i = 0; controlled && i < controls.length; i++) {
            controls[i] = new ControlMessages(part.control(i));
        }
    }

    /**
     * An empty batch.
     *
     * @param capacity how many datagrams it can have, from 1 to 1024
     * @param size how many bytes each can have, from 1 to 65536
     * @return the batch
     * @throws IllegalArgumentException if a number is out of its range
     */
    public static DatagramBatch allocate(int capacity, int size) {
        return allocate(capacity, size, 0);
    }

    /**
     * An empty batch with room for control messages.
     *
     * @param capacity how many datagrams it can have, from 1 to 1024
     * @param size how many bytes each can have, from 1 to 65536
     * @param control how many bytes of control messages each can have, from 0 to 65536; see {@link
     *     ControlMessages#withCapacity}
     * @return the batch
     * @throws IllegalArgumentException if a number is out of its range
     */
    public static DatagramBatch allocate(int capacity, int size, int control) {
        if (capacity < 1 || capacity > 1024 || size < 1 || size > 65536 || control < 0 || control > 65536) {
            throw new IllegalArgumentException("a batch of " + capacity + " with " + size + " and " + control);
        }
        return new DatagramBatch(Platform.current().messages().newBatch(capacity, size, control), control > 0);
    }

    /**
     * How many datagrams it can have.
     *
     * @return the capacity
     */
    public int capacity() {
        return part.capacity();
    }

    /**
     * How many datagrams there are.
     *
     * @return from 0 to the capacity
     */
    public int count() {
        return part.count();
    }

    /** Makes this empty. */
    public void clear() {
        part.clear();
    }

    /**
     * The slot of a datagram: all of its memory, always the same. Filled by hand, {@link #setLength} tells how much of
     * it counts.
     *
     * @param i from 0 to the capacity, without that
     * @return as many bytes as each can have
     * @throws IndexOutOfBoundsException if out of that range
     */
    public MemorySegment data(int i) {
        return part.data(i);
    }

    /**
     * How many bytes of a slot count.
     *
     * @param i from 0 to the capacity, without that
     * @return the length
     * @throws IndexOutOfBoundsException if out of that range
     */
    public int length(int i) {
        return part.length(i);
    }

    /**
     * Sets how many bytes of a slot count.
     *
     * @param i from 0 to the capacity, without that
     * @param bytes from 0 to the size of a slot
     * @throws IndexOutOfBoundsException if out of that range
     */
    public void setLength(int i, int bytes) {
        part.setLength(i, bytes);
    }

    /**
     * Whether a datagram was longer than its slot when it was received; the rest is lost.
     *
     * @param i from 0 to the capacity, without that
     * @return true if so
     * @throws IndexOutOfBoundsException if out of that range
     */
    public boolean isTruncated(int i) {
        return part.isTruncated(i);
    }

    /**
     * Copies the address of a datagram: who has sent it, or where it goes.
     *
     * @param i from 0 to the capacity, without that
     * @param into where to; made empty if there is none
     * @throws IndexOutOfBoundsException if out of that range
     */
    public void address(int i, SocketAddressBuffer into) {
        part.address(i, into.part);
    }

    /**
     * Sets where a datagram goes.
     *
     * @param i from 0 to the capacity, without that
     * @param to the address; an empty one is the peer
     * @throws IndexOutOfBoundsException if out of that range
     */
    public void setAddress(int i, SocketAddressBuffer to) {
        part.setAddress(i, to.part);
    }

    /**
     * The control messages of a datagram, always the same object.
     *
     * @param i from 0 to the capacity, without that
     * @return the control messages
     * @throws IndexOutOfBoundsException if out of that range
     * @throws IllegalStateException if this batch has no room for them
     */
    public ControlMessages control(int i) {
        Objects.checkIndex(i, capacity());
        if (controls == null) {
            throw new IllegalStateException("this batch has no room for control messages");
        }
        return controls[i];
    }

    /**
     * Adds a datagram: a copy of {@code data}, without control messages.
     *
     * @param data its bytes
     * @param to where it goes; an empty one is the peer
     * @return its index
     * @throws IndexOutOfBoundsException if the batch is full or {@code data} is longer than a slot
     */
    public int add(MemorySegment data, SocketAddressBuffer to) {
        return part.add(data, to.part);
    }
}
