package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;

/**
 * A connected Unix socket that keeps the bounds of messages, SOCK_SEQPACKET of unix(7), and never blocks; mio has
 * none. A receive returns {@link IoResult#EOF} when the peer has ended; an empty message looks the same to the
 * system, so do not send any.
 */
public final class UnixSeqpacket extends MessageSocket<UnixAddress> {
    private UnixSeqpacket(int fd) {
        super(fd);
    }

    /**
     * Connects, at once.
     *
     * @param remote where to
     * @return the socket, connected
     * @throws IllegalArgumentException if the address is too long or has no name
     * @throws java.net.ConnectException if nobody listens there
     * @throws io.panamio.ResourceExhaustedException if the listener's queue is full (EAGAIN): nothing is pending then
     *     and no event will come, so connect again later; or if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixSeqpacket connect(UnixAddress remote) throws IOException {
        return connect(remote, ConnectOptions.DEFAULT);
    }

    /**
     * Connects, with options.
     *
     * @param remote where to
     * @param options how; a local address is a {@link UnixAddress}
     * @return the socket, connected
     * @throws IllegalArgumentException if an address is too long or of another kind, or the remote one has no name
     * @throws java.net.ConnectException if nobody listens there
     * @throws java.net.BindException if the local address is in use
     * @throws io.panamio.ResourceExhaustedException as {@link #connect(UnixAddress)}
     * @throws IOException if the system refuses
     */
    public static UnixSeqpacket connect(UnixAddress remote, ConnectOptions options) throws IOException {
        int fd = UnixStream.connect(SocketType.SEQPACKET, remote, options);
        try {
            return new UnixSeqpacket(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    /**
     * Makes two sockets that are connected with each other, without names.
     *
     * @return the two
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixSeqpacket[] pair() throws IOException {
        int[] fds = sockets().pair(SocketType.SEQPACKET);
        UnixSeqpacket first = null;
        try {
            first = new UnixSeqpacket(fds[0]);
            return new UnixSeqpacket[] {first, new UnixSeqpacket(fds[1])};
        } catch (Throwable t) {
            closeBoth(first, fds);
            throw t;
        }
    }

    /**
     * Takes over the descriptor of a Unix seqpacket socket.
     *
     * @param fd a connected Unix seqpacket socket in non-blocking mode
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that or is in blocking mode; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixSeqpacket fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a Unix seqpacket socket.
     *
     * @param fd a connected Unix seqpacket socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that, or is in blocking mode and may not be changed; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixSeqpacket fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adopt(fd, SocketType.SEQPACKET, true, makeNonBlocking);
        return adopted(new UnixSeqpacket(fd));
    }

    static UnixSeqpacket accepted(int fd) {
        return new UnixSeqpacket(fd);
    }

    @Override
    long received(long n) {
        return n == 0 ? IoResult.EOF : super.received(n);
    }
}
