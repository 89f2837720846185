package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.InetSocketAddress;

/** Sockets as POSIX has them. A platform adds how a non-blocking one is made. */
public abstract class UnixSockets extends Sockets {
    /** The most that Linux moves in one call, and less than what macOS refuses. */
    private static final long MAX_TRANSFER = Integer.MAX_VALUE & ~4095;
    /** How many connections that died in the queue one accept passes over. */
    private static final int MAX_DEAD_CONNECTIONS = 64;

    static final int IOVEC_SIZE = 16;
    static final long IOV_BASE_OFFSET = 0;
    static final long IOV_LEN_OFFSET = 8;

    private final UnixConstants c;
    private final Errors errors;
    private final Sockaddr sockaddr;

    /** The sockets of a platform. */
    protected UnixSockets(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
        sockaddr = new Sockaddr(constants);
    }

    /** Raw: a new non-blocking, close-on-exec stream socket. */
    protected abstract int streamSocket(int family);

    /** Raw: the next queued connection, non-blocking and close-on-exec. */
    protected abstract int acceptConnection(int fd);

    // ---- making

    @Override
    public final int connect(InetSocketAddress remote) throws IOException {
        int family = sockaddr.family(remote.getAddress());
        int fd = open(family);
        MemorySegment address = ThreadState.get().address;
        int r = Libc.connect(fd, address, sockaddr.write(address, family, remote));
        if (r < 0 && r != -c.EINPROGRESS() && r != -c.EINTR()) { // interrupted, it goes on by itself
            Libc.close(fd);
            throw errors.socket("connect", remote.toString(), -r);
        }
        return fd;
    }

    private int open(int family) throws IOException {
        int fd = streamSocket(family);
        if (fd < 0) {
            throw errors.socket("socket", -fd);
        }
        return fd;
    }

    @Override
    public final int listen(InetSocketAddress local, int backlog, boolean reuseAddress, boolean reusePort,
            boolean dualStack, boolean v6Only) throws IOException {
        int family = sockaddr.family(local.getAddress());
        int fd;
        if (dualStack && family == c.AF_INET() && local.getAddress().isAnyLocalAddress()) {
            fd = streamSocket(c.AF_INET6());
            if (fd >= 0) {
                family = c.AF_INET6();
            } else if (fd == -c.EAFNOSUPPORT()) {
                fd = open(family); // a system without IPv6
            } else {
                throw errors.socket("socket", -fd);
            }
        } else {
            fd = open(family);
        }
        try {
            if (reuseAddress) {
                setInt(fd, c.SOL_SOCKET(), c.SO_REUSEADDR(), 1);
            }
            if (reusePort) {
                setInt(fd, c.SOL_SOCKET(), c.SO_REUSEPORT(), 1);
            }
            if (family == c.AF_INET6()) {
                setInt(fd, c.IPPROTO_IPV6(), c.IPV6_V6ONLY(), v6Only ? 1 : 0);
            }
            MemorySegment address = ThreadState.get().address;
            check("bind", local.toString(), Libc.bind(fd, address, sockaddr.write(address, family, local)));
            check("listen", local.toString(), Libc.listen(fd, backlog));
            return fd;
        } catch (Throwable t) {
            Libc.close(fd);
            throw t;
        }
    }

    @Override
    public final int accept(int fd) throws IOException {
        int r = 0;
        for (int i = 0; i < MAX_DEAD_CONNECTIONS; i++) {
            r = acceptConnection(fd);
            if (r >= 0) {
                return r;
            }
            if (r == -c.EAGAIN()) {
                return WOULD_BLOCK;
            }
            if (r != -c.EINTR() && !isOfOneConnection(c.errno(-r))) {
                break;
            }
        }
        throw errors.socket("accept", -r);
    }

    /** Whether accept(2) reports what befell the connection at the head of the queue, and the next one may be well. */
    private static boolean isOfOneConnection(Errno errno) {
        return switch (errno) {
            case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
                ETIMEDOUT -> true;
            case null, default -> false;
        };
    }

    @Override
    public final void adopt(int fd, boolean makeNonBlocking) throws IOException {
        int flags = Libc.fcntl(fd, c.F_GETFL(), 0);
        check("fcntl", "", flags);
        if (!isStream(fd)) {
            throw new IllegalArgumentException("descriptor " + fd + " is not a stream socket");
        }
        if ((flags & c.O_NONBLOCK()) == 0) {
            if (!makeNonBlocking) {
                throw new IllegalArgumentException("descriptor " + fd + " is in blocking mode");
            }
            check("fcntl", "", Libc.fcntl(fd, c.F_SETFL(), flags | c.O_NONBLOCK()));
        }
    }

