package io.panamio.sys.macos;

import static java.util.Map.entry;

import io.panamio.bindings.macos.Macos;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.Map;

/**
 * The socket options of macOS, by their names in StandardSocketOptions, ExtendedSocketOptions and SystemSocketOptions,
 * which may be those of Linux for the same.
 */
final class MacosOptions {
    static final Map<String, Option> BY_NAME = Map.ofEntries(
        entry("SO_BROADCAST", socket(Kind.FLAG, Macos.SO_BROADCAST)),
        entry("SO_KEEPALIVE", socket(Kind.FLAG, Macos.SO_KEEPALIVE)),
        entry("SO_REUSEADDR", socket(Kind.FLAG, Macos.SO_REUSEADDR)),
        entry("SO_REUSEPORT", socket(Kind.FLAG, Macos.SO_REUSEPORT)),
        entry("SO_SNDBUF", socket(Kind.SIZE, Macos.SO_SNDBUF)),
        entry("SO_RCVBUF", socket(Kind.SIZE, Macos.SO_RCVBUF)),
        entry("SO_LINGER", socket(Kind.LINGER, Macos.SO_LINGER_SEC)),
        entry("SO_TIMESTAMPNS", socket(Kind.FLAG, Macos.SO_TIMESTAMP)),
        entry("SO_PEERCRED", new Option(Kind.CREDENTIALS, Macos.SOL_LOCAL, Macos.LOCAL_PEERCRED, 0)),
        entry("IP_TTL", both(Kind.HOPS, Macos.IP_TTL, Macos.IPV6_UNICAST_HOPS)),
        entry("IP_TOS", both(Kind.OCTET, Macos.IP_TOS, Macos.IPV6_TCLASS)),
        entry("IP_MULTICAST_IF", both(Kind.INTERFACE, Macos.IP_MULTICAST_IF, Macos.IPV6_MULTICAST_IF)),
        entry("IP_MULTICAST_TTL", both(Kind.OCTET, Macos.IP_MULTICAST_TTL, Macos.IPV6_MULTICAST_HOPS)),
        entry("IP_MULTICAST_LOOP", both(Kind.FLAG, Macos.IP_MULTICAST_LOOP, Macos.IPV6_MULTICAST_LOOP)),
        entry("IP_DONTFRAGMENT", both(Kind.FLAG, Macos.IP_DONTFRAG, Macos.IPV6_DONTFRAG)),
        entry("IP_PKTINFO", both(Kind.FLAG, Macos.IP_PKTINFO, Macos.IPV6_RECVPKTINFO)),
        entry("IP_RECVTTL", both(Kind.FLAG, Macos.IP_RECVTTL, Macos.IPV6_RECVHOPLIMIT)),
        entry("IP_RECVTOS", both(Kind.FLAG, Macos.IP_RECVTOS, Macos.IPV6_RECVTCLASS)),
        entry("IPV6_V6ONLY", new Option(Kind.FLAG, Macos.IPPROTO_IPV6, Macos.IPV6_V6ONLY, 0)),
        entry("TCP_NODELAY", tcp(Kind.FLAG, Macos.TCP_NODELAY)),
        entry("TCP_CORK", tcp(Kind.FLAG, Macos.TCP_NOPUSH)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Macos.TCP_KEEPALIVE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Macos.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Macos.TCP_KEEPINTVL)),
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Macos.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Macos.TCP_KEEPCNT)),
        entry("TCP_MAXSEG", tcp(Kind.NUMBER, Macos.TCP_MAXSEG)),
        entry("TCP_FASTOPEN", tcp(Kind.NUMBER, Macos.TCP_FASTOPEN)),
        entry("TCP_NOTSENT_LOWAT", tcp(Kind.NUMBER, Macos.TCP_NOTSENT_LOWAT)));

    private MacosOptions() {
    }

    private static Option socket(Kind kind, int name) {
        return new Option(kind, Macos.SOL_SOCKET, name, 0);
    }

    private static Option tcp(Kind kind, int name) {
        return new Option(kind, Macos.IPPROTO_TCP, name, 0);
    }

    private static Option both(Kind kind, int name, int name6) {
        return new Option(kind, Macos.IPPROTO_IP, name, name6);
    }
}
