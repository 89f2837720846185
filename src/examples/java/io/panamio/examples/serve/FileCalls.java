package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * open(2), statx(2) and pread(2), by the bytes of a path, whatever the JVM thinks of their encoding, and without
 * garbage. The last status that was asked for is in the fields. For one thread.
 */
final class FileCalls {
    static final int ENOENT = 2;
    static final int EACCES = 13;
    static final int EPERM = 1;
    static final int ENOTDIR = 20;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENXIO = 6; // a socket
    static final int ENAMETOOLONG = 36;
    static final int ELOOP = 40;

    private static final int FLAGS = 04000 | 02000000; // O_NONBLOCK, for a FIFO, and O_CLOEXEC
    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = LINKER.downcallHandle(find("open"),
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX = link("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle PREAD = link("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

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

    private static MemorySegment find(String function) {
        return LINKER.defaultLookup().find(function).orElseThrow();
    }

    private static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(find(function), FunctionDescriptor.of(result, arguments));
    }

    /** Opens for reading: the descriptor, or the negated errno. */
    int open(MemorySegment path) {
        try {
            int fd = (int) OPEN.invokeExact(errno, path, FLAGS);
            return fd >= 0 ? fd : -errno.get(JAVA_INT, 0);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    void close(int fd) {
        try {
            int ignored = (int) CLOSE.invokeExact(fd);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Asks for the status of what is at a path; false if there is nothing. */
    boolean stat(MemorySegment path) {
        return stat(AT_FDCWD, path, 0);
    }

    /** Asks for the status of what is open. */
    boolean stat(int fd) {
        return stat(fd, noPath, AT_EMPTY_PATH);
    }

    private boolean stat(int directory, MemorySegment path, int flags) {
        try {
            if ((int) STATX.invokeExact(directory, path, flags, STATX_BASIC_STATS, status) != 0) {
                return false;
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
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

    /** Reads the beginning of a file; false if it has less than was asked for. */
    boolean read(int fd, MemorySegment into, long at, long length) {
        for (long done = 0; done < length;) {
            long n;
            try {
                n = (long) PREAD.invokeExact(fd, into.asSlice(at + done), length - done, done);
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
            if (n <= 0) {
                return false;
            }
            done += n;
        }
        return true;
    }
}
