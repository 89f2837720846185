package io.panamio.net;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;

/** What every socket has that can have a peer. */
abstract sealed class ConnectedSocket<A extends SocketAddress> extends NetSocket<A>
        permits StreamSocket, MessageSocket {
    ConnectedSocket(int fd, boolean urgent) {
        super(fd, urgent);
    }

    /**
     * The address of the peer.
     *
     * @return the address; an IPv4 peer of a dual-stack socket has an IPv4 address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if there is no connection, or no more: ENOTCONN
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
     * Ends one half of the connection, or both, at once; what was written before is still sent. It may be repeated. On
     * Linux a socket whose read half was shut down still reads what the peer has sent, and then the end of the stream.
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
}
