package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.util.Objects;

/**
 * A Unix socket of SOCK_SEQPACKET that accepts connections; mio has no such type. Register it for {@link
 * Interest#READABLE} and, after each event, call {@link #accept()} until it returns null, or call it again later: one
 * event may report several pending connections.
 * {@snippet file="UnixSnippets.java" region="answer"}
 *
 * <p>Binding to a path creates a file. {@code bind} fails if the file exists, unless {@link ListenOptions#replaceDead}
 * is set and no socket is bound to it any more. {@link #close} does not delete the file unless {@link
 * ListenOptions#deleteOnClose} is set. {@link ListenOptions#permissions} restricts who may connect.
 *
 * <p>When a listener is closed, the system closes the connections that were not yet accepted.
 */
public final class UnixSeqpacketListener extends ListenerSocket<UnixAddress, UnixSeqpacket> {
    private static final SocketKind<UnixSeqpacketListener> KIND = new SocketKind<>(SocketType.UNIX_SEQPACKET) {
        @Override
        UnixSeqpacketListener create(int fd) {
            return new UnixSeqpacketListener(fd);
        }
    };

    private UnixSeqpacketListener(int fd) {
        super(fd);
    }

    /**
     * Listens on an address, with {@link ListenOptions#DEFAULT}.
     *
     * @param local the address; if it is unnamed, the system chooses an abstract name
     * @return the listener
     * @throws IllegalArgumentException if the address is too long
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_SEQPACKETS}
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UnixSeqpacketListener bind(UnixAddress local) throws IOException {
        return bind(local, ListenOptions.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param local the address; if it is unnamed, the system chooses an abstract name
     * @param options the options
     * @return the listener
     * @throws IllegalArgumentException if the address is too long, or an option for the file is set and the address is
     *     not a path
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_SEQPACKETS} or an option
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UnixSeqpacketListener bind(UnixAddress local, ListenOptions options) throws IOException {
        return KIND.listen(Objects.requireNonNull(local, "local"), options);
    }

    /**
     * Takes over the descriptor of a Unix seqpacket socket that already listens.
     *
     * @param fd a listening Unix seqpacket socket in {@linkplain #makeNonBlocking non-blocking mode}
     * @return the listener, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not a listening Unix seqpacket socket, or is in blocking
     *     mode; the caller still owns it
     * @throws IOException if the descriptor is not open
     */
    public static UnixSeqpacketListener fromFd(int fd) throws IOException {
        return KIND.adoptListener(fd);
    }

    @Override
    UnixSeqpacket accepted(int fd) {
        return UnixSeqpacket.accepted(fd);
    }
}
