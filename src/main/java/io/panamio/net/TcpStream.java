package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;

/**
 * A TCP connection that never blocks: mio's {@code TcpStream}.
 *
 * <h2>Reading and writing</h2>
 * Both take memory of any kind: native segments are handed to the system as they are; segments on the heap, arrays
 * and heap buffers are copied by way of native memory. The result is a number of bytes, {@link IoResult#EOF} or
 * {@link IoResult#WOULD_BLOCK}. A read or write that does less than asked has found the socket drained or full; there
 * is no need to call again for {@code WOULD_BLOCK}, unless the event was read-closed, write-closed, an error or
 * priority, see {@link ReadableStream}. One call moves 2147479552 bytes at most.
 *
 * <p>Urgent data, which any peer can send, is no part of the stream: it is passed over, but for a byte that another
 * one has overtaken, and for all of it with SO_OOBINLINE.
 *
 * <p>Reading, peeking and writing allocate nothing, but for a short-lived view where the memory is a direct buffer. One
 * thread may read while another writes; two that read at a time each get some of the bytes.
 *
 * <p>A segment of a {@linkplain java.lang.foreign.Arena#ofShared shared arena} costs some nanoseconds more a call
 * than one of a confined, automatic or global arena, and goes by itself in a gather or scatter.
 *
 * <h2>Connecting</h2>
 * {@link #connect} returns before there is a connection. Register the stream for {@link Interest#WRITABLE}, wait for
 * an event, and ask {@link #finishConnect}, which is steps 4 to 6 of mio's six. What a stream that still connects is
 * asked to read or write would block.
 * {@snippet file="TcpSnippets.java" region="connect"}
 *
 * <h2>Failures</h2>
 * A connection that the peer has reset throws a {@link java.net.SocketException} (ECONNRESET) from one call, the
 * first that notices: a read, a write, or {@link #takeError}. After that a read says end of stream and a write throws
 * a broken pipe (EPIPE). With {@code -Dpanamio.stacklessResets=true} these two carry no stack trace. No signal is
 * raised.
 */
public final class TcpStream extends StreamSocket<InetSocketAddress> implements InetSocket {
    /** Where to, as long as it is not known whether there is a connection; null if unknown. */
    private volatile InetSocketAddress remote;
    private volatile boolean connected;
    private volatile boolean failed;
    /** What it has failed with; until then what a call was told in the meantime. */
    private volatile IOException failure;

    private TcpStream(int fd, InetSocketAddress remote, boolean connected) {
        super(fd);
        this.remote = remote;
        this.connected = connected;
    }

    // ---- making

    /**
     * Begins to connect. This returns at once; see {@link #finishConnect}. Costs two system calls.
     *
     * @param remote where to; the scope of an IPv6 address is kept
     * @return the stream, which does not block and is not inherited by child processes
     * @throws UnresolvedAddressException if the address is not resolved
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses at once: no route, no address left, a link-local address without scope
     */
    public static TcpStream connect(InetSocketAddress remote) throws IOException {
        return connect(remote, ConnectOptions.DEFAULT);
    }

