package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** The calls of a mapping, raw, see {@link Libc}; and memory that is mapped, once or twice. */
final class Mapping {
    private static final MemorySegment NAME = Arena.global().allocateFrom("panamio");

    private Mapping() {
    }

    private static final MemorySegment MEMFD_CREATE = Libc.functionIfThere("memfd_create");

    static int memfd_create(MemorySegment name, int flags) {
        int r = Libc.call(MEMFD_CREATE, name.address(), flags, 0, 0, 0);
        Reference.reachabilityFence(name);
        return r;
    }

    private static final MemorySegment FTRUNCATE = Libc.function("ftruncate");

    static int ftruncate(int fd, long size) {
        return Libc.call(FTRUNCATE, fd, size, 0, 0, 0);
    }

    private static final MemorySegment MMAP = Libc.function("mmap");

    /** The address, or the negated errno in place of one. */
    static MemorySegment mmap(MemorySegment address, long size, int protection, int flags, int fd, long offset) {
        return MemorySegment.ofAddress(
            Libc.callLong(MMAP, address.address(), size, protection, flags, fd, offset));
    }

    private static final MemorySegment MUNMAP = Libc.function("munmap");

    static int munmap(MemorySegment address, long size) {
        return Libc.call(MUNMAP, address.address(), size, 0, 0, 0);
    }

    // ---- once

    @SuppressWarnings("restricted")
    static MemorySegment once(long size) {
        MemorySegment memory = mmap(MemorySegment.NULL, size, Linux.PROT_READ | Linux.PROT_WRITE,
            Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        if (memory.address() < 0) {
            throw new Errors(LinuxConstants.INSTANCE).outOfMemory("mmap", size + " bytes", (int) -memory.address());
        }
        return memory.reinterpret(size);
    }

    // ---- twice

    /** Maps {@code size} bytes twice, one mapping behind the other; null where that is refused, for whatever reason. */
    static MemorySegment twice(long size) {
        int fd = MEMFD_CREATE == null ? -1 : memfd_create(NAME, Linux.MFD_CLOEXEC);
        if (fd < 0) {
            return null;
        }
        try {
            return ftruncate(fd, size) < 0 ? null : twice(fd, size);
        } finally {
            Libc.close(fd); // the mappings keep the memory
        }
    }

    /** The first mapping is twice as long as the file, so that nobody else gets the place of the second. */
    @SuppressWarnings("restricted")
    private static MemorySegment twice(int fd, long size) {
        int protection = Linux.PROT_READ | Linux.PROT_WRITE;
        MemorySegment both = mmap(MemorySegment.NULL, 2 * size, protection, Linux.MAP_SHARED, fd, 0);
        if (both.address() < 0) {
            return null;
        }
        MemorySegment behind = MemorySegment.ofAddress(both.address() + size);
        if (mmap(behind, size, protection, Linux.MAP_SHARED | Linux.MAP_FIXED, fd, 0).address() < 0) {
            munmap(both, 2 * size);
            return null;
        }
        return both.reinterpret(2 * size);
    }
}
