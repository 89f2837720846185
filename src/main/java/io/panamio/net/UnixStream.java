package io.panamio.net;

import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A non-blocking Unix stream socket: mio's {@code UnixStream}. It reads and writes like a {@link TcpStream}, and also
 * passes descriptors and credentials.
 * {@snippet file="UnixSnippets.java" region="pass"}
 *
 * <p>A writable event may arrive each time the peer reads, even if there was room before. A read stops where
 * descriptors arrived, or other credentials if those are received: it may be short although more data is pending, for
 * which no event arrives. Any peer can send descriptors, even unasked; from a peer that might, read until WOULD_BLOCK.
 * Urgent data is treated as by a {@link TcpStream}.
 */
public final class UnixStream extends StreamSocket<UnixAddress> {
    private static final SocketKind<UnixStream> KIND = new SocketKind<>(SocketType.UNIX_STREAM) {
        @Override
        UnixStream create(int fd) {
            return new UnixStream(fd);
        }
    };

    private UnixStream(int fd) {
        super(fd);
    }

    /**
     * Connects to a listener. The connection is established when this returns.
     *
     * @param remote the address of the listener
     * @return the connected socket
     * @throws IllegalArgumentException if the address is too long or unnamed
     * @throws java.net.ConnectException if no socket listens there; on macOS and FreeBSD also if the listener's queue
     *     is full
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_STREAMS}
     * @throws io.panamio.ResourceExhaustedException on Linux, if the listener's queue is full (EAGAIN): no connection
     *     is pending then and no event arrives, so retry later; or if no descriptor or no memory is available
     * @throws IOException if a system call fails: the path does not exist, for example
     */
    public static UnixStream connect(UnixAddress remote) throws IOException {
        return connect(remote, ConnectOptions.DEFAULT);
    }

    /**
     * Connects to a listener, with options. The connection is established when this returns.
     *
     * @param remote the address of the listener
     * @param options the options; a local address must be a {@link UnixAddress}
     * @return the connected socket
     * @throws IllegalArgumentException if an address is too long, the local one is not a Unix address, or the remote
     *     one is unnamed
     * @throws java.net.ConnectException as for {@link #connect(UnixAddress)}
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_STREAMS}
     * @throws java.net.BindException if the local address is in use
     * @throws io.panamio.ResourceExhaustedException as for {@link #connect(UnixAddress)}
     * @throws IOException if a system call fails
     */
    public static UnixStream connect(UnixAddress remote, ConnectOptions options) throws IOException {
        return KIND.connect(remote, options);
    }

    /**
     * Creates two unnamed sockets that are connected to each other: socketpair(2).
     *
     * @return an array of the two
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_STREAMS}
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system call fails
     */
    public static UnixStream[] pair() throws IOException {
        return KIND.pair(new UnixStream[2]);
    }

    /**
     * Takes over the descriptor of a Unix stream socket.
     *
     * @param fd a Unix stream socket in {@linkplain #makeNonBlocking non-blocking mode} that does not listen
     * @return the socket, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not such a socket, or is in blocking mode; the caller still
     *     owns it
     * @throws IOException if the descriptor is not open
     */
    public static UnixStream fromFd(int fd) throws IOException {
        return KIND.adopt(fd);
    }

    static UnixStream accepted(int fd) {
        return KIND.own(fd);
    }

    // ---- control messages

    /**
     * Reads bytes and the control messages that accompany them: recvmsg(2). One read never joins bytes that were sent
     * with different descriptors or credentials. A short read therefore does not mean that the stream is drained: read
     * until WOULD_BLOCK.
     *
     * @param dst the segment to read into
     * @param control receives the control messages; its previous contents are replaced
     * @return the number of bytes read, EOF or WOULD_BLOCK
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
            return received(n, n > 0 ? n : dst.byteSize()); // a short one may have stopped at descriptors
        } finally {
            end();
        }
    }

    /**
     * Writes bytes together with control messages: sendmsg(2). The control messages accompany the first byte, so they
     * were sent if any byte was.
     *
     * @param src the bytes to write
     * @param control the control messages
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none
     * @throws IllegalArgumentException if the segment is empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or the system rejects the control messages
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
            throw new IllegalArgumentException("control messages require at least one byte");
        }
    }
}
