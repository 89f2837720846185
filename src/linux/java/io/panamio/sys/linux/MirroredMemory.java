package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Mapping;
import io.panamio.sys.unix.Posix;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** Memory that is mapped twice, at adjacent addresses. */
final class MirroredMemory {
    private static final MemorySegment NAME = Arena.global().allocateFrom("panamio");

    private MirroredMemory() {
    }

    private static final MemorySegment MEMFD_CREATE = Libc.functionOrNull("memfd_create");

    private static int memfd_create(MemorySegment name, int flags) {
        int r = Libc.call(MEMFD_CREATE, name.address(), flags, 0, 0, 0);
        Reference.reachabilityFence(name);
        return r;
    }

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

    /** Returns whether the C library has memfd_create(2). */
    static boolean isSupported() {
        return MEMFD_CREATE != null;
    }

    /** Maps {@code size} bytes twice, at adjacent addresses; returns null if that is refused for any reason. */
    static MemorySegment map(long size) {
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

    /** Unmaps what {@link #map} returned. */
    static void unmap(MemorySegment twice) {
        Mapping.unmap(twice);
        Share.release();
    }

    private static MemorySegment mapTwice(long size) {
        int fd = memfd_create(NAME, Linux.MFD_CLOEXEC);
        if (fd < 0) {
            return null;
        }
        try {
            return Mapping.ftruncate(fd, size) < 0 ? null : mapTwice(fd, size);
        } finally {
            Libc.close(fd); // the mappings keep the memory
        }
    }

    /** The first mapping is twice as long as the file, to reserve the addresses of the second. */
    @SuppressWarnings("restricted")
    private static MemorySegment mapTwice(int fd, long size) {
        MemorySegment both = Mapping.mmap(MemorySegment.NULL, 2 * size, Mapping.READ_WRITE, Posix.MAP_SHARED, fd, 0);
        if (both.address() < 0) {
            return null;
        }
        both = both.reinterpret(2 * size);
        if (Mapping.mmap(both.asSlice(size), size, Mapping.READ_WRITE, Posix.MAP_SHARED | Posix.MAP_FIXED, fd, 0)
            .address() < 0) {
            Mapping.unmap(both);
            return null;
        }
        return both;
    }
}
