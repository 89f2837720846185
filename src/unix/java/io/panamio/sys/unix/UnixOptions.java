package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.net.UnixCredentials;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Converts the values of {@link SocketOption}s, found by name, to and from those of getsockopt(2) and setsockopt(2).
 */
public final class UnixOptions {
    /** The representation of a value in Java and in C. */
    public enum Kind {
        /** An int: 0 is false, {@link Option#on} is true. */
        FLAG(Boolean.class),
        /** An int. */
        NUMBER(Integer.class),
        /** An int that is a number of bytes. */
        SIZE(Integer.class),
        /** An int from 0 to 255. */
        OCTET(Integer.class),
        /** An int from 1 to 255, or -1 for the system's default. */
        HOPS(Integer.class),
        /** An int that can only be read. */
        READ_ONLY(Integer.class),
        /** struct linger; a negative number is off. */
        LINGER(Integer.class),
        /** Text of at most 15 bytes; what the system returns may lack the terminating zero. */
        TEXT(String.class),
        /** A network interface: its index, and for IPv4 its address, too. */
        INTERFACE(NetworkInterface.class),
        /** The credentials of a peer, which can only be read. */
        CREDENTIALS(UnixCredentials.class);

        private final Class<?> type;

        Kind(Class<?> type) {
            this.type = type;
        }

        /**
         * Throws an IllegalArgumentException for a value that no system accepts, or that some systems interpret as
         * another.
         */
        void check(SocketOption<?> name, Object value) { // not a class for each kind: every start would load them
            String wrong = switch (this) {
                case SIZE -> (Integer) value >= 0 ? null : "is negative";
                case OCTET -> (Integer) value >= 0 && (Integer) value <= 255 ? null : "is not between 0 and 255";
                case HOPS -> (Integer) value != 0 && (Integer) value >= -1 && (Integer) value <= 255 ? null
                    : "is neither between 1 and 255 nor -1";
                case TEXT -> ((String) value).getBytes(StandardCharsets.UTF_8).length < TEXT_SIZE
                    && ((String) value).indexOf(0) < 0 ? null
                    : "is longer than " + (TEXT_SIZE - 1) + " bytes, or contains a zero";
                default -> null;
            };
            if (wrong != null) {
                throw new IllegalArgumentException(name.name() + " " + quoted(value) + " " + wrong);
            }
        }

        private static Object quoted(Object value) {
            return value instanceof String ? "\"" + value + "\"" : value;
        }
    }

    /**
     * The kind and the numbers of an option.
     *
     * @param name6 its number on an IPv6 socket if that is different, or 0
     * @param on the value that stands for true
     */
    public record Option(Kind kind, int level, int name, int name6, int on) {
        /** Creates an option that is set to 1 for true, and is true unless its value is 0. */
        public Option(Kind kind, int level, int name, int name6) {
            this(kind, level, name, name6, 1);
        }

        /** Returns an option of TCP. */
        public static Option tcp(Kind kind, int name) {
            return new Option(kind, Posix.IPPROTO_TCP, name, 0);
        }

        /** Returns an option of IPv4 that has another number, {@code name6}, on an IPv6 socket. */
        public static Option ip(Kind kind, int name, int name6) {
            return new Option(kind, Posix.IPPROTO_IP, name, name6);
        }

        private boolean isOn(int value) {
            return on == 1 ? value != 0 : value == on;
        }
    }

    private static final int TEXT_SIZE = 16; // IFNAMSIZ, TCP_CA_NAME_MAX

    private final UnixSockets sockets;
    private final UnixConstants c;
    private final Errors errors;
    private final Map<String, Option> byName;

    UnixOptions(UnixSockets sockets, UnixConstants constants, Errors errors, Map<String, Option> byName) {
        this.sockets = sockets;
        this.c = constants;
        this.errors = errors;
        this.byName = byName;
    }

    private Option find(SocketOption<?> name) {
        Option option = byName.get(name.name());
        if (option == null) {
            throw new UnsupportedOperationException(
                Platform.current() + " has no socket option " + name.name());
        }
        if (option.kind.type != name.type()) {
            throw new UnsupportedOperationException("socket option " + name.name() + " has values of type "
                + option.kind.type.getSimpleName() + ", not " + name.type().getSimpleName());
        }
        return option;
    }

    // ---- setting

    /** Throws if one of these cannot be set, before the socket is created. */
    void requireSettable(Map<SocketOption<?>, Object> values, SocketAddress address) {
        for (Map.Entry<SocketOption<?>, Object> value : values.entrySet()) {
            Option option = findSettable(value.getKey(), value.getValue());
            if (isV6Only(option) && (Boolean) value.getValue() && !isV6(address)) {
                throw new IllegalArgumentException("IPV6_V6ONLY with " + address + ", which is not an IPv6 address");
            }
        }
    }

    private boolean isV6Only(Option option) {
        return option.level == Posix.IPPROTO_IPV6 && option.name == c.IPV6_V6ONLY();
    }

    private static boolean isV6(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet6Address;
    }

    private Option findSettable(SocketOption<?> name, Object value) {
        Option option = find(name);
        if (option.kind == Kind.READ_ONLY || option.kind == Kind.CREDENTIALS) {
            throw new UnsupportedOperationException("socket option " + name.name() + " can only be read");
        }
        option.kind.check(name, value);
        return option;
    }

