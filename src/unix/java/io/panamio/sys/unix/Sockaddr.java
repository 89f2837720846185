package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.panamio.net.UnixAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.channels.UnresolvedAddressException;

/**
 * Addresses as the system has them. A test compares the offsets with the bindings. {@code sin6_flowinfo} has no place
 * in an {@code InetSocketAddress}; {@code sin6_scope_id} has, and is kept.
 */
final class Sockaddr {
    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    static final long PORT_OFFSET = 2;
    static final long ADDR_OFFSET = 4;
    static final long FLOWINFO_OFFSET = 4;
    static final long ADDR6_OFFSET = 8;
    static final long SCOPE_ID_OFFSET = 24;
    static final int SOCKADDR_IN_SIZE = 16;
    static final int SOCKADDR_IN6_SIZE = 28;
    static final int PATH_OFFSET = 2;
    static final int STORAGE_SIZE = 128;

    private final UnixConstants c;

    Sockaddr(UnixConstants constants) {
        this.c = constants;
    }

    int family(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw new UnresolvedAddressException();
            }
            return inet.getAddress() instanceof Inet6Address ? c.AF_INET6() : c.AF_INET();
        }
        if (address instanceof UnixAddress) {
            return c.AF_UNIX();
        }
        throw new IllegalArgumentException("neither an internet nor a Unix address: " + address);
    }

    boolean isInternet(MemorySegment address) {
        int family = c.family(address);
        return family == c.AF_INET() || family == c.AF_INET6();
    }

    int port(MemorySegment address) {
        return Short.toUnsignedInt(address.get(PORT, PORT_OFFSET));
    }

    // ---- writing

    /** Writes {@code address} as one of {@code family}, and returns its length. */
    int write(MemorySegment to, int family, SocketAddress address) {
        return family == c.AF_UNIX() ? write(to, (UnixAddress) address)
            : write(to, family == c.AF_INET6(), (InetSocketAddress) address);
    }

    private int write(MemorySegment to, boolean v6, InetSocketAddress address) {
        if (!v6 && address.getAddress() instanceof Inet6Address) {
            throw new IllegalArgumentException("an IPv6 address for a socket of IPv4: " + address);
        }
        int length = v6 ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE;
        to.asSlice(0, length).fill((byte) 0);
        c.setFamily(to, v6 ? c.AF_INET6() : c.AF_INET(), length);
        to.set(PORT, PORT_OFFSET, (short) address.getPort());
        if (address.getAddress() instanceof Inet6Address ip) {
            MemorySegment.copy(ip.getAddress(), 0, to, JAVA_BYTE, ADDR6_OFFSET, 16);
            to.set(JAVA_INT_UNALIGNED, SCOPE_ID_OFFSET, ip.getScopeId());
        } else if (!v6) {
            MemorySegment.copy(address.getAddress().getAddress(), 0, to, JAVA_BYTE, ADDR_OFFSET, 4);
        } else if (!address.getAddress().isAnyLocalAddress()) { // else in6addr_any, all zeros
            to.set(JAVA_SHORT_UNALIGNED, ADDR6_OFFSET + 10, (short) -1); // ::ffff:1.2.3.4
            MemorySegment.copy(address.getAddress().getAddress(), 0, to, JAVA_BYTE, ADDR6_OFFSET + 12, 4);
        }
        return length;
    }

    /** The length counts the zero after a path, or before an abstract name; one without a name has only a family. */
    private int write(MemorySegment to, UnixAddress address) {
        byte[] name = address.bytes();
        if (address.isUnnamed() || address.isAbstract() && name.length == 0) {
            c.setFamily(to, c.AF_UNIX(), PATH_OFFSET);
            return PATH_OFFSET;
        }
        if (name.length >= c.SUN_PATH_SIZE()) {
            throw new IllegalArgumentException("a Unix address of " + name.length + " bytes, where "
                + (c.SUN_PATH_SIZE() - 1) + " is the most: " + address);
        }
        int length = PATH_OFFSET + name.length + 1;
        to.asSlice(0, length).fill((byte) 0);
        c.setFamily(to, c.AF_UNIX(), length);
        MemorySegment.copy(name, 0, to, JAVA_BYTE, PATH_OFFSET + (address.isAbstract() ? 1 : 0), name.length);
        return length;
    }

    // ---- reading

    /**
     * How much of an address counts that the system tells of. Linux adds one to the length of a path that fills all the
     * room and has no zero after it, and does not take that length back.
     */
    int length(int told) {
        return Math.min(told, PATH_OFFSET + c.SUN_PATH_SIZE());
    }

    /** Reads an address. One that is IPv4 in IPv6's clothes becomes IPv4, as everywhere in the JDK. */
    SocketAddress read(MemorySegment from, int length) {
        if (length < PATH_OFFSET) {
            return UnixAddress.unnamed(); // what Linux tells of a sender without a name
        }
        int family = c.family(from);
        if (family == c.AF_UNIX()) {
            return readUnix(from, length);
        }
        try {
            if (family == c.AF_INET()) {
                return new InetSocketAddress(InetAddress.getByAddress(bytes(from, ADDR_OFFSET, 4)), port(from));
            }
            if (family == c.AF_INET6()) {
                int scope = from.get(JAVA_INT_UNALIGNED, SCOPE_ID_OFFSET);
                return new InetSocketAddress(v6(bytes(from, ADDR6_OFFSET, 16), scope), port(from));
            }
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
        throw new IllegalArgumentException("neither an internet nor a Unix address: family " + family);
    }

    private SocketAddress readUnix(MemorySegment from, int length) {
        int size = length(length) - PATH_OFFSET;
        if (size <= 0) {
            return UnixAddress.unnamed();
        }
        if (from.get(JAVA_BYTE, PATH_OFFSET) == 0) {
            return UnixAddress.ofAbstract(bytes(from, PATH_OFFSET + 1, size - 1));
        }
        int end = 0;
        while (end < size && from.get(JAVA_BYTE, PATH_OFFSET + end) != 0) {
            end++;
        }
        return UnixAddress.ofBytes(bytes(from, PATH_OFFSET, end));
    }

    static InetAddress v6(byte[] ip, int scope) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return address instanceof Inet4Address || scope == 0 ? address : Inet6Address.getByAddress(null, ip, scope);
    }

    static byte[] bytes(MemorySegment from, long offset, int length) {
        return from.asSlice(offset, length).toArray(JAVA_BYTE);
    }
}
