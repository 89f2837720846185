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
import java.util.EnumSet;
import java.util.Set;

/**
 * A non-blocking UDP socket: mio's {@code UdpSocket}. Each datagram is received and sent as a whole. An empty datagram
 * is a datagram, so a receive never returns {@link IoResult#EOF}. After an event, receive until {@link
 * IoResult#WOULD_BLOCK}, or until a {@linkplain #recvBatch batch} was not filled.
 * {@snippet file="UdpSnippets.java" region="echo"}
 *
 * <p>An error that a sent datagram encountered, such as a port on which no socket listens (ECONNREFUSED), is thrown
 * once, by a later send or receive of a connected socket. The socket remains usable, although the event for the error
 * is write-closed.
 *
 * <p>Receiving and sending allocate nothing, except where an address is passed as an {@link InetSocketAddress}.
 */
public final class UdpSocket extends DatagramSource<InetSocketAddress> implements InetSocket {
    private static final Set<AddressFamily> DUAL_STACK = EnumSet.of(AddressFamily.IPV4, AddressFamily.IPV6);

    private final Set<AddressFamily> families;

    private UdpSocket(int fd, Set<AddressFamily> families) {
        super(fd);
        this.families = families;
    }

    private static SocketKind<UdpSocket> kind(Set<AddressFamily> families) {
        return new SocketKind<>(SocketType.UDP) {
            @Override
            UdpSocket create(int fd) {
                return new UdpSocket(fd, families);
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
        return kind(only ? EnumSet.of(family(address)) : DUAL_STACK).bind(local, options);
    }

    /**
     * Takes over the descriptor of a UDP socket.
     *
     * @param fd a UDP socket in {@linkplain #makeNonBlocking non-blocking mode}
     * @return the socket, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not a UDP socket, or is in blocking mode; the caller still
     *     owns it
     * @throws IOException if the descriptor is not open
     */
    public static UdpSocket fromFd(int fd) throws IOException {
        kind(DUAL_STACK).requireAdoptable(fd);
        InetAddress address = ((InetSocketAddress) sockets().localAddress(fd)).getAddress();
        boolean dual = address instanceof Inet6Address && address.isAnyLocalAddress()
            && Boolean.FALSE.equals(sockets().getOption(fd, SystemSocketOptions.IPV6_V6ONLY));
        return kind(dual ? DUAL_STACK : EnumSet.of(family(address))).shared(fd);
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
    boolean supports(AddressFamily family) {
        return families.contains(family);
    }

    /**
     * {@return whether this IPv6 socket does not support IPv4 (IPV6_V6ONLY); false for an IPv4 socket} {@link
     * BindOptions#v6Only} sets it. A socket that is bound to an IPv6 address other than {@code ::} always returns true.
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public boolean onlyV6() throws IOException {
        return localAddress().getAddress() instanceof Inet6Address && getOption(SystemSocketOptions.IPV6_V6ONLY);
    }

    /**
     * Sets SO_BROADCAST: whether datagrams may be sent to broadcast addresses. The default is false.
     *
     * @param on true to permit it
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void setBroadcast(boolean on) throws IOException {
        setOption(StandardSocketOptions.SO_BROADCAST, on);
    }

    /**
     * {@return whether SO_BROADCAST is set}
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public boolean broadcast() throws IOException {
        return getOption(StandardSocketOptions.SO_BROADCAST);
    }

    // ---- multicast

    /**
     * Joins a multicast group for all sources: IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP. This socket receives the
     * datagrams of the groups that it joined and of no others, see {@link SystemSocketOptions#IP_MULTICAST_ALL}.
     *
     * @param group the group, of a family that this socket supports
     * @param netIf the interface to join on, or null to let the system choose
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: this socket is already a member, or the interface does not exist
     */
    public void joinMulticast(InetAddress group, NetworkInterface netIf) throws IOException {
        requireGroup(group);
        int fd = begin();
        try {
            sockets().joinGroup(fd, group, index(netIf));
        } finally {
            end();
        }
    }

    /**
     * Leaves a multicast group: IP_DROP_MEMBERSHIP, IPV6_DROP_MEMBERSHIP.
     *
     * @param group the group
     * @param netIf the interface on which it was joined
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: this socket is not a member (EADDRNOTAVAIL)
     */
    public void leaveMulticast(InetAddress group, NetworkInterface netIf) throws IOException {
        requireGroup(group);
        int fd = begin();
        try {
            sockets().leaveGroup(fd, group, index(netIf));
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

    private static int index(NetworkInterface netIf) {
        return netIf == null ? 0 : netIf.getIndex();
    }

    /**
     * Joins a multicast group for one source: only datagrams that it sent are received. Further calls add sources.
     * MCAST_JOIN_SOURCE_GROUP, like {@link java.nio.channels.MulticastChannel}.
     *
     * @param group the group, of a family that this socket supports
     * @param netIf the interface to join on, or null to let the system choose
     * @param source the address of the sender
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support, or if the source is a multicast or wildcard address, or of another family than the group
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: the group was already joined for this source (EADDRNOTAVAIL) or for
     *     all sources (EINVAL), or the interface does not exist
     */
    public void joinMulticast(InetAddress group, NetworkInterface netIf, InetAddress source) throws IOException {
        changeSource(group, netIf, source, SourceChange.JOIN);
    }

    /**
     * Leaves a multicast group for one source; leaving it for the last source leaves the group.
     * MCAST_LEAVE_SOURCE_GROUP.
     *
     * @param group the group
     * @param netIf the interface on which it was joined
     * @param source the address of the sender
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support, or if the source is a multicast or wildcard address, or of another family than the group
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: this socket has not joined the group for this source
     *     (EADDRNOTAVAIL), or for any single source (EINVAL)
     */
    public void leaveMulticast(InetAddress group, NetworkInterface netIf, InetAddress source) throws IOException {
        changeSource(group, netIf, source, SourceChange.LEAVE);
    }

    /**
     * Blocks a source in a multicast group that was joined for all sources: datagrams that it sends are discarded from
     * now on. Those already received remain in the queue. MCAST_BLOCK_SOURCE.
     *
     * @param group the group
     * @param netIf the interface on which it was joined
     * @param source the address of the sender to block
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support, or if the source is a multicast or wildcard address, or of another family than the group
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: this socket is not a member, or joined the group for single sources
     *     (EINVAL), or the source is already blocked (EADDRNOTAVAIL)
     */
    public void blockMulticast(InetAddress group, NetworkInterface netIf, InetAddress source) throws IOException {
        changeSource(group, netIf, source, SourceChange.BLOCK);
    }

    /**
     * Unblocks a source in a multicast group: MCAST_UNBLOCK_SOURCE.
     *
     * @param group the group
     * @param netIf the interface on which it was joined
     * @param source the address of the sender to unblock
     * @throws IllegalArgumentException if the group is not a multicast address or of a family that this socket does not
     *     support, or if the source is a multicast or wildcard address, or of another family than the group
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails: the source is not blocked (EADDRNOTAVAIL), or this socket is not a
     *     member (EINVAL)
     */
    public void unblockMulticast(InetAddress group, NetworkInterface netIf, InetAddress source) throws IOException {
        changeSource(group, netIf, source, SourceChange.UNBLOCK);
    }

    private void changeSource(InetAddress group, NetworkInterface netIf, InetAddress source, SourceChange change)
            throws IOException {
        requireGroup(group);
        if (source.isMulticastAddress() || source.isAnyLocalAddress() || family(source) != family(group)) {
            throw new IllegalArgumentException("not a source of " + group + ": " + source);
        }
        int fd = begin();
        try {
            sockets().changeSource(fd, group, index(netIf), source, change);
        } finally {
            end();
        }
    }

    /**
     * Sets whether multicast datagrams that this socket sends are also received on this machine: IP_MULTICAST_LOOP,
     * IPV6_MULTICAST_LOOP. The default is true. On Windows, sets whether this socket receives those of this machine.
     *
     * @param on true to receive them
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void setMulticastLoop(boolean on) throws IOException {
        setOption(StandardSocketOptions.IP_MULTICAST_LOOP, on);
    }

    /**
     * {@return whether multicast datagrams that this socket sends are also received on this machine}
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public boolean multicastLoop() throws IOException {
        return getOption(StandardSocketOptions.IP_MULTICAST_LOOP);
    }

    /**
     * Sets the time to live of sent multicast datagrams; on IPv6, the hop limit: IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS.
     * The default is 1, which keeps them in the local network.
     *
     * @param hops the time to live, 0 &lt;= hops &lt;= 255
     * @throws IllegalArgumentException if {@code hops} is out of range
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void setMulticastTtl(int hops) throws IOException {
        setOption(StandardSocketOptions.IP_MULTICAST_TTL, hops);
    }

    /**
     * {@return the time to live of sent multicast datagrams, 0 to 255; on IPv6, the hop limit}
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public int multicastTtl() throws IOException {
        return getOption(StandardSocketOptions.IP_MULTICAST_TTL);
    }
}