    private boolean isStream(int fd) throws IOException {
        ThreadState state = ThreadState.get();
        state.length.set(JAVA_INT, 0, 4);
        int r = Libc.getsockopt(fd, c.SOL_SOCKET(), c.SO_TYPE(), state.argument, state.length);
        if (r < 0 && c.errno(-r) == Errno.ENOTSOCK) {
            return false;
        }
        check("getsockopt", "", r);
        return state.argument.get(JAVA_INT, 0) == c.SOCK_STREAM();
    }

    // ---- moving bytes

    @Override
    public final long recv(int fd, MemorySegment dst) throws IOException {
        return outcome("recv", receive(fd, dst, c.MSG_DONTWAIT()));
    }

    @Override
    public final long peek(int fd, MemorySegment dst) throws IOException {
        return outcome("recv", receive(fd, dst, c.MSG_DONTWAIT() | c.MSG_PEEK()));
    }

    @Override
    public final long send(int fd, MemorySegment src) throws IOException {
        return outcome("send", transmit(fd, src, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL()));
    }

    @Override
    public final long recv(int fd, byte[] dst, int off, int len) throws IOException {
        return outcome("recv", receiveCopying(fd, null, dst, off, len, c.MSG_DONTWAIT()));
    }

    @Override
    public final long peek(int fd, byte[] dst, int off, int len) throws IOException {
        return outcome("recv", receiveCopying(fd, null, dst, off, len, c.MSG_DONTWAIT() | c.MSG_PEEK()));
    }

    @Override
    public final long send(int fd, byte[] src, int off, int len) throws IOException {
        return outcome("send", transmitCopying(fd, null, src, off, len, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL()));
    }

    @Override
    public final long maxTransfer() {
        return MAX_TRANSFER;
    }

    private long outcome(String call, long r) throws IOException {
        if (r >= 0) {
            return r;
        }
        if (r == -c.EAGAIN()) {
            return WOULD_BLOCK;
        }
        throw errors.socket(call, (int) -r);
    }

    private long receive(int fd, MemorySegment dst, int flags) {
        return dst.isNative() ? receive(fd, dst, Math.min(dst.byteSize(), MAX_TRANSFER), flags)
            : receiveCopying(fd, dst, null, 0, Math.min(dst.byteSize(), MAX_TRANSFER), flags);
    }

    private long receive(int fd, MemorySegment dst, long length, int flags) {
        long r;
        do {
            r = Libc.recv(fd, dst, length, flags);
        } while (r == -c.EINTR());
        return r;
    }

    private long transmit(int fd, MemorySegment src, int flags) {
        return src.isNative() ? transmit(fd, src, Math.min(src.byteSize(), MAX_TRANSFER), flags)
            : transmitCopying(fd, src, null, 0, Math.min(src.byteSize(), MAX_TRANSFER), flags);
    }

    private long transmit(int fd, MemorySegment src, long length, int flags) {
        long r;
        do {
            r = Libc.send(fd, src, length, flags);
        } while (r == -c.EINTR());
        return r;
    }

    /**
     * Receives to the heap, a segment or else an array, by way of native memory. An array comes as it is, since a
     * segment of it would be garbage. One call never asks twice for an error that is reported once.
     */
    private long receiveCopying(int fd, MemorySegment dst, byte[] array, int off, long size, int flags) {
        MemorySegment copy = ThreadState.get().copyBuffer();
        long done = 0;
        do {
            long piece = Math.min(size - done, ThreadState.COPY_SIZE);
            long r = receive(fd, copy, piece, flags);
            if (r <= 0) {
                return done > 0 ? done : r;
            }
            if (array == null) {
                MemorySegment.copy(copy, 0, dst, done, r);
            } else {
                MemorySegment.copy(copy, JAVA_BYTE, 0, array, off + (int) done, (int) r);
            }
            done += r;
            if (r < piece || (flags & c.MSG_PEEK()) != 0) {
                return done;
            }
        } while (done < size && available(fd) > 0);
        return done;
    }

    private long transmitCopying(int fd, MemorySegment src, byte[] array, int off, long size, int flags) {
        MemorySegment copy = ThreadState.get().copyBuffer();
        long done = 0;
        do {
            long piece = Math.min(size - done, ThreadState.COPY_SIZE);
            if (array == null) {
                MemorySegment.copy(src, done, copy, 0, piece);
            } else {
                MemorySegment.copy(array, off + (int) done, copy, JAVA_BYTE, 0, (int) piece);
            }
            long r = transmit(fd, copy, piece, flags);
            if (r < 0) {
                return done > 0 ? done : r;
            }
            done += r;
            if (r < piece) {
                return done;
            }
        } while (done < size);
        return done;
    }

