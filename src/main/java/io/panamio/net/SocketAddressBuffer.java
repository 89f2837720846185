package io.panamio.net;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.Platform;
import java.net.SocketAddress;

/**
 * A socket address in native memory that can be used again and again: the system writes there who has sent a datagram,
 * and reads there where the next one goes, without anything being allocated. It keeps what an {@code InetSocketAddress}
 * has no place for: the flow of an IPv6 address, and an IPv4 one in IPv6's clothes as it came.
 *
 * <p>Two are equal if the addresses in them are; as it changes, it is no key for a map. For one thread at a time.
 */
public final class SocketAddressBuffer {
    final AddressBuffer part;

    private SocketAddressBuffer(AddressBuffer part) {
        this.part = part;
    }

    /** The part of one that may be null. */
    static AddressBuffer part(SocketAddressBuffer buffer) {
        return buffer == null ? null : buffer.part;
    }

    /**
     * An empty one.
     *
     * @return the buffer
     */
    public static SocketAddressBuffer create() {
        return new SocketAddressBuffer(Platform.current().messages().newAddress());
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
    public void set(SocketAddress address) {
        part.set(address);
    }

    /**
     * Puts a copy of another's address here.
     *
     * @param other the other
     */
    public void set(SocketAddressBuffer other) {
        part.set(other.part);
    }

    /** Makes this empty. */
    public void clear() {
        part.clear();
    }

    /**
     * Whether there is no address here, as when the sender has none.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return part.isEmpty();
    }

    /**
     * The address as an object. This allocates.
     *
     * @return an {@link java.net.InetSocketAddress} or a {@link UnixAddress}, or null if this is empty
     */
    public SocketAddress get() {
        return part.get();
    }

    /**
     * The port of an internet address, without allocation.
     *
     * @return from 0 to 65535
     * @throws IllegalStateException if this is not an internet address
     */
    public int port() {
        int port = part.port();
        if (port < 0) {
            throw new IllegalStateException("not an internet address: " + this);
        }
        return port;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof SocketAddressBuffer other && part.equals(other.part);
    }

    @Override
    public int hashCode() {
        return part.hashCode();
    }

    /** The address, for people; no name is looked up. */
    @Override
    public String toString() {
        return isEmpty() ? "(empty)" : get().toString();
    }
}
