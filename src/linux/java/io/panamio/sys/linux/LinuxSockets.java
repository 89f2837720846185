package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.ucred;
import io.panamio.net.UnixCredentials;
import io.panamio.sys.SocketType;
import io.panamio.sys.TcpFields;
import io.panamio.sys.unix.UnixSockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sockets of Linux: its options, and what it reports of a connection. */
final class LinuxSockets extends UnixSockets {
    /** Offsets in struct tcp_info, whose class need not be loaded for a failed connect; a test compares the two. */
    static final long TCP_OPTIONS = 5;
    static final long TCP_BYTES_ACKED = 120;

    LinuxSockets() {
        super(LinuxConstants.INSTANCE, LinuxOptions.BY_NAME);
    }

    @Override
    public TcpFields newTcpFields() {
        return LinuxTcpInfo.open();
    }

    @Override
    protected boolean isTcpOrUdp(int fd, SocketType type) throws IOException {
        int protocol = getInt(fd, Linux.SOL_SOCKET, Linux.SO_PROTOCOL);
        return type == SocketType.UDP ? protocol == Linux.IPPROTO_UDP
            : protocol == Linux.IPPROTO_TCP || protocol == Linux.IPPROTO_MPTCP;
    }

    /**
     * By default a socket receives the datagrams of every group that any socket has joined. The second option exists
     * since Linux 4.20.
     */
    @Override
    protected void setDatagramDefaults(int fd, boolean v6) {
        trySetInt(fd, Linux.IPPROTO_IP, Linux.IP_MULTICAST_ALL, 0);
        if (v6) {
            trySetInt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_MULTICAST_ALL, 0);
        }
    }

    /**
     * {@inheritDoc} After a connection has ended, Linux still reports whether options were negotiated and whether its
     * SYN was acknowledged.
     */
    @Override
    protected boolean wasConnected(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(TCP_BYTES_ACKED + 8, 8);
            int known = getOption(fd, Linux.IPPROTO_TCP, Linux.TCP_INFO, info);
            return info.get(JAVA_BYTE, TCP_OPTIONS) != 0
                || known == info.byteSize() && info.get(JAVA_LONG, TCP_BYTES_ACKED) != 0;
        }
    }

    /** struct ucred. */
    @Override
    protected UnixCredentials credentials(int fd, int level, int name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment peer = ucred.allocate(arena);
            getOption(fd, level, name, peer);
            return new UnixCredentials(ucred.pid(peer), ucred.uid(peer), ucred.gid(peer));
        }
    }

    @Override
    public void tcpInfo(int fd, TcpFields into) throws IOException {
        MemorySegment info = into.segment();
        int known = getOption(fd, Linux.IPPROTO_TCP, Linux.TCP_INFO, info);
        if (known < info.byteSize()) {
            info.asSlice(known).fill((byte) 0);
        }
    }
}
