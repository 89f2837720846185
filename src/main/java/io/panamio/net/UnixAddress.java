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
 * The address of a Unix socket, see unix(7): a path, a name in the abstract name space of Linux, or none. Immutable.
 * Names are bytes; they need not be text in any encoding.
 */
public final class UnixAddress extends SocketAddress {
    private static final long serialVersionUID = 1;
    private static final UnixAddress UNNAMED = new UnixAddress(new byte[0], false);

    /** The bytes, without a zero before or after them; none if unnamed. */
    private final byte[] name;
    /** Whether they are a name in the abstract name space. */
    private final boolean isAbstract;

    private UnixAddress(byte[] name, boolean isAbstract) {
        this.name = name;
        this.isAbstract = isAbstract;
    }

    /**
     * The address of a path. Nothing is looked up, and relative paths are relative to the process's directory.
     *
     * @param path the path; 107 bytes at most on Linux, which is checked when it is used
     * @return the address
     * @throws IllegalArgumentException if it is empty, of another file system, or if its bytes are no text here, which
     *     {@link #ofBytes} takes
     */
    public static UnixAddress ofPath(Path path) {
        return ofBytes(PathNames.bytes(path));
    }

    /**
     * The address of a path in bytes, for what is no text.
     *
     * @param path the path; 107 bytes at most on Linux, which is checked when it is used
     * @return the address
     * @throws IllegalArgumentException if it is empty or has a zero in it
     */
    public static UnixAddress ofBytes(byte[] path) {
        if (path.length == 0) {
            throw new IllegalArgumentException("an empty path");
        }
        for (byte b : path) {
            if (b == 0) {
                throw new IllegalArgumentException("a path with a zero in it");
            }
        }
        return new UnixAddress(path.clone(), false);
    }

    /**
     * A name in the abstract name space, which is not in the file system and goes with the last socket: on Linux alone.
     *
     * @param name any bytes, zeros too, without the one that comes before an abstract name; 107 at most, which is
     *     checked when it is used. Binding to an empty one lets the system choose
     * @return the address
     */
    public static UnixAddress ofAbstract(byte[] name) {
        return new UnixAddress(name.clone(), true);
    }

    /**
     * No name, as a socket has that was not bound. Binding to this lets the system choose an abstract name (autobind).
     *
     * @return the address
     */
    public static UnixAddress unnamed() {
        return UNNAMED;
    }

    /**
     * The JDK's address as one of these.
     *
     * @param address the address; with an empty path it is unnamed
     * @return the address
     */
    public static UnixAddress of(UnixDomainSocketAddress address) {
        return address.getPath().toString().isEmpty() ? UNNAMED : ofPath(address.getPath());
    }

    /**
     * This address as the JDK's.
     *
     * @return the address; an unnamed one has an empty path
     * @throws UnsupportedOperationException if this is abstract, which the JDK does not have
     * @throws InvalidPathException if this is a path whose bytes are no text here
     */
    public UnixDomainSocketAddress toJdk() {
        if (isAbstract) {
            throw new UnsupportedOperationException("the JDK has no abstract addresses: " + this);
        }
        return UnixDomainSocketAddress.of(isUnnamed() ? Path.of("") : path());
    }

    /**
     * Whether this is a path.
     *
     * @return true if so
     */
    public boolean isPath() {
        return !isAbstract && name.length > 0;
    }

    /**
     * Whether this is a name in the abstract name space.
     *
     * @return true if so
     */
    public boolean isAbstract() {
        return isAbstract;
    }

    /**
     * Whether this is no name.
     *
     * @return true if so
     */
    public boolean isUnnamed() {
        return !isAbstract && name.length == 0;
    }

    /**
     * The path.
     *
     * @return the path
     * @throws IllegalStateException if this is none
     * @throws InvalidPathException if its bytes are no text here; {@link #bytes} has them
     */
    public Path path() {
        if (!isPath()) {
            throw new IllegalStateException("not a path: " + this);
        }
        try {
            return Path.of(PathNames.CHARSET.newDecoder().decode(ByteBuffer.wrap(name)).toString());
        } catch (CharacterCodingException e) {
            throw new InvalidPathException(toString(), "bytes that are no text in " + PathNames.CHARSET);
        }
    }

    /**
     * The bytes of the path, or of the abstract name without the zero before it.
     *
     * @return a copy; empty if unnamed
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

    /** The path; {@code @} and an abstract name; or {@code (unnamed)}. */
    @Override
    public String toString() {
        return isUnnamed() ? "(unnamed)" : (isAbstract ? "@" : "") + new String(name, StandardCharsets.UTF_8);
    }
}
