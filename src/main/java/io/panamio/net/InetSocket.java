package io.panamio.net;

import io.panamio.sys.SystemExceptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;

/** What every internet socket, a {@link NetSocket}, has. */
sealed interface InetSocket permits TcpStream, TcpListener, UdpSocket {
    /**
     * Sets the time to live of the packets that are sent, on IPv6 the hop limit; a listener's is that of the
     * connections it accepts.
     *
     * @param hops from 1 to 255
     * @throws IllegalArgumentException if out of that range
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    default void setTtl(int hops) throws IOException {
        if (hops < 1 || hops > 255) {
            throw new IllegalArgumentException("ttl " + hops + " is not from 1 to 255");
        }
        ((NetSocket<?>) this).setOption(SystemSocketOptions.IP_TTL, hops);
    }

    /**
     * The time to live of the packets that are sent; on IPv6 the hop limit.
     *
     * @return from 1 to 255
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    default int ttl() throws IOException {
        return ((NetSocket<?>) this).getOption(SystemSocketOptions.IP_TTL);
    }

    /** The address itself, if the system can use it. */
    static InetSocketAddress resolved(SocketAddress address) {
        if (!(Objects.requireNonNull(address, "address") instanceof InetSocketAddress inet)) {
            throw new IllegalArgumentException("not an internet address: " + address);
        }
        if (inet.isUnresolved()) {
            throw SystemExceptions.unresolved(inet);
        }
        return inet;
    }
}
