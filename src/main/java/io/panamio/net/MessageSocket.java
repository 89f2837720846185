package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.sys.AddressBuffer;
import io.panamio.sys.Messages;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A socket that keeps the bounds of messages: each is received and sent as a whole, and nothing blocks.
 *
 * @param <A> the kind of its addresses
 */
public abstract sealed class MessageSocket<A extends SocketAddress> extends ConnectedSocket<A>
        permits DatagramSource, UnixSeqpacket {
    MessageSocket(int fd) {
        super(fd);
    }

    static Messages messages() {
        return Platform.current().messages();
    }

    /** The result of a receive: one that would block has drained the socket. */
    long received(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.READABLE);
        }
        return n;
    }

    /** The result of a send: one that would block has found it full. */
    final long sent(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.WRITABLE);
        }
        return n;
    }

    /**
     * What a call threw, maybe the error of an earlier message. The system tells it once, and the socket goes on: where
     * an event has told of it, there are to be others.
     */
    final IOException failed(IOException e) {
        drained(Interest.HANG_UP);
        return e;
    }

    /** The longest message that there can be. */
    long maxLength() {
        return Long.MAX_VALUE;
    }

    /** As much of memory on the heap as a message can fill: the rest need not be copied, nor room be made for it. */
    private MemorySegment fillable(MemorySegment dst) {
        return dst.byteSize() <= maxLength() || dst.isNative() ? dst : dst.asSlice(0, maxLength());
    }

    // ---- each call once, with or without an address

    final long receive(MemorySegment dst, boolean peek, SocketAddressBuffer from) throws IOException {
        int fd = begin();
        try {
            AddressBuffer address = SocketAddressBuffer.part(from);
            return received(peek ? messages().peek(fd, fillable(dst), address)
                : messages().recv(fd, fillable(dst), address));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long receive(byte[] dst, int off, int len, SocketAddressBuffer from) throws IOException {
        int fd = begin();
        try {
            int max = (int) Math.min(len, maxLength());
            return received(messages().recv(fd, dst, off, max, SocketAddressBuffer.part(from)));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long receive(MemorySegment dst, SocketAddressBuffer from, ControlMessages control) throws IOException {
        int fd = begin();
        try {
            return received(messages().recvMsg(fd, fillable(dst), SocketAddressBuffer.part(from), control.part));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long transmit(MemorySegment src, SocketAddressBuffer to) throws IOException {
        int fd = begin();
        try {
            return sent(messages().send(fd, src, SocketAddressBuffer.part(to)));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long transmit(byte[] src, int off, int len, SocketAddressBuffer to) throws IOException {
        int fd = begin();
        try {
            return sent(messages().send(fd, src, off, len, SocketAddressBuffer.part(to)));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long transmit(MemorySegment src, SocketAddressBuffer to, ControlMessages control) throws IOException {
        int fd = begin();
        try {
            return sent(messages().sendMsg(fd, src, SocketAddressBuffer.part(to), control.part));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    // ---- receiving

    /**
     * Receives the next message, by one system call: recv(2). What does not fit into the segment is lost. A Unix
     * socket, whose messages may be longer, needs another call for a segment on the heap of more than 64 KiB; native
     * memory of that size is taken for the time of the receive, unless that would block.
     *
     * @param dst where to; one that is empty takes a message all the same
     * @return how many bytes the message has: more than the segment's size tells that it was cut there; or WOULD_BLOCK
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending; it was that of an earlier send, maybe
     */
    public long recv(MemorySegment dst) throws IOException {
        Buffers.requireWritable(dst);
        return receive(dst, false, null);
    }

    /**
     * Receives into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #recv(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recv(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        return receive(dst, off, len, null);
    }

    /**
     * Receives into a buffer, from its position to its limit, and moves the position, to the limit at most.
     *
     * @param dst where to
     * @return as {@link #recv(MemorySegment)}
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recv(ByteBuffer dst) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? recv(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : recv(MemorySegment.ofBuffer(dst)));
    }

    /**
     * Receives the next message and leaves it there: recv(2) with MSG_PEEK.
     *
     * @param dst where to
     * @return as {@link #recv(MemorySegment)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long peek(MemorySegment dst) throws IOException {
        Buffers.requireWritable(dst);
        return receive(dst, true, null);
    }

    /**
     * Receives a message and what comes with it, by one system call: recvmsg(2).
     *
     * @param dst where to
     * @param control where the control messages are put, in place of what is there
     * @return as {@link #recv(MemorySegment)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending
     */
    public long recvMsg(MemorySegment dst, ControlMessages control) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(control, "control");
        return receive(dst, null, control);
    }

    // ---- sending

    /**
     * Sends a message to the peer, by one system call: send(2). It is sent as a whole or not at all.
     *
     * @param src the message; it may be empty
     * @return how many bytes it has, or WOULD_BLOCK
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if there is no peer or the message is too long, or an error was pending: that of an earlier
     *     send, maybe
     */
    public long send(MemorySegment src) throws IOException {
        return transmit(src, null);
    }

    /**
     * Sends a part of an array.
     *
     * @param src what to send
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #send(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #send(MemorySegment)}
     */
    public long send(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        return transmit(src, off, len, null);
    }

    /**
     * Sends what a buffer has from its position to its limit, and moves the position.
     *
     * @param src what to send
     * @return as {@link #send(MemorySegment)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #send(MemorySegment)}
     */
    public long send(ByteBuffer src) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? send(src.array(), src.arrayOffset() + src.position(), src.remaining())
            : send(MemorySegment.ofBuffer(src)));
    }

    /**
     * Sends a message and more with it, by one system call: sendmsg(2).
     *
     * @param src the message
     * @param control the control messages to go with it
     * @return as {@link #send(MemorySegment)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException as {@link #send(MemorySegment)}
     */
    public long sendMsg(MemorySegment src, ControlMessages control) throws IOException {
        Objects.requireNonNull(control, "control");
        return transmit(src, null, control);
    }
}
