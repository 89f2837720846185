package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.SocketType;
import java.io.IOException;

/**
 * A connected, non-blocking Unix socket that preserves message boundaries: SOCK_SEQPACKET of unix(7); mio has no such
 * type. A receive returns {@link IoResult#EOF} after the peer has ended the connection. The system reports an empty
 * message in the same way, so do not send any.
 * {@snippet file="UnixSnippets.java" region="ask"}
 */
public final class UnixSeqpacket extends MessageSocket<UnixAddress> {
    private static final SocketKind<UnixSeqpacket> KIND = new SocketKind<>(SocketType.UNIX_SEQPACKET) {
        @Override
        UnixSeqpacket create(int fd) {
            return new UnixSeqpacket(fd);
        }
    };

    private UnixSeqpacket(int fd) {
        super(fd);
    }

    /**
     * Connects to a listener. The connection is established when this returns.
     *
     * @param remote the address of the listener
     * @return the connected socket
     * @throws IllegalArgumentException if the address is too long or unnamed
     * @throws java.net.ConnectException if no socket listens there; on FreeBSD also if the listener's queue is full
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_SEQPACKETS}
     * @throws io.panamio.ResourceExhaustedException on Linux, if the listener's queue is full (EAGAIN): no connection
     *     is pending then and no event arrives, so retry later; or if no descriptor or no memory is available
     * @throws IOException if a system call fails: the path does not exist, for example
     */
    public static UnixSeqpacket connect(UnixAddress remote) throws IOException {
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
     *     io.panamio.Feature#UNIX_SEQPACKETS}
     * @throws java.net.BindException if the local address is in use
     * @throws io.panamio.ResourceExhaustedException as for {@link #connect(UnixAddress)}
     * @throws IOException if a system call fails
     */
    public static UnixSeqpacket connect(UnixAddress remote, ConnectOptions options) throws IOException {
        return KIND.connect(remote, options);
    }

    /**
     * Creates two unnamed sockets that are connected to each other: socketpair(2).
     *
     * @return an array of the two
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_SEQPACKETS}
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system call fails
     */
    public static UnixSeqpacket[] pair() throws IOException {
        return KIND.pair(new UnixSeqpacket[2]);
    }

    /**
     * Takes over the descriptor of a Unix seqpacket socket.
     *
     * @param fd a Unix seqpacket socket in {@linkplain #makeNonBlocking non-blocking mode} that does not listen
     * @return the socket, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not such a socket, or is in blocking mode; the caller still
     *     owns it
     * @throws IOException if the descriptor is not open
     */
    public static UnixSeqpacket fromFd(int fd) throws IOException {
        return KIND.adopt(fd);
    }

    static UnixSeqpacket accepted(int fd) {
        return KIND.own(fd);
    }

    @Override
    long received(long n) {
        return n == 0 ? IoResult.EOF : super.received(n);
    }
}
