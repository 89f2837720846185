package io.panamio.sys.macos;

import static io.panamio.sys.bsd.BsdOptions.socket;
import static io.panamio.sys.unix.UnixOptions.Option.ip;
import static io.panamio.sys.unix.UnixOptions.Option.tcp;
import static java.util.Map.entry;

import io.panamio.bindings.macos.Macos;
import io.panamio.sys.bsd.BsdOptions;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.Map;

/** The socket options of macOS: those whose numbers differ on other systems, and those that both BSDs share. */
final class MacosOptions {
    static final Map<String, Option> BY_NAME = BsdOptions.with(Map.ofEntries(
        entry("SO_LINGER", socket(Kind.LINGER, Macos.SO_LINGER_SEC)),
        entry("IP_TOS", ip(Kind.OCTET, Macos.IP_TOS, Macos.IPV6_TCLASS)),
        entry("IP_DONTFRAGMENT", ip(Kind.FLAG, Macos.IP_DONTFRAG, Macos.IPV6_DONTFRAG)),
        entry("IP_PKTINFO", ip(Kind.FLAG, Macos.IP_PKTINFO, Macos.IPV6_RECVPKTINFO)),
        entry("IP_RECVTTL", ip(Kind.FLAG, Macos.IP_RECVTTL, Macos.IPV6_RECVHOPLIMIT)),
        entry("IP_RECVTOS", ip(Kind.FLAG, Macos.IP_RECVTOS, Macos.IPV6_RECVTCLASS)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Macos.TCP_KEEPALIVE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Macos.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Macos.TCP_KEEPINTVL)),
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Macos.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Macos.TCP_KEEPCNT)),
        entry("TCP_FASTOPEN", tcp(Kind.NUMBER, Macos.TCP_FASTOPEN)),
        entry("TCP_NOTSENT_LOWAT", tcp(Kind.NUMBER, Macos.TCP_NOTSENT_LOWAT))));

    private MacosOptions() {
    }
}
