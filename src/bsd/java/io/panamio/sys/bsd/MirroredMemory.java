package io.panamio.sys.bsd;

import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Mapping;
import io.panamio.sys.unix.Posix;
import java.lang.foreign.MemorySegment;

/** Memory that is mapped twice, at adjacent addresses. */
final class MirroredMemory {
    private MirroredMemory() {
    }

    /**
     * Maps {@code size} bytes of a shared memory object twice, one mapping right after the other, and closes the
     * object. Returns null if the system refuses for any reason, or if {@code shared} is negative.
     */
    static MemorySegment map(int shared, long size) {
        if (shared < 0) {
            return null;
        }
        try {
            return Mapping.ftruncate(shared, size) < 0 ? null : mapTwice(shared, size);
        } finally {
            Libc.close(shared); // the mappings keep the memory
        }
    }

    /** Reserves the addresses of both by an anonymous mapping, then maps the object onto each half. */
    @SuppressWarnings("restricted")
    private static MemorySegment mapTwice(int fd, long size) {
        MemorySegment both = Mapping.mmap(MemorySegment.NULL, 2 * size, Mapping.READ_WRITE,
            Posix.MAP_PRIVATE | Bsd.MAP_ANON, -1, 0);
        if (both.address() < 0) {
            return null;
        }
        both = both.reinterpret(2 * size);
        for (int i = 0; i < 2; i++) {
            MemorySegment at = both.asSlice(i * size);
            if (Mapping.mmap(at, size, Mapping.READ_WRITE, Posix.MAP_SHARED | Posix.MAP_FIXED, fd, 0).address() < 0) {
                Mapping.unmap(both);
                return null;
            }
        }
        return both;
    }
}
