package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.jfr.Flight;
import io.panamio.sys.Messages;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A non-blocking socket that preserves message boundaries: each message is received and sent as a whole.
 *
 * @param <A> the type of its addresses
 */
public abstract sealed class MessageSocket<A extends SocketAddress> extends ConnectedSocket<A>
        permits DatagramSource, UnixSeqpacket {
    MessageSocket(int fd) {
        super(fd);
        messages(); // loads its classes: without descriptors a class cannot be loaded later
    }

    static Messages messages() {
        return Platform.current().messages();
    }

    /** Handles the result of a receive: one that would block has drained the socket. */
    long received(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.READABLE);
            Flight.wouldBlock(this, "receive");
        }
        return n;
    }

    /** Handles the result of a send: one that would block has filled the socket. */
    final long sent(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.WRITABLE);
            Flight.wouldBlock(this, "send");
        }
        return n;
    }

    /**
     * Returns the exception to throw for a failed call, possibly the error of an earlier message. The system reports
     * each such error once and the socket remains usable, so the event for the next error must be armed again.
     */
    final IOException failed(IOException e) {
        drained(Interest.HANG_UP);
        return e;
    }

    /** {@return the maximum length of a message, in bytes} */
    long maxLength() {
        return Long.MAX_VALUE;
    }

    /** Returns the part of a heap segment that a message can fill, so that no more is copied. */
    private MemorySegment fillable(MemorySegment dst) {
        return dst.byteSize() <= maxLength() || dst.isNative() ? dst : dst.asSlice(0, maxLength());
    }

    // ---- the calls, with or without an address

    final long receive(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        int fd = begin();
        try {
            return received(messages().recv(fd, fillable(dst), SocketAddressBuffer.part(from)));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    final long receivePeeking(MemorySegment dst, SocketAddressBuffer from) throws IOException {
        int fd = begin();
        try {
            return received(messages().peek(fd, fillable(dst), SocketAddressBuffer.part(from)));
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
     * Receives the next message, with one system call: recv(2). Bytes that do not fit into the segment are discarded. A
     * Unix socket, whose messages may exceed 64 KiB, takes one more call for a heap segment of more than 64 KiB, and
     * allocates native memory of that size for the duration of the receive unless it would block.
     *
     * @param dst the segment to receive into; an empty one discards the message
     * @return the length of the message, or WOULD_BLOCK; if it exceeds the size of the segment, the message was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recv(MemorySegment dst) throws IOException {
        Buffers.requireWritable(dst);
        return receive(dst, null);
    }

    /**
     * Receives the next message into part of an array, like {@link #recv(MemorySegment)}.
     *
     * @param dst the array to receive into
     * @param off the offset of the part
     * @param len the length of the part
     * @return the length of the message, or WOULD_BLOCK; if it exceeds {@code len}, the message was truncated
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recv(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        return receive(dst, off, len, null);
    }

    /**
     * Receives the next message into a buffer, from its position to its limit, like {@link #recv(MemorySegment)}. The
     * position is advanced by the number of bytes stored.
     *
     * @param dst the buffer to receive into
     * @return the length of the message, or WOULD_BLOCK; if it exceeds what remained in the buffer, the message was
     *     truncated
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recv(ByteBuffer dst) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? recv(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : recv(MemorySegment.ofBuffer(dst)));
    }

    /**
     * Receives the next message without removing it from the queue: recv(2) with MSG_PEEK.
     *
     * @param dst the segment to receive into
     * @return the length of the message, or WOULD_BLOCK; if it exceeds the size of the segment, the message was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long peek(MemorySegment dst) throws IOException {
        Buffers.requireWritable(dst);
        return receivePeeking(dst, null);
    }

    /**
     * Receives the next message and the control messages that accompany it, with one system call: recvmsg(2).
     *
     * @param dst the segment to receive into
     * @param control receives the control messages; its previous contents are replaced
     * @return the length of the message, or WOULD_BLOCK; if it exceeds the size of the segment, the message was
     *     truncated
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if an error was pending, possibly that of an earlier send
     */
    public long recvMsg(MemorySegment dst, ControlMessages control) throws IOException {
        Buffers.requireWritable(dst);
        Objects.requireNonNull(control, "control");
        return receive(dst, null, control);
    }

    // ---- sending

    /**
     * Sends a message to the peer, with one system call: send(2). The message is sent as a whole or not at all.
     *
     * @param src the message, which may be empty
     * @return the length of the message, or WOULD_BLOCK
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected, the message is too long, or an error was pending, possibly that of
     *     an earlier send
     */
    public long send(MemorySegment src) throws IOException {
        return transmit(src, null);
    }

    /**
     * Sends part of an array as a message to the peer, like {@link #send(MemorySegment)}.
     *
     * @param src the array to send from
     * @param off the offset of the part
     * @param len the length of the part
     * @return the length of the message, or WOULD_BLOCK
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected, the message is too long, or an error was pending, possibly that of
     *     an earlier send
     */
    public long send(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        return transmit(src, off, len, null);
    }

    /**
     * Sends a buffer, from its position to its limit, as a message to the peer, like {@link #send(MemorySegment)}. The
     * position is advanced to the limit if the message was sent.
     *
     * @param src the buffer to send
     * @return the length of the message, or WOULD_BLOCK
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected, the message is too long, or an error was pending, possibly that of
     *     an earlier send
     */
    public long send(ByteBuffer src) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? send(src.array(), src.arrayOffset() + src.position(), src.remaining())
            : send(MemorySegment.ofBuffer(src)));
    }

    /**
     * Sends a message to the peer together with control messages, with one system call: sendmsg(2).
     *
     * @param src the message
     * @param control the control messages
     * @return the length of the message, or WOULD_BLOCK
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected, the message is too long, or an error was pending, possibly that of
     *     an earlier send, or if the system rejects the control messages
     */
    public long sendMsg(MemorySegment src, ControlMessages control) throws IOException {
        Objects.requireNonNull(control, "control");
        return transmit(src, null, control);
    }
}
