package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.jfr.Flight;
import io.panamio.sys.AddressFamily;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A datagram socket: each received datagram has the address of its sender, and each sent one that of its receiver.
 *
 * @param <A> the type of its addresses
 */
public abstract sealed class DatagramSource<A extends SocketAddress> extends MessageSocket<A>
        permits UdpSocket, UnixDatagram {
    DatagramSource(int fd) {
        super(fd);
    }

    /** Checks that this socket can send to an address. */
    abstract void requireUsable(A address);

    /** {@return whether this socket can send to addresses of a family} */
    abstract boolean supports(AddressFamily family);

    final void requireFamily(AddressFamily family, Object to) {
        if (!supports(family)) {
            throw new IllegalArgumentException(this + " cannot send to this address family: " + to);
        }
    }

    /**
     * Connects this socket to a peer: {@code send} then sends to it, and datagrams from any other address are
     * discarded. May be called again to change the peer. Datagrams already received remain in the queue.
     *
     * @param remote the address of the peer
     * @throws IllegalArgumentException if this socket cannot send to the family of the address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
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
     * Receives the next datagram and the address of its sender, with one system call: recvfrom(2). Allocates nothing.
     * Bytes that do not fit into the segment are discarded.
     *
     * @param dst the segment to receive into; an empty one discards the datagram
     * @param from receives the address of the sender; empty if that is an unnamed Unix socket
     * @return the length of the datagram, or WOULD_BLOCK; if it exceeds the size of the segment, the datagram was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recvFrom(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        return receive(dst, from);
    }

    /**
     * Receives the next datagram into part of an array, and the address of its sender, like {@link
     * #recvFrom(MemorySegment, SocketAddressBuffer)}.
     *
     * @param dst the array to receive into
     * @param off the offset of the part
     * @param len the length of the part
     * @param from receives the address of the sender
     * @return the length of the datagram, or WOULD_BLOCK; if it exceeds {@code len}, the datagram was truncated
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recvFrom(byte[] dst, int off, int len, SocketAddressBuffer from) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        Objects.requireNonNull(from, "from");
        return receive(dst, off, len, from);
    }

    /**
     * Receives the next datagram into a buffer, from its position to its limit, and the address of its sender, like
     * {@link #recvFrom(MemorySegment, SocketAddressBuffer)}. The position is advanced by the number of bytes stored.
     *
     * @param dst the buffer to receive into
     * @param from receives the address of the sender
     * @return the length of the datagram, or WOULD_BLOCK; if it exceeds what remained in the buffer, the datagram was
     *     truncated
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recvFrom(ByteBuffer dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? recvFrom(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining(), from)
            : recvFrom(MemorySegment.ofBuffer(dst), from));
    }

    /**
     * Receives the next datagram and the address of its sender without removing it from the queue: recvfrom(2) with
     * MSG_PEEK.
     *
     * @param dst the segment to receive into
     * @param from receives the address of the sender
     * @return the length of the datagram, or WOULD_BLOCK; if it exceeds the size of the segment, the datagram was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long peekFrom(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        return receivePeeking(dst, from);
    }

    /**
     * Receives the next datagram, the address of its sender and the control messages that accompany it, with one system
     * call: recvmsg(2). Allocates nothing.
     *
     * @param dst the segment to receive into
     * @param from receives the address of the sender
     * @param control receives the control messages; its previous contents are replaced
     * @return the length of the datagram, or WOULD_BLOCK; if it exceeds the size of the segment, the datagram was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recvMsgFrom(MemorySegment dst, SocketAddressBuffer from, ControlMessages control) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(control, "control");
        return receive(dst, from, control);
    }

    /**
     * Receives all pending datagrams, up to the capacity of a batch, with one system call where the system has one for
     * that: recvmmsg(2).
     *
     * @param batch receives the datagrams; its previous contents are replaced
     * @return the number of datagrams received, at least 1, or WOULD_BLOCK; a batch that is not full has drained the
     *     socket
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public int recvBatch(DatagramBatch batch) throws IOException {
        int fd = begin();
        try {
            int n = messages().recvBatch(fd, batch.part);
            if (n < batch.capacity()) {
                drained(Interest.READABLE);
                if (n == IoResult.WOULD_BLOCK) {
                    Flight.wouldBlock(this, "receive");
                }
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
     * Sends a datagram to an address, with one system call: sendto(2). Allocates nothing. The datagram is sent as a
     * whole or not at all.
     *
     * @param src the datagram, which may be empty
     * @param to the address of the receiver
     * @return the length of the datagram, or WOULD_BLOCK
     * @throws IllegalArgumentException if the address is empty, or this socket cannot send to its family
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address is unreachable, or an error was pending, possibly
     *     that of an earlier send
     */
    public long sendTo(MemorySegment src, SocketAddressBuffer to) throws IOException {
        requireAddress(to);
        return transmit(src, to);
    }

    /**
     * Sends part of an array as a datagram to an address, like {@link #sendTo(MemorySegment, SocketAddressBuffer)}.
     *
     * @param src the array to send from
     * @param off the offset of the part
     * @param len the length of the part
     * @param to the address of the receiver
     * @return the length of the datagram, or WOULD_BLOCK
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws IllegalArgumentException if the address is empty, or this socket cannot send to its family
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address is unreachable, or an error was pending, possibly
     *     that of an earlier send
     */
    public long sendTo(byte[] src, int off, int len, SocketAddressBuffer to) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        requireAddress(to);
        return transmit(src, off, len, to);
    }

    /**
     * Sends a buffer, from its position to its limit, as a datagram to an address, like {@link #sendTo(MemorySegment,
     * SocketAddressBuffer)}. The position is advanced to the limit if the datagram was sent.
     *
     * @param src the buffer to send
     * @param to the address of the receiver
     * @return the length of the datagram, or WOULD_BLOCK
     * @throws IllegalArgumentException if the address is empty, or this socket cannot send to its family
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address is unreachable, or an error was pending, possibly
     *     that of an earlier send
     */
    public long sendTo(ByteBuffer src, SocketAddressBuffer to) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? sendTo(src.array(), src.arrayOffset() + src.position(), src.remaining(), to)
            : sendTo(MemorySegment.ofBuffer(src), to));
    }

    /**
     * Sends a datagram to an address, with one system call: sendto(2). A convenience: the address is converted by each
     * call, which allocates.
     *
     * @param src the datagram, which may be empty
     * @param to the address of the receiver
     * @return the length of the datagram, or WOULD_BLOCK
     * @throws IllegalArgumentException if this socket cannot send to the family of the address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address is unreachable, or an error was pending, possibly
     *     that of an earlier send
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
     * Sends a datagram to an address together with control messages, with one system call: sendmsg(2). Allocates
     * nothing.
     *
     * @param src the datagram
     * @param to the address of the receiver
     * @param control the control messages
     * @return the length of the datagram, or WOULD_BLOCK
     * @throws IllegalArgumentException if the address is empty, or this socket cannot send to its family
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the datagram is too long or the address is unreachable, or an error was pending, possibly
     *     that of an earlier send, or if the system rejects the control messages
     */
    public long sendMsgTo(MemorySegment src, SocketAddressBuffer to, ControlMessages control) throws IOException {
        requireAddress(to);
        Objects.requireNonNull(control, "control");
        return transmit(src, to, control);
    }

    /**
     * Sends the datagrams of a batch, with one system call where the system has one for that: sendmmsg(2). Each is sent
     * to its own address or, if that is empty, to the peer. The call stops at a datagram that fails; the error is
     * thrown if that is the first one to send.
     *
     * @param batch the datagrams
     * @param first the index of the first datagram to send, 0 &lt;= first &lt;= {@link DatagramBatch#count() count}
     * @return the number of datagrams sent, or WOULD_BLOCK if the first one would block
     * @throws IndexOutOfBoundsException if {@code first} is out of range
     * @throws IllegalArgumentException if this socket cannot send to the family of an address; no datagram is sent then
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the first datagram to send fails, see {@link #sendTo(MemorySegment, SocketAddressBuffer)}
     */
    public int sendBatch(DatagramBatch batch, int first) throws IOException {
        int count = batch.count() - Objects.checkIndex(first, batch.count() + 1);
        for (int i = first; i < first + count; i++) {
            AddressFamily family = batch.part.family(i);
            if (family != null && !supports(family)) {
                requireFamily(family, "datagram " + i);
            }
        }
        int fd = begin();
        try {
            int n = count == 0 ? 0 : messages().sendBatch(fd, batch.part, first);
            if (n < count) {
                drained(Interest.WRITABLE);
                if (n == IoResult.WOULD_BLOCK) {
                    Flight.wouldBlock(this, "send");
                }
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
            throw new IllegalArgumentException("the address to send to is empty");
        }
        requireFamily(family, to);
    }
}