    /**
     * Begins to connect, with options.
     *
     * @param remote where to; the scope of an IPv6 address is kept
     * @param options how
     * @return the stream, which does not block and is not inherited by child processes
     * @throws UnresolvedAddressException if an address is not resolved
     * @throws UnsupportedOperationException if an option is none of this system's
     * @throws java.net.BindException if the local address cannot be had
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses at once
     */
    public static TcpStream connect(InetSocketAddress remote, ConnectOptions options) throws IOException {
        InetSocket.resolved(remote);
        if (options.local() != null) {
            InetSocket.resolved(options.local());
        }
        int fd = sockets().connect(SocketType.STREAM, remote, options.local(), options.values());
        try {
            return new TcpStream(fd, remote, false);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    /**
     * Takes over the descriptor of a TCP socket, connected or still connecting.
     *
     * @param fd a TCP socket in non-blocking mode
     * @return the stream, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a TCP socket, or listens, or is in blocking mode; the descriptor
     *     stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpStream fromFd(int fd) throws IOException {
        return fromFd(fd, false);
    }

    /**
     * Takes over the descriptor of a TCP socket, connected or still connecting.
     *
     * @param fd a TCP socket
     * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every process that
     *     shares it
     * @return the stream, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is not a TCP socket, or listens, or is in blocking mode and may not be
     *     changed; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static TcpStream fromFd(int fd, boolean makeNonBlocking) throws IOException {
        adopt(fd, SocketType.STREAM, false, makeNonBlocking);
        return adopted(new TcpStream(fd, null, false));
    }

    static TcpStream accepted(int fd) {
        return new TcpStream(fd, null, true);
    }

    /**
     * Returns whether a {@link #connect} has ended. Call it after a writable event, or at any time; it never loops, and
     * once it has returned true or thrown what the connect failed with, it does the same again. A failure names the
     * address; if another call took the error away before ({@link #takeError}, a read, a write), this throws all the
     * same.
     *
     * <p>A connect that succeeded stays so, although its connection may have ended since: then this returns true, and
     * the next read says how it ended. Costs one system call if there is a connection, two while there will be one, and
     * none once the end is told.
     *
     * @return true if connected, false while still connecting; a registered stream gets an event when that changes
     * @throws java.net.ConnectException if it was refused or timed out
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws io.panamio.ResourceExhaustedException if the system lacks the memory to tell; ask again
     * @throws IOException if it failed otherwise
     */
    public boolean finishConnect() throws IOException {
        int fd = begin();
        try {
            if (connected) {
                return true;
            }
            if (!failed) {
                if (sockets().isConnected(fd, remote)) {
                    connected = true;
                    remote = null;
                    failure = null;
                    return true;
                }
                drained(Interest.WRITABLE);
                return false;
            }
        } catch (IOException e) {
            if (!(e instanceof SystemError s && s.call().equals("connect"))) {
                throw e; // nothing is known of the connection
            }
            if (failure == null) {
                failure = e;
            }
            failed = true;
        } finally {
            end();
        }
        throw failure;
    }

    /** Until the connection is known to be there, an error may be that of the connect. */
    @Override
    IOException failed(IOException e) {
        if (connected || failed) {
            return e;
        }
        InetSocketAddress to = remote;
        IOException told = to == null ? e : sockets().withAddress(e, to);
        if (!(told instanceof ResourceExhaustedException)) {
            failure = told;
        }
        return told;
    }

    /**
     * {@inheritDoc} A stream that is still connecting has no connection, and goes on connecting; so wait until {@link
     * #finishConnect} returns true. One with {@link SystemSocketOptions#TCP_FASTOPEN_CONNECT} that has written nothing
     * gives up its connect instead. Costs one more system call if {@code finishConnect} was never called.
     */
    @Override
    public void shutdown(Shutdown how) throws IOException {
        Objects.requireNonNull(how, "how");
        if (!connected && !failed) {
            peerAddress(); // fails while it connects, where Linux would end the connect
        }
        super.shutdown(how);
    }

    // ---- options

    /**
     * Sets TCP_NODELAY: whether small segments are sent at once (true) or gathered by Nagle's algorithm (the default).
     *
     * @param on which
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setNoDelay(boolean on) throws IOException {
        setOption(StandardSocketOptions.TCP_NODELAY, on);
    }

    /**
     * Whether TCP_NODELAY is set.
     *
     * @return true if so
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public boolean noDelay() throws IOException {
        return getOption(StandardSocketOptions.TCP_NODELAY);
    }

    /**
     * Asks for the state of the connection, by one system call: TCP_INFO.
     *
     * @param into where it is put
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
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
     * {@inheritDoc} Whoever asks first gets it: a read or write afterwards finds an ended stream. {@link
     * #finishConnect} does not forget it.
     */
    @Override
    public IOException takeError() throws IOException {
        IOException error = super.takeError();
        return error == null ? null : failed(error);
    }
}
