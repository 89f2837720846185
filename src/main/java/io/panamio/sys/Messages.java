package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;

/**
 * A platform's calls that move messages, on sockets that the caller keeps open. A method returns a number of bytes or
 * of messages, or {@link Sockets#WOULD_BLOCK}; every other outcome is an exception that names the system call and its
 * error. Interrupted calls are retried, and none blocks.
 */
public abstract class Messages {
    /** For the platforms. */
    protected Messages() {
    }

    /** Allocates an empty address. */
    public abstract AddressBuffer newAddress();

    /** Allocates room for {@code bytes} of control messages. */
    public abstract Control newControl(int bytes);

    /**
     * Allocates an empty batch.
     *
     * @param capacity the maximum number of messages
     * @param size the maximum length of a message
     * @param control the room for control messages of each message, or 0 for none
     */
    public abstract Batch newBatch(int capacity, int size, int control);

    /**
     * Receives a message. Returns its whole length, which is larger than {@code dst} if it was truncated; a system that
     * does not report that returns one byte more than {@code dst} has.
     *
     * @param from the buffer for the sender's address, or null
     */
    public abstract long recv(int fd, MemorySegment dst, AddressBuffer from) throws IOException;

    /** Receives a message into a part of an array; otherwise like {@link #recv(int, MemorySegment, AddressBuffer)}. */
    public abstract long recv(int fd, byte[] dst, int off, int len, AddressBuffer from) throws IOException;

    /** Receives a message without removing it; otherwise like {@link #recv(int, MemorySegment, AddressBuffer)}. */
    public abstract long peek(int fd, MemorySegment dst, AddressBuffer from) throws IOException;

    /** Receives a message and its control messages; see {@link #recv(int, MemorySegment, AddressBuffer)}. */
    public abstract long recvMsg(int fd, MemorySegment dst, AddressBuffer from, Control control)
        throws IOException;

    /**
     * Sends a message.
     *
     * @param to the destination, or null for the peer
     */
    public abstract long send(int fd, MemorySegment src, AddressBuffer to) throws IOException;

    /** Sends a message from a part of an array, to an address or, if that is null, to the peer. */
    public abstract long send(int fd, byte[] src, int off, int len, AddressBuffer to) throws IOException;

    /** Sends a message to an address given as an object. */
    public abstract long sendTo(int fd, MemorySegment src, SocketAddress to) throws IOException;

    /** Sends a message with control messages, to an address or, if that is null, to the peer. */
    public abstract long sendMsg(int fd, MemorySegment src, AddressBuffer to, Control control)
        throws IOException;

    /** Receives the pending messages, as many as a batch holds; returns their number. */
    public abstract int recvBatch(int fd, Batch batch) throws IOException;

    /** Sends the messages of a batch from {@code first} on, at least one; returns the number of those sent. */
    public abstract int sendBatch(int fd, Batch batch, int first) throws IOException;
}
