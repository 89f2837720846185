package io.panamio.sys.freebsd;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.sys.unix.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Shared memory objects, which need no names on FreeBSD. */
final class SharedMemory {
    private SharedMemory() {
    }

    private static final MemorySegment SHM_OPEN = Libc.function("shm_open");

    private static int shm_open(MemorySegment name, int flags, int mode) {
        int r = Libc.call(SHM_OPEN, name.address(), flags, mode, 0, 0);
        Reference.reachabilityFence(name);
        return r;
    }

    /** Opens a new object; returns a negated errno if that is refused. It is close-on-exec. */
    static int open() {
        int r;
        do {
            r = shm_open(MemorySegment.ofAddress(Freebsd.SHM_ANON_ADDRESS), Freebsd.O_RDWR, 0600);
        } while (r == -Freebsd.EINTR);
        return r;
    }
}
