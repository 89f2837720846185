package io.panamio.net;

import io.panamio.IoSource;
import io.panamio.sys.Platform;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;

/** What every internet socket has. */
abstract class InetSocket extends IoSource {
    InetSocket(int fd) {
        super(fd);
    }

    static Sockets sockets() {
        return Platform.current().sockets();
    }

    /**
     * The address of this end, with the port that the system chose; also while connecting.
     *
     * @return the address; {@code ::} for a dual-stack wildcard
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public InetSocketAddress localAddress() throws IOException {
        int fd = begin();
        try {
            return sockets().localAddress(fd);
        } finally {
            end();
        }
    }

    /**
     * Sets the time to live of the packets that are sent, on IPv6 the hop limit; a listener's is that of the
     * connections it accepts.
     *
     * @param hops from 1 to 255
     * @throws IllegalArgumentException if out of that range
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setTtl(int hops) throws IOException {
        if (hops < 1 || hops > 255) {
            throw new IllegalArgumentException("ttl " + hops + " is not from 1 to 255");
        }
        int fd = begin();
        try {
            sockets().setTtl(fd, hops);
        } finally {
            end();
        }
    }

    /**
     * The time to live of the packets that are sent; on IPv6 the hop limit.
     *
     * @return from 1 to 255
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public int ttl() throws IOException {
        int fd = begin();
        try {
            return sockets().ttl(fd);
        } finally {
            end();
        }
    }

    /**
     * Takes the pending error away, if there is one: SO_ERROR.
     *
     * @return the error, or null
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public IOException takeError() throws IOException {
        int fd = begin();
        try {
            return sockets().takeError(fd);
        } finally {
            end();
        }
    }
}
