package io.panamio.sys;

import io.panamio.net.UnixAddress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Map;

/**
 * A platform's calls that create sockets, and get and set their state, on descriptors that the caller keeps open. An
 * address is an {@code InetSocketAddress}, resolved, or a {@code UnixAddress}. A failure is an exception that names the
 * system call and its error. Interrupted calls are retried.
 */
public abstract class Sockets {
    /** The call would block; the same number as {@code IoResult.WOULD_BLOCK}. */
    public static final int WOULD_BLOCK = -2;

    /** The families of a socket that is bound to IPv4's wildcard address. */
    public enum Wildcard {
        /** IPv4 only. */
        IPV4,
        /** IPv4 and IPv6, if the system has IPv6. */
        BOTH_FAMILIES
    }

    /** How the membership in a multicast group changes for one source. */
    public enum SourceChange {
        /** Joins the group for this source, in addition to those joined before. */
        JOIN,
        /** Leaves the group for this source. */
        LEAVE,
        /** Blocks the source in a group that was joined for all sources. */
        BLOCK,
        /** Ends a block. */
        UNBLOCK
    }

    /** For the platforms. */
    protected Sockets() {
    }

    // ---- creating: non-blocking, and not inherited by child processes

    /** Creates a socket and starts to connect it to {@code remote}, from {@code local} unless that is null. */
    public abstract int connect(SocketType type, SocketAddress remote, SocketAddress local,
            Map<SocketOption<?>, Object> options) throws IOException;

    /** Creates a socket that listens on {@code local}. */
    public abstract int listen(SocketType type, SocketAddress local, Wildcard wildcard, int backlog,
            Map<SocketOption<?>, Object> options, SocketFile file) throws IOException;

    /** Creates a socket that is bound to {@code local}. */
    public abstract int bind(SocketType type, SocketAddress local, Wildcard wildcard,
            Map<SocketOption<?>, Object> options, SocketFile file) throws IOException;

    /** Returns an action that deletes the file a socket was just bound to, unless it was replaced; it never throws. */
    public abstract Runnable deletion(UnixAddress local) throws IOException;

    /** Creates a Unix socket without a name. */
    public abstract int unbound(SocketType type) throws IOException;

    /** Creates two connected Unix sockets. */
    public abstract int[] pair(SocketType type) throws IOException;

    /**
     * Accepts the next queued connection.
     *
     * @param peer the buffer for its address, or null
     * @return its descriptor, or {@link #WOULD_BLOCK} if none is queued
     */
    public abstract int accept(int fd, AddressBuffer peer) throws IOException;

    // ---- adopting

    /** Throws an IllegalArgumentException if {@code fd} is not a socket of a type. */
    public abstract void requireSocket(int fd, SocketType type) throws IOException;

    /** {@return whether the socket {@code fd} listens} */
    public abstract boolean isListening(int fd) throws IOException;

    /** Gives a socket that was not created here the settings of those that were, apart from non-blocking mode. */
    public void prepareAdopted(int fd) throws IOException {
    }

    // ---- connections and addresses

    /**
     * Returns whether a connect has succeeded, even if the connection has been closed since; false while it is in
     * progress. If it failed, throws its error with the system call {@code connect}, and with {@code remote} in the
     * message unless that is null. An exception with any other system call means that the state is not known.
     */
    public abstract boolean isConnected(int fd, SocketAddress remote) throws IOException;

    /** Sets the peer of a datagram socket. */
    public abstract void connect(int fd, SocketAddress remote) throws IOException;

    /** Returns the address of the peer. */
    public abstract SocketAddress peerAddress(int fd) throws IOException;

    /** Returns the address of this end. */
    public abstract SocketAddress localAddress(int fd) throws IOException;

    /** Shuts down one direction or both: {@link Readiness#READABLE}, {@link Readiness#WRITABLE}. */
    public abstract void shutdown(int fd, int directions) throws IOException;

    /** Returns an exception like {@code e}, with {@code address} in its message. */
    public abstract IOException withAddress(IOException e, SocketAddress address);

    /** Returns and clears the pending error of a socket, or returns null. */
    public abstract IOException takeError(int fd) throws IOException;

    // ---- multicast

    /** Joins a multicast group on an interface; 0 lets the system choose. */
    public abstract void joinGroup(int fd, InetAddress group, int interfaceIndex) throws IOException;

    /** Leaves a multicast group on an interface. */
    public abstract void leaveGroup(int fd, InetAddress group, int interfaceIndex) throws IOException;

    /** Changes the membership in a multicast group for one source. */
    public abstract void changeSource(int fd, InetAddress group, int interfaceIndex, InetAddress source,
        SourceChange change) throws IOException;

    // ---- options

    /** Sets an option to a value of its type. */
    public abstract void setOption(int fd, SocketOption<?> name, Object value) throws IOException;

    /** Returns the value of an option. */
    public abstract Object getOption(int fd, SocketOption<?> name) throws IOException;

    /** Sets an option by its numbers, from native memory. */
    public abstract void setOption(int fd, int level, int name, MemorySegment value) throws IOException;

    /** Gets an option by its numbers, into native memory; returns the length that the system gave it. */
    public abstract int getOption(int fd, int level, int name, MemorySegment value) throws IOException;

    /** Allocates memory for {@link #tcpInfo}. */
    public abstract TcpFields newTcpFields();

    /** Gets the state of a TCP connection. */
    public abstract void tcpInfo(int fd, TcpFields into) throws IOException;
}
