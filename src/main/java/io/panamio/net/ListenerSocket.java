package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.SocketAddress;

/** What every listener has. */
abstract sealed class ListenerSocket<A extends SocketAddress, S> extends NetSocket<A>
        permits TcpListener, UnixListener, UnixSeqpacketListener {
    ListenerSocket(int fd) {
        super(fd, false);
    }

    static void adoptListening(int fd, SocketType type, boolean unix, boolean makeNonBlocking) throws IOException {
        sockets().requireSocket(fd, type, unix);
        sockets().requireListening(fd, true);
        sockets().requireNonBlocking(fd, makeNonBlocking);
    }

    private S taken(int accepted) {
        try {
            return accepted(accepted);
        } catch (Throwable t) {
            Platform.current().discard(accepted);
            throw t;
        }
    }

    /** The source of a connection that was accepted. */
    abstract S accepted(int fd);

    /**
     * Accepts the next connection, by one system call. It does not block and is not inherited by child processes; its
     * options are the system's defaults, or this listener's where the system passes them on: on Linux that is nearly
     * all of them, TCP_NODELAY and the sizes of the buffers among them, which spares a call for each connection.
     *
     * <p>Connections that died while they waited are passed over. What is thrown is of two kinds:
     * <ul>
     * <li>{@link io.panamio.ResourceExhaustedException}: no descriptors are left, or no memory, or so many connections
     * died in a row that this call gives up. Others stay queued, but <em>no event comes for them</em>. So close
     * something, or wait for something to be closed, and accept again without an event: after a while ({@code
     * poll(events, timeout)}), or whenever a stream was closed.
     * <li>Anything else: this listener is of no more use.
     * </ul>
     *
     * @return the connection, or null when none waits
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left, or connections only die
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public S accept() throws IOException {
        return accept(null);
    }

    /**
     * Like {@link #accept()}, and tells the address of the peer without a system call of its own.
     *
     * @param peer where the address is put when there is a connection; null where it is not wanted
     * @return the connection, or null when none waits
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left, or connections only die
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public S accept(SocketAddressBuffer peer) throws IOException {
        int fd = begin();
        try {
            int accepted = sockets().accept(fd, SocketAddressBuffer.part(peer));
            if (accepted == Sockets.WOULD_BLOCK) {
                drained(Interest.READABLE);
                return null;
            }
            return taken(accepted);
        } finally {
            end();
        }
    }
}
