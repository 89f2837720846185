package io.panamio.net;

import io.panamio.sys.SocketFile;
import io.panamio.sys.Sockets.Wildcard;
import java.net.SocketOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;

/** How a socket is bound. */
abstract sealed class BoundOptions<S> extends OptionSet<S> permits ListenOptions, BindOptions {
    private final boolean dualStack;
    private final SocketFile file;

    BoundOptions(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        super(values);
        this.dualStack = dualStack;
        this.file = file;
    }

    /** These options with others. */
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

    // ---- the internet

    /**
     * Whether a socket on the IPv4 wildcard {@code 0.0.0.0}, which is what {@code new InetSocketAddress(port)} means,
     * speaks IPv6 as well, as the JDK's do. The default is true; with false it is IPv4 alone, as in mio.
     *
     * @param on true for both
     * @return the options
     */
    public S dualStack(boolean on) {
        return copy(on, file, values());
    }

    /**
     * IPV6_V6ONLY: whether a socket on an IPv6 address refuses IPv4. The default is false: {@code ::} speaks both, and
     * IPv4 peers have IPv4 addresses. True with any other than an IPv6 address is refused by {@code bind}.
     *
     * @param on which
     * @return the options
     */
    public S v6Only(boolean on) {
        return with(SystemSocketOptions.IPV6_V6ONLY, on);
    }

    // ---- the file of a Unix socket

    /**
     * Sets the permissions of the file that a Unix socket is bound to, whatever the process's umask is. To connect, or
     * to send, one must be allowed to write. On Linux the file never has more than these, and nobody can connect to a
     * listener before it has them. The default is what the process gives new files.
     *
     * <p>This and the other options of the file are for addresses that are a path; with any other, {@code bind} throws
     * an {@link IllegalArgumentException}.
     *
     * @param permissions who may do what, see {@link java.nio.file.attribute.PosixFilePermissions#fromString}
     * @return the options
     */
    public S permissions(Set<PosixFilePermission> permissions) {
        return copy(dualStack, new SocketFile(Set.copyOf(permissions), file.replaceDead(), file.deleteOnClose()),
            values());
    }

    /**
     * Sets whether a Unix socket may be bound in place of one that is dead: whose file was left behind, as by a process
     * that was killed, and to which no socket is bound any more. The default is false: then every file is in the way.
     *
     * <p>Only such a file is deleted. One to which a socket is bound, be it of another type or not listening yet, one
     * that the process may not connect to, a link and any other kind of file are left alone: {@code bind} throws a
     * {@link java.net.BindException} (EADDRINUSE) as ever. A listener that is alive does not notice that it was asked.
     * Of any number of processes that do this at a time, one binds: they take turns by a lock (flock(2)) on the
     * directory, for which they must be allowed to read it. A program that deletes such files by other means takes no
     * part in that. If somebody else holds the lock, {@code bind} waits for a second at most, and then replaces
     * nothing.
     *
     * @param on which
     * @return the options
     */
    public S replaceDead(boolean on) {
        return copy(dualStack, new SocketFile(file.permissions(), on, file.deleteOnClose()), values());
    }

    /**
     * Sets whether the file of a Unix socket is deleted when the socket is closed, or collected. The default is false.
     * It is deleted right before the descriptor is closed, and only if it is still the one that {@code bind} has made:
     * a file that has taken its place stays. A socket whose descriptor is {@linkplain io.panamio.IoSource#release given
     * up} leaves its file, and so does a process that is killed.
     *
     * @param on which
     * @return the options
     */
    public S deleteOnClose(boolean on) {
        return copy(dualStack, new SocketFile(file.permissions(), file.replaceDead(), on), values());
    }
}
