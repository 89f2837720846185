package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/**
 * A platform's socket calls, on descriptors that the caller keeps open. Results are plain: bytes or a descriptor, or
 * {@link #WOULD_BLOCK}; everything else is an exception that names the system call and its error. Interrupted calls are
 * retried. A data call never blocks, even on a descriptor in blocking mode.
 */
public abstract class Sockets {
    /** The call would block; the same number as {@code IoResult.WOULD_BLOCK}. */
    public static final int WOULD_BLOCK = -2;

    /** For the platforms. */
    protected Sockets() {
    }

    // ---- making

    /** A non-blocking TCP socket that connects, or has connected, to {@code remote}. */
    public abstract int connect(InetSocketAddress remote) throws IOException;

    /** A non-blocking TCP socket that listens on {@code local}. */
    public abstract int listen(InetSocketAddress local, int backlog, boolean reuseAddress, boolean reusePort,
            boolean dualStack, boolean v6Only) throws IOException;

    /** The next queued connection as a non-blocking socket, or {@link #WOULD_BLOCK}. */
    public abstract int accept(int fd) throws IOException;

    /** Checks that {@code fd} is a stream socket in non-blocking mode, or puts it into that mode where asked to. */
    public abstract void adopt(int fd, boolean makeNonBlocking) throws IOException;

    // ---- moving bytes

    /** Receives into {@code dst}, which is writable and not empty; 0 is the end of the stream. */
    public abstract long recv(int fd, MemorySegment dst) throws IOException;

    /** Like {@link #recv(int, MemorySegment)}, leaving the bytes where they are. */
    public abstract long peek(int fd, MemorySegment dst) throws IOException;

    /** Sends from {@code src}, which is not empty. */
    public abstract long send(int fd, MemorySegment src) throws IOException;

    /** Like {@link #recv(int, MemorySegment)}, into a part of an array that is not empty. */
    public abstract long recv(int fd, byte[] dst, int off, int len) throws IOException;

    /** Like {@link #peek(int, MemorySegment)}, into a part of an array that is not empty. */
    public abstract long peek(int fd, byte[] dst, int off, int len) throws IOException;

    /** Like {@link #send(int, MemorySegment)}, from a part of an array that is not empty. */
    public abstract long send(int fd, byte[] src, int off, int len) throws IOException;

    /** Receives into all of {@code dsts} in order, at least one of which is not empty; 0 is the end of the stream. */
    public abstract long recvVectored(int fd, MemorySegment[] dsts) throws IOException;

    /** Sends from all of {@code srcs} in order. */
    public abstract long sendVectored(int fd, MemorySegment[] srcs) throws IOException;

    /** The most bytes that one call can move. */
    public abstract long maxTransfer();

    // ---- asking and telling

    /** Whether a connect has ended well; false while it goes on; the error it ended with is thrown. */
    public abstract boolean isConnected(int fd) throws IOException;

    /** The address of the other end. */
    public abstract InetSocketAddress peerAddress(int fd) throws IOException;

    /** The address of this end. */
    public abstract InetSocketAddress localAddress(int fd) throws IOException;

    /** Shuts down one direction or both. */
    public abstract void shutdown(int fd, boolean read, boolean write) throws IOException;

    /** The pending error of a socket, which this takes away, or null. */
    public abstract IOException takeError(int fd) throws IOException;

    /** TCP_NODELAY. */
    public abstract void setNoDelay(int fd, boolean on) throws IOException;

    /** TCP_NODELAY. */
    public abstract boolean noDelay(int fd) throws IOException;

    /** The time to live, or hop limit, of what is sent. */
    public abstract void setTtl(int fd, int hops) throws IOException;

    /** The time to live, or hop limit, of what is sent. */
    public abstract int ttl(int fd) throws IOException;
}
