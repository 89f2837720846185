package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The system calls for files, by the bytes of a path, whatever the JVM thinks of their encoding, and without garbage:
 * openat(2), statx(2), pread(2) and getdents64(2). A call that a signal interrupts is made again. The status that was
 * asked for last is in the fields. For one thread.
 */
final class FileCalls {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ENXIO = 6; // a socket
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int ENOTDIR = 20;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENAMETOOLONG = 36;
    static final int ELOOP = 40;
    private static final int EINTR = 4;

    private static final int READ = 04000 | 02000000; // O_NONBLOCK, for a FIFO, and O_CLOEXEC
    private static final int LOOK = 010000000 | 02000000; // O_PATH and O_CLOEXEC
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int RLIMIT_NOFILE = 7;
    private static final long DIRENT_SIZE = 16; // struct linux_dirent64
    private static final long DIRENT_NAME = 19;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MethodHandle OPENAT = link("openat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS,
        JAVA_INT), ERRNO, Linker.Option.firstVariadicArg(3));
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX = link("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS,
        JAVA_INT, JAVA_INT, ADDRESS), ERRNO);
    private static final MethodHandle PREAD = link("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS,
        JAVA_LONG, JAVA_LONG), ERRNO);
    private static final MethodHandle GETDENTS = link("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS,
        JAVA_LONG), ERRNO);
    private static final MethodHandle GETRLIMIT = link("getrlimit", JAVA_INT, JAVA_INT, ADDRESS);

    private final MemorySegment errno = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
    private final MemorySegment noPath = Arena.ofAuto().allocate(1);
    private final MemorySegment status = Arena.ofAuto().allocate(256, 8); // struct statx

    /** The last status: what kind of file, its size, when it was changed, and which one it is. */
    private int mode;
    long size;
    long seconds;
    int nanos;
    long inode;
    long device;

    private static MethodHandle link(String function, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().find(function).orElseThrow(), type, options);
    }

    private static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        return link(function, FunctionDescriptor.of(result, arguments));
    }

    private int errno() {
        return errno.get(JAVA_INT, 0);
    }

    // ---- opening

    /** Opens for reading, and returns the descriptor or the negated errno. */
    int open(MemorySegment path) {
        return open(AT_FDCWD, path, READ);
    }

    /** Opens what a name in a folder leads to, for its status alone; returns the descriptor or the negated errno. */
    int look(int folder, MemorySegment name) {
        return open(folder, name, LOOK);
    }

    private int open(int folder, MemorySegment path, int flags) {
        for (;;) {
            int fd;
            try {
                fd = (int) OPENAT.invokeExact(errno, folder, path, flags);
            } catch (Throwable t) {
                throw unexpected(t);
            }
            if (fd >= 0 || errno() != EINTR) {
                return fd >= 0 ? fd : -errno();
            }
        }
    }

    void close(int fd) {
        try {
            int ignored = (int) CLOSE.invokeExact(fd);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static AssertionError unexpected(Throwable t) {
        switch (t) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> {
                return new AssertionError(t);
            }
        }
    }

    /** Returns the path of what is open, which the kernel knows even if it was renamed since. */
    static Path target(int fd) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
    }

    /** Returns how many descriptors the process may have. */
    static long descriptorLimit() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(JAVA_LONG, 2);
            boolean known = (int) GETRLIMIT.invokeExact(RLIMIT_NOFILE, limits) == 0;
            long limit = known ? limits.get(JAVA_LONG, 0) : 0;
            return limit > 0 ? limit : Long.MAX_VALUE; // RLIM_INFINITY is -1
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- status

    /** Asks for the status of what is at a path; false if there is none to be had. */
    boolean stat(MemorySegment path) {
        return stat(AT_FDCWD, path, 0);
    }

    /** Asks for the status of what is open. */
    boolean stat(int fd) {
        return stat(fd, noPath, AT_EMPTY_PATH);
    }

    /** Asks for the status of what has a name in a folder, which may be a link. */
    boolean statLink(int folder, MemorySegment name) {
        return stat(folder, name, AT_SYMLINK_NOFOLLOW);
    }

    private boolean stat(int folder, MemorySegment path, int flags) {
        int result;
        do {
            try {
                result = (int) STATX.invokeExact(errno, folder, path, flags, STATX_BASIC_STATS, status);
            } catch (Throwable t) {
                throw unexpected(t);
            }
        } while (result != 0 && errno() == EINTR);
        if (result != 0) {
            return false;
        }
        mode = status.get(JAVA_SHORT, 28);
        inode = status.get(JAVA_LONG, 32);
        size = status.get(JAVA_LONG, 40);
        seconds = status.get(JAVA_LONG, 112);
        nanos = status.get(JAVA_INT, 120);
        device = (long) status.get(JAVA_INT, 136) << 32 | status.get(JAVA_INT, 140);
        return true;
    }

    boolean isRegular() {
        return (mode & 0170000) == 0100000;
    }

    boolean isDirectory() {
        return (mode & 0170000) == 0040000;
    }

    boolean isLink() {
        return (mode & 0170000) == 0120000;
    }

    // ---- reading

    /** Reads the beginning of a file; false if there is less to be read than was asked for. */
    boolean read(int fd, MemorySegment into, long at, long length) {
        for (long done = 0; done < length;) {
            long n;
            try {
                n = (long) PREAD.invokeExact(errno, fd, into.asSlice(at + done), length - done, done);
            } catch (Throwable t) {
                throw unexpected(t);
            }
            if (n > 0) {
                done += n;
            } else if (n == 0 || errno() != EINTR) {
                return false;
            }
        }
        return true;
    }

    /** Whether there is nothing to be read, which a size of 0 does not say of a file of /proc. */
    boolean isEmpty(int fd) {
        return !read(fd, status, 0, 1);
    }

    /** What takes the names of a folder, each with its NUL and valid only meanwhile; false if it wants no more. */
    interface Names {
        boolean add(MemorySegment name);
    }

    /** Reads the names in a folder that is open, and returns 0 or the errno. */
    int list(int folder, Names names) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(32 * 1024, 8);
            for (;;) {
                long size;
                try {
                    size = (long) GETDENTS.invokeExact(errno, folder, entries, entries.byteSize());
                } catch (Throwable t) {
                    throw unexpected(t);
                }
                if (size == 0 || size < 0 && errno() != EINTR) {
                    return size == 0 ? 0 : errno();
                }
                for (long at = 0; at < size; at += entries.get(JAVA_SHORT_UNALIGNED, at + DIRENT_SIZE) & 0xffff) {
                    MemorySegment name = entries.asSlice(at + DIRENT_NAME);
                    if (!isDots(name) && !names.add(name)) {
                        return 0;
                    }
                }
            }
        }
    }

    private static boolean isDots(MemorySegment name) {
        return name.get(JAVA_BYTE, 0) == '.' && (name.get(JAVA_BYTE, 1) == 0
            || name.get(JAVA_BYTE, 1) == '.' && name.get(JAVA_BYTE, 2) == 0);
    }
}
