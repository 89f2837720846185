package io.panamio.sys.freebsd;

import static java.util.Map.entry;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.Map;

/**
 * The socket options of FreeBSD, by their names in StandardSocketOptions, ExtendedSocketOptions and
 * SystemSocketOptions, which may be those of Linux for the same.
 */
final class FreebsdOptions {
    static final Map<String, Option> BY_NAME = Map.ofEntries(
        entry("SO_BROADCAST", socket(Kind.FLAG, Freebsd.SO_BROADCAST)),
        entry("SO_KEEPALIVE", socket(Kind.FLAG, Freebsd.SO_KEEPALIVE)),
        entry("SO_REUSEADDR", socket(Kind.FLAG, Freebsd.SO_REUSEADDR)),
        entry("SO_REUSEPORT", socket(Kind.FLAG, Freebsd.SO_REUSEPORT)),
        entry("SO_SNDBUF", socket(Kind.SIZE, Freebsd.SO_SNDBUF)),
        entry("SO_RCVBUF", socket(Kind.SIZE, Freebsd.SO_RCVBUF)),
        entry("SO_LINGER", socket(Kind.LINGER, Freebsd.SO_LINGER)),
        entry("SO_TIMESTAMPNS", socket(Kind.FLAG, Freebsd.SO_TIMESTAMP)),
        entry("SO_PEERCRED", new Option(Kind.CREDENTIALS, Freebsd.SOL_LOCAL, Freebsd.LOCAL_PEERCRED, 0)),
        entry("IP_TTL", both(Kind.HOPS, Freebsd.IP_TTL, Freebsd.IPV6_UNICAST_HOPS)),
        entry("IP_TOS", both(Kind.OCTET, Freebsd.IP_TOS, Freebsd.IPV6_TCLASS)),
        entry("IP_MULTICAST_IF", both(Kind.INTERFACE, Freebsd.IP_MULTICAST_IF, Freebsd.IPV6_MULTICAST_IF)),
        entry("IP_MULTICAST_TTL", both(Kind.OCTET, Freebsd.IP_MULTICAST_TTL, Freebsd.IPV6_MULTICAST_HOPS)),
        entry("IP_MULTICAST_LOOP", both(Kind.FLAG, Freebsd.IP_MULTICAST_LOOP, Freebsd.IPV6_MULTICAST_LOOP)),
        entry("IP_DONTFRAGMENT", both(Kind.FLAG, Freebsd.IP_DONTFRAG, Freebsd.IPV6_DONTFRAG)),
        entry("IP_PKTINFO", both(Kind.FLAG, Freebsd.IP_RECVDSTADDR, Freebsd.IPV6_RECVPKTINFO)),
        entry("IP_RECVTTL", both(Kind.FLAG, Freebsd.IP_RECVTTL, Freebsd.IPV6_RECVHOPLIMIT)),
        entry("IP_RECVTOS", both(Kind.FLAG, Freebsd.IP_RECVTOS, Freebsd.IPV6_RECVTCLASS)),
        entry("IPV6_V6ONLY", new Option(Kind.FLAG, Freebsd.IPPROTO_IPV6, Freebsd.IPV6_V6ONLY, 0)),
        entry("TCP_NODELAY", tcp(Kind.FLAG, Freebsd.TCP_NODELAY)),
        entry("TCP_CORK", tcp(Kind.FLAG, Freebsd.TCP_NOPUSH)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Freebsd.TCP_KEEPIDLE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Freebsd.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Freebsd.TCP_KEEPINTVL)),
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Freebsd.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Freebsd.TCP_KEEPCNT)),
        entry("TCP_MAXSEG", tcp(Kind.NUMBER, Freebsd.TCP_MAXSEG)),
        entry("TCP_FASTOPEN", tcp(Kind.NUMBER, Freebsd.TCP_FASTOPEN)),
        entry("TCP_CONGESTION", tcp(Kind.TEXT, Freebsd.TCP_CONGESTION)));

    private FreebsdOptions() {
    }

    private static Option socket(Kind kind, int name) {
        return new Option(kind, Freebsd.SOL_SOCKET, name, 0);
    }

    private static Option tcp(Kind kind, int name) {
        return new Option(kind, Freebsd.IPPROTO_TCP, name, 0);
    }

    private static Option both(Kind kind, int name, int name6) {
        return new Option(kind, Freebsd.IPPROTO_IP, name, name6);
    }
}
