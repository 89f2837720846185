package io.panamio.sys.windows;

import static java.util.Map.entry;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * The socket options of Windows, by their names in StandardSocketOptions, ExtendedSocketOptions and
 * SystemSocketOptions, and the conversion of their values.
 */
final class WindowsOptions {
    /** The representation of a value in Java and in C. */
    private enum Kind {
        /** An int: 0 is false. */
        FLAG(Boolean.class, 0, 1),
        /** An int. */
        NUMBER(Integer.class, Integer.MIN_VALUE, Integer.MAX_VALUE),
        /** An int that is a number of bytes. */
        SIZE(Integer.class, 0, Integer.MAX_VALUE),
        /** An int from 0 to 255. */
        OCTET(Integer.class, 0, 255),
        /** An int from 1 to 255, or -1 for the system's default. */
        HOPS(Integer.class, -1, 255),
        /** struct linger, of two numbers of 16 bits; a negative number is off. */
        LINGER(Integer.class, Integer.MIN_VALUE, Integer.MAX_VALUE),
        /** SO_REUSEADDR: not set for TCP, as any other process could bind the address then. */
        REUSE(Boolean.class, 0, 1),
        /** A network interface: its address for IPv4, its index for IPv6. */
        INTERFACE(NetworkInterface.class, 0, 0);

        private final Class<?> type;
        private final int min;
        private final int max;

        Kind(Class<?> type, int min, int max) {
            this.type = type;
            this.min = min;
            this.max = max;
        }

        void check(SocketOption<?> name, Object value) {
            if (value instanceof Integer n && (n < min || n > max || this == HOPS && n == 0)) {
                throw new IllegalArgumentException(name.name() + " " + n + (this == HOPS
                    ? " is neither from 1 to 255 nor -1" : " is not from " + min + " to " + max));
            }
        }
    }

    /**
     * The kind and the numbers of an option.
     *
     * @param name6 its number on an IPv6 socket if that is different, or 0
     */
    private record Option(Kind kind, int level, int name, int name6) {
    }

    private static final Map<String, Option> BY_NAME = Map.ofEntries(
        entry("SO_BROADCAST", socket(Kind.FLAG, Windows.SO_BROADCAST)),
        entry("SO_KEEPALIVE", socket(Kind.FLAG, Windows.SO_KEEPALIVE)),
        entry("SO_REUSEADDR", socket(Kind.REUSE, Windows.SO_REUSEADDR)),
        entry("SO_SNDBUF", socket(Kind.SIZE, Windows.SO_SNDBUF)),
        entry("SO_RCVBUF", socket(Kind.SIZE, Windows.SO_RCVBUF)),
        entry("SO_LINGER", socket(Kind.LINGER, Windows.SO_LINGER)),

        entry("IP_TTL", both(Kind.HOPS, Windows.IP_TTL, Windows.IPV6_UNICAST_HOPS)),
        entry("IP_TOS", both(Kind.OCTET, Windows.IP_TOS, Windows.IPV6_TCLASS)),
        entry("IP_MULTICAST_IF", both(Kind.INTERFACE, Windows.IP_MULTICAST_IF, Windows.IPV6_MULTICAST_IF)),
        entry("IP_MULTICAST_TTL", both(Kind.OCTET, Windows.IP_MULTICAST_TTL, Windows.IPV6_MULTICAST_HOPS)),
        entry("IP_MULTICAST_LOOP", both(Kind.FLAG, Windows.IP_MULTICAST_LOOP, Windows.IPV6_MULTICAST_LOOP)),
        entry("IP_DONTFRAGMENT", both(Kind.FLAG, Windows.IP_DONTFRAGMENT, Windows.IPV6_DONTFRAG)), // the JDK's name
        entry("IP_PKTINFO", both(Kind.FLAG, Windows.IP_PKTINFO, Windows.IPV6_PKTINFO)),
        entry("IP_RECVTTL", both(Kind.FLAG, Windows.IP_HOPLIMIT, Windows.IPV6_HOPLIMIT)),
        entry("IP_RECVTOS", both(Kind.FLAG, Windows.IP_RECVTOS, Windows.IPV6_RECVTCLASS)),
        entry("IPV6_V6ONLY", new Option(Kind.FLAG, Windows.IPPROTO_IPV6, Windows.IPV6_V6ONLY, 0)),

        entry("TCP_NODELAY", tcp(Kind.FLAG, Windows.TCP_NODELAY)),
        entry("TCP_KEEPIDLE", tcp(Kind.NUMBER, Windows.TCP_KEEPIDLE)),
        entry("TCP_KEEPINTVL", tcp(Kind.NUMBER, Windows.TCP_KEEPINTVL)),
        entry("TCP_KEEPINTERVAL", tcp(Kind.NUMBER, Windows.TCP_KEEPINTVL)), // the JDK's name
        entry("TCP_KEEPCNT", tcp(Kind.NUMBER, Windows.TCP_KEEPCNT)),
        entry("TCP_KEEPCOUNT", tcp(Kind.NUMBER, Windows.TCP_KEEPCNT)), // the JDK's name
        entry("TCP_MAXSEG", tcp(Kind.NUMBER, Windows.TCP_MAXSEG)));

    private WindowsOptions() {
    }

    private static Option socket(Kind kind, int name) {
        return new Option(kind, Windows.SOL_SOCKET, name, 0);
    }

