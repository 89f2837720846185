package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls for mappings, raw as in {@link Libc}, and memory that is mapped once or twice. */
final class Mapping {
    private static final MemorySegment NAME = Arena.global().allocateFrom("panamio");

    private Mapping() {
    }

    private static final MemorySegment MEMFD_CREATE = Libc.functionOrNull("memfd_create");

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

    /** Returns the address, or the negated errno in place of one. */
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

    /**
     * Limits the number of these mappings to a quarter of what a process may have (vm.max_map_count): the JVM exits if
     * its heap or a new thread needs a mapping and none is left.
     */
    private static final class Share {
        static final int MAX = maxMappings() / 4;
        static final AtomicInteger USED = new AtomicInteger();

        private static int maxMappings() {
            try (InputStream number = new FileInputStream("/proc/sys/vm/max_map_count")) {
                byte[] digits = number.readNBytes(20); // one read(2), as a second one finds the end
                return Integer.parseInt(new String(digits, StandardCharsets.US_ASCII).trim());
            } catch (IOException | NumberFormatException e) {
                return 65_530; // the default
            }
        }

        static boolean take() {
            if (USED.addAndGet(2) <= MAX) {
                return true;
            }
            release();
            return false;
        }

        static void release() {
            USED.addAndGet(-2);
        }
    }

    /** Whether the C library has memfd_create(2). */
    static boolean canMapTwice() {
        return MEMFD_CREATE != null;
    }

    /** Maps {@code size} bytes twice, at adjacent addresses; returns null if that is refused for any reason. */
    static MemorySegment twice(long size) {
        if (MEMFD_CREATE == null || !Share.take()) {
            return null;
        }
        MemorySegment twice = null;
        try {
            twice = mapTwice(size);
            return twice;
        } finally {
            if (twice == null) {
                Share.release();
            }
        }
    }

    /** Unmaps what {@link #twice} returned. */
    static void unmapTwice(MemorySegment twice) {
        munmap(twice, twice.byteSize());
        Share.release();
    }

    private static MemorySegment mapTwice(long size) {
        int fd = memfd_create(NAME, Linux.MFD_CLOEXEC);
        if (fd < 0) {
            return null;
        }
        try {
            return ftruncate(fd, size) < 0 ? null : mapTwice(fd, size);
        } finally {
            Libc.close(fd); // the mappings keep the memory
        }
    }

    /** The first mapping is twice as long as the file, to reserve the addresses of the second. */
    @SuppressWarnings("restricted")
    private static MemorySegment mapTwice(int fd, long size) {
        int protection = Linux.PROT_READ | Linux.PROT_WRITE;
        MemorySegment both = mmap(MemorySegment.NULL, 2 * size, protection, Linux.MAP_SHARED, fd, 0);
        if (both.address() < 0) {
            return null;
        }
        MemorySegment second = MemorySegment.ofAddress(both.address() + size);
        if (mmap(second, size, protection, Linux.MAP_SHARED | Linux.MAP_FIXED, fd, 0).address() < 0) {
            munmap(both, 2 * size);
            return null;
        }
        return both.reinterpret(2 * size);
    }
}
