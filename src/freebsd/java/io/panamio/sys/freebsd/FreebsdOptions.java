package io.panamio.sys.freebsd;

import static io.panamio.sys.bsd.BsdOptions.socket;
import static io.panamio.sys.unix.UnixOptions.Option.ip;
import static io.panamio.sys.unix.UnixOptions.Option.tcp;
import static java.util.Map.entry;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.sys.bsd.BsdOptions;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.Map;

/** The socket options of FreeBSD: those whose numbers differ on other systems, and those that both BSDs share. */
final class FreebsdOptions {
    static final Map<String, Option> BY_NAME = BsdOptions.with(Map.ofEntries(
        entry("SO_LINGER", socket(Kind.LINGER, Freebsd.SO_LINGER)),
        entry("SO_REUSEPORT", socket(Kind.FLAG, Freebsd.SO_REUSEPORT_LB)), // SO_REUSEPORT does not distribute
        entry("IP_TOS", ip(Kind.OCTET, Freebsd.IP_TOS, Freebsd.IPV6_TCLASS)),
        entry("IP_DONTFRAGMENT", ip(Kind.FLAG, Freebsd.IP_DONTFRAG, Freebsd.IPV6_DONTFRAG)),
        entry("IP_PKTINFO", ip(Kind.FLAG, Freebsd.IP_RECVDSTADDR, Freebsd.IPV6_RECVPKTINFO)),
        entry("IP_RECVTTL", ip(Kind.FLAG, Freebsd.IP_RECVTTL, Freebsd.IPV6_RECVHOPLIMIT)),
        entry("IP_RECVTOS", ip(Kind.FLAG, Freebsd.IP_RECVTOS, Freebsd.IPV6_RECVTCLASS)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Freebsd.TCP_KEEPIDLE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Freebsd.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Freebsd.TCP_KEEPINTVL)),
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Freebsd.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Freebsd.TCP_KEEPCNT)),
        entry("TCP_FASTOPEN", tcp(Kind.NUMBER, Freebsd.TCP_FASTOPEN)),
        entry("TCP_CONGESTION", tcp(Kind.TEXT, Freebsd.TCP_CONGESTION))));

    private FreebsdOptions() {
    }
}
