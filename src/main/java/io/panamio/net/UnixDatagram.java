package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.util.Objects;

/**
 * A Unix datagram socket that never blocks: mio's {@code UnixDatagram}. Nothing is lost on the way and nothing changes
 * its order: a send to a receiver whose queue is full returns {@link IoResult#WOULD_BLOCK}, and a connected socket gets
 * a writable event when there is room again.
 *
 * <p>To one that is not connected no event tells that: it is writable as long as it has room itself, and an event that
 * says so follows every send that would block. Whoever sends again on each of those takes a whole processor. So connect
 * to the receiver, or send again after a time, or leave the datagram out.
 */
public final class UnixDatagram extends DatagramSource<UnixAddress> {
    private UnixDatagram(int fd) {
        super(fd);
    }

    /**
     * Binds a socket, with {@link BindOptions#DEFAULT}.
     *
     * @param local the address; one that is unnamed lets the system choose an abstract name
     * @return the socket
     * @throws IllegalArgumentException if the address is too long
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixDatagram bind(UnixAddress local) throws IOException {
        return bind(local, BindOptions.DEFAULT);
    }

    /**
     * Binds a socket.
     *
     * @param local the address; one that is unnamed lets the system choose an abstract name
     * @param options how
     * @return the socket
     * @throws IllegalArgumentException if the address is too long, or if there are options of a file and it is no path
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixDatagram bind(UnixAddress local, BindOptions options) throws IOException {
        Objects.requireNonNull(local, "local");
        int fd = sockets().bind(SocketType.DATAGRAM, local, false, options.values(), options.file());
        UnixDatagram made;
        try {
            made = new UnixDatagram(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
        return bound(local, options, made);
    }

    /**
     * Makes a socket without a name: it can send, and its peers see no address.
     *
     * @return the socket
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixDatagram unbound() throws IOException {
        int fd = sockets().unbound(SocketType.DATAGRAM);
        try {
            return new UnixDatagram(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    /**
     * Makes two sockets that are connected with each other, without names.
     *
     * @return the two
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static UnixDatagram[] pair() throws IOException {
        int[] fds = sockets().pair(SocketType.DATAGRAM);
        UnixDatagram first = null;
        try {
            first = new UnixDatagram(fds[0]);
            return new UnixDatagram[] {first, new UnixDatagram(fds[1])};
        } catch (Throwable t) {
            closeBoth(first, fds);
            throw t;
        }
    }

    /**
     * Takes over the descriptor of a Unix datagram socket.
     *
     * @param fd a Unix datagram socket in non-blocking mode
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that or is in blocking mode; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixDatagram fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a Unix datagram socket.
     *
     * @param fd a Unix datagram socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the socket, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not that, or is in blocking mode and may not be changed; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static UnixDatagram fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adopt(fd, SocketType.DATAGRAM, true, makeNonBlocking);
        return adopted(new UnixDatagram(fd));
    }

    @Override
    void requireUsable(UnixAddress address) {
        if (address.isUnnamed()) {
            throw new IllegalArgumentException("an address without a name to send to");
        }
    }

    @Override
    boolean speaks(AddressFamily family) {
        return family == AddressFamily.UNIX;
    }
}
