package io.panamio.sys.unix;

import io.panamio.Feature;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixCredentials;
import io.panamio.sys.AddressBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.SocketFile;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The calls of POSIX for sockets. A platform adds its socket options, and what only its own calls report about a
 * connection.
 *
 * <p>Where the system cannot create a socket in non-blocking mode that child processes do not inherit, fcntl(2) changes
 * it afterwards: a process that another thread starts in between inherits it.
 */
public abstract class UnixSockets extends Sockets {
    /** The maximum number of dead connections that one accept skips. */
    private static final int MAX_DEAD_CONNECTIONS = 64;

    private final UnixConstants c;
    private final Errors errors;
    private final Sockaddr sockaddr;
    private final UnixOptions options;

    /** Constructs the calls of a platform. */
    @SuppressWarnings("this-escape") // the options call it only later
    protected UnixSockets(UnixConstants constants, Map<String, UnixOptions.Option> optionNames) {
        c = constants;
        errors = new Errors(constants);
        sockaddr = new Sockaddr(constants);
        options = new UnixOptions(this, constants, errors, optionNames);
    }

    // ---- system calls

    private static final MemorySegment ACCEPT = Libc.function("accept");

    private static int accept(int fd, MemorySegment address, MemorySegment length) {
        int r = Libc.call(ACCEPT, fd, address.address(), length.address(), 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment ACCEPT4 = Libc.functionOrNull("accept4");

    private static int accept4(int fd, MemorySegment address, MemorySegment length, int flags) {
        int r = Libc.call(ACCEPT4, fd, address.address(), length.address(), flags, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private int flags() {
        return c.SOCK_NONBLOCK() | c.SOCK_CLOEXEC();
    }

    /** Creates a non-blocking, close-on-exec socket. Returns it, or the negated errno of socket(2). */
    private int newSocket(int family, int type) throws IOException {
        int fd = Libc.socket(family, type | flags(), 0);
        if (fd >= 0) {
            requirePrepared(fd, flags() != 0);
        }
        return fd;
    }

    /** Closes a socket and throws if its modes or its option cannot be set. */
    private void requirePrepared(int fd, boolean hasModes) throws IOException {
        int modes = hasModes ? 0 : DescriptorFlags.prepare(c, fd);
        int r = modes < 0 ? modes : prepare(fd, true);
        if (r < 0) {
            Libc.close(fd);
            throw errors.socket(modes < 0 ? "fcntl" : "setsockopt", -r);
        }
    }

    /** Accepts the next queued connection, non-blocking and close-on-exec. Returns it, or the negated errno. */
    private int nextConnection(int fd, MemorySegment address, MemorySegment length) {
        int accepted = ACCEPT4 == null ? accept(fd, address, length) : accept4(fd, address, length, flags());
        if (accepted < 0 || prepare(accepted, ACCEPT4 != null) >= 0) {
            return accepted;
        }
        Libc.close(accepted);
        return -c.number(Errno.ECONNABORTED); // options of a connection that has ended cannot be set on every system
    }

    /**
     * Sets the modes of a new socket, unless the call that created it did, and the option that prevents SIGPIPE.
     * Returns the negated errno if it fails.
     */
    private int prepare(int fd, boolean hasModes) {
        int r = hasModes ? 0 : DescriptorFlags.prepare(c, fd);
        return r < 0 || c.SO_NOSIGPIPE() == 0 ? r : trySetInt(fd, c.SOL_SOCKET(), c.SO_NOSIGPIPE(), 1);
    }

    private int number(SocketType type) {
        return switch (type) {
            case TCP, UNIX_STREAM -> Posix.SOCK_STREAM;
            case UDP, UNIX_DATAGRAM -> Posix.SOCK_DGRAM;
            case UNIX_SEQPACKET -> {
                if (!Feature.UNIX_SEQPACKETS.isAvailable()) {
                    throw Platform.current().refusal(Feature.UNIX_SEQPACKETS);
                }
                yield Posix.SOCK_SEQPACKET;
            }
        };
    }

    // ---- creating

    private int open(int family, SocketType type) throws IOException {
        int fd = newSocket(family, number(type));
        if (fd < 0) {
            throw errors.socket("socket", -fd);
        }
        return fd;
    }

    @Override
    public final int connect(SocketType type, SocketAddress remote, SocketAddress local,
            Map<SocketOption<?>, Object> values) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return connect(scratch, type, remote, local, values);
        }
    }

    private int connect(NativeScratch scratch, SocketType type, SocketAddress remote, SocketAddress local,
            Map<SocketOption<?>, Object> values) throws IOException {
        int family = sockaddr.family(remote);
        sockaddr.write(scratch.addressBytes, family, remote); // checks it
        if (local != null) {
            sockaddr.write(scratch.addressBytes, family, local);
        }
        options.requireSettable(values, remote);
        int fd = open(family, type);
        try {
            options.setAll(fd, family, values);
            if (local != null) {
                int length = sockaddr.write(scratch.addressBytes, family, local);
                check("bind", local, Libc.bind(fd, scratch.address, length));
            }
            int r = Libc.connect(fd, scratch.address, sockaddr.write(scratch.addressBytes, family, remote));
            if (r < 0 && r != -c.EINPROGRESS() && r != -Posix.EINTR) { // a connect that was interrupted continues
                throw errors.socket("connect", remote.toString(), -r);
            }
            return fd;
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    @Override
    public final int listen(SocketType type, SocketAddress local, Wildcard wildcard, int backlog,
            Map<SocketOption<?>, Object> values, SocketFile file) throws IOException {
        int fd = bind(type, local, wildcard, values, file);
        try {
            check("listen", local, Libc.listen(fd, backlog));
            return fd;
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    @Override
    public final int bind(SocketType type, SocketAddress local, Wildcard wildcard,
            Map<SocketOption<?>, Object> values, SocketFile file) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return bind(scratch, type, local, wildcard, values, file);
        }
    }

    private int bind(NativeScratch scratch, SocketType type, SocketAddress local, Wildcard wildcard,
            Map<SocketOption<?>, Object> values, SocketFile file) throws IOException {
        int family = sockaddr.family(local);
        sockaddr.write(scratch.addressBytes, family, local); // checks it
        options.requireSettable(values, local);
        boolean plain = file.isDefault();
        if (!plain) {
            requirePath(local);
        }
        int fd = -c.EAFNOSUPPORT();
        if (wildcard == Wildcard.BOTH_FAMILIES && family == Posix.AF_INET
                && ((InetSocketAddress) local).getAddress().isAnyLocalAddress()) {
            fd = newSocket(c.AF_INET6(), number(type));
        }
        if (fd >= 0) {
            family = c.AF_INET6();
        } else if (fd == -c.EAFNOSUPPORT()) { // not requested, or a system without IPv6
            fd = open(family, type);
        } else {
            throw errors.socket("socket", -fd);
        }
        try {
            if (family == c.AF_INET6()) {
                setInt(fd, Posix.IPPROTO_IPV6, c.IPV6_V6ONLY(), 0);
            }
            if (type == SocketType.UDP) {
                setDatagramDefaults(fd, family == c.AF_INET6());
            }
            options.setAll(fd, family, values);
            if (plain) {
                bind(fd, family, local);
            } else {
                bind(fd, (UnixAddress) local, file);
            }
            return fd;
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    private void bind(int fd, int family, SocketAddress local) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            check("bind", local, Libc.bind(fd, scratch.address, sockaddr.write(scratch.addressBytes, family, local)));
        }
    }

    // ---- files

    private SocketFiles files() { // loaded only if needed
        return new SocketFiles(c, errors);
    }

    private static void requirePath(SocketAddress local) {
        if (!(local instanceof UnixAddress unix && unix.isPath())) {
            throw new IllegalArgumentException("options of a socket's file with " + local + ", which is not a path");
        }
        unix.path(); // throws if its bytes cannot be decoded
    }

    /**
     * Binds so that no peer can connect before the file has its permissions: until then it has fewer, or the socket
     * does not listen yet.
     */
    private void bind(int fd, UnixAddress local, SocketFile file) throws IOException {
        if (file.permissions() != null) {
            files().restrict(fd, file.permissions());
        }
        if (file.replaceDead()) {
            files().replace(local, () -> isDead(local), () -> bind(fd, Posix.AF_UNIX, local));
        } else {
            bind(fd, Posix.AF_UNIX, local);
        }
        if (file.permissions() != null) {
            try {
                files().permit(local, file.permissions());
            } catch (Throwable t) {
                files().deletion(local).run();
                throw t;
            }
        }
    }

    /**
     * Returns whether no socket is bound to a file: the connect of a datagram socket is refused then. It does not
     * affect a listener, which is of another type.
     */
    private boolean isDead(UnixAddress address) throws IOException {
        int probe = open(Posix.AF_UNIX, SocketType.UNIX_DATAGRAM);
        try (NativeScratch scratch = NativeScratch.enter()) {
            int length = sockaddr.write(scratch.addressBytes, Posix.AF_UNIX, address);
            int r;
            do {
                r = Libc.connect(probe, scratch.address, length);
            } while (r == -Posix.EINTR);
            if (r < 0 && c.errno(-r) != Errno.ECONNREFUSED && c.errno(-r) != Errno.EPROTOTYPE) {
                throw errors.socket("connect", address.toString(), -r);
            }
            return c.errno(-r) == Errno.ECONNREFUSED;
        } finally {
            Libc.close(probe);
        }
    }

    @Override
    public final Runnable deletion(UnixAddress local) throws IOException {
        return files().deletion(local);
    }

    /** Replaces defaults of the system on a new UDP socket. */
    protected void setDatagramDefaults(int fd, boolean v6) {
    }

    @Override
    public final int unbound(SocketType type) throws IOException {
        return open(Posix.AF_UNIX, type);
    }

    @Override
    public final int[] pair(SocketType type) throws IOException {
        int[] fds = new int[2]; // before the call, as nothing may fail after it
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Libc.socketpair(Posix.AF_UNIX, number(type) | flags(), 0, scratch.argument);
            if (r < 0) {
                throw errors.socket("socketpair", -r);
            }
            fds[0] = scratch.argumentBytes.getInt(0);
            fds[1] = scratch.argumentBytes.getInt(4);
        }
        for (int i = 0; i < 2; i++) {
            try {
                requirePrepared(fds[i], flags() != 0);
            } catch (Throwable t) {
                Libc.close(fds[1 - i]);
                throw t;
            }
        }
        return fds;
    }

    @Override
    public final int accept(int fd, AddressBuffer peer) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) peer;
        int r = 0;
        for (int dead = 0; dead < MAX_DEAD_CONNECTIONS;) {
            r = address == null ? nextConnection(fd, MemorySegment.NULL, MemorySegment.NULL) : accept(fd, address);
            if (r >= 0) {
                return r;
            }
            if (r == -c.EAGAIN()) {
                return WOULD_BLOCK;
            }
            if (r != -Posix.EINTR) {
                if (!errors.isOfOneConnection(-r)) {
                    throw errors.socket("accept", -r);
                }
                dead++;
            }
        }
        throw errors.exhausted("accept", "of " + MAX_DEAD_CONNECTIONS + " aborted connections in a row", -r);
    }

    private int accept(int fd, UnixAddressBuffer peer) {
        int r = nextConnection(fd, peer.address, peer.room());
        if (r >= 0 && peer.length() == 0) { // as macOS reports it if the peer has gone
            Libc.close(r);
            r = -c.number(Errno.ECONNABORTED);
        }
        peer.setLength(r < 0 ? 0 : peer.length());
        return r;
    }

    @Override
    public final void requireSocket(int fd, SocketType type) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Libc.getsockopt(fd, c.SOL_SOCKET(), c.SO_TYPE(), scratch.argument, scratch.length(4));
            boolean socket = r >= 0 || c.errno(-r) != Errno.ENOTSOCK;
            if (socket) {
                check("getsockopt", "", r);
            }
            if (!socket || scratch.argumentBytes.getInt(0) != number(type)
                    || !(type == SocketType.TCP || type == SocketType.UDP ? isInternet(fd, type) : isUnix(fd))) {
                throw new IllegalArgumentException("descriptor " + fd + " is not a socket of type " + type);
            }
        }
    }

    @Override
    public final void prepareAdopted(int fd) throws IOException {
        if (c.SO_NOSIGPIPE() != 0) {
            check("setsockopt", "SO_NOSIGPIPE", trySetInt(fd, c.SOL_SOCKET(), c.SO_NOSIGPIPE(), 1));
        }
    }

    private boolean isUnix(int fd) throws IOException {
        return family(fd) == Posix.AF_UNIX;
    }

    private boolean isInternet(int fd, SocketType type) throws IOException {
        int family = family(fd);
        return (family == Posix.AF_INET || family == c.AF_INET6()) && isTcpOrUdp(fd, type);
    }

    /** Returns whether the protocol of an internet socket is that of its type: TCP or MPTCP, or UDP. */
    protected abstract boolean isTcpOrUdp(int fd, SocketType type) throws IOException;

    @Override
    public final boolean isListening(int fd) throws IOException {
        return getInt(fd, c.SOL_SOCKET(), c.SO_ACCEPTCONN()) != 0;
    }

    // ---- connections and addresses

    /** One call if there is a connection, two while a connect is in progress. */
    @Override
    public final boolean isConnected(int fd, SocketAddress remote) throws IOException {
        int r;
        try (NativeScratch scratch = NativeScratch.enter()) {
            r = Libc.getpeername(fd, scratch.address, scratch.length((int) scratch.address.byteSize()));
        }
        if (r == 0) {
            return true;
        }
        if (r != -c.ENOTCONN() && c.errno(-r) != Errno.EINVAL) { // the latter on macOS if both directions have ended
            throw errors.socket("getpeername", -r);
        }
        int readiness = Libc.pollNow(fd, Posix.POLLOUT);
        check("poll", "", readiness);
        if ((readiness & (Posix.POLLERR | Posix.POLLHUP)) == 0) {
            return (readiness & Posix.POLLOUT) != 0; // connected by now, or TCP_FASTOPEN_CONNECT
        }
        if (wasConnected(fd)) {
            return true; // a pending error is left to the next read
        }
        int error = getInt(fd, c.SOL_SOCKET(), c.SO_ERROR()); // 0 if another thread has taken it
        throw errors.pending("connect", text(remote), error != 0 ? error : c.ENOTCONN());
    }

    /** Returns whether a socket without a connection had one; false if the system does not report that. */
    protected abstract boolean wasConnected(int fd) throws IOException;

    private static String text(SocketAddress address) {
        return address == null ? "" : address.toString();
    }

    @Override
    public final IOException withAddress(IOException e, SocketAddress address) {
        if (!(e instanceof SystemError s)) {
            return e;
        }
        return e instanceof ResourceExhaustedException ? errors.exhausted(s.call(), text(address), s.errno())
            : errors.pending(s.call(), text(address), s.errno());
    }

    @Override
    public final void connect(int fd, SocketAddress remote) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int length = sockaddr.write(scratch.addressBytes, sockaddr.family(remote), remote);
            int r;
            do {
                r = Libc.connect(fd, scratch.address, length);
            } while (r == -Posix.EINTR);
            check("connect", remote, r);
        }
    }

    @Override
    public final SocketAddress peerAddress(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            MemorySegment length = scratch.length((int) scratch.address.byteSize());
            int r = Libc.getpeername(fd, scratch.address, length);
            check("getpeername", "", c.errno(-r) == Errno.EINVAL ? -c.ENOTCONN() : r); // see isConnected
            return sockaddr.read(scratch.addressBytes, scratch.length());
        }
    }

    @Override
    public final SocketAddress localAddress(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            ByteBuffer name = localName(scratch, fd);
            return sockaddr.read(name, scratch.length());
        }
    }

    private ByteBuffer localName(NativeScratch scratch, int fd) throws IOException {
        MemorySegment length = scratch.length((int) scratch.address.byteSize());
        check("getsockname", "", Libc.getsockname(fd, scratch.address, length));
        return scratch.addressBytes;
    }

    @Override
    public final void shutdown(int fd, int directions) throws IOException {
        check("shutdown", "", Libc.shutdown(fd, directions == Readiness.READABLE ? Posix.SHUT_RD
            : directions == Readiness.WRITABLE ? Posix.SHUT_WR : Posix.SHUT_RDWR));
    }

    @Override
    public final IOException takeError(int fd) throws IOException {
        int error = getInt(fd, c.SOL_SOCKET(), c.SO_ERROR());
        return error == 0 ? null : errors.pending("SO_ERROR", "", error);
    }

    // ---- multicast

    @Override
    public final void joinGroup(int fd, InetAddress group, int interfaceIndex) throws IOException {
        boolean v6 = group instanceof Inet6Address;
        setMembership(fd, v6, v6 ? c.IPV6_JOIN_GROUP() : c.IP_ADD_MEMBERSHIP(), group, interfaceIndex);
    }

    @Override
    public final void leaveGroup(int fd, InetAddress group, int interfaceIndex) throws IOException {
        boolean v6 = group instanceof Inet6Address;
        setMembership(fd, v6, v6 ? c.IPV6_LEAVE_GROUP() : c.IP_DROP_MEMBERSHIP(), group, interfaceIndex);
    }

    /** struct ip_mreqn or struct ipv6_mreq. */
    private void setMembership(int fd, boolean v6, int name, InetAddress group, int interfaceIndex)
            throws IOException {
        int level = v6 ? Posix.IPPROTO_IPV6 : Posix.IPPROTO_IP;
        try (NativeScratch scratch = NativeScratch.enter()) {
            ByteBuffer request = scratch.addressBytes;
            if (v6) {
                request.put(Structs.IPV6_MREQ_MULTIADDR, group.getAddress());
                request.putInt(Structs.IPV6_MREQ_INTERFACE, interfaceIndex);
            } else {
                request.put(Structs.IP_MREQN_MULTIADDR, group.getAddress());
                request.putInt(Structs.IP_MREQN_ADDRESS, 0); // the interface is found by its index
                request.putInt(Structs.IP_MREQN_IFINDEX, interfaceIndex);
            }
            int size = v6 ? Structs.IPV6_MREQ_SIZE : Structs.IP_MREQN_SIZE;
            check("setsockopt", group, Libc.setsockopt(fd, level, name, scratch.address, size));
        }
    }

    /** struct group_source_req: an index and two addresses; the same for both families. */
    @Override
    public final void changeSource(int fd, InetAddress group, int interfaceIndex, InetAddress source,
            SourceChange change) throws IOException {
        boolean v6 = group instanceof Inet6Address;
        int family = v6 ? c.AF_INET6() : Posix.AF_INET;
        int name = switch (change) {
            case JOIN -> c.MCAST_JOIN_SOURCE_GROUP();
            case LEAVE -> c.MCAST_LEAVE_SOURCE_GROUP();
            case BLOCK -> c.MCAST_BLOCK_SOURCE();
            case UNBLOCK -> c.MCAST_UNBLOCK_SOURCE();
        };
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(c.GROUP_SOURCE_REQ_SIZE(), 8);
            ByteBuffer bytes = NativeScratch.bytes(request);
            bytes.putInt(0, interfaceIndex);
            sockaddr.write(part(bytes, c.GROUP_SOURCE_REQ_GROUP()), family, new InetSocketAddress(group, 0));
            sockaddr.write(part(bytes, c.GROUP_SOURCE_REQ_SOURCE()), family, new InetSocketAddress(source, 0));
            int level = v6 ? Posix.IPPROTO_IPV6 : Posix.IPPROTO_IP;
            check("setsockopt", source + " for " + group,
                Libc.setsockopt(fd, level, name, request, (int) request.byteSize()));
        }
    }

    private static ByteBuffer part(ByteBuffer bytes, long offset) {
        int at = (int) offset;
        return bytes.slice(at, bytes.capacity() - at).order(bytes.order());
    }

    // ---- options

    @Override
    public final void setOption(int fd, SocketOption<?> name, Object value) throws IOException {
        options.set(fd, name, value);
    }

    @Override
    public final Object getOption(int fd, SocketOption<?> name) throws IOException {
        return options.get(fd, name);
    }

    @Override
    public final void setOption(int fd, int level, int name, MemorySegment value) throws IOException {
        RawAccess.requireUsable(value);
        int size = optionSize(value);
        boolean inPlace = RawAccess.isSafe(value);
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            MemorySegment bytes = inPlace ? value : scratch.copyBuffer(size);
            if (!inPlace) {
                MemorySegment.copy(value, 0, bytes, 0, size);
            }
            check("setsockopt", "", Libc.setsockopt(fd, level, name, bytes, size));
        }
    }

    /** The value is passed in as well: some options read their arguments from it. */
    @Override
    public final int getOption(int fd, int level, int name, MemorySegment value) throws IOException {
        RawAccess.requireUsable(value);
        int size = optionSize(value);
        boolean inPlace = RawAccess.isSafe(value);
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            MemorySegment bytes = inPlace ? value : scratch.copyBuffer(size);
            if (!inPlace) {
                MemorySegment.copy(value, 0, bytes, 0, size);
            }
            check("getsockopt", "", Libc.getsockopt(fd, level, name, bytes, scratch.length(size)));
            if (!inPlace) { // the system may have written more than the length it reports
                MemorySegment.copy(bytes, 0, value, 0, size);
            }
            return scratch.length();
        }
    }

    private static int optionSize(MemorySegment value) {
        if (value.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                "an option value of " + value.byteSize() + " bytes, more than " + Integer.MAX_VALUE);
        }
        return (int) value.byteSize();
    }

    final int family(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return c.family(localName(scratch, fd), 0);
        }
    }

    final void setInt(int fd, int level, int name, int value) throws IOException {
        check("setsockopt", "", trySetInt(fd, level, name, value));
    }

    /** Sets an option that is an int, by setsockopt(2). Returns the negated errno if it fails. */
    protected static int trySetInt(int fd, int level, int name, int value) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, value);
            return Libc.setsockopt(fd, level, name, scratch.argument, 4);
        }
    }

    /** Returns the value of an option that is an int. */
    protected final int getInt(int fd, int level, int name) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0); // some systems write one byte
            check("getsockopt", "", Libc.getsockopt(fd, level, name, scratch.argument, scratch.length(4)));
            return scratch.argumentBytes.getInt(0);
        }
    }

    /** Returns the credentials of the peer of a Unix socket: the value of an option. */
    protected abstract UnixCredentials credentials(int fd, int level, int name) throws IOException;

    private void check(String call, Object about, int r) throws IOException {
        if (r < 0) {
            throw errors.socket(call, about.toString(), -r);
        }
    }
}
