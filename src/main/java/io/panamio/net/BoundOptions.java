package io.panamio.net;

import io.panamio.sys.SocketFile;
import io.panamio.sys.Sockets.Wildcard;
import java.net.SocketOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;

/** Options for binding a socket. */
abstract sealed class BoundOptions<S> extends OptionSet<S> permits ListenOptions, BindOptions {
    private final boolean dualStack;
    private final SocketFile file;

    BoundOptions(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        super(values);
        this.dualStack = dualStack;
        this.file = file;
    }

    /** {@return a copy with other settings} */
    abstract S copy(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values);

    @Override
    final S copy(Map<SocketOption<?>, Object> values) {
        return copy(dualStack, file, values);
    }

    final boolean dualStack() {
        return dualStack;
    }

    final Wildcard wildcard() {
        return dualStack ? Wildcard.BOTH_FAMILIES : Wildcard.IPV4;
    }

    final SocketFile file() {
        return file;
    }

    // ---- internet sockets

    /**
     * Sets whether a socket on the IPv4 wildcard {@code 0.0.0.0}, which {@code new InetSocketAddress(port)} denotes,
     * supports IPv6 as well, as the JDK's sockets do. The default is true. If false, it supports IPv4 only, as in mio.
     *
     * @param on true to support both families
     * @return the modified copy
     */
    public S dualStack(boolean on) {
        return copy(on, file, values());
    }

    /**
     * Sets IPV6_V6ONLY: whether a socket on an IPv6 address rejects IPv4. The default is false: {@code ::} supports
     * both families, and IPv4 peers have IPv4 addresses. If true, {@code bind} rejects any address that is not IPv6.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public S v6Only(boolean on) {
        return with(SystemSocketOptions.IPV6_V6ONLY, on);
    }

    // ---- the file of a Unix socket

    /**
     * Sets the permissions of the file that a Unix socket is bound to, independent of the process's umask. Write
     * permission is required to connect or send. On Linux the file never has more permissions than these, and no peer
     * can connect to a listener before the file has them. By default the umask applies.
     *
     * <p>This option and the others for the file require a path as the address; for any other address, {@code bind}
     * throws {@link IllegalArgumentException}.
     *
     * @param permissions the permissions, see {@link java.nio.file.attribute.PosixFilePermissions#fromString}
     * @return the modified copy
     */
    public S permissions(Set<PosixFilePermission> permissions) {
        return copy(dualStack, new SocketFile(Set.copyOf(permissions), file.replaceDead(), file.deleteOnClose()),
            values());
    }

    /**
     * Sets whether a Unix socket may replace the file of a dead one, to which no socket is bound any more: a process
     * that was killed leaves such a file. The default is false, so that every existing file is an error.
     *
     * <p>No other file is deleted: {@code bind} throws {@link java.net.BindException} (EADDRINUSE) if a socket is bound
     * to the file, even one of another type or one that does not listen yet, if this process may not connect to it, or
     * if it is a link or any other kind of file. The check does not affect a live listener. If several processes do
     * this at the same time, one of them binds: they exclude each other by a lock (flock(2)) on the directory, which
     * they must be permitted to read. A program that deletes such files by other means does not hold that lock. If the
     * lock is held, {@code bind} waits for at most one second and then replaces nothing.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public S replaceDead(boolean on) {
        return copy(dualStack, new SocketFile(file.permissions(), on, file.deleteOnClose()), values());
    }

    /**
     * Sets whether the file of a Unix socket is deleted when the socket is closed, explicitly or by the cleaner. The
     * default is false. The file is deleted immediately before the descriptor is closed, and only if it is still the
     * one that {@code bind} created. The file remains if the descriptor was {@linkplain io.panamio.IoSource#detach
     * detached} or the process was killed.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public S deleteOnClose(boolean on) {
        return copy(dualStack, new SocketFile(file.permissions(), file.replaceDead(), on), values());
    }
}
