package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A TCP socket that accepts connections: mio's {@code TcpListener}. Register it for {@link Interest#READABLE}; one
 * event may stand for many connections, so accept until null. See {@link #accept} for what can go wrong there.
 *
 * <p>When a listener is closed, the system resets the connections that were not accepted.
 */
public final class TcpListener extends ListenerSocket<InetSocketAddress, TcpStream> implements InetSocket {
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
        InetSocket.resolved(local);
        int fd = sockets().listen(SocketType.STREAM, local, options.backlog(), options.dualStack(),
            options.values(), options.file());
        try {
            return new TcpListener(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    /**
     * Takes over a descriptor that listens already, such as one that was inherited.
     *
     * @param fd a listening TCP socket in non-blocking mode
     * @return the listener, which closes the descriptor from now on
     * @throws IllegalArgumentException if it does not listen or is in blocking mode; the descriptor stays the
     *     caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpListener fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over a descriptor that listens already.
     *
     * @param fd a listening TCP socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the listener, which closes the descriptor from now on
     * @throws IllegalArgumentException if it does not listen, or is in blocking mode and may not be changed; the
     *     descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpListener fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adoptListening(fd, SocketType.STREAM, false, makeNonBlocking);
        return adopted(new TcpListener(fd));
    }

    @Override
    TcpStream accepted(int fd) {
        return TcpStream.accepted(fd);
    }
}
