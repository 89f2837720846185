package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A Unix stream socket that never blocks: mio's {@code UnixStream}. It reads and writes as a {@link TcpStream} does,
 * and passes descriptors and credentials as well.
 *
 * <p>Whenever the peer reads, there may be a writable event, although there was room before. A read ends where
 * descriptors came, or other credentials if those are asked for: it may do less than asked although there is more, of
 * which no event tells. From a peer that may pass such things, even unasked, read until WOULD_BLOCK. Urgent data is as
 * with a {@link TcpStream}.
 */
public final class UnixStream extends StreamSocket<UnixAddress> {
    private UnixStream(int fd) {
        super(fd);
    }

    /**
     * Connects, at once.
     *
     * @param remote where to
     * @return the stream, connected
     * @throws IllegalArgumentException if the address is too long or has no name
     * @throws java.net.ConnectException if nobody listens there
     * @throws io.panamio.ResourceExhaustedException if the listener's queue is full (EAGAIN): nothing is pending then
     *     and no event will come, so connect again later; or if there are no descriptors left
     * @throws IOException if the system refuses: there is no such path, for example
     */
    public static UnixStream connect(UnixAddress remote) throws IOException {
        return connect(remote, ConnectOptions.DEFAULT);
    }

    /**
     * Connects, with options.
     *
     * @param remote where to
     * @param options how; a local address is a {@link UnixAddress}
     * @return the stream, connected
     * @throws IllegalArgumentException if an address is too long or of another kind, or the remote one has no name
     * @throws java.net.ConnectException if nobody listens there
     * @throws java.net.BindException if the local address is in use
     * @throws io.panamio.ResourceExhaustedException as {@link #connect(UnixAddress)}
     * @throws IOException if the system refuses
     */
    public static UnixStream connect(UnixAddress remote, ConnectOptions options) throws IOException {
        int fd = connect(SocketType.STREAM, remote, options);
        try {
            return new UnixStream(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    static int connect(SocketType type, UnixAddress remote, ConnectOptions options) throws IOException {
        if (remote.isUnnamed()) {
            throw new IllegalArgumentException("an address without a name to connect to");
        }
        if (options.local() != null && !(options.local() instanceof UnixAddress)) {
            throw new IllegalArgumentException("not a Unix address: " + options.local());
        }
        return sockets().connect(type, remote, options.local(), options.values());
    }

    /**
     * Makes two streams that are connected with each other, without names.
     *
     * @return the two
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixStream[] pair() throws IOException {
        int[] fds = sockets().pair(SocketType.STREAM);
        UnixStream first = null;
        try {
            first = new UnixStream(fds[0]);
            return new UnixStream[] {first, new UnixStream(fds[1])};
        } catch (Throwable t) {
            closeBoth(first, fds);
            throw t;
        }
    }

    /**
     * Takes over the descriptor of a Unix stream socket.
     *
     * @param fd a Unix stream socket in non-blocking mode
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that or is in blocking mode; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixStream fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a Unix stream socket.
     *
     * @param fd a Unix stream socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that, or is in blocking mode and may not be changed; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixStream fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adopt(fd, SocketType.STREAM, true, makeNonBlocking);
        return adopted(new UnixStream(fd));
    }

    static UnixStream accepted(int fd) {
        return new UnixStream(fd);
    }

    // ---- more than bytes

    /**
     * Reads bytes and what comes with them, by recvmsg(2). One read never joins bytes that came with different
     * descriptors or credentials, so that less than asked for does not mean that nothing more is there: go on until
     * WOULD_BLOCK.
     *
     * @param dst where to
     * @param control where the control messages are put, in place of what is there
     * @return how many bytes were read, EOF or WOULD_BLOCK
     * @throws IllegalArgumentException if the segment is read-only or empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long recvMsg(MemorySegment dst, ControlMessages control) throws IOException {
        Buffers.requireWritable(dst);
        requireBytes(dst);
        Objects.requireNonNull(control, "control");
        int fd = begin();
        try {
            long n = Platform.current().messages().recvMsg(fd, dst, null, control.part);
            return received(n, n > 0 ? n : dst.byteSize()); // a short one may only have met the next descriptors
        } finally {
            end();
        }
    }

    /**
     * Writes bytes and more with them, by sendmsg(2). The control messages go with the first byte, and have gone if any
     * byte has.
     *
     * @param src what to write
     * @param control what goes with it
     * @return how many bytes the system took, maybe not all; WOULD_BLOCK if none
     * @throws IllegalArgumentException if the segment is empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or the control messages are refused
     */
    public long sendMsg(MemorySegment src, ControlMessages control) throws IOException {
        requireBytes(src);
        Objects.requireNonNull(control, "control");
        int fd = begin();
        try {
            return sent(Platform.current().messages().sendMsg(fd, src, null, control.part), src.byteSize());
        } finally {
            end();
        }
    }

    private static void requireBytes(MemorySegment segment) {
        if (segment.byteSize() == 0) {
            throw new IllegalArgumentException("control messages go with one byte at least");
        }
    }
}