    void setAll(int fd, int family, Map<SocketOption<?>, Object> values) throws IOException {
        for (Map.Entry<SocketOption<?>, Object> value : values.entrySet()) {
            Option option = find(value.getKey());
            if (family == c.AF_INET6() || !isV6Only(option)) { // false then, as by default
                set(fd, family == c.AF_INET6(), value.getKey(), option, value.getValue());
            }
        }
    }

    void set(int fd, SocketOption<?> name, Object value) throws IOException {
        Option option = findSettable(name, value);
        set(fd, option.name6 != 0 && sockets.family(fd) == c.AF_INET6(), name, option, value);
    }

    private void set(int fd, boolean v6, SocketOption<?> name, Option option, Object value) throws IOException {
        if (v6 && option.name6 != 0) {
            check(name, set(fd, option, Posix.IPPROTO_IPV6, option.name6, value));
            set(fd, option, option.level, option.name, value); // for IPv4, on a dual-stack socket
        } else {
            check(name, set(fd, option, option.level, option.name, value));
        }
    }

    private static int set(int fd, Option option, int level, int name, Object value) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return set(scratch.argument, fd, option, level, name, value);
        }
    }

    private static int set(MemorySegment argument, int fd, Option option, int level, int name, Object value)
            throws IOException {
        return switch (option.kind) {
            case FLAG -> UnixSockets.trySetInt(fd, level, name, (Boolean) value ? option.on : 0);
            case NUMBER, SIZE, OCTET, HOPS -> UnixSockets.trySetInt(fd, level, name, (Integer) value);
            case LINGER -> {
                int seconds = (Integer) value;
                argument.set(JAVA_INT, Structs.LINGER_ONOFF, seconds < 0 ? 0 : 1);
                argument.set(JAVA_INT, Structs.LINGER_LINGER, Math.max(0, seconds));
                yield Libc.setsockopt(fd, level, name, argument, Structs.LINGER_SIZE);
            }
            case TEXT -> {
                byte[] text = ((String) value).getBytes(StandardCharsets.UTF_8);
                argument.fill((byte) 0);
                MemorySegment.copy(text, 0, argument, JAVA_BYTE, 0, text.length);
                yield Libc.setsockopt(fd, level, name, argument, text.length + 1);
            }
            case INTERFACE -> setInterface(argument, fd, level, name, (NetworkInterface) value);
            case READ_ONLY, CREDENTIALS -> throw new AssertionError(option.kind);
        };
    }

    private static int setInterface(MemorySegment mreqn, int fd, int level, int name, NetworkInterface value) {
        if (level == Posix.IPPROTO_IPV6) {
            return UnixSockets.trySetInt(fd, level, name, value.getIndex());
        }
        mreqn.fill((byte) 0);
        value.inetAddresses().filter(a -> a instanceof Inet4Address).findFirst()
            .ifPresent(a -> MemorySegment.copy(a.getAddress(), 0, mreqn, JAVA_BYTE, Structs.IP_MREQN_ADDRESS, 4));
        mreqn.set(JAVA_INT, Structs.IP_MREQN_IFINDEX, value.getIndex());
        return Libc.setsockopt(fd, level, name, mreqn, Structs.IP_MREQN_SIZE);
    }

    private void check(SocketOption<?> name, int r) throws IOException {
        if (r < 0) {
            throw errors.socket("setsockopt", name.name(), -r);
        }
    }

    // ---- getting

    Object get(int fd, SocketOption<?> name) throws IOException {
        Option option = find(name);
        boolean v6 = option.name6 != 0 && sockets.family(fd) == c.AF_INET6();
        int level = v6 ? Posix.IPPROTO_IPV6 : option.level;
        int number = v6 ? option.name6 : option.name;
        try (NativeScratch scratch = NativeScratch.enter()) {
            return get(scratch, fd, option, v6, level, number);
        }
    }

    private Object get(NativeScratch scratch, int fd, Option option, boolean v6, int level, int number)
            throws IOException {
        MemorySegment argument = scratch.argument;
        return switch (option.kind) {
            case FLAG -> option.isOn(sockets.getInt(fd, level, number));
            case NUMBER, SIZE, OCTET, HOPS, READ_ONLY -> sockets.getInt(fd, level, number);
            case LINGER -> {
                sockets.getOption(fd, level, number, argument.asSlice(0, Structs.LINGER_SIZE));
                yield argument.get(JAVA_INT, Structs.LINGER_ONOFF) == 0 ? -1
                    : argument.get(JAVA_INT, Structs.LINGER_LINGER);
            }
            case TEXT -> {
                argument.fill((byte) 0);
                int length = sockets.getOption(fd, level, number, argument);
                byte[] bytes = Sockaddr.bytes(scratch.argumentBytes, 0, length);
                String text = new String(bytes, StandardCharsets.UTF_8);
                int end = text.indexOf(0);
                yield end < 0 ? text : text.substring(0, end);
            }
            case INTERFACE -> {
                sockets.getOption(fd, level, number, argument.asSlice(0, 4));
                int found = argument.get(JAVA_INT, 0);
                yield found == 0 ? null : v6 ? NetworkInterface.getByIndex(found)
                    : NetworkInterface.getByInetAddress(
                        InetAddress.getByAddress(Sockaddr.bytes(scratch.argumentBytes, 0, 4)));
            }
            case CREDENTIALS -> sockets.credentials(fd, level, number);
        };
    }
}
