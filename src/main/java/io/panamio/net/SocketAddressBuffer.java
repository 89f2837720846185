package io.panamio.net;

import io.panamio.sys.Platform;
import java.net.SocketAddress;

/**
 * A socket address in native memory that can be used again and again: the system writes there who has sent a datagram,
 * and reads there where the next one goes, without anything being allocated. It keeps what an {@code InetSocketAddress}
 * has no place for: the flow of an IPv6 address, and an IPv4 one in IPv6's clothes as it came.
 *
 * <p>Two are equal if the addresses in them are; as it changes, it is no key for a map. For one thread at a time.
 */
public abstract class SocketAddressBuffer {
    /** For the platforms. */
    protected SocketAddressBuffer() {
    }

    /**
     * An empty one.
     *
     * @return the buffer
     */
    public static SocketAddressBuffer create() {
        return Platform.current().messages().newAddress();
    }

    /**
     * One with an address in it.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link UnixAddress}
     * @return the buffer
     * @throws java.nio.channels.UnresolvedAddressException if the address is not resolved
     * @throws IllegalArgumentException if it is of another kind, or a path that is too long
     */
    public static SocketAddressBuffer of(SocketAddress address) {
        SocketAddressBuffer buffer = create();
        buffer.set(address);
        return buffer;
    }

    /**
     * Puts an address here. This allocates.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link UnixAddress}
     * @throws java.nio.channels.UnresolvedAddressException if the address is not resolved
     * @throws IllegalArgumentException if it is of another kind, or a path that is too long
     */
    public abstract void set(SocketAddress address);

    /**
     * Puts a copy of another's address here.
     *
     * @param other the other
     */
    public abstract void set(SocketAddressBuffer other);

    /** Makes this empty. */
    public abstract void clear();

    /**
     * Whether there is no address here, as when the sender has none.
     *
     * @return true if so
     */
    public abstract boolean isEmpty();

    /**
     * The address as an object. This allocates.
     *
     * @return an {@link java.net.InetSocketAddress} or a {@link UnixAddress}, or null if this is empty
     */
    public abstract SocketAddress get();

    /**
     * The port of an internet address, without allocation.
     *
     * @return from 0 to 65535
     * @throws IllegalStateException if this is not an internet address
     */
    public abstract int port();

    /** The address, for people; no name is looked up. */
    @Override
    public String toString() {
        return isEmpty() ? "(empty)" : get().toString();
    }
}
