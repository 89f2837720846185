package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;

/**
 * A UDP socket that never blocks: mio's {@code UdpSocket}. A datagram is received and sent as a whole; one that is
 * empty is a datagram, so nothing here returns {@link IoResult#EOF}. After an event receive until {@link
 * IoResult#WOULD_BLOCK}; a batch that did not become full is as good.
 *
 * <p>What a datagram that was sent has met on its way, such as a port where nobody listens, is thrown by a later send
 * or receive of a connected socket, once: ECONNREFUSED. The socket works on, although the event for it says that it
 * is write-closed.
 *
 * <p>Receiving and sending allocate nothing, but for an address that is an {@link InetSocketAddress}.
 */
public final class UdpSocket extends DatagramSource<InetSocketAddress> implements InetSocket {
    private UdpSocket(int fd) {
        super(fd);
    }

    /**
     * Binds a socket, with {@link BindOptions#DEFAULT}.
     *
     * @param local the address; port 0 lets the system choose one
     * @return the socket
     * @throws java.nio.channels.UnresolvedAddressException if the address is not resolved
     * @throws java.net.BindException if the address is in use, is not this machine's, or may not be used
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UdpSocket bind(InetSocketAddress local) throws IOException {
        return bind(local, BindOptions.DEFAULT);
    }

    /**
     * Binds a socket.
     *
     * @param local the address; port 0 lets the system choose one
     * @param options how
     * @return the socket
     * @throws java.nio.channels.UnresolvedAddressException if the address is not resolved
     * @throws UnsupportedOperationException if an option is none of this system's
     * @throws java.net.BindException if the address is in use, is not this machine's, or may not be used
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UdpSocket bind(InetSocketAddress local, BindOptions options) throws IOException {
        InetSocket.resolved(local);
        return new UdpSocket(sockets().bind(SocketType.DATAGRAM, local, options.dualStack(), options.values()));
    }

    /**
     * Takes over the descriptor of a UDP socket.
     *
     * @param fd a UDP socket in non-blocking mode
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that or is in blocking mode; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UdpSocket fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a UDP socket.
     *
     * @param fd a UDP socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that, or is in blocking mode and may not be changed; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UdpSocket fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adopt(fd, SocketType.DATAGRAM, false, makeNonBlocking);
        return adopted(new UdpSocket(fd));
    }

    @Override
    InetSocketAddress usable(SocketAddress address) {
        return InetSocket.resolved(address);
    }

    /**
     * Whether this refuses IPv4: IPV6_V6ONLY. It can be set before a socket is bound: {@link BindOptions#v6Only}; one
     * that is bound to an address other than {@code ::} always does.
     *
     * @return true if so; false for a socket of IPv4
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public boolean onlyV6() throws IOException {
        return localAddress().getAddress() instanceof Inet6Address && getOption(SystemSocketOptions.IPV6_V6ONLY);
    }

    /**
     * Sets SO_BROADCAST: whether datagrams may be sent to broadcast addresses. The default is false.
     *
     * @param on which
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setBroadcast(boolean on) throws IOException {
        setOption(StandardSocketOptions.SO_BROADCAST, on);
    }

    /**
     * Whether SO_BROADCAST is set.
     *
     * @return true if so
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public boolean broadcast() throws IOException {
        return getOption(StandardSocketOptions.SO_BROADCAST);
    }

    // ---- multicast

    /**
     * Joins a multicast group: IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP.
     *
     * @param group the group, of a family that this socket speaks
     * @param by the interface to join by, or null to let the system choose
     * @throws IllegalArgumentException if it is not a multicast address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it is a member already, or there is no such interface
     */
    public void joinMulticast(InetAddress group, NetworkInterface by) throws IOException {
        changeMembership(group, by, true);
    }

    /**
     * Leaves a multicast group: IP_DROP_MEMBERSHIP, IPV6_DROP_MEMBERSHIP.
     *
     * @param group the group
     * @param by the interface that it was joined by
     * @throws IllegalArgumentException if it is not a multicast address
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it is no member (EADDRNOTAVAIL)
     */
    public void leaveMulticast(InetAddress group, NetworkInterface by) throws IOException {
        changeMembership(group, by, false);
    }

    private void changeMembership(InetAddress group, NetworkInterface by, boolean join) throws IOException {
        if (!group.isMulticastAddress()) {
            throw new IllegalArgumentException("not a multicast address: " + group);
        }
        int fd = begin();
        try {
            sockets().changeMembership(fd, group, by == null ? 0 : by.getIndex(), join);
        } finally {
            end();
        }
    }

    /**
     * Sets whether this machine gets the multicast datagrams that this socket sends: IP_MULTICAST_LOOP,
     * IPV6_MULTICAST_LOOP. The default is true.
     *
     * @param on which
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setMulticastLoop(boolean on) throws IOException {
        setOption(StandardSocketOptions.IP_MULTICAST_LOOP, on);
    }

    /**
     * Whether this machine gets the multicast datagrams that this socket sends.
     *
     * @return true if so
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public boolean multicastLoop() throws IOException {
        return getOption(StandardSocketOptions.IP_MULTICAST_LOOP);
    }

    /**
     * Sets the time to live, on IPv6 the hop limit, of multicast datagrams: IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS. The
     * default is 1: they stay in the local network.
     *
     * @param hops from 0 to 255
     * @throws IllegalArgumentException if out of that range
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setMulticastTtl(int hops) throws IOException {
        if (hops < 0 || hops > 255) {
            throw new IllegalArgumentException("multicast ttl " + hops + " is not from 0 to 255");
        }
        setOption(StandardSocketOptions.IP_MULTICAST_TTL, hops);
    }

    /**
     * The time to live, on IPv6 the hop limit, of multicast datagrams.
     *
     * @return from 0 to 255
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public int multicastTtl() throws IOException {
        return getOption(StandardSocketOptions.IP_MULTICAST_TTL);
    }
}
