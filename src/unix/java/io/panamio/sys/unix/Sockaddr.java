package io.panamio.sys.unix;

import static io.panamio.sys.unix.Structs.SOCKADDR_IN6_ADDR;
import static io.panamio.sys.unix.Structs.SOCKADDR_IN6_SCOPE_ID;
import static io.panamio.sys.unix.Structs.SOCKADDR_IN6_SIZE;
import static io.panamio.sys.unix.Structs.SOCKADDR_IN_ADDR;
import static io.panamio.sys.unix.Structs.SOCKADDR_IN_PORT;
import static io.panamio.sys.unix.Structs.SOCKADDR_IN_SIZE;
import static io.panamio.sys.unix.Structs.SOCKADDR_STORAGE_SIZE;
import static io.panamio.sys.unix.Structs.SOCKADDR_UN_PATH;

import io.panamio.Feature;
import io.panamio.net.UnixAddress;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Platform;
import io.panamio.sys.SystemExceptions;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Converts addresses to and from the structs of the system. An {@code InetSocketAddress} has no {@code sin6_flowinfo};
 * {@code sin6_scope_id} is kept.
 */
final class Sockaddr {
    private static final byte[] ZEROS = new byte[SOCKADDR_STORAGE_SIZE];

    private final UnixConstants c;

    Sockaddr(UnixConstants constants) {
        this.c = constants;
    }

