package io.panamio.examples.serve.files;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.panamio.pipeline.FileSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Access to files on Linux through system calls, which take a path as bytes, whatever its charset, and allocate nothing
 * on the heap: openat(2), statx(2), pread(2) and getdents64(2). A call that was interrupted by a signal is repeated.
 * The location of an open file is read from {@code /proc/self/fd}, so it cannot be replaced between the check and the
 * use.
 */
final class LinuxFiles extends FileAccess {
    private static final int EPERM = 1;
    private static final int ENOENT = 2;
    private static final int ENXIO = 6; // a socket
    private static final int ENOMEM = 12;
    private static final int EACCES = 13;
    private static final int ENOTDIR = 20;
    private static final int ENFILE = 23;
    private static final int EMFILE = 24;
    private static final int ENAMETOOLONG = 36;
    private static final int ELOOP = 40;
    private static final int EINTR = 4;

    private static final int READ = 04000 | 02000000; // O_NONBLOCK, for a FIFO, and O_CLOEXEC
    private static final int STATUS_ONLY = 010000000 | 02000000; // O_PATH and O_CLOEXEC
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final long DIRENT_SIZE = 16; // struct linux_dirent64
    private static final long DIRENT_NAME = 19;

    private static final Linker LINKER = Linker.nativeLinker();
    /** The C library, or what tests put in its place. */
    private static final SymbolLookup LIBRARY = Optional.ofNullable(System.getProperty("panamio.test.library"))
        .map(file -> SymbolLookup.libraryLookup(Path.of(file), Arena.global()).or(LINKER.defaultLookup()))
        .orElse(LINKER.defaultLookup());
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle OPENAT = link("openat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS,
        JAVA_INT), ERRNO, Linker.Option.firstVariadicArg(3));
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX = link("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS,
        JAVA_INT, JAVA_INT, ADDRESS), ERRNO);
    private static final MethodHandle PREAD = link("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS,
        JAVA_LONG, JAVA_LONG), ERRNO);
    private static final MethodHandle GETDENTS = link("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS,
        JAVA_LONG), ERRNO);

    private final MemorySegment errno = Arena.ofAuto().allocate(STATE);
    private final MemorySegment noPath = Arena.ofAuto().allocate(1);
    private final MemorySegment status = Arena.ofAuto().allocate(256, 8); // struct statx

    private int mode;

    LinuxFiles(Path root) {
        super(root);
    }

    private static MethodHandle link(String function, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LIBRARY.find(function).orElseThrow(), type, options);
    }

    private static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        return link(function, FunctionDescriptor.of(result, arguments));
    }

    private int errno() {
        return errno.get(JAVA_INT, ERRNO_OFFSET);
    }

    // ---- opening

    @Override
    public Opened open(MemorySegment path) {
        LinuxFile file = new LinuxFile(); // before the descriptor, which would be lost if there were no memory for it
        file.fd = open(AT_FDCWD, path, READ);
        if (file.fd < 0) {
            failure = failure(-file.fd);
            return null;
        }
        return file;
    }

    private static Failure failure(int errno) {
        return switch (errno) {
            case ENOENT -> Failure.ABSENT;
            case ENOTDIR, ENAMETOOLONG, ELOOP -> Failure.UNREACHABLE;
            case EACCES, EPERM, ENXIO -> Failure.FORBIDDEN;
            case EMFILE, ENFILE -> Failure.OUT_OF_DESCRIPTORS;
            case ENOMEM -> Failure.OUT_OF_MEMORY;
            default -> Failure.OTHER;
        };
    }

    /** Opens a file, and returns the descriptor or the negated errno. */
    private int open(int directory, MemorySegment path, int flags) {
        for (;;) {
            int fd;
            try {
                fd = (int) OPENAT.invokeExact(errno, directory, path, flags);
            } catch (Throwable t) {
                throw unexpected(t);
            }
            if (fd >= 0 || errno() != EINTR) {
                return fd >= 0 ? fd : -errno();
            }
        }
    }

    private static void close(int fd) {
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

    /** Returns whether an open file is below the root, even if it was renamed since. */
    private boolean isWithinRoot(int fd) throws IOException {
        Path target;
        try {
            target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
        } catch (IOException e) {
            throw new IOException("no /proc/self/fd, which shows whether a file is in the directory", e);
        }
        return target.startsWith(root);
    }

    // ---- status

    @Override
    public boolean stat(MemorySegment path) {
        return stat(AT_FDCWD, path, 0);
    }

    private boolean stat(int fd) {
        return stat(fd, noPath, AT_EMPTY_PATH);
    }

    private boolean stat(int directory, MemorySegment path, int flags) {
        int result;
        do {
            try {
                result = (int) STATX.invokeExact(errno, directory, path, flags, STATX_BASIC_STATS, status);
            } catch (Throwable t) {
                throw unexpected(t);
            }
        } while (result != 0 && errno() == EINTR);
        if (result != 0) {
            return false;
        }
        mode = status.get(JAVA_SHORT, 28) & 0170000; // S_IFMT
        isRegular = mode == 0100000;
        isDirectory = mode == 0040000;
        inode = status.get(JAVA_LONG, 32);
        size = status.get(JAVA_LONG, 40);
        seconds = status.get(JAVA_LONG, 112);
        nanos = status.get(JAVA_INT, 120);
        device = (long) status.get(JAVA_INT, 136) << 32 | status.get(JAVA_INT, 140);
        return true;
    }

    /** Reads the status of an entry; that of the target if it is a link, unless this is outside of the root. */
    private boolean statEntry(int directory, MemorySegment name) {
        return stat(directory, name, AT_SYMLINK_NOFOLLOW) && (mode != 0120000 || statTarget(directory, name));
    }

    private boolean statTarget(int directory, MemorySegment link) {
        int fd = open(directory, link, STATUS_ONLY);
        if (fd < 0) {
            return false;
        }
        try {
            return isWithinRoot(fd) && stat(fd);
        } catch (IOException e) {
            return false;
        } finally {
            close(fd);
        }
    }

    // ---- an open file

    private final class LinuxFile implements Opened {
        private int fd;

        @Override
        public boolean isServed() throws IOException {
            return isWithinRoot(fd) && stat(fd) && (isRegular || isDirectory);
        }

        @Override
        public boolean read(MemorySegment to, long at, long length) {
            for (long done = 0; done < length;) {
                long n;
                try {
                    n = (long) PREAD.invokeExact(errno, fd, to.asSlice(at + done), length - done, done);
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

        @Override
        public boolean isEmpty() {
            return !read(status, 0, 1);
        }

        @Override
        public FileSource toSource() throws IOException {
            FileSource source = FileSource.fromFd(fd);
            fd = -1;
            return source;
        }

        @Override
        public Failure list(Entries entries) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(32 * 1024, 8);
                for (;;) {
                    long size;
                    try {
                        size = (long) GETDENTS.invokeExact(errno, fd, memory, memory.byteSize());
                    } catch (Throwable t) {
                        throw unexpected(t);
                    }
                    if (size == 0 || size < 0 && errno() != EINTR) {
                        return size == 0 ? null : failure(errno());
                    }
                    for (long at = 0; at < size; at += memory.get(JAVA_SHORT_UNALIGNED, at + DIRENT_SIZE) & 0xffff) {
                        MemorySegment name = memory.asSlice(at + DIRENT_NAME);
                        if (!isDots(name) && !entries.add(bytes(name), statEntry(fd, name))) {
                            return null;
                        }
                    }
                }
            }
        }

        @Override
        public void close() {
            if (fd >= 0) {
                LinuxFiles.close(fd);
                fd = -1;
            }
        }
    }

    private static byte[] bytes(MemorySegment name) {
        int length = 0;
        while (name.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        return name.asSlice(0, length).toArray(JAVA_BYTE);
    }

    private static boolean isDots(MemorySegment name) {
        return name.get(JAVA_BYTE, 0) == '.' && (name.get(JAVA_BYTE, 1) == 0
            || name.get(JAVA_BYTE, 1) == '.' && name.get(JAVA_BYTE, 2) == 0);
    }
}
