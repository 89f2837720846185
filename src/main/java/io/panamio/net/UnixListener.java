package io.panamio.net;

import io.panamio.Interest;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.util.Objects;

/**
 * A Unix socket that accepts streams: mio's {@code UnixListener}. Register it for {@link Interest#READABLE};
 * one event may stand for many connections, so accept until null.
 *
 * <p>A path is made by {@code bind}, and must not exist before; {@code close} leaves it there. {@link ListenOptions}
 * has the other ways: {@link ListenOptions#permissions permissions}, {@link ListenOptions#replaceDead replaceDead} and
 * {@link ListenOptions#deleteOnClose deleteOnClose}.
 */
public final class UnixListener extends ListenerSocket<UnixAddress, UnixStream> {
    private UnixListener(int fd) {
        super(fd);
    }

    /**
     * Listens on an address, with {@link ListenOptions#DEFAULT}.
     *
     * @param local the address; one that is unnamed lets the system choose an abstract name
     * @return the listener
     * @throws IllegalArgumentException if the address is too long
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixListener bind(UnixAddress local) throws IOException {
        return bind(local, ListenOptions.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param local the address; one that is unnamed lets the system choose an abstract name
     * @param options how
     * @return the listener
     * @throws IllegalArgumentException if the address is too long, or if there are options of a file and it is no path
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixListener bind(UnixAddress local, ListenOptions options) throws IOException {
        Objects.requireNonNull(local, "local");
        int fd = sockets().listen(SocketType.STREAM, local, options.backlog(), false, options.values(),
            options.file());
        UnixListener made;
        try {
            made = new UnixListener(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
        return bound(local, options, made);
    }

    /**
     * Takes over the descriptor of a Unix stream socket that listens.
     *
     * @param fd a listening Unix stream socket in non-blocking mode
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that or is in blocking mode; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixListener fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a Unix stream socket that listens.
     *
     * @param fd a listening Unix stream socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that, or is in blocking mode and may not be changed; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixListener fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adoptListening(fd, SocketType.STREAM, true, makeNonBlocking);
        return adopted(new UnixListener(fd));
    }

    @Override
    UnixStream accepted(int fd) {
        return UnixStream.accepted(fd);
    }
}
