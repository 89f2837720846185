package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;

/**
 * A platform's calls that move messages, on sockets that the caller keeps open. Results are plain: bytes, or {@link
 * Sockets#WOULD_BLOCK}; everything else is an exception that names the system call and its error. Interrupted calls are
 * retried, and none blocks.
 */
public abstract class Messages {
    /** For the platforms. */
    protected Messages() {
    }

    /** An empty address. */
    public abstract AddressBuffer newAddress();

    /** Empty control messages with some bytes of memory. */
    public abstract Control newControl(int bytes);

    /** An empty batch. */
    public abstract Batch newBatch(int capacity, int size, int control);

    /**
     * Receives a message, or looks at it, and returns its whole length, even if it was longer than {@code dst}.
     *
     * @param from where the sender's address goes, or null
     */
    public abstract long recv(int fd, MemorySegment dst, boolean peek, AddressBuffer from) throws IOException;

    /** Like {@link #recv(int, MemorySegment, boolean, AddressBuffer)}, into a part of an array. */
    public abstract long recv(int fd, byte[] dst, int off, int len, AddressBuffer from) throws IOException;

    /** Like {@link #recv(int, MemorySegment, boolean, AddressBuffer)}, with the control messages. */
    public abstract long recvMsg(int fd, MemorySegment dst, AddressBuffer from, Control control)
        throws IOException;

    /**
     * Sends a message.
     *
     * @param to where to, or null for the peer
     */
    public abstract long send(int fd, MemorySegment src, AddressBuffer to) throws IOException;

    /** Like {@link #send(int, MemorySegment, AddressBuffer)}, from a part of an array. */
    public abstract long send(int fd, byte[] src, int off, int len, AddressBuffer to) throws IOException;

    /** Like {@link #send(int, MemorySegment, AddressBuffer)}, to an address as an object. */
    public abstract long sendTo(int fd, MemorySegment src, SocketAddress to) throws IOException;

    /** Like {@link #send(int, MemorySegment, AddressBuffer)}, with control messages. */
    public abstract long sendMsg(int fd, MemorySegment src, AddressBuffer to, Control control)
        throws IOException;

    /** Fills a batch with what there is; how many those are. */
    public abstract int recvBatch(int fd, Batch batch) throws IOException;

    /** Sends the messages of a batch from {@code first} on, of which there is one at least; how many were sent. */
    public abstract int sendBatch(int fd, Batch batch, int first) throws IOException;
}
