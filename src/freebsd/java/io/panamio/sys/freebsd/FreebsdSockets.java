package io.panamio.sys.freebsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.sys.SocketType;
import io.panamio.sys.TcpFields;
import io.panamio.sys.bsd.BsdSockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Sockets of FreeBSD: its options, and what it reports of a connection. */
final class FreebsdSockets extends BsdSockets {
    FreebsdSockets() {
        super(FreebsdConstants.INSTANCE, FreebsdOptions.BY_NAME, Freebsd.IPPROTO_TCP, Freebsd.TCP_INFO);
    }

    @Override
    public TcpFields newTcpFields() {
        return FreebsdTcpInfo.open();
    }

    @Override
    protected boolean isTcpOrUdp(int fd, SocketType type) throws IOException {
        int protocol = getInt(fd, Freebsd.SOL_SOCKET, Freebsd.SO_PROTOCOL);
        return protocol == (type == SocketType.UDP ? Freebsd.IPPROTO_UDP : Freebsd.IPPROTO_TCP);
    }

    @Override
    protected int pid(int fd, MemorySegment xucred) {
        return xucred.get(JAVA_INT, FreebsdConstants.XUCRED_PID);
    }
}
