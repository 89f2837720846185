package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.AddressFamily;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A socket whose messages have addresses: where each has come from, and where it goes.
 *
 * @param <A> the kind of the addresses
 */
public abstract sealed class DatagramSource<A extends SocketAddress> extends MessageSocket<A>
        permits UdpSocket, UnixDatagram {
    DatagramSource(int fd) {
        super(fd);
    }

    /** Checks that the system can use an address on this socket. */
    abstract void requireUsable(A address);

    /** Whether this socket can send to addresses of a family. */
    abstract boolean speaks(AddressFamily family);

    final void requireFamily(AddressFamily family, Object to) {
        if (!speaks(family)) {
            throw new IllegalArgumentException("an address of another family than that of " + this + ": " + to);
        }
    }

    /**
     * Sets the peer: where {@code send} sends to, and whom alone datagrams come from. It may be repeated, for another
     * peer; datagrams that have arrived before stay there.
     *
     * @param remote the peer
     * @throws IllegalArgumentException if the address is of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void connect(A remote) throws IOException {
        requireUsable(remote);
        int fd = begin();
        try {
            sockets().connect(fd, remote);
        } finally {
            end();
        }
    }

    // ---- receiving

    /**
     * Receives the next datagram and its sender's address, by one system call: recvfrom(2). Nothing is allocated.
     *
     * @param dst where to; one that is empty takes a datagram all the same
     * @param from where the sender's address is put; empty for a Unix socket without a name
     * @return how many bytes the datagram has: more than the segment's size tells that it was cut there; or WOULD_BLOCK
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending; it was that of an earlier send, maybe
     */
    public long recvFrom(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        return receive(dst, false, from);
    }

    /**
     * Receives into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @param from where the sender's address is put
     * @return as {@link #recvFrom(MemorySegment, SocketAddressBuffer)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recvFrom(byte[] dst, int off, int len, SocketAddressBuffer from) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        Objects.requireNonNull(from, "from");
        return receive(dst, off, len, from);
    }

    /**
     * Receives into a buffer, from its position to its limit, and moves the position, to the limit at most.
     *
     * @param dst where to
     * @param from where the sender's address is put
     * @return as {@link #recvFrom(MemorySegment, SocketAddressBuffer)}
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recvFrom(ByteBuffer dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? recvFrom(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining(), from)
            : recvFrom(MemorySegment.ofBuffer(dst), from));
    }

    /**
     * Receives the next datagram and its sender's address and leaves it there: recvfrom(2) with MSG_PEEK.
     *
     * @param dst where to
     * @param from where the sender's address is put
     * @return as {@link #recvFrom(MemorySegment, SocketAddressBuffer)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long peekFrom(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        return receive(dst, true, from);
    }

    /**
     * Receives a datagram, its sender's address and what else comes with it, by one system call: recvmsg(2). Nothing
     * is allocated.
     *
     * @param dst where to
     * @param from where the sender's address is put
     * @param control where the control messages are put, in place of what is there
     * @return as {@link #recvFrom(MemorySegment, SocketAddressBuffer)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recvMsgFrom(MemorySegment dst, SocketAddressBuffer from, ControlMessages control) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(control, "control");
        return receive(dst, from, control);
    }

    /**
     * Receives as many datagrams as there are, up to the capacity of a batch, by one system call: recvmmsg(2).
     *
     * @param batch where they are put, in place of what is there
     * @return how many there are, from 1 on, or WOULD_BLOCK; fewer than the capacity have drained the socket
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public int recvBatch(DatagramBatch batch) throws IOException {
        int fd = begin();
        try {
            int n = messages().recvBatch(fd, batch.part);
            if (n < batch.capacity()) {
                drained(Interest.READABLE);
            }
            return n;
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    // ---- sending

    /**
     * Sends a datagram to an address, by one system call: sendto(2). Nothing is allocated.
     *
     * @param src the datagram; it may be empty
     * @param to where to
     * @return how many bytes it has, or WOULD_BLOCK
     * @throws IllegalArgumentException if the address is empty, or of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address cannot be reached, or an error was pending: that
     *     of an earlier send, maybe
     */
    public long sendTo(MemorySegment src, SocketAddressBuffer to) throws IOException {
        requireAddress(to);
        return transmit(src, to);
    }

    /**
     * Sends a part of an array to an address.
     *
     * @param src what to send
     * @param off where the part begins
     * @param len how long it is
     * @param to where to
     * @return as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws IllegalArgumentException if the address is empty, or of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     */
    public long sendTo(byte[] src, int off, int len, SocketAddressBuffer to) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        requireAddress(to);
        return transmit(src, off, len, to);
    }

    /**
     * Sends what a buffer has from its position to its limit to an address, and moves the position.
     *
     * @param src what to send
     * @param to where to
     * @return as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     * @throws IllegalArgumentException if the address is empty, or of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     */
    public long sendTo(ByteBuffer src, SocketAddressBuffer to) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? sendTo(src.array(), src.arrayOffset() + src.position(), src.remaining(), to)
            : sendTo(MemorySegment.ofBuffer(src), to));
    }

    /**
     * Sends a datagram to an address by one system call, for comfort: it is converted at each call, which allocates.
     *
     * @param src the datagram; it may be empty
     * @param to where to
     * @return how many bytes it has, or WOULD_BLOCK
     * @throws IllegalArgumentException if the address is of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     */
    public long sendTo(MemorySegment src, A to) throws IOException {
        requireUsable(to);
        int fd = begin();
        try {
            return sent(messages().sendTo(fd, src, to));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /**
     * Sends a datagram to an address, and more with it, by one system call: sendmsg(2). Nothing is allocated.
     *
     * @param src the datagram
     * @param to where to
     * @param control the control messages to go with it
     * @return as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     * @throws IllegalArgumentException if the address is empty, or of a family that this socket does not speak
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     */
    public long sendMsgTo(MemorySegment src, SocketAddressBuffer to, ControlMessages control) throws IOException {
        requireAddress(to);
        Objects.requireNonNull(control, "control");
        return transmit(src, to, control);
    }

    /**
     * Sends the datagrams of a batch, by one system call: sendmmsg(2). Each goes to its own address or, where that is
     * empty, to the peer. An error of one ends the call, and is thrown if that was the first.
     *
     * @param batch what to send
     * @param first the first one to send; those before were sent already
     * @return how many were sent, or WOULD_BLOCK if none
     * @throws IndexOutOfBoundsException if {@code first} is negative or more than there are
     * @throws IllegalArgumentException if an address is of a family that this socket does not speak; none is sent then
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #sendTo(MemorySegment, SocketAddressBuffer)}, of the first one to send
     */
    public int sendBatch(DatagramBatch batch, int first) throws IOException {
        int count = batch.count() - Objects.checkIndex(first, batch.count() + 1);
        for (int i = first; i < first + count; i++) {
            AddressFamily family = batch.part.family(i);
            if (family != null && !speaks(family)) {
                requireFamily(family, "datagram " + i);
            }
        }
        int fd = begin();
        try {
            int n = count == 0 ? 0 : messages().sendBatch(fd, batch.part, first);
            if (n < count) {
                drained(Interest.WRITABLE);
            }
            return n;
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    private void requireAddress(SocketAddressBuffer to) {
        AddressFamily family = to.part.family();
        if (family == null) {
            throw new IllegalArgumentException("an empty address to send to");
        }
        requireFamily(family, to);
    }
}
