package io.panamio.net;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.Platform;
import java.net.SocketAddress;

/**
 * A reusable socket address in native memory: a receive stores the address of a sender in it, and a send reads that of
 * the receiver from it, without allocation. It preserves what {@code InetSocketAddress} cannot represent: the flow
 * label of an IPv6 address, and IPv4-mapped IPv6 addresses.
 * {@snippet file="UdpSnippets.java" region="echo"}
 *
 * <p>Two buffers are equal if their addresses are. Mutable, so not suitable as a map key. Not thread-safe.
 */
public final class SocketAddressBuffer {
    final AddressBuffer part;

    private SocketAddressBuffer(AddressBuffer part) {
        this.part = part;
    }

    /** {@return the native part of a buffer, or null for null} */
    static AddressBuffer part(SocketAddressBuffer buffer) {
        return buffer == null ? null : buffer.part;
    }

    /** {@return a new, empty buffer} */
    public static SocketAddressBuffer create() {
        return new SocketAddressBuffer(Platform.current().messages().newAddress());
    }

    /**
     * Returns a new buffer that contains an address.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link UnixAddress}
     * @return the buffer
     * @throws java.nio.channels.UnresolvedAddressException if the address is unresolved
     * @throws IllegalArgumentException if the address is of another type, or a path that is too long
     */
    public static SocketAddressBuffer of(SocketAddress address) {
        SocketAddressBuffer buffer = create();
        buffer.set(address);
        return buffer;
    }

    /**
     * Replaces the address. Allocates.
     *
     * @param address an {@link java.net.InetSocketAddress} or a {@link UnixAddress}
     * @throws java.nio.channels.UnresolvedAddressException if the address is unresolved
     * @throws IllegalArgumentException if the address is of another type, or a path that is too long
     */
    public void set(SocketAddress address) {
        part.set(address);
    }

    /**
     * Replaces the address by a copy of another buffer's. Does not allocate.
     *
     * @param other the buffer to copy from
     */
    public void set(SocketAddressBuffer other) {
        part.set(other.part);
    }

    /** Removes the address. */
    public void clear() {
        part.clear();
    }

    /** {@return whether there is no address, as after receiving from an unnamed sender} */
    public boolean isEmpty() {
        return part.isEmpty();
    }

    /**
     * Returns the address as an object. Allocates.
     *
     * @return an {@link java.net.InetSocketAddress} or a {@link UnixAddress}, or null if this is empty
     */
    public SocketAddress get() {
        return part.get();
    }

    /**
     * {@return the port of an internet address, 0 to 65535} Does not allocate.
     *
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

    /** {@return the address in text form; no name is resolved} */
    @Override
    public String toString() {
        return isEmpty() ? "(empty)" : get().toString();
    }
}
