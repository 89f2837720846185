package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.Feature;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._TCP_INFO_v0;
import io.panamio.bindings.windows._TCP_INITIAL_RTO_PARAMETERS;
import io.panamio.bindings.windows._WSAPROTOCOL_INFOW;
import io.panamio.bindings.windows.group_source_req;
import io.panamio.net.UnixAddress;
import io.panamio.sys.AddressBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.SocketFile;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import io.panamio.sys.TcpFields;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Sockets of Winsock, made to behave as those of other systems: errors are reported once ({@link SocketState}), an IPv6
 * socket is dual-stack, and a datagram that was not delivered is not an error of an unconnected socket.
 *
 * <p>A listener binds its address with SO_EXCLUSIVEADDRUSE: with SO_REUSEADDR, any other process could bind it as well
 * and take its connections.
 */
class WindowsSockets extends Sockets {
    /** The maximum number of dead connections that one accept skips. */
    private static final int MAX_DEAD_CONNECTIONS = 64;

    /** Returns the exception for sockets that are refused, which names the alternative. */
    static UnsupportedOperationException refusal(Feature feature) {
        return new UnsupportedOperationException(Platform.current().refusal(feature).getMessage()
            + "; use TCP or UDP on the loopback address");
    }

    private static UnsupportedOperationException refusal(SocketType type) {
        return refusal(switch (type) {
            case UNIX_DATAGRAM -> Feature.UNIX_DATAGRAMS;
            case UNIX_SEQPACKET -> Feature.UNIX_SEQPACKETS;
            default -> Feature.UNIX_STREAMS;
        });
    }

    private static void requireInternet(SocketType type) {
        if (type != SocketType.TCP && type != SocketType.UDP) {
            throw refusal(type);
        }
    }

    // ---- calls that do not throw

