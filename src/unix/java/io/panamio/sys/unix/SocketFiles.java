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
 * The files of Unix sockets: their permissions, replacement and deletion. A replacement holds a lock on the directory,
 * so that none takes the file that another replacement has just created for that of a dead socket.
 * Other programs that delete files there do not take the lock.
 */
final class SocketFiles {
    private static final int S_IFSOCK = 0140000;

    private static final long MAX_WAIT = 1_000_000_000; // nanoseconds
    private static final long PAUSE = 1_000_000;

    private final UnixConstants c;
    private final Errors errors;

    SocketFiles(UnixConstants constants, Errors errors) {
        c = constants;
        this.errors = errors;
    }

    // ---- system calls

    private static final MemorySegment FCHMOD = Libc.function("fchmod");

    private static int fchmod(int fd, int mode) {
        int r;
        do {
            r = Libc.call(FCHMOD, fd, mode, 0, 0, 0);
        } while (r == -Posix.EINTR);
        return r;
    }

    private static final MemorySegment FCHMODAT = Libc.function("fchmodat");

    private static int fchmodat(int directory, MemorySegment path, int mode, int flags) {
        int r;
        do {
            r = Libc.call(FCHMODAT, directory, path.address(), mode, flags, 0);
        } while (r == -Posix.EINTR);
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
            mode |= 0400 >> permission.ordinal(); // declared in the order of the bits
        }
        return mode;
    }

    /**
     * Limits the permissions from the bind on: Linux creates the file with the mode of the socket, less the umask.
     * Other systems refuse this.
     */
    void restrict(int fd, Set<PosixFilePermission> permissions) throws IOException {
        int r = fchmod(fd, mode(permissions));
        if (r < 0 && c.errno(-r) != Errno.EINVAL) {
            throw errors.socket("fchmod", -r);
        }
    }

    /** Sets the permissions of the file of a socket that was just bound; a link is not followed. */
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

    // ---- locking

    /**
     * Locks the directory of an address. Waits for at most a second: anybody who may read the directory can lock it.
     *
     * @return the descriptor whose close ends the lock, or a negative number if the directory may not be read
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
            if (r != -Posix.EINTR && !taken || System.nanoTime() - begin > MAX_WAIT) {
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

    /** Returns what identifies the file of a socket, or null if there is none. */
    private static Object key(Path path) throws IOException {
        try {
            Map<String, Object> file = Files.readAttributes(path, "unix:mode,fileKey", LinkOption.NOFOLLOW_LINKS);
            return ((Integer) file.get("mode") & Posix.S_IFMT) == S_IFSOCK ? file.get("fileKey") : null;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Checks whether no socket is bound to an address. */
    interface DeadCheck {
        boolean isDead() throws IOException;
    }

    /** Binds a socket. */
    interface Bind {
        void run() throws IOException;
    }

    /**
     * Binds, and replaces the file of a dead socket if there is one. The first attempt is made under the lock, too: the
     * file of a socket exists before its bind is complete.
     */
    void replace(UnixAddress address, DeadCheck check, Bind bind) throws IOException {
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
                if (file == null || !check.isDead() || !file.equals(key(path))) {
                    throw e;
                }
                Files.deleteIfExists(path);
            } catch (IOException why) {
                if (why != e) {
                    e.addSuppressed(why); // for example if the file may not be deleted
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
     * Returns an action that deletes the file that a socket was just bound to, unless it was replaced. It takes no
     * lock, which it might have to wait for: as long as the socket is open, its file is not replaced by this library.
     */
    Runnable deletion(UnixAddress address) throws IOException {
        Path path = address.path();
        Object file = key(path); // the inode is not reused while the socket is open
        return () -> {
            try {
                if (file != null && file.equals(key(path))) {
                    Files.deleteIfExists(path);
                }
            } catch (IOException e) {
                // it remains, as when the process is killed
            }
        };
    }
}
