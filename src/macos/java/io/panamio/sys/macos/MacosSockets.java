package io.panamio.sys.macos;

import io.panamio.bindings.macos.Macos;
import io.panamio.sys.SocketType;
import io.panamio.sys.TcpFields;
import io.panamio.sys.bsd.BsdSockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Sockets of macOS: its options, and what it reports of a connection. */
final class MacosSockets extends BsdSockets {
    MacosSockets() {
        super(MacosConstants.INSTANCE, MacosOptions.BY_NAME, Macos.IPPROTO_TCP, Macos.TCP_CONNECTION_INFO);
    }

    @Override
    public TcpFields newTcpFields() {
        return MacosTcpInfo.open();
    }

    /** There is no option with the protocol: one of ICMP passes for UDP. */
    @Override
    protected boolean isTcpOrUdp(int fd, SocketType type) {
        return true;
    }

    /** struct xucred has no process. */
    @Override
    protected int pid(int fd, MemorySegment xucred) throws IOException {
        return getInt(fd, Macos.SOL_LOCAL, Macos.LOCAL_PEERPID);
    }
}