    /** Sets an option that is an int, by setsockopt. Returns the negated error code if it fails. */
    static int trySetInt(int fd, int level, int name, int value) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, value);
            return Winsock.setsockopt(fd, level, name, scratch.argument, 4);
        }
    }

    /** Returns an option that is a non-negative number, by getsockopt, or the negated error code. */
    private static int tryGetInt(int fd, int level, int name) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0); // some options are one byte
            int r = Winsock.getsockopt(fd, level, name, scratch.argument, scratch.length(4));
            return r < 0 ? r : scratch.argumentBytes.getInt(0);
        }
    }

    /** Calls WSAIoctl with a number as the input. Returns the negated error code if it fails. */
    private static int control(int fd, int code, int number) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, number);
            return Winsock.wsaIoctl(fd, code, scratch.argument.asSlice(0, 4), MemorySegment.NULL, scratch.length);
        }
    }

    /** Creates a non-blocking socket. Returns it, or the negated error code. */
    private static int newSocket(int family, SocketType type) {
        int fd = Winsock.socket(family, type == SocketType.TCP ? Windows.SOCK_STREAM : Windows.SOCK_DGRAM, 0);
        if (fd < 0) {
            return fd;
        }
        SocketState.forget(fd);
        int r = nonBlocking(fd);
        if (r >= 0 && family == Windows.AF_INET6) {
            r = trySetInt(fd, Windows.IPPROTO_IPV6, Windows.IPV6_V6ONLY, 0);
        }
        if (r < 0) {
            Winsock.closesocket(fd);
            return r;
        }
        if (type == SocketType.UDP) {
            setReportsUnreachable(fd, false);
        }
        return fd;
    }

    private static int nonBlocking(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 1);
            return Winsock.ioctlsocket(fd, Windows.FIONBIO, scratch.argument);
        }
    }

    /**
     * Sets whether a receive fails because an earlier datagram to any address was not delivered. A system without the
     * option never reports that.
     */
    private static void setReportsUnreachable(int fd, boolean on) {
        control(fd, Windows.SIO_UDP_CONNRESET, on ? 1 : 0);
        control(fd, Windows.SIO_UDP_NETRESET, on ? 1 : 0);
    }

    // ---- creating

    private static int open(int family, SocketType type) throws IOException {
        int fd = newSocket(family, type);
        if (fd < 0) {
            throw Errors.socket("WSASocketW", -fd);
        }
        return fd;
    }

    @Override
    public int connect(SocketType type, SocketAddress remote, SocketAddress local, Map<SocketOption<?>, Object> options)
            throws IOException {
        requireInternet(type);
        int family = Sockaddr.family(remote);
        SocketAddress peer = reachable(remote);
        try (NativeScratch scratch = NativeScratch.enter()) {
            Sockaddr.write(scratch.addressBytes, family, peer); // checks it
            if (local != null) {
                Sockaddr.family(local);
                Sockaddr.write(scratch.addressBytes, family, local);
            }
            WindowsOptions.requireSettable(options, remote);
            int fd = open(family, type);
            try {
                WindowsOptions.setAll(fd, type, family, options);
                if (local != null) {
                    bind(scratch, fd, type, family, local);
                }
                if (type == SocketType.TCP && ((InetSocketAddress) peer).getAddress().isLoopbackAddress()) {
                    refuseSoon(fd);
                }
                int r = Winsock.connect(fd, scratch.address, Sockaddr.write(scratch.addressBytes, family, peer));
                if (r < 0 && r != -Windows.WSAEWOULDBLOCK) {
                    throw Errors.socket("connect", remote.toString(), -r);
                }
                return fd;
            } catch (Throwable t) {
                Platform.current().discard(fd);
                throw t;
            }
        }
    }

    /** Replaces the wildcard address by the loopback address, as a connect on other systems does. */
    private static SocketAddress reachable(SocketAddress remote) {
        InetSocketAddress inet = (InetSocketAddress) remote;
        if (!inet.getAddress().isAnyLocalAddress()) {
            return remote;
        }
        byte[] ip = inet.getAddress().getAddress();
        ip[ip.length - 1] = 1;
        if (ip.length == 4) {
            ip[0] = 127;
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(ip), inet.getPort());
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
    }

    /**
     * Makes a connect to a port without a listener fail at once instead of after two seconds of retries; since Windows
     * 10 1709.
     */
    private static void refuseSoon(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0)
                .putShort((int) _TCP_INITIAL_RTO_PARAMETERS.Rtt$offset(), Windows.TCP_INITIAL_RTO_UNSPECIFIED_RTT)
                .put((int) _TCP_INITIAL_RTO_PARAMETERS.MaxSynRetransmissions$offset(),
                    Windows.TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS);
            Winsock.wsaIoctl(fd, Windows.SIO_TCP_INITIAL_RTO, scratch.argument.asSlice(0, 4), MemorySegment.NULL,
                scratch.length);
        }
    }

    @Override
    public int listen(SocketType type, SocketAddress local, Wildcard wildcard, int backlog,
            Map<SocketOption<?>, Object> options, SocketFile file) throws IOException {
        int fd = bind(type, local, wildcard, options, file);
        try {
            check("listen", local, Winsock.listen(fd, backlog));
            return fd;
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    @Override
    public int bind(SocketType type, SocketAddress local, Wildcard wildcard, Map<SocketOption<?>, Object> options,
            SocketFile file) throws IOException {
        requireInternet(type);
        int family = Sockaddr.family(local);
        if (!file.isDefault()) {
            throw new IllegalArgumentException("options of a socket's file with " + local + ", which is not a path");
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            Sockaddr.write(scratch.addressBytes, family, local); // checks it
            WindowsOptions.requireSettable(options, local);
            int fd = -Windows.WSAEAFNOSUPPORT;
            if (wildcard == Wildcard.BOTH_FAMILIES && family == Windows.AF_INET
                    && ((InetSocketAddress) local).getAddress().isAnyLocalAddress()) {
                fd = newSocket(Windows.AF_INET6, type);
            }
            if (fd >= 0) {
                family = Windows.AF_INET6;
            } else if (fd == -Windows.WSAEAFNOSUPPORT) { // not requested, or a system without IPv6
                fd = open(family, type);
            } else {
                throw Errors.socket("WSASocketW", -fd);
            }
            try {
                WindowsOptions.setAll(fd, type, family, options);
                bind(scratch, fd, type, family, local);
                return fd;
            } catch (Throwable t) {
                Platform.current().discard(fd);
                throw t;
            }
        }
    }

    private static void bind(NativeScratch scratch, int fd, SocketType type, int family, SocketAddress local)
            throws IOException {
        if (type == SocketType.TCP) {
            check("setsockopt", "SO_EXCLUSIVEADDRUSE",
                trySetInt(fd, Windows.SOL_SOCKET, Windows.SO_EXCLUSIVEADDRUSE, 1));
        }
        int length = Sockaddr.write(scratch.addressBytes, family, local);
        check("bind", local, Winsock.bind(fd, scratch.address, length));
    }

    @Override
    public Runnable deletion(UnixAddress local) {
        throw refusal(Feature.UNIX_STREAMS);
    }

    @Override
    public int unbound(SocketType type) {
        throw refusal(type);
    }

    @Override
    public int[] pair(SocketType type) {
        throw refusal(type);
    }

    /** Accepts the connection at the head of the queue. Returns it, or the negated error code. */
    int acceptFirst(int fd, WindowsAddress address) {
        return address == null ? Winsock.accept(fd, MemorySegment.NULL, MemorySegment.NULL)
            : Winsock.accept(fd, address.address, address.room());
    }

    @Override
    public final int accept(int fd, AddressBuffer peer) throws IOException {
        WindowsAddress address = (WindowsAddress) peer;
        int r = 0;
        for (int i = 0; i < MAX_DEAD_CONNECTIONS; i++) {
            r = acceptFirst(fd, address);
            if (r >= 0) {
                int accepted = r;
                r = prepareAccepted(accepted);
                if (r >= 0) {
                    return accepted;
                }
                Winsock.closesocket(accepted);
            } else if (r == -Windows.WSAEWOULDBLOCK) {
                break;
            } else if (!isOfOneConnection(-r)) {
                clear(address);
                throw Errors.socket("accept", -r);
            }
        }
        clear(address);
        if (r == -Windows.WSAEWOULDBLOCK) {
            return WOULD_BLOCK;
        }
        throw Errors.exhausted("accept", MAX_DEAD_CONNECTIONS + " in a row", -r);
    }

    private static void clear(WindowsAddress address) {
        if (address != null) {
            address.clear();
        }
    }

    /**
     * Makes a new connection non-blocking and not inheritable, whatever it has inherited from the listener. Returns the
     * negated error code if that fails.
     */
    private static int prepareAccepted(int fd) {
        SocketState.forget(fd);
        int r = Kernel32.setHandleInformation(fd, Windows.HANDLE_FLAG_INHERIT, 0);
        return r < 0 ? r : nonBlocking(fd);
    }

    /** Returns whether an error of accept concerns only the connection at the head of the queue. */
    private static boolean isOfOneConnection(int error) {
        return error == Windows.WSAECONNRESET || error == Windows.WSAECONNABORTED || error == Windows.WSAENETRESET
            || error == Windows.WSAETIMEDOUT;
    }

    // ---- adopting

    @Override
    public void requireSocket(int fd, SocketType type) throws IOException {
        requireInternet(type);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = _WSAPROTOCOL_INFOW.allocate(arena);
            int r = protocol(fd, info);
            boolean socket = r != -Windows.WSAENOTSOCK;
            if (socket) {
                check("getsockopt", "SO_PROTOCOL_INFOW", r);
            }
            int family = _WSAPROTOCOL_INFOW.iAddressFamily(info);
            if (!socket || family != Windows.AF_INET && family != Windows.AF_INET6
                    || _WSAPROTOCOL_INFOW.iProtocol(info)
                        != (type == SocketType.TCP ? Windows.IPPROTO_TCP : Windows.IPPROTO_UDP)) {
                throw new IllegalArgumentException("descriptor " + fd + " is not a socket of type " + type);
            }
        }
    }

    private static int protocol(int fd, MemorySegment info) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Winsock.getsockopt(fd, Windows.SOL_SOCKET, Windows.SO_PROTOCOL_INFOW, info,
                scratch.length((int) info.byteSize()));
        }
    }

    /** Returns the family of a socket, which need not be bound. */
    static int family(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = _WSAPROTOCOL_INFOW.allocate(arena);
            check("getsockopt", "SO_PROTOCOL_INFOW", protocol(fd, info));
            return _WSAPROTOCOL_INFOW.iAddressFamily(info);
        }
    }

    static boolean isSocket(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Winsock.getsockopt(fd, Windows.SOL_SOCKET, Windows.SO_TYPE, scratch.argument,
                scratch.length(Integer.BYTES)) != -Windows.WSAENOTSOCK;
        }
    }

    static boolean isTcp(int fd) throws IOException {
        return getInt(fd, Windows.SOL_SOCKET, Windows.SO_TYPE) == Windows.SOCK_STREAM;
    }

    @Override
    public boolean isListening(int fd) throws IOException {
        return getInt(fd, Windows.SOL_SOCKET, Windows.SO_ACCEPTCONN) != 0;
    }

    @Override
    public void prepareAdopted(int fd) throws IOException {
        if (!isTcp(fd)) {
            setReportsUnreachable(fd, hasPeer(fd));
        }
    }

    // ---- connections and addresses

    /** Returns whether there is a peer, or one that a connect in progress is to reach. */
    static boolean hasPeer(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Winsock.getpeername(fd, scratch.address, scratch.length((int) scratch.address.byteSize())) >= 0;
        }
    }

    /** Returns whether a stream socket has had a connection; false while a connect is in progress. */
    private static boolean wasConnected(int fd) {
        return tryGetInt(fd, Windows.SOL_SOCKET, Windows.SO_CONNECT_TIME) >= 0; // -1: never connected
    }

    /** Returns the error of a connect, even one that was taken; 0 if there is none. */
    private static int connectError(int fd) throws IOException {
        return getInt(fd, Windows.SOL_SOCKET, Windows.SO_ERROR);
    }

    /**
     * Returns the result of an operation on a stream socket that is not connected: WOULD_BLOCK while a connect is in
     * progress. If the connect failed, throws its error, as one of that call, once; then returns 0, since the stream
     * has ended.
     */
    static long notConnected(int fd, String call) throws IOException {
        int error = connectError(fd);
        if (error == 0) {
            if (!wasConnected(fd) && hasPeer(fd)) {
                return WOULD_BLOCK;
            }
            throw Errors.socket(call, Windows.WSAENOTCONN);
        }
        if (SocketState.takeConnectError(fd)) {
            throw Errors.pending(call, "", error);
        }
        return 0;
    }

    @Override
    public boolean isConnected(int fd, SocketAddress remote) throws IOException {
        if (wasConnected(fd)) {
            return true;
        }
        int error = connectError(fd);
        if (error == 0 && hasPeer(fd)) {
            return wasConnected(fd); // it may be connected meanwhile
        }
        boolean taken = error == 0 || !SocketState.takeConnectError(fd);
        throw Errors.pending("connect", text(remote), taken ? Windows.WSAENOTCONN : error);
    }

    private static String text(SocketAddress address) {
        return address == null ? "" : address.toString();
    }

    @Override
    public IOException withAddress(IOException e, SocketAddress address) {
        if (!(e instanceof SystemError s)) {
            return e;
        }
        return e instanceof ResourceExhaustedException ? Errors.exhausted(s.call(), text(address), s.errno())
            : Errors.pending(s.call(), text(address), s.errno());
    }

    @Override
    public void connect(int fd, SocketAddress remote) throws IOException {
        Sockaddr.family(remote);
        SocketAddress peer = reachable(remote);
        int family = family(fd);
        try (NativeScratch scratch = NativeScratch.enter()) {
            boolean before = hasPeer(fd);
            int length = Sockaddr.write(scratch.addressBytes, family, peer);
            setReportsUnreachable(fd, true);
            int r = Winsock.connect(fd, scratch.address, length);
            if (r < 0) {
                setReportsUnreachable(fd, before);
                throw Errors.socket("connect", remote.toString(), -r);
            }
        }
    }

    @Override
    public SocketAddress peerAddress(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            check("getpeername", "",
                Winsock.getpeername(fd, scratch.address, scratch.length((int) scratch.address.byteSize())));
            InetSocketAddress peer = Sockaddr.read(scratch.addressBytes);
            if (isTcp(fd) && (!wasConnected(fd) || SocketState.isReset(fd))) { // of a connect in progress, or an end
                throw Errors.socket("getpeername", Windows.WSAENOTCONN);
            }
            return peer;
        }
    }

    @Override
    public SocketAddress localAddress(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Winsock.getsockname(fd, scratch.address, scratch.length((int) scratch.address.byteSize()));
            if (r == -Windows.WSAEINVAL) { // not bound
                return new InetSocketAddress(
                    InetAddress.getByAddress(new byte[family(fd) == Windows.AF_INET6 ? 16 : 4]), 0);
            }
            check("getsockname", "", r);
            return Sockaddr.read(scratch.addressBytes);
        }
    }

    /**
     * Does not call shutdown with SD_RECEIVE, which resets the connection if data has arrived or arrives later. On
     * other systems such data can be read before the end of the stream: here a receive that would block returns the
     * end.
     */
    @Override
    public void shutdown(int fd, int directions) throws IOException {
        if ((directions & Readiness.WRITABLE) != 0) {
            check("shutdown", "", Winsock.shutdown(fd, Windows.SD_SEND));
        } else if (!wasConnected(fd)) {
            throw Errors.socket("shutdown", Windows.WSAENOTCONN);
        }
        SocketState.shutDown(fd, directions);
    }

    @Override
    public IOException takeError(int fd) throws IOException {
        int error = connectError(fd);
        if (error == 0 && SocketState.takeFoundReset(fd)) {
            return Errors.pending("SO_ERROR", "", Windows.WSAECONNRESET);
        }
        return error == 0 || !SocketState.takeConnectError(fd) ? null : Errors.pending("SO_ERROR", "", error);
    }

    // ---- multicast

    @Override
    public void joinGroup(int fd, InetAddress group, int interfaceIndex) throws IOException {
        setMembership(fd, group, interfaceIndex, Windows.IP_ADD_MEMBERSHIP, Windows.IPV6_ADD_MEMBERSHIP);
    }

    @Override
    public void leaveGroup(int fd, InetAddress group, int interfaceIndex) throws IOException {
        setMembership(fd, group, interfaceIndex, Windows.IP_DROP_MEMBERSHIP, Windows.IPV6_DROP_MEMBERSHIP);
    }

    /** struct ip_mreq is two addresses, struct ipv6_mreq an address and an index. */
    private static void setMembership(int fd, InetAddress group, int interfaceIndex, int name, int name6)
            throws IOException {
        boolean v6 = group instanceof Inet6Address;
        byte[] ip = group.getAddress();
        byte[] by = v6 ? null : interfaceAddress(interfaceIndex);
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.addressBytes.put(0, ip);
            if (v6) {
                scratch.addressBytes.putInt(16, interfaceIndex);
            } else {
                scratch.addressBytes.put(4, by);
            }
            check("setsockopt", group, Winsock.setsockopt(fd, v6 ? Windows.IPPROTO_IPV6 : Windows.IPPROTO_IP,
                v6 ? name6 : name, scratch.address, v6 ? 20 : 8));
        }
    }

    /** Returns the address by which options of IPv4 name an interface: one of its own, or else 0 and its index. */
    static byte[] interfaceAddress(int index) throws SocketException {
        NetworkInterface named = index == 0 ? null : NetworkInterface.getByIndex(index);
        InetAddress address = named == null ? null
            : named.inetAddresses().filter(a -> a instanceof Inet4Address).findFirst().orElse(null);
        return address != null ? address.getAddress() : ByteBuffer.allocate(4).putInt(index).array();
    }

    /** struct ip_mreq_source is a group, a source and an interface; group_source_req an index and two addresses. */
    @Override
    public void changeSource(int fd, InetAddress group, int interfaceIndex, InetAddress source, SourceChange change)
            throws IOException {
        boolean v6 = group instanceof Inet6Address;
        int name = switch (change) {
            case JOIN -> v6 ? Windows.MCAST_JOIN_SOURCE_GROUP : Windows.IP_ADD_SOURCE_MEMBERSHIP;
            case LEAVE -> v6 ? Windows.MCAST_LEAVE_SOURCE_GROUP : Windows.IP_DROP_SOURCE_MEMBERSHIP;
            case BLOCK -> v6 ? Windows.MCAST_BLOCK_SOURCE : Windows.IP_BLOCK_SOURCE;
            case UNBLOCK -> v6 ? Windows.MCAST_UNBLOCK_SOURCE : Windows.IP_UNBLOCK_SOURCE;
        };
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(v6 ? group_source_req.sizeof() : 12, 8);
            ByteBuffer bytes = NativeScratch.bytes(request);
            if (v6) {
                bytes.putInt(0, interfaceIndex);
                Sockaddr.write(part(bytes, group_source_req.gsr_group$offset()), Windows.AF_INET6,
                    new InetSocketAddress(group, 0));
                Sockaddr.write(part(bytes, group_source_req.gsr_source$offset()), Windows.AF_INET6,
                    new InetSocketAddress(source, 0));
            } else {
                bytes.put(0, group.getAddress()).put(4, source.getAddress()).put(8, interfaceAddress(interfaceIndex));
            }
            int level = v6 ? Windows.IPPROTO_IPV6 : Windows.IPPROTO_IP;
            check("setsockopt", source + " for " + group,
                Winsock.setsockopt(fd, level, name, request, (int) request.byteSize()));
        }
    }

    private static ByteBuffer part(ByteBuffer bytes, long offset) {
        int at = (int) offset;
        return bytes.slice(at, bytes.capacity() - at).order(bytes.order());
    }

    // ---- options

    @Override
    public void setOption(int fd, SocketOption<?> name, Object value) throws IOException {
        WindowsOptions.set(fd, name, value);
    }

    @Override
    public Object getOption(int fd, SocketOption<?> name) throws IOException {
        return WindowsOptions.get(fd, name);
    }

    @Override
    public void setOption(int fd, int level, int name, MemorySegment value) throws IOException {
        RawAccess.requireUsable(value);
        int size = optionSize(value);
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment copy = scratch.copyBuffer(size);
            MemorySegment.copy(value, 0, copy, 0, size);
            check("setsockopt", "", Winsock.setsockopt(fd, level, name, copy, size));
        }
    }

    /** The value is passed in as well: some options read their arguments from it. */
    @Override
    public int getOption(int fd, int level, int name, MemorySegment value) throws IOException {
        RawAccess.requireUsable(value);
        int size = optionSize(value);
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment copy = scratch.copyBuffer(size);
            MemorySegment.copy(value, 0, copy, 0, size);
            check("getsockopt", "", Winsock.getsockopt(fd, level, name, copy, scratch.length(size)));
            MemorySegment.copy(copy, 0, value, 0, size);
            return scratch.length();
        }
    }

    private static int optionSize(MemorySegment value) {
        if (value.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("an option's value has less than 2^31 bytes, not " + value.byteSize());
        }
        return (int) value.byteSize();
    }

    /** Returns the value of an option that is an int. */
    static int getInt(int fd, int level, int name) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0); // some options are one byte
            check("getsockopt", "", Winsock.getsockopt(fd, level, name, scratch.argument, scratch.length(4)));
            return scratch.argumentBytes.getInt(0);
        }
    }

    // ---- the state of a connection

    @Override
    public TcpFields newTcpFields() {
        return WindowsTcpInfo.open();
    }

    /** SIO_TCP_INFO takes a version and returns its structure. */
    @Override
    public void tcpInfo(int fd, TcpFields into) throws IOException {
        try (NativeScratch scratch = NativeScratch.enterToCopy(_TCP_INFO_v0.sizeof())) {
            MemorySegment version = scratch.argument.asSlice(0, 4);
            version.set(JAVA_INT, 0, 0);
            check("WSAIoctl", "SIO_TCP_INFO",
                Winsock.wsaIoctl(fd, Windows.SIO_TCP_INFO, version, into.segment(), scratch.length));
        }
    }

    private static void check(String call, Object about, int r) throws IOException {
        if (r < 0) {
            throw Errors.socket(call, about.toString(), -r);
        }
    }
}
