package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A TCP connection that never blocks: mio's {@code TcpStream}.
 *
 * <h2>Reading and writing</h2>
 * Both take memory of any kind: native segments are handed to the system as they are; segments on the heap, arrays
 * and heap buffers are copied by way of native memory. The result is a number of bytes, {@link IoResult#EOF} or
 * {@link IoResult#WOULD_BLOCK}. A read or write that does less than asked has found the socket drained or full; there
 * is no need to call again for {@code WOULD_BLOCK}, unless the event was read-closed, write-closed or an error, whose
 * end has no event of its own. One call moves 2147479552 bytes at most.
 *
 * <p>Reading, peeking and writing allocate nothing, but for the short-lived view of a direct buffer, which the JIT
 * compiler mostly does away with. One thread may read while another writes; two that read at a time each get some of
 * the bytes.
 *
 * <p>A segment of a {@linkplain java.lang.foreign.Arena#ofShared shared arena} costs some nanoseconds more a call
 * than one of a confined, automatic or global arena, and goes by itself in a gather or scatter.
 *
 * <h2>Connecting</h2>
 * {@link #connect} returns before there is a connection. Register the stream for {@link Interest#WRITABLE}, wait for
 * an event, and ask {@link #finishConnect}, which is steps 4 to 6 of mio's six. What a stream that still connects is
 * asked to read or write would block.
 *
 * <h2>Failures</h2>
 * A connection that the peer has reset throws a {@link java.net.SocketException} (ECONNRESET) from one call, the
 * first that notices: a read, a write, or {@link #takeError}. After that a read says end of stream and a write throws
 * a broken pipe (EPIPE). With {@code -Dpanamio.stacklessResets=true} these two carry no stack trace. No signal is
 * raised.
 */
public final class TcpStream extends InetSocket {
    private volatile boolean connected;
    private volatile IOException failure;

    private TcpStream(int fd, boolean connected) {
        super(fd);
        this.connected = connected;
    }

    // ---- making

    /**
     * Begins to connect. This returns at once; see {@link #finishConnect}. Costs two system calls.
     *
     * @param remote where to; the scope of an IPv6 address is kept
     * @return the stream, which does not block and is not inherited by child processes
     * @throws UnresolvedAddressException if the address is not resolved
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses at once: no route, no address left, a link-local address without scope
     */
    public static TcpStream connect(InetSocketAddress remote) throws IOException {
        if (remote.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        return new TcpStream(sockets().connect(remote), false);
    }

    /**
     * Takes over the descriptor of a stream socket, connected or still connecting.
     *
     * @param fd a stream socket in non-blocking mode
     * @return the stream, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a stream socket or is in blocking mode; the descriptor stays the
     *     caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpStream fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a stream socket, connected or still connecting.
     *
     * @param fd a stream socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the stream, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a stream socket, or is in blocking mode and may not be changed; the
     *     descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpStream fromFd(int fd, boolean makeNonBlocking) throws IOException {
        sockets().adopt(fd, makeNonBlocking);
        return new TcpStream(fd, false);
    }

    static TcpStream accepted(int fd) {
        return new TcpStream(fd, true);
    }

    /**
     * Tells whether a {@link #connect} has ended. Call it after a writable event, or at any time; it never loops, and
     * once it has told the end it tells the same again. If another call took the error away before ({@link
     * #takeError}, a read, a write), this throws all the same.
     *
     * @return true if connected, false while still connecting; a registered stream gets an event when that changes
     * @throws java.net.ConnectException if it was refused or timed out
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if it failed otherwise
     */
    public boolean finishConnect() throws IOException {
        int fd = begin();
        try {
            if (connected) {
                return true;
            }
            if (failure != null) {
                throw failure;
            }
            connected = sockets().isConnected(fd);
            if (!connected) {
                drained(Interest.WRITABLE);
            }
            return connected;
        } catch (IOException e) {
            failure = e;
            throw e;
        } finally {
            end();
        }
    }

    // ---- reading

    /**
     * Reads into a segment, by one system call: recv(2). A segment on the heap of more than 64 KiB takes one more for
     * each further 64 KiB.
     *
     * @param dst where to; its size is how much is asked for
     * @return how many bytes were read, EOF or WOULD_BLOCK; 0 only if the segment is empty, without a system call
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long read(MemorySegment dst) throws IOException {
        requireWritable(dst);
        long asked = dst.byteSize();
        int fd = begin();
        try {
            return asked == 0 ? 0 : received(sockets().recv(fd, dst), asked);
        } finally {
            end();
        }
    }

    /**
     * Reads into a buffer, from its position to its limit, and moves the position.
     *
     * @param dst where to
     * @return as {@link #read(MemorySegment)}
     * @throws ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long read(ByteBuffer dst) throws IOException {
        requireWritable(dst);
        return advance(dst, dst.hasArray() ? read(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : read(MemorySegment.ofBuffer(dst)));
    }

    /**
     * Reads into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #read(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long read(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : received(sockets().recv(fd, dst, off, len), len);
        } finally {
            end();
        }
    }

    /**
     * Reads into several segments in order: scatter. There may be any number of them; up to 1024 native ones take one
     * system call, recvmsg(2), together.
     *
     * @param dsts where to
     * @return how many bytes were read in all, EOF or WOULD_BLOCK; 0 only if all segments are empty
     * @throws IllegalArgumentException if a segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long readVectored(MemorySegment... dsts) throws IOException {
        long asked = 0;
        for (MemorySegment dst : dsts) {
            requireWritable(dst);
            asked += dst.byteSize();
        }
        int fd = begin();
        try {
            return asked == 0 ? 0 : received(sockets().recvVectored(fd, dsts), asked);
        } finally {
            end();
        }
    }

    /** A receive that got less than asked for has drained the socket; the end of the stream has no event after it. */
    private long received(long n, long asked) {
        if (n == 0) {
            return IoResult.EOF;
        }
        if (n < asked && n < sockets().maxTransfer()) {
            drained(Interest.READABLE);
        }
        return n;
    }

    /**
     * Reads into a segment and leaves the bytes to be read again: recv(2) with MSG_PEEK. On the heap it is 64 KiB at
     * most.
     *
     * @param dst where to
     * @return as {@link #read(MemorySegment)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(MemorySegment dst) throws IOException {
        requireWritable(dst);
        int fd = begin();
        try {
            return dst.byteSize() == 0 ? 0 : peeked(sockets().peek(fd, dst));
        } finally {
            end();
        }
    }

    private long peeked(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.READABLE);
        }
        return n == 0 ? IoResult.EOF : n;
    }

    /**
     * Peeks into a buffer, from its position to its limit, and moves the position.
     *
     * @param dst where to
     * @return as {@link #peek(MemorySegment)}
     * @throws ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(ByteBuffer dst) throws IOException {
        requireWritable(dst);
        return advance(dst, dst.hasArray() ? peek(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : peek(MemorySegment.ofBuffer(dst)));
    }

    /**
     * Peeks into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #peek(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : peeked(sockets().peek(fd, dst, off, len));
        } finally {
            end();
        }
    }

    // ---- writing

    /**
     * Writes from a segment, by one system call: send(2). A segment on the heap of more than 64 KiB takes one for
     * each 64 KiB.
     *
     * @param src what to write
     * @return how many bytes the system took, maybe not all; WOULD_BLOCK if none; 0 only if the segment is empty,
     *     without a system call
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long write(MemorySegment src) throws IOException {
        long asked = src.byteSize();
        int fd = begin();
        try {
            return asked == 0 ? 0 : sent(sockets().send(fd, src), asked);
        } finally {
            end();
        }
    }

    /**
     * Writes from a buffer, from its position to its limit, and moves the position by what was written.
     *
     * @param src what to write
     * @return as {@link #write(MemorySegment)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long write(ByteBuffer src) throws IOException {
        return advance(src, src.hasArray() ? write(src.array(), src.arrayOffset() + src.position(), src.remaining())
            : write(MemorySegment.ofBuffer(src)));
    }

    /**
     * Writes from a part of an array.
     *
     * @param src what to write
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #write(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long write(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : sent(sockets().send(fd, src, off, len), len);
        } finally {
            end();
        }
    }

    /**
     * Writes from several segments in order: gather. There may be any number of them; up to 1024 native ones take one
     * system call, sendmsg(2), together.
     *
     * @param srcs what to write
     * @return how many bytes the system took in all, maybe not all; WOULD_BLOCK if none; 0 only if all segments are
     *     empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long writeVectored(MemorySegment... srcs) throws IOException {
        long asked = 0;
        for (MemorySegment src : srcs) {
            asked += src.byteSize();
        }
        int fd = begin();
        try {
            return asked == 0 ? 0 : sent(sockets().sendVectored(fd, srcs), asked);
        } finally {
            end();
        }
    }

    /** A send that took less than it was given has filled the socket. */
    private long sent(long n, long asked) {
        if (n < asked && n < sockets().maxTransfer()) {
            drained(Interest.WRITABLE);
        }
        return n;
    }

    // ---- memory of the JDK's kinds

    private static void requireWritable(MemorySegment dst) {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("a read-only segment to read into");
        }
    }

    private static void requireWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
    }

    private static long advance(ByteBuffer buffer, long n) {
        if (n > 0) {
            buffer.position(buffer.position() + (int) n);
        }
        return n;
    }

    // ---- addresses and options

    /**
     * The address of the peer.
     *
     * @return the address; an IPv4 peer of a dual-stack listener has an IPv4 address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if there is no connection, or no more: ENOTCONN
     */
    public InetSocketAddress peerAddress() throws IOException {
        int fd = begin();
        try {
            return sockets().peerAddress(fd);
        } finally {
            end();
        }
    }

    /**
     * Ends one half of the connection, or both, at once; what was written before is still sent. It may be repeated. On
     * Linux a stream whose read half was shut down still reads what the peer has sent, and then the end of the stream.
     *
     * @param how which half
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if there is no connection: ENOTCONN
     */
    public void shutdown(Shutdown how) throws IOException {
        Objects.requireNonNull(how, "how");
        int fd = begin();
        try {
            sockets().shutdown(fd, how != Shutdown.WRITE, how != Shutdown.READ);
        } finally {
            end();
        }
    }

    /**
     * Sets TCP_NODELAY: whether small segments are sent at once (true) or gathered by Nagle's algorithm (the default).
     *
     * @param on which
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setNoDelay(boolean on) throws IOException {
        int fd = begin();
        try {
            sockets().setNoDelay(fd, on);
        } finally {
            end();
        }
    }

    /**
     * Whether TCP_NODELAY is set.
     *
     * @return true if so
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public boolean noDelay() throws IOException {
        int fd = begin();
        try {
            return sockets().noDelay(fd);
        } finally {
            end();
        }
    }

    /**
     * {@inheritDoc} Whoever asks first gets it: a read or write afterwards finds an ended stream. {@link
     * #finishConnect} does not forget it.
     */
    @Override
    public IOException takeError() throws IOException {
        IOException error = super.takeError();
        if (error != null && !connected && failure == null) {
            failure = error;
        }
        return error;
    }
}
