package io.panamio.net;

import java.net.SocketOption;

/**
 * Socket options of the system that {@link java.net.StandardSocketOptions} lacks, under the names of the man pages.
 * They go into {@code setOption} and {@code getOption} of every socket, and into {@code with} of {@link
 * ListenOptions}, {@link ConnectOptions} and {@link BindOptions}. Where an option has one name for IPv4 and another
 * for IPv6, one constant stands for both and is set for the families that the socket speaks.
 */
public final class SystemSocketOptions {
    private record Option<T>(String name, Class<T> type) implements SocketOption<T> {
        @Override
        public String toString() {
            return name;
        }

        // There is one object for each name. What a record makes of these itself is linked at run time: not at start.

        @Override
        public boolean equals(Object o) {
            return this == o;
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }

    private SystemSocketOptions() {
    }

    /** The time to live of what is sent, on IPv6 the hop limit (IPV6_UNICAST_HOPS): from 1 to 255, -1 for the system's
     * default. ip(7). */
    public static final SocketOption<Integer> IP_TTL = new Option<>("IP_TTL", Integer.class);

    /** Whether a socket of IPv6 refuses IPv4; to be set before it is bound. ipv6(7). */
    public static final SocketOption<Boolean> IPV6_V6ONLY = new Option<>("IPV6_V6ONLY", Boolean.class);

    /** Whether a datagram socket gets the datagrams of every multicast group that any socket of this machine has
     * joined, as is Linux's default, and not only of its own; on IPv6 this is IPV6_MULTICAST_ALL. {@link
     * UdpSocket#bind} switches it off, as the JDK does for its sockets. ip(7). */
    public static final SocketOption<Boolean> IP_MULTICAST_ALL = new Option<>("IP_MULTICAST_ALL", Boolean.class);

    /** Whether datagrams come with the address and the interface that they came to, see {@link
     * ControlMessages#destination}; on IPv6 this is IPV6_RECVPKTINFO. ip(7), ipv6(7). */
    public static final SocketOption<Boolean> IP_PKTINFO = new Option<>("IP_PKTINFO", Boolean.class);

    /** Whether datagrams come with their time to live, see {@link ControlMessages#ttl}; on IPv6 this is
     * IPV6_RECVHOPLIMIT. ip(7), ipv6(7). */
    public static final SocketOption<Boolean> IP_RECVTTL = new Option<>("IP_RECVTTL", Boolean.class);

    /** Whether datagrams come with their type of service, see {@link ControlMessages#trafficClass}; on IPv6 this is
     * IPV6_RECVTCLASS. ip(7). */
    public static final SocketOption<Boolean> IP_RECVTOS = new Option<>("IP_RECVTOS", Boolean.class);

    /** The queueing priority of what is sent: from 0 to 6 without privileges. socket(7). */
    public static final SocketOption<Integer> SO_PRIORITY = new Option<>("SO_PRIORITY", Integer.class);

    /** The mark of what is sent, for routing and filters; needs CAP_NET_ADMIN. socket(7). */
    public static final SocketOption<Integer> SO_MARK = new Option<>("SO_MARK", Integer.class);

    /** The name of the only interface to send and receive by; empty for any. socket(7). */
    public static final SocketOption<String> SO_BINDTODEVICE = new Option<>("SO_BINDTODEVICE", String.class);

    /** The processor that the last packet came by, and for sockets that share a port, the one to serve. socket(7). */
    public static final SocketOption<Integer> SO_INCOMING_CPU = new Option<>("SO_INCOMING_CPU", Integer.class);

    /** The queue of the network card that the last packet came by; can only be read. socket(7). */
    public static final SocketOption<Integer> SO_INCOMING_NAPI_ID = new Option<>("SO_INCOMING_NAPI_ID", Integer.class);

    /** For how many microseconds a receive that would block polls the network card; more than the system's default
     * needs CAP_NET_ADMIN. socket(7). */
    public static final SocketOption<Integer> SO_BUSY_POLL = new Option<>("SO_BUSY_POLL", Integer.class);

    /**
     * Whether datagrams come with the time when they arrived, see {@link ControlMessages#timestampNanos}. socket(7).
     */
    public static final SocketOption<Boolean> SO_TIMESTAMPNS = new Option<>("SO_TIMESTAMPNS", Boolean.class);

    /** Whether messages come with their sender's credentials, see {@link ControlMessages#credentials}. unix(7). */
    public static final SocketOption<Boolean> SO_PASSCRED = new Option<>("SO_PASSCRED", Boolean.class);

    /** Who connected, or listened, at the other end; can only be read. unix(7). */
    public static final SocketOption<UnixCredentials> SO_PEERCRED = new Option<>("SO_PEERCRED", UnixCredentials.class);

    /** Whether to hold back partial segments until this is switched off, for 200 ms at most. tcp(7). */
    public static final SocketOption<Boolean> TCP_CORK = new Option<>("TCP_CORK", Boolean.class);

    /** Whether to acknowledge at once; the system may change it at any time. tcp(7). */
    public static final SocketOption<Boolean> TCP_QUICKACK = new Option<>("TCP_QUICKACK", Boolean.class);

    /** After how many idle seconds keepalive probes start, where SO_KEEPALIVE is set. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPIDLE = new Option<>("TCP_KEEPIDLE", Integer.class);

    /** How many seconds lie between keepalive probes. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPINTVL = new Option<>("TCP_KEEPINTVL", Integer.class);

    /** After how many unanswered keepalive probes the connection is dropped. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPCNT = new Option<>("TCP_KEEPCNT", Integer.class);

    /** The largest segment, in bytes. tcp(7). */
    public static final SocketOption<Integer> TCP_MAXSEG = new Option<>("TCP_MAXSEG", Integer.class);

    /** For how many seconds a listener waits for the first data before it reports a connection. tcp(7). */
    public static final SocketOption<Integer> TCP_DEFER_ACCEPT = new Option<>("TCP_DEFER_ACCEPT", Integer.class);

    /** After how many milliseconds without acknowledgement the connection is dropped; 0 for the system's default.
     * tcp(7). */
    public static final SocketOption<Integer> TCP_USER_TIMEOUT = new Option<>("TCP_USER_TIMEOUT", Integer.class);

    /** For listeners: how many connections may send data before the handshake is complete. tcp(7). */
    public static final SocketOption<Integer> TCP_FASTOPEN = new Option<>("TCP_FASTOPEN", Integer.class);

    /**
     * For connecting: whether connect waits for the first write, and sends its data with the handshake. Where the
     * system can do so no more by then, that write connects, would block, and is done again on the writable event.
     * Linux 4.11.
     */
    public static final SocketOption<Boolean> TCP_FASTOPEN_CONNECT =
        new Option<>("TCP_FASTOPEN_CONNECT", Boolean.class);

    /** How many unsent bytes a stream may hold and still be writable. tcp(7). */
    public static final SocketOption<Integer> TCP_NOTSENT_LOWAT = new Option<>("TCP_NOTSENT_LOWAT", Integer.class);

    /** The name of the congestion control algorithm. tcp(7). */
    public static final SocketOption<String> TCP_CONGESTION = new Option<>("TCP_CONGESTION", String.class);

    /** The size of the datagrams that one send is cut into (GSO); 0 for no cutting. udp(7). */
    public static final SocketOption<Integer> UDP_SEGMENT = new Option<>("UDP_SEGMENT", Integer.class);

    /** Whether datagrams of one sender may come as one, see {@link ControlMessages#segmentSize}. udp(7). */
    public static final SocketOption<Boolean> UDP_GRO = new Option<>("UDP_GRO", Boolean.class);
}
