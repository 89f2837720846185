package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.ThreadState;
import io.panamio.sys.unix.UnixSockets;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Linux makes and accepts a non-blocking, close-on-exec socket in one call. */
final class LinuxSockets extends UnixSockets {
    static final LinuxSockets INSTANCE = new LinuxSockets();

    private LinuxSockets() {
        super(LinuxConstants.INSTANCE);
    }

    private static final class Accept4 {
        static final MethodHandle CALL = Libc.link("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    }

    @Override
    protected int streamSocket(int family) {
        return Libc.socket(family, Linux.SOCK_STREAM() | Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC(), 0);
    }

    @Override
    protected int acceptConnection(int fd) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Accept4.CALL.invokeExact(state.capture, fd, MemorySegment.NULL, MemorySegment.NULL,
                Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC()), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
