package io.panamio.sys.bsd;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Structs;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** kqueue(2) and kevent(2). As in {@link Libc}, each method returns the result of the call, or the negated errno. */
final class Kqueue {
    /** The longest wait: macOS refuses a number of seconds that is no int. */
    private static final long MAX_SECONDS = Integer.MAX_VALUE;

    private Kqueue() {
    }

    private static final MemorySegment KQUEUE = Libc.function("kqueue");

    static int kqueue() {
        return Libc.call(KQUEUE, 0, 0, 0, 0, 0);
    }

    private static final MemorySegment KEVENT = Libc.function("kevent");

    private static int kevent(int kqueue, MemorySegment changes, int nchanges, MemorySegment events, int nevents,
            MemorySegment timeout) {
        int r = Libc.call(KEVENT, kqueue, changes.address(), nchanges, events.address(), nevents, timeout.address());
        Reference.reachabilityFence(changes);
        Reference.reachabilityFence(events);
        Reference.reachabilityFence(timeout);
        return r;
    }

    /** Applies changes without waiting; their receipts take the places of the changes. */
    static int change(int kqueue, MemorySegment changes, int count) {
        return kevent(kqueue, changes, count, changes, count, MemorySegment.NULL);
    }

    /** Applies a change that has no receipt. */
    static int trigger(int kqueue, MemorySegment change) {
        return kevent(kqueue, change, 1, MemorySegment.NULL, 0, MemorySegment.NULL);
    }

    /** Waits for events; a negative time has no limit. */
    static int wait(int kqueue, MemorySegment events, int max, long nanos) {
        if (nanos < 0) {
            return kevent(kqueue, MemorySegment.NULL, 0, events, max, MemorySegment.NULL);
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putLong(Structs.TIMESPEC_SEC, Math.min(nanos / 1_000_000_000, MAX_SECONDS))
                .putLong(Structs.TIMESPEC_NSEC, nanos % 1_000_000_000);
            return kevent(kqueue, MemorySegment.NULL, 0, events, max, scratch.argument);
        }
    }
}
