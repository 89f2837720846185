package io.panamio.sys.linux;

import static io.panamio.sys.unix.UnixOptions.Option.ip;
import static io.panamio.sys.unix.UnixOptions.Option.tcp;
import static java.util.Map.entry;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.ppc64le.Ppc64le;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.Map;

/**
 * The socket options of Linux, by their names in StandardSocketOptions, ExtendedSocketOptions and SystemSocketOptions.
 */
final class LinuxOptions {
    static final Map<String, Option> BY_NAME = Map.ofEntries(
        entry("SO_BROADCAST", socket(Kind.FLAG, Linux.SO_BROADCAST)),
        entry("SO_KEEPALIVE", socket(Kind.FLAG, Linux.SO_KEEPALIVE)),
        entry("SO_REUSEADDR", socket(Kind.FLAG, Linux.SO_REUSEADDR)),
        entry("SO_REUSEPORT", socket(Kind.FLAG, Linux.SO_REUSEPORT)),
        entry("SO_SNDBUF", socket(Kind.SIZE, Linux.SO_SNDBUF)),
        entry("SO_RCVBUF", socket(Kind.SIZE, Linux.SO_RCVBUF)),
        entry("SO_LINGER", socket(Kind.LINGER, Linux.SO_LINGER)),
        entry("SO_PRIORITY", socket(Kind.NUMBER, Linux.SO_PRIORITY)),
        entry("SO_MARK", socket(Kind.NUMBER, Linux.SO_MARK)),
        entry("SO_BINDTODEVICE", socket(Kind.TEXT, Linux.SO_BINDTODEVICE)),
        entry("SO_INCOMING_CPU", socket(Kind.NUMBER, Linux.SO_INCOMING_CPU)),
        entry("SO_INCOMING_NAPI_ID", socket(Kind.READ_ONLY, Linux.SO_INCOMING_NAPI_ID)),
        entry("SO_BUSY_POLL", socket(Kind.NUMBER, Linux.SO_BUSY_POLL)),
        entry("SO_TIMESTAMPNS", socket(Kind.FLAG, Linux.SO_TIMESTAMPNS)),
        entry("SO_PASSCRED", socket(Kind.FLAG, LinuxPlatform.PPC64LE ? Ppc64le.SO_PASSCRED : Linux.SO_PASSCRED)),
        entry("SO_PEERCRED", socket(Kind.CREDENTIALS,
            LinuxPlatform.PPC64LE ? Ppc64le.SO_PEERCRED : Linux.SO_PEERCRED)),

        entry("IP_TTL", ip(Kind.HOPS, Linux.IP_TTL, Linux.IPV6_UNICAST_HOPS)),
        entry("IP_TOS", ip(Kind.OCTET, Linux.IP_TOS, Linux.IPV6_TCLASS)),
        entry("IP_MULTICAST_IF", ip(Kind.INTERFACE, Linux.IP_MULTICAST_IF, Linux.IPV6_MULTICAST_IF)),
        entry("IP_MULTICAST_TTL", ip(Kind.OCTET, Linux.IP_MULTICAST_TTL, Linux.IPV6_MULTICAST_HOPS)),
        entry("IP_MULTICAST_LOOP", ip(Kind.FLAG, Linux.IP_MULTICAST_LOOP, Linux.IPV6_MULTICAST_LOOP)),
        entry("IP_MULTICAST_ALL", ip(Kind.FLAG, Linux.IP_MULTICAST_ALL, Linux.IPV6_MULTICAST_ALL)),
        entry("IP_DONTFRAGMENT", new Option(Kind.FLAG, Linux.IPPROTO_IP, Linux.IP_MTU_DISCOVER, Linux.IPV6_MTU_DISCOVER,
            Linux.IP_PMTUDISC_DO)), // the JDK's name; false is IP_PMTUDISC_DONT, 0
        entry("IP_PKTINFO", ip(Kind.FLAG, Linux.IP_PKTINFO, Linux.IPV6_RECVPKTINFO)),
        entry("IP_RECVTTL", ip(Kind.FLAG, Linux.IP_RECVTTL, Linux.IPV6_RECVHOPLIMIT)),
        entry("IP_RECVTOS", ip(Kind.FLAG, Linux.IP_RECVTOS, Linux.IPV6_RECVTCLASS)),
        entry("IPV6_V6ONLY", new Option(Kind.FLAG, Linux.IPPROTO_IPV6, Linux.IPV6_V6ONLY, 0)),

        entry("TCP_NODELAY", tcp(Kind.FLAG, Linux.TCP_NODELAY)),
        entry("TCP_CORK", tcp(Kind.FLAG, Linux.TCP_CORK)),
        entry("TCP_QUICKACK", tcp(Kind.FLAG, Linux.TCP_QUICKACK)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Linux.TCP_KEEPIDLE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Linux.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Linux.TCP_KEEPINTVL)), // the JDK's name
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Linux.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Linux.TCP_KEEPCNT)), // the JDK's name
        entry("TCP_MAXSEG", tcp(Kind.NUMBER, Linux.TCP_MAXSEG)),
        entry("TCP_DEFER_ACCEPT", tcp(Kind.NUMBER, Linux.TCP_DEFER_ACCEPT)),
        entry("TCP_USER_TIMEOUT", tcp(Kind.NUMBER, Linux.TCP_USER_TIMEOUT)),
        entry("TCP_FASTOPEN", tcp(Kind.NUMBER, Linux.TCP_FASTOPEN)),
        entry("TCP_FASTOPEN_CONNECT", tcp(Kind.FLAG, Linux.TCP_FASTOPEN_CONNECT)),
        entry("TCP_NOTSENT_LOWAT", tcp(Kind.NUMBER, Linux.TCP_NOTSENT_LOWAT)),
        entry("TCP_CONGESTION", tcp(Kind.TEXT, Linux.TCP_CONGESTION)),

        entry("UDP_SEGMENT", new Option(Kind.NUMBER, Linux.IPPROTO_UDP, Linux.UDP_SEGMENT, 0)),
        entry("UDP_GRO", new Option(Kind.FLAG, Linux.IPPROTO_UDP, Linux.UDP_GRO, 0)));

    private LinuxOptions() {
    }

    private static Option socket(Kind kind, int name) {
        return new Option(kind, Linux.SOL_SOCKET, name, 0);
    }
}
