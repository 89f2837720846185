package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets.SourceChange;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;

/**
 * A non-blocking UDP socket: mio's {@code UdpSocket}. Each datagram is received and sent as a whole. An empty datagram is
 * a datagram, so a receive never returns {@link IoResult#EOF}. After an event, receive until {@link
 * IoResult#WOULD_BLOCK}, or until a {@linkplain #recvBatch batch} was not filled.
 * {@snippet file="UdpSnippets.java" region="echo"}
 *
 * <p>An error that a sent datagram met, such as a port on which no socket listens (ECONNREFUSED), is thrown once, by a
 * later send or receive of a connected socket. The socket remains usable, although the event for the error is
 * write-closed.
 *
 * <p>Receiving and sending allocate nothing, except where an address is passed as an {@link InetSocketAddress}.
 */
public final class UdpSocket extends DatagramSource<InetSocketAddress> implements InetSocket {
    private final boolean ipv4;
    private final boolean ipv6;

    private UdpSocket(int fd, boolean ipv4, boolean ipv6) {
        super(fd);
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    private static SocketKind<UdpSocket> kind(boolean ipv4, boolean ipv6) {
        return new SocketKind<>(SocketType.UDP) {
            @Override
            UdpSocket create(int fd) {
                return new UdpSocket(fd, ipv4, ipv6);
            }
        };
    }

    /** The length field of a datagram's header has 16 bits, and the system coalesces no more than that (GRO). */
    @Override
    long maxLength() {
        return 65_535;
    }

    /**
     * Creates a socket that is bound to an address, with {@link BindOptions#DEFAULT}.
     *
     * @param local the address; with port 0 the system chooses a port
     * @return the socket
     * @throws java.nio.channels.UnresolvedAddressException if the address is unresolved
     * @throws java.net.BindException if the address is in use, is not local, or requires privileges
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UdpSocket bind(InetSocketAddress local) throws IOException {
        return bind(local, BindOptions.DEFAULT);
    }

    /**
     * Creates a socket that is bound to an address.
     *
     * @param local the address; with port 0 the system chooses a port
     * @param options the options
     * @return the socket
     * @throws java.nio.channels.UnresolvedAddressException if the address is unresolved
     * @throws IllegalArgumentException if the value of an option is out of range, {@link BindOptions#v6Only} is set and
     *     the address is not IPv6, or an option for the file of a Unix socket is set
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws java.net.BindException if the address is in use, is not local, or requires privileges
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UdpSocket bind(InetSocketAddress local, BindOptions options) throws IOException {
        InetAddress address = InetSocket.resolved(local).getAddress();
        boolean v6 = address instanceof Inet6Address;
        boolean only = !address.isAnyLocalAddress()
            || (v6 ? Boolean.TRUE.equals(options.values().get(SystemSocketOptions.IPV6_V6ONLY)) : !options.dualStack());
        return kind(!v6 || !only, v6 || !only).bind(local, options);
    }

    /**
     * Takes over the descriptor of a UDP socket.
     *
     * @param fd a UDP socket in {@linkplain #makeNonBlocking non-blocking mode}
     * @return the socket, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not a UDP socket, or is in blocking mode; it remains the
     *     caller's to close
     * @throws IOException if the descriptor is not open
     */
    public static UdpSocket fromFd(int fd) throws IOException {
        kind(true, true).requireAdoptable(fd);
        InetAddress address = ((InetSocketAddress) sockets().localAddress(fd)).getAddress();
        boolean v6 = address instanceof Inet6Address;
        boolean v4 = !v6 || address.isAnyLocalAddress()
            && Boolean.FALSE.equals(sockets().getOption(fd, SystemSocketOptions.IPV6_V6ONLY));
        return kind(v4, v6).shared(fd);
    }

    @Override
    void requireUsable(InetSocketAddress address) {
        InetSocket.resolved(address);
        requireFamily(family(address.getAddress()), address);
    }

    private static AddressFamily family(InetAddress address) {
        return address instanceof Inet6Address ? AddressFamily.IPV6 : AddressFamily.IPV4;
    }

    @Override
    boolean speaks(AddressFamily family) {
        return family == AddressFamily.IPV4 ? ipv4 : family == AddressFamily.IPV6 && ipv6;
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
     * Joins a multicast group for all who send to it: IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP. This socket gets the
     * datagrams of the groups that it has joined, and of no others (see {@link SystemSocketOptions#IP_MULTICAST_ALL}).
     *
     * @param group the group, of a family that this socket speaks
     * @param by the interface to join by, or null to let the system choose
     * @throws IllegalArgumentException if it is not a multicast address, or of another family
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it is a member already, or there is no such interface
     */
    public void joinMulticast(InetAddress group, NetworkInterface by) throws IOException {
        requireGroup(group);
        int fd = begin();
        try {
            sockets().joinGroup(fd, group, index(by));
        } finally {
            end();
        }
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
        requireGroup(group);
        int fd = begin();
        try {
            sockets().leaveGroup(fd, group, index(by));
        } finally {
            end();
        }
    }

    private void requireGroup(InetAddress group) {
        if (!group.isMulticastAddress()) {
            throw new IllegalArgumentException("not a multicast address: " + group);
        }
        requireFamily(family(group), group);
    }

    private static int index(NetworkInterface by) {
        return by == null ? 0 : by.getIndex();
    }

    /**
     * Joins a multicast group for one source: only what that has sent is received. More sources may be added by further
     * calls. MCAST_JOIN_SOURCE_GROUP, as {@link java.nio.channels.MulticastChannel} has it.
     *
     * @param group the group, of a family that this socket speaks
     * @param by the interface to join by, or null to let the system choose
     * @param source the address of who sends
     * @throws IllegalArgumentException if the group is not a multicast address or of another family, or if the source
     *     is one, a wildcard, or of another family than the group
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: the source was joined already (EADDRNOTAVAIL), the group was joined
     *     for all (EINVAL), or there is no such interface
     */
    public void joinMulticast(InetAddress group, NetworkInterface by, InetAddress source) throws IOException {
        changeSource(group, by, source, SourceChange.JOIN);
    }

    /**
     * Leaves a multicast group for one source: MCAST_LEAVE_SOURCE_GROUP. With the last source, the group is left.
     *
     * @param group the group
     * @param by the interface that it was joined by
     * @param source the address of who sends
     * @throws IllegalArgumentException as {@link #joinMulticast(InetAddress, NetworkInterface, InetAddress)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it is no member for this source (EADDRNOTAVAIL), or for none (EINVAL)
     */
    public void leaveMulticast(InetAddress group, NetworkInterface by, InetAddress source) throws IOException {
        changeSource(group, by, source, SourceChange.LEAVE);
    }

    /**
     * Blocks a source in a multicast group that was joined for all: what it sends is not received any more. What has
     * arrived before stays there. MCAST_BLOCK_SOURCE.
     *
     * @param group the group
     * @param by the interface that it was joined by
     * @param source the address of who is not to be heard
     * @throws IllegalArgumentException as {@link #joinMulticast(InetAddress, NetworkInterface, InetAddress)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it is no member, or the group was joined for single sources (EINVAL);
     *     or the source is blocked already (EADDRNOTAVAIL)
     */
    public void blockMulticast(InetAddress group, NetworkInterface by, InetAddress source) throws IOException {
        changeSource(group, by, source, SourceChange.BLOCK);
    }

    /**
     * Lets a source be heard again that was blocked: MCAST_UNBLOCK_SOURCE.
     *
     * @param group the group
     * @param by the interface that it was joined by
     * @param source the address of who is to be heard again
     * @throws IllegalArgumentException as {@link #joinMulticast(InetAddress, NetworkInterface, InetAddress)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: it was not blocked (EADDRNOTAVAIL), or this is no member (EINVAL)
     */
    public void unblockMulticast(InetAddress group, NetworkInterface by, InetAddress source) throws IOException {
        changeSource(group, by, source, SourceChange.UNBLOCK);
    }

    private void changeSource(InetAddress group, NetworkInterface by, InetAddress source, SourceChange change)
            throws IOException {
        requireGroup(group);
        if (source.isMulticastAddress() || source.isAnyLocalAddress() || family(source) != family(group)) {
            throw new IllegalArgumentException("not a source of " + group + ": " + source);
        }
        int fd = begin();
        try {
            sockets().changeSource(fd, group, index(by), source, change);
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
