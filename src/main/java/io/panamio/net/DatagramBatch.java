package io.panamio.net;

import io.panamio.sys.Batch;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Datagrams that are received or sent with one system call, in reusable memory. Each has a slot for its bytes, an
 * address and control messages. A received batch can be sent as it is: each datagram then returns to its sender.
 * {@snippet file="UdpSnippets.java" region="batch"}
 *
 * <p>Not thread-safe. Only the creation allocates.
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
     * Allocates an empty batch without control messages.
     *
     * @param capacity the maximum number of datagrams, 1 &lt;= capacity &lt;= 1024
     * @param size the maximum length of each datagram in bytes, 1 &lt;= size &lt;= 65536
     * @return the batch
     * @throws IllegalArgumentException if an argument is out of range
     */
    public static DatagramBatch allocate(int capacity, int size) {
        return allocate(capacity, size, 0);
    }

    /**
     * Allocates an empty batch with room for control messages.
     *
     * @param capacity the maximum number of datagrams, 1 &lt;= capacity &lt;= 1024
     * @param size the maximum length of each datagram in bytes, 1 &lt;= size &lt;= 65536
     * @param control the capacity for control messages of each datagram in bytes, 0 &lt;= control &lt;= 65536; see
     *     {@link ControlMessages#withCapacity}
     * @return the batch
     * @throws IllegalArgumentException if an argument is out of range
     */
    public static DatagramBatch allocate(int capacity, int size, int control) {
        if (capacity < 1 || capacity > 1024 || size < 1 || size > 65536 || control < 0 || control > 65536) {
            throw new IllegalArgumentException(
                "out of range: capacity " + capacity + ", size " + size + " or control " + control);
        }
        return new DatagramBatch(Platform.current().messages().newBatch(capacity, size, control), control > 0);
    }

    /** {@return the maximum number of datagrams} */
    public int capacity() {
        return part.capacity();
    }

    /** {@return the number of datagrams, 0 to the capacity} */
    public int count() {
        return part.count();
    }

    /** Removes all datagrams. */
    public void clear() {
        part.clear();
    }

    /**
     * Returns the whole slot of a datagram, always the same memory. A datagram may be changed in place, and its length
     * by {@link #setLength}.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the slot
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public MemorySegment data(int i) {
        return part.data(i);
    }

    /**
     * Returns the length of a datagram in its slot.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the length, in bytes; the size of the slot if the datagram was truncated
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public int length(int i) {
        return part.length(i);
    }

    /**
     * Sets the length of a datagram. Does not change {@link #count}.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @param bytes the length, 0 to the size of a slot
     * @throws IndexOutOfBoundsException if {@code i} or {@code bytes} is out of range
     */
    public void setLength(int i, int bytes) {
        part.setLength(i, bytes);
    }

    /**
     * Returns whether a received datagram was longer than its slot and therefore truncated.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return whether the datagram is truncated
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isTruncated(int i) {
        return part.isTruncated(i);
    }

    /**
     * Copies the address of a datagram: that of its sender or receiver.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @param into receives the address; cleared if there is none
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public void address(int i, SocketAddressBuffer into) {
        part.address(i, into.part);
    }

    /**
     * Sets the address of a datagram's receiver.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @param to the address; if it is empty, the datagram is sent to the peer
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public void setAddress(int i, SocketAddressBuffer to) {
        part.setAddress(i, to.part);
    }

    /**
     * Returns the control messages of a datagram, always the same object.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the control messages
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     * @throws IllegalStateException if this batch was allocated without control messages
     */
    public ControlMessages control(int i) {
        Objects.checkIndex(i, capacity());
        if (controls == null) {
            throw new IllegalStateException("this batch was allocated without control messages");
        }
        return controls[i];
    }

    /**
     * Adds a copy of a datagram, without control messages.
     *
     * @param data the bytes
     * @param to the address of the receiver; if it is empty, the datagram is sent to the peer
     * @return the index of the datagram
     * @throws IndexOutOfBoundsException if the batch is full or {@code data} is longer than a slot
     */
    public int add(MemorySegment data, SocketAddressBuffer to) {
        return part.add(data, to.part);
    }
}
