package io.panamio.net;

import io.panamio.sys.PathNames;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The address of a Unix socket, see unix(7): a path, a name in the abstract namespace of Linux, or unnamed. Immutable.
 * Names are bytes, which need not be valid text in any charset.
 * {@snippet file="UnixSnippets.java" region="addresses"}
 */
public final class UnixAddress extends SocketAddress {
    private static final long serialVersionUID = 1;
    private static final boolean ABSTRACT = true;
    private static final boolean PATH = false;
    private static final UnixAddress UNNAMED = new UnixAddress(new byte[0], PATH);

    /** The bytes, without a leading or terminating zero byte; none if unnamed. */
    private final byte[] name;
    /** Whether the bytes are a name in the abstract namespace. */
    private final boolean isAbstract;

    private UnixAddress(byte[] name, boolean isAbstract) {
        this.name = name;
        this.isAbstract = isAbstract;
    }

    /**
     * Returns the address of a path. The path is not resolved: a relative one is relative to the process's working
     * directory when it is used.
     *
     * @param path the path; at most 107 bytes on Linux, which is checked when it is used
     * @return the address
     * @throws IllegalArgumentException if the path is empty, belongs to another file system provider, or cannot be
     *     encoded; {@link #ofBytes} accepts any bytes
     */
    public static UnixAddress ofPath(Path path) {
        return ofBytes(PathNames.bytes(path));
    }

    /**
     * Returns the address of a path that is given as bytes, which need not be valid text.
     *
     * @param path the path; at most 107 bytes on Linux, which is checked when it is used
     * @return the address
     * @throws IllegalArgumentException if the path is empty or contains a zero byte
     */
    public static UnixAddress ofBytes(byte[] path) {
        if (path.length == 0) {
            throw new IllegalArgumentException("the path is empty");
        }
        for (byte b : path) {
            if (b == 0) {
                throw new IllegalArgumentException("the path contains a zero byte");
            }
        }
        return new UnixAddress(path.clone(), PATH);
    }

    /**
     * Returns the address of a name in the abstract namespace of Linux, which is not in the file system and disappears
     * with the last socket bound to it.
     *
     * @param name any bytes, zeros included, without the leading zero byte of abstract names; at most 107, which is
     *     checked when it is used. Binding to an empty name lets the system choose one
     * @return the address
     */
    public static UnixAddress ofAbstract(byte[] name) {
        return new UnixAddress(name.clone(), ABSTRACT);
    }

    /**
     * {@return the unnamed address, which unbound sockets have} Binding to it lets the system choose an abstract name
     * (autobind).
     */
    public static UnixAddress unnamed() {
        return UNNAMED;
    }

    /**
     * Converts an address of the JDK.
     *
     * @param address the address; one with an empty path is unnamed
     * @return the same address
     * @throws IllegalArgumentException if its path cannot be encoded
     */
    public static UnixAddress of(UnixDomainSocketAddress address) {
        return address.getPath().toString().isEmpty() ? UNNAMED : ofPath(address.getPath());
    }

    /**
     * Converts this address to one of the JDK.
     *
     * @return the same address; an unnamed one has an empty path
     * @throws UnsupportedOperationException if this is an abstract name, which the JDK does not support
     * @throws InvalidPathException if this is a path whose bytes cannot be decoded
     */
    public UnixDomainSocketAddress toJdk() {
        if (isAbstract) {
            throw new UnsupportedOperationException("the JDK does not support abstract addresses: " + this);
        }
        return UnixDomainSocketAddress.of(isUnnamed() ? Path.of("") : path());
    }

    /** {@return whether this is a path} */
    public boolean isPath() {
        return !isAbstract && name.length > 0;
    }

    /** {@return whether this is a name in the abstract namespace} */
    public boolean isAbstract() {
        return isAbstract;
    }

    /** {@return whether this is the unnamed address} */
    public boolean isUnnamed() {
        return !isAbstract && name.length == 0;
    }

    /**
     * {@return the path}
     *
     * @throws IllegalStateException if this is not a path
     * @throws InvalidPathException if its bytes cannot be decoded; {@link #bytes} returns them
     */
    public Path path() {
        if (!isPath()) {
            throw new IllegalStateException("not a path: " + this);
        }
        try {
            return Path.of(PathNames.CHARSET.newDecoder().decode(ByteBuffer.wrap(name)).toString());
        } catch (CharacterCodingException e) {
            throw new InvalidPathException(toString(), "not decodable as " + PathNames.CHARSET);
        }
    }

    /**
     * {@return a copy of the bytes of the path, or of the abstract name without its leading zero byte; empty if
     * unnamed}
     */
    public byte[] bytes() {
        return name.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof UnixAddress a && a.isAbstract == isAbstract && Arrays.equals(a.name, name);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(name) * 2 + (isAbstract ? 1 : 0);
    }

    /** {@return the path, an abstract name preceded by {@code @}, or {@code (unnamed)}} */
    @Override
    public String toString() {
        return isUnnamed() ? "(unnamed)" : (isAbstract ? "@" : "") + new String(name, StandardCharsets.UTF_8);
    }
}
