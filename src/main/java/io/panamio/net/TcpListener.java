package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A TCP socket that accepts connections: mio's {@code TcpListener}. Register it for {@link Interest#READABLE} and,
 * after each event, call {@link #accept()} until it returns null, or call it again later: one event may report several
 * pending connections. {@link #accept()} documents how to handle its failures.
 * {@snippet file="TcpSnippets.java" region="accept"}
 *
 * <p>When a listener is closed, the system resets the connections that were not yet accepted.
 */
public final class TcpListener extends ListenerSocket<InetSocketAddress, TcpStream> implements InetSocket {
    private static final SocketKind<TcpListener> KIND = new SocketKind<>(SocketType.TCP) {
        @Override
        TcpListener create(int fd) {
            return new TcpListener(fd);
        }
    };

    private TcpListener(int fd) {
        super(fd);
    }

    /**
     * Listens on an address, with {@link ListenOptions#DEFAULT}.
     *
     * @param local the address; with port 0 the system chooses a port
     * @return the listener
     * @throws UnresolvedAddressException if the address is unresolved
     * @throws java.net.BindException if the address is in use, is not local, or requires privileges
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static TcpListener bind(InetSocketAddress local) throws IOException {
        return bind(local, ListenOptions.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param local the address; with port 0 the system chooses a port
     * @param options the options
     * @return the listener
     * @throws UnresolvedAddressException if the address is unresolved
     * @throws IllegalArgumentException if the value of an option is out of range, {@link ListenOptions#v6Only} is set
     *     and the address is not IPv6, or an option for the file of a Unix socket is set
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws java.net.BindException if the address is in use, is not local, or requires privileges
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static TcpListener bind(InetSocketAddress local, ListenOptions options) throws IOException {
        Objects.requireNonNull(options, "options");
        return KIND.listen(InetSocket.resolved(local), options);
    }

    /**
     * Takes over the descriptor of a TCP socket that already listens, such as an inherited one.
     *
     * @param fd a listening TCP socket in {@linkplain #makeNonBlocking non-blocking mode}
     * @return the listener, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not a listening TCP socket, or is in blocking mode; the
     *     caller still owns it
     * @throws IOException if the descriptor is not open
     */
    public static TcpListener fromFd(int fd) throws IOException {
        return KIND.adoptListener(fd);
    }

    @Override
    TcpStream accepted(int fd) {
        return TcpStream.accepted(fd);
    }
}
