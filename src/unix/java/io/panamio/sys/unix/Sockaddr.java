package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/**
 * Internet addresses as the system has them. A test compares the offsets with the bindings. {@code sin6_flowinfo} has
 * no place in an {@code InetSocketAddress}; {@code sin6_scope_id} has, and is kept.
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

    private final UnixConstants c;

    Sockaddr(UnixConstants constants) {
        this.c = constants;
    }

    int family(InetAddress address) {
        return address instanceof Inet6Address ? c.AF_INET6() : c.AF_INET();
    }

    /** Writes {@code address} as one of {@code family}, and returns its length. */
    int write(MemorySegment to, int family, InetSocketAddress address) {
        boolean v6 = family == c.AF_INET6();
        int length = v6 ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE;
        to.asSlice(0, length).fill((byte) 0);
        c.setFamily(to, family, length);
        to.set(PORT, PORT_OFFSET, (short) address.getPort());
        if (address.getAddress() instanceof Inet6Address ip) {
            MemorySegment.copy(ip.getAddress(), 0, to, JAVA_BYTE, ADDR6_OFFSET, 16);
            to.set(JAVA_INT_UNALIGNED, SCOPE_ID_OFFSET, ip.getScopeId());
        } else if (!v6) {
            MemorySegment.copy(address.getAddress().getAddress(), 0, to, JAVA_BYTE, ADDR_OFFSET, 4);
        } // else it is the IPv4 wildcard on an IPv6 socket: all zeros, as in6addr_any
        return length;
    }

    /** Reads an address. One that is IPv4 in IPv6's clothes becomes IPv4, as everywhere in the JDK. */
    InetSocketAddress read(MemorySegment from) throws IOException {
        int family = c.family(from);
        int port = Short.toUnsignedInt(from.get(PORT, PORT_OFFSET));
        if (family == c.AF_INET()) {
            return new InetSocketAddress(InetAddress.getByAddress(bytes(from, ADDR_OFFSET, 4)), port);
        }
        if (family == c.AF_INET6()) {
            int scope = from.get(JAVA_INT_UNALIGNED, SCOPE_ID_OFFSET);
            return new InetSocketAddress(v6(bytes(from, ADDR6_OFFSET, 16), scope), port);
        }
        throw new IOException("not an internet address: family " + family);
    }

    private static InetAddress v6(byte[] ip, int scope) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return address instanceof Inet4Address || scope == 0 ? address : Inet6Address.getByAddress(null, ip, scope);
    }

    private static byte[] bytes(MemorySegment from, long offset, int length) {
        return from.asSlice(offset, length).toArray(JAVA_BYTE);
    }
}
