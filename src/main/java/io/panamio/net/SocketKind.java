package io.panamio.net;

import io.panamio.jfr.Flight;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.SocketAddress;

/**
 * Creates the sockets of one class from descriptors. A descriptor that was opened here is closed if the socket cannot
 * be created; one that the user passed remains the user's then.
 */
abstract class SocketKind<S extends NetSocket<?>> {
    private final SocketType type;

    SocketKind(SocketType type) {
        this.type = type;
    }

    private static Sockets sockets() {
        return Platform.current().sockets();
    }

    /** Creates the socket that owns {@code fd}. */
    abstract S create(int fd);

    // ---- descriptors opened here

    /** Creates the socket that owns {@code fd}, or closes {@code fd} and throws. */
    final S own(int fd) {
        try {
            return create(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    final S connect(UnixAddress remote, ConnectOptions options) throws IOException {
        if (remote.isUnnamed()) {
            throw new IllegalArgumentException("cannot connect to an unnamed address");
        }
        if (options.local() != null && !(options.local() instanceof UnixAddress)) {
            throw new IllegalArgumentException("not a Unix address: " + options.local());
        }
        Object connect = Flight.beginConnect();
        try {
            S socket = own(sockets().connect(type, remote, options.local(), options.values()));
            Flight.endConnect(connect, socket, remote, null);
            return socket;
        } catch (IOException e) {
            Flight.endConnect(connect, null, remote, e);
            throw e;
        }
    }

    final S listen(SocketAddress local, ListenOptions options) throws IOException {
        return withFile(local, options, own(sockets().listen(type, local, options.wildcard(), options.backlog(),
            options.values(), options.file())));
    }

    final S bind(SocketAddress local, BindOptions options) throws IOException {
        return withFile(local, options,
            own(sockets().bind(type, local, options.wildcard(), options.values(), options.file())));
    }

    final S unbound() throws IOException {
        return own(sockets().unbound(type));
    }

    /** Arranges for the file of a socket just bound to be deleted on close, if the options request it. */
    private S withFile(SocketAddress local, BoundOptions<?> options, S socket) throws IOException {
        if (options.file().deleteOnClose()) {
            try {
                Handle.of(socket).atClose(sockets().deletion((UnixAddress) local));
            } catch (Throwable t) {
                socket.close();
                throw t;
            }
        }
        return socket;
    }

    /** Fills {@code pair} with two sockets that are connected to each other. */
    final S[] pair(S[] pair) throws IOException {
        int[] fds = sockets().pair(type);
        try {
            pair[0] = create(fds[0]);
            pair[1] = create(fds[1]);
            return pair;
        } catch (Throwable t) {
            Platform.current().discard(fds[1]);
            if (pair[0] == null) {
                Platform.current().discard(fds[0]);
            } else {
                pair[0].close();
            }
            throw t;
        }
    }

    // ---- descriptors that the user passed

    /** Takes over a socket that does not listen. */
    final S adopt(int fd) throws IOException {
        requireAdoptable(fd);
        return shared(fd);
    }

    /** Takes over a socket that listens. */
    final S adoptListener(int fd) throws IOException {
        sockets().requireSocket(fd, type);
        if (!sockets().isListening(fd)) {
            throw new IllegalArgumentException("descriptor " + fd + " is a socket that does not listen");
        }
        Platform.current().requireNonBlocking(fd);
        return shared(fd);
    }

    /** Checks that {@code fd} is a socket of this type that does not listen and is in non-blocking mode. */
    final void requireAdoptable(int fd) throws IOException {
        sockets().requireSocket(fd, type);
        if (sockets().isListening(fd)) {
            throw new IllegalArgumentException("descriptor " + fd + " is a socket that listens");
        }
        Platform.current().requireNonBlocking(fd);
    }

    /** Creates the socket that owns {@code fd}, of which there may be duplicates. */
    final S shared(int fd) throws IOException {
        sockets().prepareAdopted(fd);
        S socket = create(fd);
        Handle.of(socket).share();
        return socket;
    }
}
