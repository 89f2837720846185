package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.ThreadState;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** epoll(7), eventfd(2) and pipe2(2), raw: the result, or the negated errno. */
final class Epoll {
    /** The layout of struct epoll_event: packed into 12 bytes on x86-64, 16 bytes elsewhere. */
    private static final MemoryLayout EVENT = LinuxPlatform.X86_64
        ? io.panamio.bindings.linux.x86_64.epoll_event.layout()
        : io.panamio.bindings.linux.aarch64.epoll_event.layout();

    static final long EVENT_SIZE = EVENT.byteSize();
    static final long EVENTS_OFFSET = EVENT.byteOffset(MemoryLayout.PathElement.groupElement("events"));
    static final long DATA_OFFSET = EVENT.byteOffset(MemoryLayout.PathElement.groupElement("data"));
    static final ValueLayout.OfInt EVENTS = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong DATA = ValueLayout.JAVA_LONG_UNALIGNED;

    private Epoll() {
    }

    private static final class Create1 {
        static MethodHandle call = Libc.link("epoll_create1", JAVA_INT, JAVA_INT);
    }

    static int create1(int flags) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Create1.call.invokeExact(state.capture, flags), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Ctl {
        static MethodHandle call = Libc.link("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    }

    static int ctl(int epoll, int operation, int fd, int events, long data) {
        try {
            ThreadState state = ThreadState.get();
            MemorySegment event = state.argument;
            event.set(EVENTS, EVENTS_OFFSET, events);
            event.set(DATA, DATA_OFFSET, data);
            return Libc.result((int) Ctl.call.invokeExact(state.capture, epoll, operation, fd, event), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Wait {
        static MethodHandle call = Libc.link("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    }

    static int wait(int epoll, MemorySegment events, int max, int millis) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Wait.call.invokeExact(state.capture, epoll, events, max, millis), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Pwait2 {
        static MethodHandle call = Libc.linkIfThere("epoll_pwait2", JAVA_INT,
            JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    }

    /** Where the C library or the kernel lacks it, the error is ENOSYS. */
    static int pwait2(int epoll, MemorySegment events, int max, long nanos) {
        if (Pwait2.call == null) {
            return -Linux.ENOSYS();
        }
        try {
            ThreadState state = ThreadState.get();
            MemorySegment timespec = state.argument;
            timespec.set(ValueLayout.JAVA_LONG, 0, nanos / 1_000_000_000);
            timespec.set(ValueLayout.JAVA_LONG, 8, nanos % 1_000_000_000);
            return Libc.result((int) Pwait2.call.invokeExact(state.capture, epoll, events, max, timespec,
                MemorySegment.NULL), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Eventfd {
        static MethodHandle call = Libc.link("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    }

    static int eventfd(int count, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Eventfd.call.invokeExact(state.capture, count, flags), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static final class Pipe2 {
        static MethodHandle call = Libc.link("pipe2", JAVA_INT, ADDRESS, JAVA_INT);
    }

    static int pipe2(MemorySegment ends, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return Libc.result((int) Pipe2.call.invokeExact(state.capture, ends, flags), state);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
