package io.panamio.sys.bsd;

import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Posix;
import java.lang.foreign.MemorySegment;

/** The calls for mappings, raw as in {@link Libc}, and memory that is mapped once or twice. */
final class Mapping {
    private static final int READ_WRITE = Posix.PROT_READ | Posix.PROT_WRITE;

    private final BsdConstants c;

    Mapping(BsdConstants constants) {
        c = constants;
    }

    private static final MemorySegment FTRUNCATE = Libc.function("ftruncate");

    private static int ftruncate(int fd, long size) {
        return Libc.call(FTRUNCATE, fd, size, 0, 0, 0);
    }

    private static final MemorySegment MMAP = Libc.function("mmap");

    /** Returns the address, or the negated errno in place of one. */
    private static MemorySegment mmap(MemorySegment address, long size, int protection, int flags, int fd,
            long offset) {
        return MemorySegment.ofAddress(
            Libc.callLong(MMAP, address.address(), size, protection, flags, fd, offset));
    }

    private static final MemorySegment MUNMAP = Libc.function("munmap");

    static int munmap(MemorySegment address, long size) {
        return Libc.call(MUNMAP, address.address(), size, 0, 0, 0);
    }

    @SuppressWarnings("restricted")
    MemorySegment once(long size) {
        MemorySegment memory = mmap(MemorySegment.NULL, size, READ_WRITE, Posix.MAP_PRIVATE | Bsd.MAP_ANON, -1, 0);
        if (memory.address() < 0) {
            throw new Errors(c).outOfMemory("mmap", size + " bytes", (int) -memory.address());
        }
        return memory.reinterpret(size);
    }

    /**
     * Maps {@code size} bytes of a shared memory object twice, one mapping behind the other, and closes the object;
     * returns null if that is refused for any reason, or if {@code shared} is negative.
     */
    MemorySegment twice(int shared, long size) {
        if (shared < 0) {
            return null;
        }
        try {
            return ftruncate(shared, size) < 0 ? null : mapTwice(shared, size);
        } finally {
            Libc.close(shared); // the mappings keep the memory
        }
    }

    /** The first mapping, of no object, reserves the addresses of both. */
    @SuppressWarnings("restricted")
    private MemorySegment mapTwice(int fd, long size) {
        MemorySegment both = mmap(MemorySegment.NULL, 2 * size, READ_WRITE, Posix.MAP_PRIVATE | Bsd.MAP_ANON, -1, 0);
        if (both.address() < 0) {
            return null;
        }
        for (int i = 0; i < 2; i++) {
            MemorySegment at = MemorySegment.ofAddress(both.address() + i * size);
            if (mmap(at, size, READ_WRITE, Posix.MAP_SHARED | Posix.MAP_FIXED, fd, 0).address() < 0) {
                munmap(both, 2 * size);
                return null;
            }
        }
        return both.reinterpret(2 * size);
    }
}
