package io.panamio.sys.bsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.net.UnixCredentials;
import io.panamio.sys.TcpFields;
import io.panamio.sys.unix.UnixOptions;
import io.panamio.sys.unix.UnixSockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Sockets of macOS and FreeBSD: the credentials of a peer, and the state of a connection. */
public abstract class BsdSockets extends UnixSockets {
    private final BsdConstants c;
    private final int info;
    private final int tcp;

    /**
     * The sockets of a platform.
     *
     * @param tcp IPPROTO_TCP
     * @param info the option that reports the state of a connection
     */
    protected BsdSockets(BsdConstants constants, Map<String, UnixOptions.Option> options, int tcp, int info) {
        super(constants, options);
        c = constants;
        this.tcp = tcp;
        this.info = info;
    }

    /** The system keeps nothing of a connection that has ended. */
    @Override
    protected final boolean wasConnected(int fd) {
        return false;
    }

    /** struct xucred, whose first group is the effective one. */
    @Override
    protected final UnixCredentials credentials(int fd, int level, int name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment xucred = arena.allocate(c.XUCRED_SIZE(), 8);
            getOption(fd, level, name, xucred);
            return new UnixCredentials(pid(fd, xucred), xucred.get(JAVA_INT, c.XUCRED_UID()),
                xucred.get(JAVA_INT, c.XUCRED_GROUPS()));
        }
    }

    /** Returns the process of a peer, of which a struct xucred is given. */
    protected abstract int pid(int fd, MemorySegment xucred) throws IOException;

    @Override
    public final void tcpInfo(int fd, TcpFields into) throws IOException {
        MemorySegment segment = into.segment();
        int known = getOption(fd, tcp, info, segment);
        if (known < segment.byteSize()) {
            segment.asSlice(known).fill((byte) 0);
        }
    }
}
