package io.panamio.sys;

import java.net.SocketAddress;

/** A platform's socket address in native memory; two are equal if they hold the same address. */
public abstract class AddressBuffer {
    /** For the platforms. */
    protected AddressBuffer() {
    }

    /** Sets the address. */
    public abstract void set(SocketAddress address);

    /** Copies the address of another buffer. */
    public abstract void set(AddressBuffer other);

    /** Removes the address. */
    public abstract void clear();

    /** Returns whether there is no address. */
    public abstract boolean isEmpty();

    /** Returns the address as an object, or null. */
    public abstract SocketAddress get();

    /** Returns the family of the address, or null if there is none. */
    public abstract AddressFamily family();

    /** Returns the port of an internet address, or -1 if this holds none. */
    public abstract int port();
}
