package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.ThreadState;
import io.panamio.sys.unix.UnixMessages;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Linux has calls for many messages at a time. */
final class LinuxMessages extends UnixMessages {
    LinuxMessages() {
        super(LinuxConstants.INSTANCE);
    }

    private static final class Recvmmsg {
        static MethodHandle call =
            Libc.link("recvmmsg", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    }

    @Override
    protected int recvmmsg(int fd, MemorySegment headers, int count, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Recvmmsg.call.invokeExact(state.capture, fd, headers, count, flags,
                MemorySegment.NULL), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Sendmmsg {
        static MethodHandle call = Libc.link("sendmmsg", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    }

    @Override
    protected int sendmmsg(int fd, MemorySegment headers, int count, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Sendmmsg.call.invokeExact(state.capture, fd, headers, count, flags), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