    /** How many bytes wait to be received. Asking does not take a pending error away, as receiving would. */
    private int available(int fd) {
        MemorySegment argument = ThreadState.get().argument;
        return Libc.ioctl(fd, c.FIONREAD(), argument) < 0 ? 0 : argument.get(JAVA_INT, 0);
    }

    @Override
    public final long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
        requireUsable(dsts);
        long done = 0;
        for (int i = 0; i < dsts.length && (done == 0 || available(fd) > 0);) {
            int run = Math.max(1, vectorable(dsts, i));
            long asked = size(dsts, i, run);
            if (asked > 0) {
                long r = run == 1 ? receive(fd, dsts[i], c.MSG_DONTWAIT()) : receiveRun(fd, dsts, i, run);
                if (r <= 0) {
                    return done > 0 ? done : outcome("recvmsg", r);
                }
                done += r;
                if (r < asked) {
                    return done;
                }
            }
            i += run;
        }
        return done;
    }

    @Override
    public final long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
        requireUsable(srcs);
        long left = size(srcs, 0, srcs.length);
        long done = 0;
        for (int i = 0; i < srcs.length;) {
            int run = Math.max(1, vectorable(srcs, i));
            long asked = size(srcs, i, run);
            if (asked > 0) {
                left -= asked; // empty segments may follow: after the last byte nothing may be held back
                int flags = c.MSG_DONTWAIT() | c.MSG_NOSIGNAL() | (left > 0 ? c.MSG_MORE() : 0);
                long r = run == 1 ? transmit(fd, srcs[i], flags) : transmitRun(fd, srcs, i, run, flags);
                if (r < 0) {
                    return done > 0 ? done : outcome("sendmsg", r); // an error will be there again for the next call
                }
                done += r;
                if (r < asked) {
                    return done;
                }
            }
            i += run;
        }
        return done;
    }

    /** Before any byte has moved, as the count of those that have is lost with an exception. */
    private static void requireUsable(MemorySegment[] segments) {
        for (MemorySegment segment : segments) {
            if (!segment.scope().isAlive()) {
                throw new IllegalStateException("Already closed");
            }
            if (!segment.isAccessibleBy(Thread.currentThread())) {
                throw new WrongThreadException("a segment of another thread's confined arena");
            }
        }
    }

    private long receiveRun(int fd, MemorySegment[] segments, int from, int count) {
        MemorySegment message = message(segments, from, count);
        long r;
        do {
            r = Libc.recvmsg(fd, message, c.MSG_DONTWAIT());
        } while (r == -c.EINTR());
        Reference.reachabilityFence(segments);
        return r;
    }

    private long transmitRun(int fd, MemorySegment[] segments, int from, int count, int flags) {
        MemorySegment message = message(segments, from, count);
        long r;
        do {
            r = Libc.sendmsg(fd, message, flags);
        } while (r == -c.EINTR());
        Reference.reachabilityFence(segments);
        return r;
    }

    private MemorySegment message(MemorySegment[] segments, int from, int count) {
        ThreadState state = ThreadState.get();
        MemorySegment vectors = state.vectors();
        for (int i = 0; i < count; i++) {
            vectors.set(JAVA_LONG, (long) i * IOVEC_SIZE + IOV_BASE_OFFSET, segments[from + i].address());
            vectors.set(JAVA_LONG, (long) i * IOVEC_SIZE + IOV_LEN_OFFSET, segments[from + i].byteSize());
        }
        MemorySegment message = state.message; // the rest of it is zero and stays so
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vectors.address());
        message.set(JAVA_INT, c.MSGHDR_IOVLEN(), count);
        return message;
    }

    private static long size(MemorySegment[] segments, int from, int count) {
        long size = 0;
        for (int i = from; i < from + count; i++) {
            size += segments[i].byteSize();
        }
        return size;
    }

    /**
     * How many segments from {@code from} on can go into one iovec array. There they are bare addresses that FFM does
     * not keep alive during the call, so it must be memory that no other thread can free: global, automatic, or
     * confined to this thread. A segment of a shared arena goes alone, as an argument.
     */
    private static int vectorable(MemorySegment[] segments, int from) {
        long size = 0;
        int i = from;
        while (i < segments.length && i - from < ThreadState.IOV_MAX) {
            MemorySegment segment = segments[i];
            if (!segment.isNative() || !Scopes.isSafe(segment)) {
                break;
            }
            size += segment.byteSize();
            if (size < 0 || size > MAX_TRANSFER) {
                break;
            }
            i++;
        }
        return i - from;
    }

    /** The scopes of arenas are told apart by class: the only public way, and safe where all have the same one. */
    private static final class Scopes {
        private static final Class<?> SHARED = Arena.ofShared().scope().getClass();
        private static final Class<?> GLOBAL = Arena.global().scope().getClass();
        private static final Class<?> AUTO = Arena.ofAuto().scope().getClass();
        private static final Class<?> CONFINED = Arena.ofConfined().scope().getClass();

        static boolean isSafe(MemorySegment segment) {
            Class<?> scope = segment.scope().getClass();
            return scope != SHARED && (scope == GLOBAL || scope == AUTO || scope == CONFINED);
        }
    }

    // ---- asking and telling

    @Override
    public final boolean isConnected(int fd) throws IOException {
        int error = getInt(fd, c.SOL_SOCKET(), c.SO_ERROR());
        if (error != 0) {
            throw errors.socket("connect", error);
        }
        ThreadState state = ThreadState.get();
        state.length.set(JAVA_INT, 0, (int) state.address.byteSize());
        int r = Libc.getpeername(fd, state.address, state.length);
        if (r == 0) {
            return true;
        }
        if (r != -c.ENOTCONN()) {
            throw errors.socket("getpeername", -r);
        }
        // Still connecting, or failed and somebody else was told why: a receive knows.
        long n = receive(fd, state.argument, 1, c.MSG_DONTWAIT() | c.MSG_PEEK());
        if (n == -c.EAGAIN()) {
            return false;
        }
        if (n > 0) {
            return true;
        }
        throw errors.socket("connect", n == 0 ? c.ENOTCONN() : (int) -n);
    }

    @Override
    public final InetSocketAddress peerAddress(int fd) throws IOException {
        ThreadState state = ThreadState.get();
        state.length.set(JAVA_INT, 0, (int) state.address.byteSize());
        check("getpeername", "", Libc.getpeername(fd, state.address, state.length));
        return sockaddr.read(state.address);
    }

    @Override
    public final InetSocketAddress localAddress(int fd) throws IOException {
        return sockaddr.read(localName(fd));
    }

    private MemorySegment localName(int fd) throws IOException {
        ThreadState state = ThreadState.get();
        state.length.set(JAVA_INT, 0, (int) state.address.byteSize());
        check("getsockname", "", Libc.getsockname(fd, state.address, state.length));
        return state.address;
    }

    @Override
    public final void shutdown(int fd, boolean read, boolean write) throws IOException {
        check("shutdown", "", Libc.shutdown(fd, read && write ? c.SHUT_RDWR() : write ? c.SHUT_WR() : c.SHUT_RD()));
    }

    @Override
    public final IOException takeError(int fd) throws IOException {
        int error = getInt(fd, c.SOL_SOCKET(), c.SO_ERROR());
        return error == 0 ? null : errors.socket("SO_ERROR", error);
    }

    @Override
    public final void setNoDelay(int fd, boolean on) throws IOException {
        setInt(fd, c.IPPROTO_TCP(), c.TCP_NODELAY(), on ? 1 : 0);
    }

    @Override
    public final boolean noDelay(int fd) throws IOException {
        return getInt(fd, c.IPPROTO_TCP(), c.TCP_NODELAY()) != 0;
    }

    @Override
    public final void setTtl(int fd, int hops) throws IOException {
        if (isV6(fd)) {
            setInt(fd, c.IPPROTO_IPV6(), c.IPV6_UNICAST_HOPS(), hops);
            option(fd, c.IPPROTO_IP(), c.IP_TTL(), hops); // for IPv4 peers of a dual-stack socket, where there is that
        } else {
            setInt(fd, c.IPPROTO_IP(), c.IP_TTL(), hops);
        }
    }

    @Override
    public final int ttl(int fd) throws IOException {
        return isV6(fd) ? getInt(fd, c.IPPROTO_IPV6(), c.IPV6_UNICAST_HOPS()) : getInt(fd, c.IPPROTO_IP(), c.IP_TTL());
    }

    private boolean isV6(int fd) throws IOException {
        return c.family(localName(fd)) == c.AF_INET6();
    }

    private void setInt(int fd, int level, int name, int value) throws IOException {
        check("setsockopt", "", option(fd, level, name, value));
    }

    private static int option(int fd, int level, int name, int value) {
        MemorySegment argument = ThreadState.get().argument;
        argument.set(JAVA_INT, 0, value);
        return Libc.setsockopt(fd, level, name, argument, 4);
    }

    private int getInt(int fd, int level, int name) throws IOException {
        ThreadState state = ThreadState.get();
        state.length.set(JAVA_INT, 0, 4);
        check("getsockopt", "", Libc.getsockopt(fd, level, name, state.argument, state.length));
        return state.argument.get(JAVA_INT, 0);
    }

    private void check(String call, String about, int r) throws IOException {
        if (r < 0) {
            throw errors.socket(call, about, -r);
        }
    }
}
