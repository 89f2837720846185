package io.panamio.net;

import io.panamio.Interest;
import io.panamio.jfr.Flight;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.SocketAddress;

/** The base of the sockets that accept connections. */
abstract sealed class ListenerSocket<A extends SocketAddress, S extends ConnectedSocket<A>>
        extends NetSocket<A>
        permits TcpListener, UnixListener, UnixSeqpacketListener {
    ListenerSocket(int fd) {
        super(fd);
    }

    /** Creates the socket of an accepted connection, or closes {@code fd} and throws. */
    abstract S accepted(int fd);

    /**
     * Accepts the next pending connection, with one system call. The returned socket is non-blocking and not inherited
     * by child processes. Its options are the system's defaults, or those of this listener where the system passes
     * them on, so that setting them here saves a system call for each connection: Linux passes on nearly all of them,
     * including TCP_NODELAY and the buffer sizes; macOS, FreeBSD and Windows pass on TCP_NODELAY as well.
     *
     * <p>Connections that failed while they were pending are skipped. Two kinds of exception are thrown:
     * <ul>
     * <li>{@link io.panamio.ResourceExhaustedException}: no descriptor or no memory is available, or too many
     * connections in a row had failed. Other connections are still pending, but <em>no event arrives for them</em>:
     * accept again without an event, after a delay ({@code poll(events, timeout)}) or after a descriptor was closed.
     * <li>Any other: this listener cannot be used any more.
     * </ul>
     *
     * @return the connection, or null if none is pending
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available, or too many
     *     connections in a row had failed
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public S accept() throws IOException {
        return accept(null);
    }

    /**
     * Accepts the next pending connection like {@link #accept()}, and stores the address of the peer without another
     * system call.
     *
     * @param peer receives the peer's address if a connection is returned; null to ignore it
     * @return the connection, or null if none is pending
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available, or too many
     *     connections in a row had failed
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public S accept(SocketAddressBuffer peer) throws IOException {
        int fd = begin();
        try {
            int accepted = sockets().accept(fd, SocketAddressBuffer.part(peer));
            if (accepted == Sockets.WOULD_BLOCK) {
                drained(Interest.READABLE);
                Flight.wouldBlock(this, "accept");
                return null;
            }
            S socket = accepted(accepted);
            if (Flight.recordsAccepts()) {
                Flight.accepted(this, socket, peerOf(socket));
            }
            return socket;
        } finally {
            end();
        }
    }

    /** Returns the address of the peer, or null if the connection has ended. */
    private static SocketAddress peerOf(ConnectedSocket<?> socket) {
        try {
            return socket.peerAddress();
        } catch (IOException e) {
            return null;
        }
    }
}