    private static Option tcp(Kind kind, int name) {
        return new Option(kind, Windows.IPPROTO_TCP, name, 0);
    }

    private static Option both(Kind kind, int name, int name6) {
        return new Option(kind, Windows.IPPROTO_IP, name, name6);
    }

    private static Option find(SocketOption<?> name) {
        Option option = BY_NAME.get(name.name());
        if (option == null) {
            throw new UnsupportedOperationException(
                Platform.current() + " has no socket option " + name.name());
        }
        if (option.kind.type != name.type()) {
            throw new UnsupportedOperationException("socket option " + name.name() + " has a value of "
                + option.kind.type.getSimpleName() + " here, not " + name.type().getSimpleName());
        }
        return option;
    }

    // ---- setting

    /** Throws if one of these cannot be set, before the socket is created. */
    static void requireSettable(Map<SocketOption<?>, Object> values, SocketAddress address) {
        for (Map.Entry<SocketOption<?>, Object> value : values.entrySet()) {
            Option option = find(value.getKey());
            option.kind.check(value.getKey(), value.getValue());
            if (isV6Only(option) && (Boolean) value.getValue()
                    && !(((InetSocketAddress) address).getAddress() instanceof Inet6Address)) {
                throw new IllegalArgumentException("IPV6_V6ONLY with " + address + ", which is not an IPv6 address");
            }
        }
    }

    private static boolean isV6Only(Option option) {
        return option.level == Windows.IPPROTO_IPV6 && option.name == Windows.IPV6_V6ONLY;
    }

    /** Sets the options of a new socket. */
    static void setAll(int fd, SocketType type, int family, Map<SocketOption<?>, Object> values) throws IOException {
        for (Map.Entry<SocketOption<?>, Object> value : values.entrySet()) {
            Option option = find(value.getKey());
            if (family == Windows.AF_INET6 || !isV6Only(option)) { // false then, as by default
                set(fd, type == SocketType.TCP, family == Windows.AF_INET6, value.getKey(), option, value.getValue());
            }
        }
    }

    static void set(int fd, SocketOption<?> name, Object value) throws IOException {
        Option option = find(name);
        option.kind.check(name, value);
        set(fd, option.kind == Kind.REUSE && WindowsSockets.isTcp(fd), isV6(fd, option), name, option, value);
    }

    private static boolean isV6(int fd, Option option) throws IOException {
        return option.name6 != 0 && WindowsSockets.family(fd) == Windows.AF_INET6;
    }

    private static void set(int fd, boolean tcp, boolean v6, SocketOption<?> name, Option option, Object value)
            throws IOException {
        if (tcp && option.kind == Kind.REUSE) {
            SocketState.setReusesAddress(fd, (Boolean) value);
            return;
        }
        int r;
        if (v6 && option.name6 != 0) {
            r = set(fd, option.kind, true, Windows.IPPROTO_IPV6, option.name6, value);
            set(fd, option.kind, false, option.level, option.name, value); // for IPv4, where the system permits that
        } else {
            r = set(fd, option.kind, false, option.level, option.name, value);
        }
        if (r < 0) {
            throw Errors.socket("setsockopt", name.name(), -r);
        }
    }

    private static int set(int fd, Kind kind, boolean v6, int level, int name, Object value) throws IOException {
        return switch (kind) {
            case FLAG, REUSE -> WindowsSockets.trySetInt(fd, level, name, (Boolean) value ? 1 : 0);
            case NUMBER, SIZE, OCTET, HOPS -> WindowsSockets.trySetInt(fd, level, name, (Integer) value);
            case LINGER -> {
                int seconds = (Integer) value;
                yield WindowsSockets.trySetInt(fd, level, name, seconds < 0 ? 0 : Math.min(seconds, 0xFFFF) << 16 | 1);
            }
            case INTERFACE -> {
                int index = ((NetworkInterface) value).getIndex();
                yield WindowsSockets.trySetInt(fd, level, name,
                    v6 ? index : inMemory(WindowsSockets.interfaceAddress(index)).getInt(0));
            }
        };
    }

    /** Returns bytes as they are in the system's memory. */
    private static ByteBuffer inMemory(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    // ---- getting

    static Object get(int fd, SocketOption<?> name) throws IOException {
        Option option = find(name);
        if (option.kind == Kind.REUSE && WindowsSockets.isTcp(fd)) {
            return SocketState.reusesAddress(fd);
        }
        boolean v6 = isV6(fd, option);
        int value =
            WindowsSockets.getInt(fd, v6 ? Windows.IPPROTO_IPV6 : option.level, v6 ? option.name6 : option.name);
        return switch (option.kind) {
            case FLAG, REUSE -> value != 0;
            case NUMBER, SIZE, OCTET, HOPS -> value;
            case LINGER -> (value & 0xFFFF) == 0 ? -1 : value >>> 16;
            case INTERFACE -> value == 0 ? null : v6 ? NetworkInterface.getByIndex(value) : interfaceOf(value);
        };
    }

    private static NetworkInterface interfaceOf(int number) throws IOException {
        byte[] address = new byte[4];
        inMemory(address).putInt(0, number);
        return address[0] == 0 ? NetworkInterface.getByIndex(ByteBuffer.wrap(address).getInt())
            : NetworkInterface.getByInetAddress(InetAddress.getByAddress(address));
    }
}