    int family(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            if (inet.isUnresolved()) {
                throw SystemExceptions.unresolved(inet);
            }
            return inet.getAddress() instanceof Inet6Address ? c.AF_INET6() : Posix.AF_INET;
        }
        if (address instanceof UnixAddress) {
            return Posix.AF_UNIX;
        }
        throw new IllegalArgumentException("neither an internet nor a Unix address: " + address);
    }

    /** Returns the family of the address at an offset. */
    AddressFamily family(ByteBuffer addresses, int at) {
        int family = c.family(addresses, at);
        return family == Posix.AF_INET ? AddressFamily.IPV4 : family == c.AF_INET6() ? AddressFamily.IPV6
            : AddressFamily.UNIX;
    }

    int port(ByteBuffer address) {
        return Byte.toUnsignedInt(address.get(SOCKADDR_IN_PORT)) << 8
            | Byte.toUnsignedInt(address.get(SOCKADDR_IN_PORT + 1));
    }

    // ---- writing

    /** Writes {@code address} as one of {@code family}; returns its length. */
    int write(ByteBuffer to, int family, SocketAddress address) {
        return family == Posix.AF_UNIX ? write(to, (UnixAddress) address)
            : write(to, family == c.AF_INET6(), (InetSocketAddress) address);
    }

    private int write(ByteBuffer to, boolean v6, InetSocketAddress address) {
        if (!v6 && address.getAddress() instanceof Inet6Address) {
            throw new IllegalArgumentException("an IPv6 address for an IPv4 socket: " + address);
        }
        int length = v6 ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE;
        to.put(0, ZEROS, 0, length);
        c.setFamily(to, v6 ? c.AF_INET6() : Posix.AF_INET, length);
        to.put(SOCKADDR_IN_PORT, (byte) (address.getPort() >> 8)).put(SOCKADDR_IN_PORT + 1, (byte) address.getPort());
        if (address.getAddress() instanceof Inet6Address ip) {
            to.put(SOCKADDR_IN6_ADDR, ip.getAddress());
            to.putInt(SOCKADDR_IN6_SCOPE_ID, ip.getScopeId());
        } else if (!v6) {
            to.put(SOCKADDR_IN_ADDR, address.getAddress().getAddress());
        } else if (!address.getAddress().isAnyLocalAddress()) { // else in6addr_any, all zeros
            to.putShort(SOCKADDR_IN6_ADDR + 10, (short) -1); // ::ffff:1.2.3.4
            to.put(SOCKADDR_IN6_ADDR + 12, address.getAddress().getAddress());
        }
        return length;
    }

    int writeUnnamed(ByteBuffer to) {
        c.setFamily(to, Posix.AF_UNIX, SOCKADDR_UN_PATH);
        return SOCKADDR_UN_PATH;
    }

    /** The length includes the zero after a path or before an abstract name; an unnamed address has only a family. */
    private int write(ByteBuffer to, UnixAddress address) {
        byte[] name = address.bytes();
        if (!c.hasAbstractNames() && !address.isPath()) {
            throw Platform.current().refusal(Feature.ABSTRACT_ADDRESSES);
        }
        if (address.isUnnamed() || address.isAbstract() && name.length == 0) {
            return writeUnnamed(to);
        }
        if (name.length >= c.SUN_PATH_SIZE()) {
            throw new IllegalArgumentException("a Unix address of " + name.length + " bytes, of at most "
                + (c.SUN_PATH_SIZE() - 1) + ": " + address);
        }
        int length = SOCKADDR_UN_PATH + name.length + 1;
        to.put(0, ZEROS, 0, length);
        c.setFamily(to, Posix.AF_UNIX, length);
        to.put(SOCKADDR_UN_PATH + (address.isAbstract() ? 1 : 0), name);
        return length;
    }

    // ---- reading

    /**
     * Returns the length of the address at an offset, from the one that the system reports: after a path that fills
     * {@code sun_path}, Linux counts a terminating zero that is not there, and does not accept that length; macOS and
     * the BSDs report an unnamed Unix address as a path of zeros.
     */
    int length(ByteBuffer addresses, int at, int reported) {
        boolean unnamed = !c.hasAbstractNames() && reported > SOCKADDR_UN_PATH
            && addresses.get(at + SOCKADDR_UN_PATH) == 0 && c.family(addresses, at) == Posix.AF_UNIX;
        return unnamed ? SOCKADDR_UN_PATH : Math.min(reported, SOCKADDR_UN_PATH + c.SUN_PATH_SIZE());
    }

    /** Reads an address. An IPv4-mapped IPv6 address becomes an IPv4 address, as everywhere in the JDK. */
    SocketAddress read(ByteBuffer from, int length) {
        if (length < SOCKADDR_UN_PATH) {
            return UnixAddress.unnamed(); // Linux's address of a sender without a name
        }
        int family = c.family(from, 0);
        if (family == Posix.AF_UNIX) {
            return readUnix(from, length);
        }
        try {
            if (family == Posix.AF_INET) {
                return new InetSocketAddress(InetAddress.getByAddress(bytes(from, SOCKADDR_IN_ADDR, 4)), port(from));
            }
            if (family == c.AF_INET6()) {
                int scope = from.getInt(SOCKADDR_IN6_SCOPE_ID);
                return new InetSocketAddress(v6(bytes(from, SOCKADDR_IN6_ADDR, 16), scope), port(from));
            }
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
        throw new IllegalArgumentException("neither an internet nor a Unix address: family " + family);
    }

    private SocketAddress readUnix(ByteBuffer from, int length) {
        int size = length(from, 0, length) - SOCKADDR_UN_PATH;
        if (size <= 0) {
            return UnixAddress.unnamed();
        }
        if (from.get(SOCKADDR_UN_PATH) == 0) {
            return UnixAddress.ofAbstract(bytes(from, SOCKADDR_UN_PATH + 1, size - 1));
        }
        int end = 0;
        while (end < size && from.get(SOCKADDR_UN_PATH + end) != 0) {
            end++;
        }
        return UnixAddress.ofBytes(bytes(from, SOCKADDR_UN_PATH, end));
    }

    static InetAddress v6(byte[] ip, int scope) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return address instanceof Inet4Address || scope == 0 ? address : Inet6Address.getByAddress(null, ip, scope);
    }

    static byte[] bytes(ByteBuffer from, int offset, int length) {
        byte[] bytes = new byte[length];
        from.get(offset, bytes);
        return bytes;
    }
}
