package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.linux.Linux;
import io.panamio.net.TcpInfo;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.ThreadState;
import io.panamio.sys.unix.UnixSockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Linux makes and accepts a non-blocking, close-on-exec socket in one call. */
final class LinuxSockets extends UnixSockets {
    LinuxSockets() {
        super(LinuxConstants.INSTANCE, LinuxOptions.BY_NAME);
    }

    private static final class Accept4 {
        static MethodHandle call = Libc.link("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    }

    @Override
    protected int newSocket(int family, int type) {
        return Libc.socket(family, type | Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC(), 0);
    }

    @Override
    protected int newPair(int family, int type, MemorySegment fds) {
        return Libc.socketpair(family, type | Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC(), 0, fds);
    }

    @Override
    protected int nextConnection(int fd, MemorySegment address, MemorySegment length) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Accept4.call.invokeExact(state.capture, fd, address, length,
                Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC()), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public TcpInfo newTcpInfo() {
        return new LinuxTcpInfo();
    }

    @Override
    public void tcpInfo(int fd, TcpInfo into) throws IOException {
        MemorySegment info = into.segment();
        int known = getOption(fd, Linux.IPPROTO_TCP(), Linux.TCP_INFO(), info);
        if (known < info.byteSize()) {
            info.asSlice(known).fill((byte) 0);
        }
    }
}
