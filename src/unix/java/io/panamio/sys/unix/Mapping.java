package io.panamio.sys.unix;

import java.lang.foreign.MemorySegment;

/** The calls for mappings, with results as in {@link Libc}, and memory that is mapped once. */
public final class Mapping {
    /** The protection of memory that is read and written. */
    public static final int READ_WRITE = Posix.PROT_READ | Posix.PROT_WRITE;

    private Mapping() {
    }

    private static final MemorySegment FTRUNCATE = Libc.function("ftruncate");

    public static int ftruncate(int fd, long size) {
        int r;
        do {
            r = Libc.call(FTRUNCATE, fd, size, 0, 0, 0);
        } while (r == -Posix.EINTR);
        return r;
    }

    private static final MemorySegment MMAP = Libc.function("mmap");

    /** Returns the address, or the negated errno in place of one. */
    public static MemorySegment mmap(MemorySegment address, long size, int protection, int flags, int fd,
            long offset) {
        return MemorySegment.ofAddress(
            Libc.callLong(MMAP, address.address(), size, protection, flags, fd, offset));
    }

    private static final MemorySegment MUNMAP = Libc.function("munmap");

    private static int munmap(MemorySegment address, long size) {
        return Libc.call(MUNMAP, address.address(), size, 0, 0, 0);
    }

    /** Unmaps a whole mapping. */
    public static void unmap(MemorySegment mapping) {
        munmap(mapping, mapping.byteSize());
    }

    /**
     * Maps new memory.
     *
     * @param anonymous the flag for memory of no file, MAP_ANON
     * @param errors what throws if it is refused
     */
    @SuppressWarnings("restricted")
    public static MemorySegment anonymous(long size, int anonymous, Errors errors) {
        MemorySegment memory = mmap(MemorySegment.NULL, size, READ_WRITE, Posix.MAP_PRIVATE | anonymous, -1, 0);
        if (memory.address() < 0) {
            throw errors.outOfMemory("mmap", size + " bytes", (int) -memory.address());
        }
        return memory.reinterpret(size);
    }
}
