package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A TCP socket that accepts connections: mio's {@code TcpListener}. Register it for {@link Interest#READABLE}; one
 * event may stand for many connections, so accept until null. See {@link #accept} for what can go wrong there.
 *
 * <p>When a listener is closed, the system resets the connections that were not accepted.
 */
public final class TcpListener extends InetSocket {
    private TcpListener(int fd) {
        super(fd);
    }

    /**
     * Listens on an address, with {@link ListenOptions#DEFAULT}.
     *
     * @param local the address; port 0 lets the system choose one
     * @return the listener
     * @throws UnresolvedAddressException if the address is not resolved
     * @throws java.net.BindException if the address is in use, is not this machine's, or may not be used
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static TcpListener bind(InetSocketAddress local) throws IOException {
        return bind(local, ListenOptions.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param local the address; port 0 lets the system choose one
     * @param options how
     * @return the listener
     * @throws UnresolvedAddressException if the address is not resolved
     * @throws IllegalArgumentException if {@link ListenOptions#v6Only} is set and the address is not an IPv6 one
     * @throws java.net.BindException if the address is in use, is not this machine's, or may not be used
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static TcpListener bind(InetSocketAddress local, ListenOptions options) throws IOException {
        Objects.requireNonNull(options, "options");
        if (local.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        if (options.v6Only() && !(local.getAddress() instanceof Inet6Address)) {
            throw new IllegalArgumentException("v6Only with " + local);
        }
        return new TcpListener(sockets().listen(local, options.backlog(), options.reuseAddress(), options.reusePort(),
            options.dualStack(), options.v6Only()));
    }

    /**
     * Takes over a descriptor that listens already, such as one that was inherited.
     *
     * @param fd a listening stream socket in non-blocking mode
     * @return the listener, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a stream socket or is in blocking mode; the descriptor stays the
     *     caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpListener fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over a descriptor that listens already.
     *
     * @param fd a listening stream socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the listener, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a stream socket, or is in blocking mode and may not be changed; the
     *     descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpListener fromFd(int fd, boolean makeNonBlocking) throws IOException {
        sockets().adopt(fd, makeNonBlocking);
        return new TcpListener(fd);
    }

    /**
     * Accepts the next connection, by one system call. The stream does not block and is not inherited by child
     * processes; its options are the system's defaults.
     *
     * <p>Connections that died while they waited are passed over. What is thrown is of two kinds:
     * <ul>
     * <li>{@link io.panamio.ResourceExhaustedException}: no descriptors are left. The connection stays queued, but
     * <em>no event comes for it</em>. So close something, or wait for something to be closed, and accept again
     * without an event: after a while ({@code poll(events, timeout)}), or whenever a stream was closed.
     * <li>Anything else: this listener is of no more use.
     * </ul>
     *
     * @return the stream, or null when no connection waits
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public TcpStream accept() throws IOException {
        int fd = begin();
        try {
            int accepted = sockets().accept(fd);
            if (accepted == Sockets.WOULD_BLOCK) {
                drained(Interest.READABLE);
                return null;
            }
            return TcpStream.accepted(accepted);
        } finally {
            end();
        }
    }
}
