package io.panamio.sys.windows;

import io.panamio.Feature;
import io.panamio.bindings.windows.Windows;
import io.panamio.net.UnixAddress;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.SystemExceptions;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Converts addresses to and from struct sockaddr_in and sockaddr_in6. A test compares the offsets with the bindings. An
 * {@code InetSocketAddress} has no {@code sin6_flowinfo}; {@code sin6_scope_id} is kept.
 */
final class Sockaddr {
    static final int PORT_OFFSET = 2;
    static final int ADDR_OFFSET = 4;
    static final int ADDR6_OFFSET = 8;
    static final int SCOPE_ID_OFFSET = 24;
    static final int SOCKADDR_IN_SIZE = 16;
    static final int SOCKADDR_IN6_SIZE = 28;
    static final int STORAGE_SIZE = 128;

    private static final byte[] ZEROS = new byte[SOCKADDR_IN6_SIZE];

    private Sockaddr() {
    }

    /** Returns the family of an address. */
    static int family(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw SystemExceptions.unresolved(inet);
            }
            return inet.getAddress() instanceof Inet6Address ? Windows.AF_INET6 : Windows.AF_INET;
        }
        if (address instanceof UnixAddress) {
            throw WindowsSockets.refusal(Feature.UNIX_STREAMS);
        }
        throw new IllegalArgumentException("no internet address: " + address);
    }

    /** Returns the family of the address at the start of a buffer. */
    static AddressFamily family(ByteBuffer address) {
        return address.getShort(0) == Windows.AF_INET ? AddressFamily.IPV4 : AddressFamily.IPV6;
    }

    static int port(ByteBuffer address) {
        return Byte.toUnsignedInt(address.get(PORT_OFFSET)) << 8 | Byte.toUnsignedInt(address.get(PORT_OFFSET + 1));
    }

    /** Writes {@code address} as one of {@code family}; returns its length. */
    static int write(ByteBuffer to, int family, SocketAddress address) {
        InetSocketAddress inet = (InetSocketAddress) address;
        InetAddress host = inet.getAddress();
        boolean v6 = family == Windows.AF_INET6;
        if (!v6 && host instanceof Inet6Address) {
            throw new IllegalArgumentException("an IPv6 address for an IPv4 socket: " + address);
        }
        int length = v6 ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE;
        to.put(0, ZEROS, 0, length);
        to.putShort(0, (short) family);
        to.put(PORT_OFFSET, (byte) (inet.getPort() >> 8)).put(PORT_OFFSET + 1, (byte) inet.getPort());
        if (host instanceof Inet6Address ip) {
            to.put(ADDR6_OFFSET, ip.getAddress());
            to.putInt(SCOPE_ID_OFFSET, ip.getScopeId());
        } else if (!v6) {
            to.put(ADDR_OFFSET, host.getAddress());
        } else if (!host.isAnyLocalAddress()) { // else in6addr_any, all zeros
            to.putShort(ADDR6_OFFSET + 10, (short) -1); // ::ffff:1.2.3.4
            to.put(ADDR6_OFFSET + 12, host.getAddress());
        }
        return length;
    }

    /** Reads an address. An IPv4-mapped IPv6 address becomes an IPv4 address, as everywhere in the JDK. */
    static InetSocketAddress read(ByteBuffer from) {
        int family = from.getShort(0);
        try {
            if (family == Windows.AF_INET) {
                return new InetSocketAddress(InetAddress.getByAddress(bytes(from, ADDR_OFFSET, 4)), port(from));
            }
            if (family == Windows.AF_INET6) {
                int scope = from.getInt(SCOPE_ID_OFFSET);
                return new InetSocketAddress(v6(bytes(from, ADDR6_OFFSET, 16), scope), port(from));
            }
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
        throw new IllegalArgumentException("no internet address: family " + family);
    }

    static InetAddress v6(byte[] ip, int scope) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return address instanceof Inet4Address || scope == 0 ? address : Inet6Address.getByAddress(null, ip, scope);
    }

    private static byte[] bytes(ByteBuffer from, int offset, int length) {
        byte[] bytes = new byte[length];
        from.get(offset, bytes);
        return bytes;
    }
}
