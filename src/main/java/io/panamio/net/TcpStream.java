package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.jfr.Flight;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A non-blocking TCP connection: mio's {@code TcpStream}.
 *
 * <h2>Reading and writing</h2>
 * Reads and writes accept any kind of memory. Native segments are passed to the system as they are; heap segments,
 * arrays and heap buffers are copied through native memory. The result is a number of bytes, {@link IoResult#EOF} or
 * {@link IoResult#WOULD_BLOCK}. A short read has drained the socket, and a short write has filled it; there is no need
 * to call again for {@code WOULD_BLOCK}, unless the event was read-closed, write-closed, an error or priority, or a
 * call transferred as much as the system allows: see {@link ReadableStream}.
 *
 * <p>Urgent data, which any peer can send, is not part of the stream. It is skipped, except for an urgent byte that a
 * later one has superseded; with SO_OOBINLINE all of it is part of the stream.
 *
 * <p>Reading, peeking and writing allocate nothing, except for a short-lived view of a direct buffer. One thread may
 * read while another writes. Two threads that read at the same time each receive some of the bytes.
 *
 * <p>A segment of a {@linkplain java.lang.foreign.Arena#ofShared shared arena} costs some nanoseconds more per call
 * than one of a confined, automatic or global arena, and takes a system call of its own in a vectored operation.
 *
 * <h2>Connecting</h2>
 * {@link #connect} returns before the connection is established. Register the stream for {@link Interest#WRITABLE},
 * wait for an event and call {@link #finishConnect}, which performs steps 4 to 6 of the six that mio documents. Reads
 * and writes return {@code WOULD_BLOCK} until then.
 * {@snippet file="TcpSnippets.java" region="connect"}
 *
 * <h2>Failures</h2>
 * A reset by the peer is thrown once, as a {@link java.net.SocketException} (ECONNRESET), by the first call that
 * encounters it: a read or a write; {@link #takeError} returns it instead. After that, reads return the end of the
 * stream, and writes throw another one (EPIPE). With {@code -Dpanamio.stacklessResets=true} neither exception has a
 * stack trace. No signal is raised.
 */
public final class TcpStream extends StreamSocket<InetSocketAddress> implements InetSocket {
    private static final SocketKind<TcpStream> KIND = new SocketKind<>(SocketType.TCP) {
        @Override
        TcpStream create(int fd) {
            return new TcpStream(fd);
        }
    };

    /** The address that this connects to, until the outcome is known; null if unknown. */
    private volatile InetSocketAddress remote;
    private volatile boolean connected;
    private volatile boolean failed;
    /** The failure of the connect; until {@link #failed} is set, the one that another call has thrown. */
    private volatile IOException failure;
    /** The event of the connect, if such events are recorded, until the outcome is known. */
    private volatile Object connecting;

    private TcpStream(int fd) {
        super(fd);
    }

    // ---- creation

    /**
     * Starts to connect and returns at once, see {@link #finishConnect}. Takes two system calls.
     *
     * @param remote the address to connect to; the scope of an IPv6 address is used
     * @return the stream, which is non-blocking and not inherited by child processes
     * @throws UnresolvedAddressException if the address is unresolved
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system rejects the attempt at once: there is no route, no free port, or a link-local
     *     address has no scope
     */
    public static TcpStream connect(InetSocketAddress remote) throws IOException {
        return connect(remote, ConnectOptions.DEFAULT);
    }

    /**
     * Starts to connect with options and returns at once, see {@link #finishConnect}.
     *
     * @param remote the address to connect to; the scope of an IPv6 address is used
     * @param options the options
     * @return the stream, which is non-blocking and not inherited by child processes
     * @throws UnresolvedAddressException if an address is unresolved
     * @throws IllegalArgumentException if the local address is not an internet address of the family of {@code remote},
     *     or the value of an option is out of range
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws java.net.BindException if the local address cannot be bound
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system rejects the attempt at once
     */
    public static TcpStream connect(InetSocketAddress remote, ConnectOptions options) throws IOException {
        InetSocket.resolved(remote);
        if (options.local() != null) {
            InetSocket.resolved(options.local());
        }
        Object connect = Flight.beginConnect();
        TcpStream stream;
        try {
            stream = KIND.own(sockets().connect(SocketType.TCP, remote, options.local(), options.values()));
        } catch (IOException e) {
            Flight.endConnect(connect, null, remote, e);
            throw e;
        }
        stream.remote = remote;
        stream.connecting = connect;
        return stream;
    }

    /**
     * Takes over the descriptor of a TCP socket that is connected or connecting.
     *
     * @param fd a TCP socket in {@linkplain #makeNonBlocking non-blocking mode} that does not listen
     * @return the stream, which owns the descriptor from now on
     * @throws IllegalArgumentException if the descriptor is not such a socket, or is in blocking mode; the caller still
     *     owns it
     * @throws IOException if the descriptor is not open
     */
    public static TcpStream fromFd(int fd) throws IOException {
        return KIND.adopt(fd);
    }

    static TcpStream accepted(int fd) {
        TcpStream stream = KIND.own(fd);
        stream.connected = true;
        return stream;
    }

    /**
     * Returns whether the connection is established. Call it after a writable event, or at any time. Once it has
     * returned true or thrown the failure of the connect, every later call does the same. The exception contains the
     * address; it is thrown even if another call ({@link #takeError}, a read or a write) has already reported the
     * error.
     *
     * <p>The result is true for every connect that succeeded, even if the connection has ended since; the next read
     * then reports how. Takes one system call if the connection is established, two while it is not, and none once the
     * outcome was returned or thrown.
     *
     * @return true if connected, false while connecting; a registered stream gets a writable event when that changes
     * @throws java.net.ConnectException if the connection was refused or timed out
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws io.panamio.ResourceExhaustedException if the system lacks memory for the call; call again
     * @throws IOException if the connect failed for another reason
     */
    @Override
    public boolean finishConnect() throws IOException {
        int fd = begin();
        try {
            if (connected) {
                return true;
            }
            if (!failed) {
                if (sockets().isConnected(fd, remote)) {
                    connected = true;
                    recordConnect(null);
                    remote = null;
                    failure = null;
                    return true;
                }
                drained(Interest.WRITABLE);
                return false;
            }
        } catch (IOException e) {
            if (!(e instanceof SystemError s && s.call().equals("connect"))) {
                throw e; // the outcome of the connect is still unknown
            }
            if (failure == null) {
                failure = e;
            }
            failed = true;
            recordConnect(failure);
        } finally {
            end();
        }
        throw failure;
    }

    private void recordConnect(IOException reason) {
        Object connect = connecting;
        if (connect != null) {
            connecting = null;
            Flight.endConnect(connect, this, remote, reason);
        }
    }

    /** Until the connection is known to be established, an error may be that of the connect. */
    @Override
    IOException failed(IOException e) {
        if (connected || failed) {
            return e;
        }
        InetSocketAddress to = remote;
        IOException reported = to == null ? e : sockets().withAddress(e, to);
        if (!(reported instanceof ResourceExhaustedException)) {
            failure = reported;
        }
        return reported;
    }

    /**
     * {@inheritDoc} While this is connecting, it throws an exception (ENOTCONN) and the connect continues: wait until
     * {@link #finishConnect} returns true. With {@link SystemSocketOptions#TCP_FASTOPEN_CONNECT} and nothing written,
     * the connect is abandoned instead. Takes one more system call if {@code finishConnect} was never called.
     */
    @Override
    public void shutdown(Shutdown how) throws IOException {
        Objects.requireNonNull(how, "how");
        if (!connected && !failed) {
            peerAddress(); // throws while connecting; shutdown(2) on Linux would abort the connect
        }
        super.shutdown(how);
    }

    // ---- options

    /**
     * Sets TCP_NODELAY: whether small segments are sent at once instead of being coalesced by Nagle's algorithm. The
     * default is false: a small piece that is written after another is held back until the peer has acknowledged that
     * one, which may take 40 ms or more if the peer does not answer it. {@link TcpListener#accept()} says how a listener
     * sets this for all its connections.
     *
     * @param on true to send at once
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void setNoDelay(boolean on) throws IOException {
        setOption(StandardSocketOptions.TCP_NODELAY, on);
    }

    /**
     * {@return whether TCP_NODELAY is set}
     *
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public boolean noDelay() throws IOException {
        return getOption(StandardSocketOptions.TCP_NODELAY);
    }

    /**
     * Reads the state of the connection, with one system call: TCP_INFO.
     *
     * @param into receives the state
     * @throws UnsupportedOperationException if this system does not support {@link io.panamio.Feature#TCP_INFO}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void info(TcpInfo into) throws IOException {
        int fd = begin();
        try {
            sockets().tcpInfo(fd, into.part);
        } finally {
            end();
        }
    }

    /**
     * {@inheritDoc} After that, a read returns the end of the stream, and a write throws an exception (EPIPE). If the
     * error is that of the connect, {@link #finishConnect} still throws it.
     */
    @Override
    public IOException takeError() throws IOException {
        IOException error = super.takeError();
        return error == null ? null : failed(error);
    }
}
