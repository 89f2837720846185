package io.panamio.net;

import java.net.SocketOption;

/**
 * Socket options of the system that {@link java.net.StandardSocketOptions} lacks, under the names of the manual pages.
 * They are accepted by {@code setOption} and {@code getOption} of every socket, and by {@code with} of {@link
 * ListenOptions}, {@link ConnectOptions} and {@link BindOptions}. Where an option has different names for IPv4 and
 * IPv6, one constant stands for both and is set for the families that the socket supports.
 *
 * {@snippet file="OptionSnippets.java" region="connect"}
 */
public final class SystemSocketOptions {
    private record Option<T>(String name, Class<T> type) implements SocketOption<T> {
        @Override
        public String toString() {
            return name;
        }

        // One object for each name. The methods that a record generates are linked at run time, which delays the start.

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

    /**
     * The time to live of sent packets; on IPv6, the hop limit (IPV6_UNICAST_HOPS): 1 to 255, or -1 for the system's
     * default. ip(7).
     */
    public static final SocketOption<Integer> IP_TTL = new Option<>("IP_TTL", Integer.class);

    /** Whether an IPv6 socket rejects IPv4; must be set before it is bound. ipv6(7). */
    public static final SocketOption<Boolean> IPV6_V6ONLY = new Option<>("IPV6_V6ONLY", Boolean.class);

    /**
     * Whether a datagram socket receives the datagrams of every multicast group that any socket on this machine has
     * joined, which is Linux's default, instead of its own groups only; on IPv6, IPV6_MULTICAST_ALL. {@link
     * UdpSocket#bind} disables it, as the JDK does. ip(7).
     */
    public static final SocketOption<Boolean> IP_MULTICAST_ALL = new Option<>("IP_MULTICAST_ALL", Boolean.class);

    /**
     * Whether datagrams are received with their destination address and interface, see {@link
     * ControlMessages#destination}; on IPv6, IPV6_RECVPKTINFO. ip(7), ipv6(7).
     */
    public static final SocketOption<Boolean> IP_PKTINFO = new Option<>("IP_PKTINFO", Boolean.class);

    /**
     * Whether datagrams are received with their time to live, see {@link ControlMessages#ttl}; on IPv6,
     * IPV6_RECVHOPLIMIT. ip(7), ipv6(7).
     */
    public static final SocketOption<Boolean> IP_RECVTTL = new Option<>("IP_RECVTTL", Boolean.class);

    /**
     * Whether datagrams are received with their type of service, see {@link ControlMessages#trafficClass}; on IPv6,
     * IPV6_RECVTCLASS. ip(7).
     */
    public static final SocketOption<Boolean> IP_RECVTOS = new Option<>("IP_RECVTOS", Boolean.class);

    /** The queueing priority of sent packets, 0 to 6 without privileges. socket(7). */
    public static final SocketOption<Integer> SO_PRIORITY = new Option<>("SO_PRIORITY", Integer.class);

    /** The mark of sent packets, for routing and filters; requires CAP_NET_ADMIN. socket(7). */
    public static final SocketOption<Integer> SO_MARK = new Option<>("SO_MARK", Integer.class);

    /** The name of the only interface to send and receive on; empty for any. socket(7). */
    public static final SocketOption<String> SO_BINDTODEVICE = new Option<>("SO_BINDTODEVICE", String.class);

    /**
     * The processor that handled the last packet received or, for sockets that share a port, the one whose packets this
     * socket receives. socket(7).
     */
    public static final SocketOption<Integer> SO_INCOMING_CPU = new Option<>("SO_INCOMING_CPU", Integer.class);

    /** The id of the network card queue that the last packet arrived on; read-only. socket(7). */
    public static final SocketOption<Integer> SO_INCOMING_NAPI_ID = new Option<>("SO_INCOMING_NAPI_ID", Integer.class);

    /**
     * The time for which a receive that would block polls the network card, in microseconds; more than the system's
     * default requires CAP_NET_ADMIN. socket(7).
     */
    public static final SocketOption<Integer> SO_BUSY_POLL = new Option<>("SO_BUSY_POLL", Integer.class);

