package io.panamio.net;

import io.panamio.sys.Readiness;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;

/** The base of the sockets that can have a peer. */
abstract sealed class ConnectedSocket<A extends SocketAddress> extends NetSocket<A>
        permits StreamSocket, MessageSocket {
    ConnectedSocket(int fd) {
        super(fd);
    }

    /**
     * Returns the address of the peer.
     *
     * @return the address; an IPv4 peer of a dual-stack socket has an IPv4 address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected, or no longer (ENOTCONN)
     */
    public A peerAddress() throws IOException {
        int fd = begin();
        try {
            return as(sockets().peerAddress(fd));
        } finally {
            end();
        }
    }

    /**
     * Shuts down one half of the connection, or both, without blocking. Data written before is still sent. A half may
     * be shut down repeatedly. On Linux, a socket whose read half was shut down still returns the data that the peer
     * sent, and then the end of the stream.
     *
     * @param how the half to shut down
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected (ENOTCONN)
     */
    public void shutdown(Shutdown how) throws IOException {
        Objects.requireNonNull(how, "how");
        int fd = begin();
        try {
            sockets().shutdown(fd, (how == Shutdown.WRITE ? 0 : Readiness.READABLE)
                | (how == Shutdown.READ ? 0 : Readiness.WRITABLE));
        } finally {
            end();
        }
    }
}
