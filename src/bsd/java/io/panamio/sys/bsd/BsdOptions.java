package io.panamio.sys.bsd;

import static io.panamio.sys.unix.UnixOptions.Option.ip;
import static io.panamio.sys.unix.UnixOptions.Option.tcp;
import static java.util.Map.entry;

import io.panamio.sys.unix.Posix;
import io.panamio.sys.unix.UnixOptions.Kind;
import io.panamio.sys.unix.UnixOptions.Option;
import java.util.HashMap;
import java.util.Map;

/**
 * The socket options whose numbers macOS and FreeBSD share, by their names in StandardSocketOptions,
 * ExtendedSocketOptions and SystemSocketOptions, which may be those of Linux for the same.
 */
public final class BsdOptions {
    private static final Map<String, Option> SHARED = Map.ofEntries(
        entry("SO_BROADCAST", socket(Kind.FLAG, Bsd.SO_BROADCAST)),
        entry("SO_KEEPALIVE", socket(Kind.FLAG, Bsd.SO_KEEPALIVE)),
        entry("SO_REUSEADDR", socket(Kind.FLAG, Bsd.SO_REUSEADDR)),
        entry("SO_REUSEPORT", socket(Kind.FLAG, Bsd.SO_REUSEPORT)),
        entry("SO_SNDBUF", socket(Kind.SIZE, Bsd.SO_SNDBUF)),
        entry("SO_RCVBUF", socket(Kind.SIZE, Bsd.SO_RCVBUF)),
        entry("SO_TIMESTAMPNS", socket(Kind.FLAG, Bsd.SO_TIMESTAMP)),
        entry("SO_PEERCRED", new Option(Kind.CREDENTIALS, Bsd.SOL_LOCAL, Bsd.LOCAL_PEERCRED, 0)),
        entry("IP_TTL", ip(Kind.HOPS, Bsd.IP_TTL, Bsd.IPV6_UNICAST_HOPS)),
        entry("IP_MULTICAST_IF", ip(Kind.INTERFACE, Bsd.IP_MULTICAST_IF, Bsd.IPV6_MULTICAST_IF)),
        entry("IP_MULTICAST_TTL", ip(Kind.OCTET, Bsd.IP_MULTICAST_TTL, Bsd.IPV6_MULTICAST_HOPS)),
        entry("IP_MULTICAST_LOOP", ip(Kind.FLAG, Bsd.IP_MULTICAST_LOOP, Bsd.IPV6_MULTICAST_LOOP)),
        entry("IPV6_V6ONLY", new Option(Kind.FLAG, Posix.IPPROTO_IPV6, Bsd.IPV6_V6ONLY, 0)),
        entry("TCP_NODELAY", tcp(Kind.FLAG, Bsd.TCP_NODELAY)),
        entry("TCP_CORK", tcp(Kind.FLAG, Bsd.TCP_NOPUSH)),
        entry("TCP_MAXSEG", tcp(Kind.NUMBER, Bsd.TCP_MAXSEG)));

    private BsdOptions() {
    }

    /** Returns these options and those of one system. */
    public static Map<String, Option> with(Map<String, Option> own) {
        Map<String, Option> all = new HashMap<>(SHARED);
        all.putAll(own);
        return Map.copyOf(all);
    }

    /** Returns an option of sockets. */
    public static Option socket(Kind kind, int name) {
        return new Option(kind, Bsd.SOL_SOCKET, name, 0);
    }
}
