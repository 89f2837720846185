package io.panamio.sys.unix;

import io.panamio.SystemError;
import io.panamio.net.UnixAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The files of Unix sockets: who may connect there, and when they go. Who replaces a dead one holds a lock on the
 * directory meanwhile, so that no two of these can take a file for dead that the other has made in between. Others who
 * delete files of sockets there do not ask for it.
 */
final class SocketFiles {
    private static final int S_IFMT = 0170000; // by POSIX in all but name, and what java.nio.file has them by
    private static final int S_IFSOCK = 0140000;

    private static final long LONGEST_WAIT = 1_000_000_000; // nanoseconds
    private static final long PAUSE = 1_000_000;

    private final UnixConstants c;
    private final Errors errors;

    SocketFiles(UnixConstants constants, Errors errors) {
        c = constants;
        this.errors = errors;
    }

    // ---- raw

    private static final MemorySegment FCHMOD = Libc.function("fchmod");

    private static int fchmod(int fd, int mode) {
        return Libc.call(FCHMOD, fd, mode, 0, 0, 0);
    }

    private static final MemorySegment FCHMODAT = Libc.function("fchmodat");

    private static int fchmodat(int directory, MemorySegment path, int mode, int flags) {
        int r = Libc.call(FCHMODAT, directory, path.address(), mode, flags, 0);
        Reference.reachabilityFence(path);
        return r;
    }

    private static final MemorySegment FLOCK = Libc.function("flock");

    private static int flock(int fd, int operation) {
        return Libc.call(FLOCK, fd, operation, 0, 0, 0);
    }

    // ---- permissions

    private static int mode(Set<PosixFilePermission> permissions) {
        int mode = 0;
        for (PosixFilePermission permission : permissions) {
            mode |= 0400 >> permission.ordinal(); // they are declared in the order of the bits
        }
        return mode;
    }

    /**
     * Lets a socket have no more than these permissions from the bind on: Linux makes the file with the mode of the
     * socket, less the process's umask. Others refuse this.
     */
    void restrict(int fd, Set<PosixFilePermission> permissions) {
        fchmod(fd, mode(permissions));
    }

    /** Gives the file of a socket that was just bound exactly these permissions; a link is not followed. */
    void permit(UnixAddress address, Set<PosixFilePermission> permissions) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int r = fchmodat(c.AT_FDCWD(), name(arena, address.bytes()), mode(permissions), c.AT_SYMLINK_NOFOLLOW());
            if (r < 0) {
                throw errors.socket("fchmodat", address.toString(), -r);
            }
        }
    }

    private static MemorySegment name(Arena arena, byte[] path) {
        MemorySegment zeroTerminated = arena.allocate(path.length + 1L);
        MemorySegment.copy(MemorySegment.ofArray(path), 0, zeroTerminated, 0, path.length);
        return zeroTerminated;
    }

    // ---- one after the other

    /**
     * Locks the directory of an address. It waits for a second at most: anybody who may read the directory can lock it.
     *
     * @return what to close for the end of the lock, or a negative number where the directory may not be read
     */
    private int lock(UnixAddress address) throws IOException {
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            Path parent = address.path().getParent();
            byte[] directory = parent == null ? new byte[] {'.'} : UnixAddress.ofPath(parent).bytes();
            fd = Libc.open(name(arena, directory), Posix.O_RDONLY | c.O_CLOEXEC(), 0);
        }
        long begin = System.nanoTime();
        int r;
        while (fd >= 0 && (r = flock(fd, Posix.LOCK_EX | Posix.LOCK_NB)) < 0) {
            boolean taken = r == -c.EAGAIN();
            if (r != -Posix.EINTR && !taken || System.nanoTime() - begin > LONGEST_WAIT) {
                Libc.close(fd);
                throw errors.socket("flock", "the directory of " + address, -r);
            }
            if (taken) {
                LockSupport.parkNanos(PAUSE);
            }
        }
        return fd;
    }

    // ---- deleting

    /** What tells the file of a socket from every other, or null if there is none. */
    private static Object key(Path path) throws IOException {
        try {
            Map<String, Object> file = Files.readAttributes(path, "unix:mode,fileKey", LinkOption.NOFOLLOW_LINKS);
            return ((Integer) file.get("mode") & S_IFMT) == S_IFSOCK ? file.get("fileKey") : null;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Whether nobody is bound to an address any more. */
    interface Death {
        boolean isDead() throws IOException;
    }

    /** What binds a socket. */
    interface Bind {
        void run() throws IOException;
    }

    /**
     * Binds, in place of the file of a dead socket if there is one. The first try is under the lock as well: the file
     * of a socket is there before the system knows whose it is.
     */
    void replace(UnixAddress address, Death death, Bind bind) throws IOException {
        int lock = -1;
        IOException unlocked = null;
        try {
            lock = lock(address);
        } catch (IOException e) {
            unlocked = e;
        }
        try {
            bind.run();
        } catch (BindException e) {
            if (!(e instanceof SystemError error) || c.errno(error.errno()) != Errno.EADDRINUSE) {
                throw e;
            }
            try {
                if (unlocked != null) {
                    throw unlocked;
                }
                Path path = address.path();
                Object file = key(path);
                if (file == null || !death.isDead() || !file.equals(key(path))) {
                    throw e;
                }
                Files.deleteIfExists(path);
            } catch (IOException why) {
                if (why != e) {
                    e.addSuppressed(why); // such as that the file may not be deleted
                }
                throw e;
            }
            bind.run();
        } finally {
            if (lock >= 0) {
                Libc.close(lock);
            }
        }
    }

    /**
     * What deletes the file that a socket has just been bound to, if it is still that one. It needs no lock, for which
     * it would have to wait: while the socket is open, nobody replaces its file here.
     */
    Runnable deletion(UnixAddress address) throws IOException {
        Path path = address.path();
        Object file = key(path); // the socket keeps the file's number from being used again
        return () -> {
            try {
                if (file != null && file.equals(key(path))) {
                    Files.deleteIfExists(path);
                }
            } catch (IOException e) {
                // it stays, as it does when the process is killed
            }
        };
    }
}