    /**
     * Whether datagrams are received with their time of arrival, see {@link ControlMessages#timestampNanos}. socket(7).
     */
    public static final SocketOption<Boolean> SO_TIMESTAMPNS = new Option<>("SO_TIMESTAMPNS", Boolean.class);

    /**
     * Whether messages are received with their sender's credentials, see {@link ControlMessages#credentials}. unix(7).
     */
    public static final SocketOption<Boolean> SO_PASSCRED = new Option<>("SO_PASSCRED", Boolean.class);

    /** The credentials of the peer at the time of connect or listen; read-only. unix(7). */
    public static final SocketOption<UnixCredentials> SO_PEERCRED = new Option<>("SO_PEERCRED", UnixCredentials.class);

    /** Whether partial segments are held back until this is disabled, for at most 200 ms. tcp(7). */
    public static final SocketOption<Boolean> TCP_CORK = new Option<>("TCP_CORK", Boolean.class);

    /** Whether segments are acknowledged immediately; the system may change it at any time. tcp(7). */
    public static final SocketOption<Boolean> TCP_QUICKACK = new Option<>("TCP_QUICKACK", Boolean.class);

    /** The idle time after which keepalive probes start if SO_KEEPALIVE is set, in seconds. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPIDLE = new Option<>("TCP_KEEPIDLE", Integer.class);

    /** The time between keepalive probes, in seconds. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPINTVL = new Option<>("TCP_KEEPINTVL", Integer.class);

    /** The number of unanswered keepalive probes after which the connection is aborted. tcp(7). */
    public static final SocketOption<Integer> TCP_KEEPCNT = new Option<>("TCP_KEEPCNT", Integer.class);

    /** The maximum segment size, in bytes. tcp(7). */
    public static final SocketOption<Integer> TCP_MAXSEG = new Option<>("TCP_MAXSEG", Integer.class);

    /** The time for which a listener waits for the first data before it reports a connection, in seconds. tcp(7). */
    public static final SocketOption<Integer> TCP_DEFER_ACCEPT = new Option<>("TCP_DEFER_ACCEPT", Integer.class);

    /**
     * The time without acknowledgement after which the connection is aborted, in milliseconds; 0 for the system's
     * default. tcp(7).
     */
    public static final SocketOption<Integer> TCP_USER_TIMEOUT = new Option<>("TCP_USER_TIMEOUT", Integer.class);

    /**
     * For a listener: the maximum number of connections that have sent data but not completed the handshake. tcp(7).
     */
    public static final SocketOption<Integer> TCP_FASTOPEN = new Option<>("TCP_FASTOPEN", Integer.class);

    /**
     * For a connect: whether it is deferred until the first write, whose data is sent with the handshake. If that is
     * not possible, the write starts to connect and would block; repeat it after the writable event. Linux 4.11.
     */
    public static final SocketOption<Boolean> TCP_FASTOPEN_CONNECT =
        new Option<>("TCP_FASTOPEN_CONNECT", Boolean.class);

    /** The number of unsent bytes below which a stream is writable. tcp(7). */
    public static final SocketOption<Integer> TCP_NOTSENT_LOWAT = new Option<>("TCP_NOTSENT_LOWAT", Integer.class);

    /** The name of the congestion control algorithm. tcp(7). */
    public static final SocketOption<String> TCP_CONGESTION = new Option<>("TCP_CONGESTION", String.class);

    /** The size of the datagrams into which one send is segmented (GSO), in bytes; 0 for no segmentation. udp(7). */
    public static final SocketOption<Integer> UDP_SEGMENT = new Option<>("UDP_SEGMENT", Integer.class);

    /** Whether datagrams of one sender may be received as one, see {@link ControlMessages#segmentSize}. udp(7). */
    public static final SocketOption<Boolean> UDP_GRO = new Option<>("UDP_GRO", Boolean.class);
}
