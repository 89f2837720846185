package io.panamio.net;

import io.panamio.sys.SystemExceptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;

/** The methods of all internet sockets, which are {@link NetSocket}s. */
sealed interface InetSocket permits TcpStream, TcpListener, UdpSocket {
    /**
     * Sets the time to live of sent packets; on IPv6, the hop limit. Connections that a listener accepts inherit it.
     *
     * @param hops the time to live, 1 &lt;= hops &lt;= 255
     * @throws IllegalArgumentException if {@code hops} is out of range
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    default void setTtl(int hops) throws IOException {
        if (hops < 1 || hops > 255) {
            throw new IllegalArgumentException("ttl " + hops + " is not between 1 and 255");
        }
        ((NetSocket<?>) this).setOption(SystemSocketOptions.IP_TTL, hops);
    }

    /**
     * {@return the time to live of sent packets, 1 to 255; on IPv6, the hop limit}
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    default int ttl() throws IOException {
        return ((NetSocket<?>) this).getOption(SystemSocketOptions.IP_TTL);
    }

    /** Returns {@code address} if it is a resolved internet address, otherwise throws. */
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
