package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.util.Objects;

/**
 * A non-blocking Unix datagram socket: mio's {@code UnixDatagram}. Datagrams are neither lost nor reordered: a send to
 * a receiver whose queue is full returns {@link IoResult#WOULD_BLOCK}, and a connected socket gets a writable event
 * once there is room again.
 * {@snippet file="UnixSnippets.java" region="datagram"}
 *
 * <p>An unconnected socket gets no such event: it is writable whenever its own send buffer has room, so a writable
 * event follows each send that would block, and sending again on each of those events keeps a processor busy. Connect
 * to the receiver, retry after a delay, or discard the datagram.
 */
public final class UnixDatagram extends DatagramSource<UnixAddress> {
    private static final SocketKind<UnixDatagram> KIND = new SocketKind<>(SocketType.UNIX_DATAGRAM) {
        @Override
        UnixDatagram create(int fd) {
            return new UnixDatagram(fd);
        }
    };

    private UnixDatagram(int fd) {
        super(fd);
    }

    /**
     * Creates a socket that is bound to an address, with {@link BindOptions#DEFAULT}.
     *
     * @param local the address; if it is unnamed, the system chooses an abstract name
     * @return the socket
     * @throws IllegalArgumentException if the address is too long
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_DATAGRAMS}
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UnixDatagram bind(UnixAddress local) throws IOException {
        return bind(local, BindOptions.DEFAULT);
    }

    /**
     * Creates a socket that is bound to an address.
     *
     * @param local the address; if it is unnamed, the system chooses an abstract name
     * @param options the options
     * @return the socket
     * @throws IllegalArgumentException if the address is too long, or an option for the file is set and the address is
     *     not a path
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_DATAGRAMS}
     * @throws java.net.BindException if the address is in use: the path exists, for example
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if a system call fails
     */
    public static UnixDatagram bind(UnixAddress local, BindOptions options) throws IOException {
        return KIND.bind(Objects.requireNonNull(local, "local"), options);
    }

    /**
     * Creates an unnamed socket. It can send, but its receivers get no sender address.
     *
     * @return the socket
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_DATAGRAMS}
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system call fails
     */
    public static UnixDatagram unbound() throws IOException {
        return KIND.unbound();
    }

    /**
     * Creates two unnamed sockets that are connected to each other: socketpair(2).
     *
     * @return an array of the two
     * @throws UnsupportedOperationException if this system does not support {@link
     *     io.panamio.Feature#UNIX_DATAGRAMS}
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system call fails
     */
    public static UnixDatagram[] pair() throws IOException {
        return KIND.pair(new UnixDatagram[2]);
    }

    /**
     * Takes over the descriptor of a Unix datagram socket.
     *
     * @param fd a Unix datagram socket in {@linkplain #makeNonBlocking non-blocking mode}
     * @return the socket, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not such a socket, or is in blocking mode; the caller still
     *     owns it
     * @throws IOException if the descriptor is not open
     */
    public static UnixDatagram fromFd(int fd) throws IOException {
        return KIND.adopt(fd);
    }

    @Override
    void requireUsable(UnixAddress address) {
        if (address.isUnnamed()) {
            throw new IllegalArgumentException("cannot send to an unnamed address");
        }
    }

    @Override
    boolean supports(AddressFamily family) {
        return family == AddressFamily.UNIX;
    }
}
