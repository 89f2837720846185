package io.panamio.sys;

import io.panamio.net.UnixAddress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Map;

/**
 * A platform's calls that make, ask and tell sockets, on descriptors that the caller keeps open. Addresses are {@code
 * InetSocketAddress}, resolved, or {@code UnixAddress}. What goes wrong is an exception that names the system call and
 * its error. Interrupted calls are retried.
 */
public abstract class Sockets {
    /** The call would block; the same number as {@code IoResult.WOULD_BLOCK}. */
    public static final int WOULD_BLOCK = -2;

    /** For the platforms. */
    protected Sockets() {
    }

    // ---- making: non-blocking, and not inherited by child processes

    /** A socket that connects, or has connected, to {@code remote}, from {@code local} if that is not null. */
    public abstract int connect(SocketType type, SocketAddress remote, SocketAddress local,
            Map<SocketOption<?>, Object> options) throws IOException;

    /** A socket that listens on {@code local}. */
    public abstract int listen(SocketType type, SocketAddress local, int backlog, boolean dualStack,
            Map<SocketOption<?>, Object> options, SocketFile file) throws IOException;

    /** A socket that is bound to {@code local}. */
    public abstract int bind(SocketType type, SocketAddress local, boolean dualStack,
            Map<SocketOption<?>, Object> options, SocketFile file) throws IOException;

    /** What deletes the file that a socket has just been bound to, if it is still that one; it throws nothing. */
    public abstract Runnable deletion(UnixAddress local) throws IOException;

    /** A Unix socket without a name. */
    public abstract int unbound(SocketType type) throws IOException;

    /** Two Unix sockets that are connected with each other. */
    public abstract int[] pair(SocketType type) throws IOException;

    /** The next queued connection, or {@link #WOULD_BLOCK}; its address goes into {@code peer} if that is not null. */
    public abstract int accept(int fd, AddressBuffer peer) throws IOException;

    /**
     * Checks that {@code fd} is a socket of a type.
     *
     * @throws IllegalArgumentException if it is not
     */
    public abstract void requireSocket(int fd, SocketType type) throws IOException;

    /** {@return whether the socket {@code fd} listens} */
    public abstract boolean isListening(int fd) throws IOException;

    // ---- asking and telling

    /**
     * Whether a connect has ended well, whatever has become of the connection since; false while it goes on. The error
     * that it ended with is thrown as one of {@code connect}, with {@code remote} in its message if that is not null;
     * any other is one of the question.
     */
    public abstract boolean isConnected(int fd, SocketAddress remote) throws IOException;

    /** Sets the peer of a datagram socket. */
    public abstract void connect(int fd, SocketAddress remote) throws IOException;

    /** The address of the other end. */
    public abstract SocketAddress peerAddress(int fd) throws IOException;

    /** The address of this end. */
    public abstract SocketAddress localAddress(int fd) throws IOException;

    /** Shuts down one direction or both. */
    public abstract void shutdown(int fd, boolean read, boolean write) throws IOException;

    /** An error like {@code e}, with {@code address} in its message. */
    public abstract IOException withAddress(IOException e, SocketAddress address);

    /** The pending error of a socket, which this takes away, or null. */
    public abstract IOException takeError(int fd) throws IOException;

    /** Joins or leaves a multicast group by an interface, or by any if that is 0. */
    public abstract void changeMembership(int fd, InetAddress group, int interfaceIndex, boolean join)
        throws IOException;

    /** What is to become of a source of a multicast group. */
    public enum SourceChange {
        /** The group is joined for this source, and for those that were named so before. */
        JOIN,
        /** The group is left for this source. */
        LEAVE,
        /** The source is not heard in a group that was joined for all. */
        BLOCK,
        /** The source is heard again. */
        UNBLOCK
    }

    /** Changes the membership in a multicast group with regard to one source. */
    public abstract void changeSource(int fd, InetAddress group, int interfaceIndex, InetAddress source,
        SourceChange change) throws IOException;

    // ---- options

    /** Sets an option, whose value is of its type. */
    public abstract void setOption(int fd, SocketOption<?> name, Object value) throws IOException;

    /** The value of an option, of its type. */
    public abstract Object getOption(int fd, SocketOption<?> name) throws IOException;

    /** setsockopt(2) with native memory. */
    public abstract void setOption(int fd, int level, int name, MemorySegment value) throws IOException;

    /** getsockopt(2) into native memory; the length that the system gave it. */
    public abstract int getOption(int fd, int level, int name, MemorySegment value) throws IOException;

    /** Memory for {@link #tcpInfo}. */
    public abstract TcpFields newTcpFields();

    /** TCP_INFO. */
    public abstract void tcpInfo(int fd, TcpFields into) throws IOException;
}
