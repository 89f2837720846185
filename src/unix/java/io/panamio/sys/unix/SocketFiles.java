package io.panamio.sys.unix;

import io.panamio.net.UnixAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;

/**
 * The files of Unix sockets: who may connect there, and when they go. What checks a file and then deletes it holds a
 * lock on the directory meanwhile, so that no two of these can take a file for dead, or for their own, that the other
 * has made in between. Others who delete files of sockets there do not ask for it.
 */
final class SocketFiles {
    private static final int S_IFMT = 0170000; // by POSIX in all but name, and what java.nio.file has them by
    private static final int S_IFSOCK = 0140000;

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

    /** Something that is done under the lock. */
    interface Action {
        void run() throws IOException;
    }

    /** Runs an action with the directory locked; without the lock where the directory may not be read. */
    private void locked(UnixAddress address, Action action) throws IOException {
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            Path parent = address.path().getParent();
            byte[] directory = parent == null ? new byte[] {'.'} : UnixAddress.ofPath(parent).bytes();
            fd = Libc.open(name(arena, directory), c.O_RDONLY() | c.O_CLOEXEC(), 0);
        }
        try {
            int r;
            do {
                r = fd < 0 ? 0 : flock(fd, c.LOCK_EX());
            } while (r == -c.EINTR());
            action.run();
        } finally {
            if (fd >= 0) {
                Libc.close(fd);
            }
        }
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

    /** Deletes the file of a socket if it is dead, and then runs {@code bind}, before any other of these can. */
    void replace(UnixAddress address, Death death, Action bind) throws IOException {
        Path path = address.path();
        locked(address, () -> {
            Object file = key(path);
            if (file != null && death.isDead() && file.equals(key(path))) {
                Files.deleteIfExists(path);
            }
            bind.run();
        });
    }

    /** What deletes the file that a socket has just been bound to, if it is still that one. */
    Runnable deletion(UnixAddress address) throws IOException {
        Path path = address.path();
        Object file = key(path); // the socket keeps the file's number from being used again
        return () -> {
            try {
                locked(address, () -> {
                    if (file != null && file.equals(key(path))) {
                        Files.deleteIfExists(path);
                    }
                });
            } catch (IOException e) {
                // it stays, as it does when the process is killed
            }
        };
    }
}
