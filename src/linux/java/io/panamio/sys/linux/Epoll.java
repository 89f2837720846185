package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Structs;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** epoll(7) and eventfd(2). As in {@link Libc}, each method returns the result of the call, or the negated errno. */
final class Epoll {
    /** struct epoll_event: packed into 12 bytes on x86-64, 16 bytes elsewhere. A test compares with the bindings. */
    static final int EVENT_SIZE = LinuxPlatform.X86_64 ? 12 : 16;
    static final int EVENTS_OFFSET = 0;
    static final int DATA_OFFSET = LinuxPlatform.X86_64 ? 4 : 8;

    private Epoll() {
    }

    private static final MemorySegment CREATE1 = Libc.function("epoll_create1");

    static int create1(int flags) {
        return Libc.call(CREATE1, flags, 0, 0, 0, 0);
    }

    private static final MemorySegment CTL = Libc.function("epoll_ctl");

    private static int ctl(int epoll, int operation, int fd, MemorySegment event) {
        int r = Libc.call(CTL, epoll, operation, fd, event.address(), 0);
        Reference.reachabilityFence(event);
        return r;
    }

    static int ctl(int epoll, int operation, int fd, int events, long data) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(EVENTS_OFFSET, events).putLong(DATA_OFFSET, data);
            return ctl(epoll, operation, fd, scratch.argument);
        }
    }

    private static final MemorySegment WAIT = Libc.function("epoll_wait");

    static int wait(int epoll, MemorySegment events, int max, int millis) {
        int r = Libc.call(WAIT, epoll, events.address(), max, millis, 0);
        Reference.reachabilityFence(events);
        return r;
    }

    private static final MemorySegment PWAIT2 = Libc.functionOrNull("epoll_pwait2");

    private static int pwait2(int epoll, MemorySegment events, int max, MemorySegment timeout, MemorySegment signals) {
        int r = Libc.call(PWAIT2, epoll, events.address(), max, timeout.address(), signals.address());
        Reference.reachabilityFence(events);
        Reference.reachabilityFence(timeout);
        return r;
    }

    /** Returns the negated ENOSYS if the C library or the kernel lacks the call. */
    static int pwait2(int epoll, MemorySegment events, int max, long nanos) {
        if (PWAIT2 == null) {
            return -Linux.ENOSYS;
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putLong(Structs.TIMESPEC_SEC, nanos / 1_000_000_000)
                .putLong(Structs.TIMESPEC_NSEC, nanos % 1_000_000_000);
            return pwait2(epoll, events, max, scratch.argument, MemorySegment.NULL);
        }
    }

    private static final MemorySegment EVENTFD = Libc.function("eventfd");

    static int eventfd(int count, int flags) {
        return Libc.call(EVENTFD, count, flags, 0, 0, 0);
    }
}
