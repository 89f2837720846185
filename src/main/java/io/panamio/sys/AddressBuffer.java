package io.panamio.sys;

import java.net.SocketAddress;

/** A platform's socket address in native memory; two are equal if the addresses are. */
public abstract class AddressBuffer {
    /** For the platforms. */
    protected AddressBuffer() {
    }

    /** Puts an address here. */
    public abstract void set(SocketAddress address);

    /** Puts a copy of another's address here. */
    public abstract void set(AddressBuffer other);

    /** Makes this empty. */
    public abstract void clear();

    /** Whether there is no address here. */
    public abstract boolean isEmpty();

    /** The address as an object, or null. */
    public abstract SocketAddress get();

    /** The family of the address, or null if there is none. */
    public abstract AddressFamily family();

    /** The port of an internet address, or -1 if this is none. */
    public abstract int port();
}
