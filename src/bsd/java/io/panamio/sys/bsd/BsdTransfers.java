package io.panamio.sys.bsd;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.Sockets;
import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.Posix;
import io.panamio.sys.unix.UnixTransfers;
import io.panamio.sys.unix.WriteErrors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Files of macOS and FreeBSD: fstat(2) and sendfile(2). */
public abstract class BsdTransfers extends UnixTransfers {
    private final BsdConstants c;
    private final Errors errors;
    private final WriteErrors writeErrors;
    private final MemorySegment fstat;

    /**
     * The transfers of a platform.
     *
     * @param fstat the function that fills a struct stat
     */
    protected BsdTransfers(BsdConstants constants, MemorySegment fstat) {
        super(constants);
        c = constants;
        errors = new Errors(constants);
        writeErrors = new WriteErrors(constants);
        this.fstat = fstat;
    }

    private int fstat(int fd, MemorySegment into) {
        int r = Libc.call(fstat, fd, into.address(), 0, 0, 0);
        Reference.reachabilityFence(into);
        return r;
    }

    /**
     * Returns whether a descriptor is that of a regular file or a directory, which are always ready; false if fstat(2)
     * fails.
     */
    final boolean isFile(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(c.STAT_SIZE(), 8);
            int type = fstat(fd, status) < 0 ? 0 : status.get(JAVA_SHORT, c.STAT_MODE()) & Posix.S_IFMT;
            return type == Posix.S_IFREG || type == Bsd.S_IFDIR;
        }
    }

    @Override
    public final long fileSize(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(c.STAT_SIZE(), 8);
            int r = fstat(fd, status);
            if (r < 0) {
                throw errors.io("fstat", -r);
            }
            if ((status.get(JAVA_SHORT, c.STAT_MODE()) & Posix.S_IFMT) != Posix.S_IFREG) {
                throw new IllegalArgumentException("descriptor " + fd + " does not refer to a regular file");
            }
            return status.get(JAVA_LONG, c.STAT_LENGTH());
        }
    }

    @Override
    public final long sendFile(int to, int file, long position, long count) throws IOException {
        if (count == 0) {
            return 0; // to sendfile(2), 0 means up to the end of the file
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            long sent;
            int r;
            do {
                r = sendFile(to, file, position, clamp(position, count), scratch.argument);
                sent = scratch.argumentBytes.getLong(0);
            } while (r < 0 && sent == 0 && c.errno(-r) == Errno.EINTR);
            return result(to, r, sent);
        }
    }

    /** Returns what was sent, also before an error, which the next call reports again. */
    private long result(int to, int r, long sent) throws IOException {
        if (r >= 0 || sent > 0) {
            return sent;
        }
        if (writeErrors.isBlocked(to, r)) {
            return Sockets.WOULD_BLOCK;
        }
        Errno errno = c.errno(-r);
        if (errno == Errno.EINVAL || errno == Errno.EOPNOTSUPP || errno == Errno.ENOTSUP || errno == Errno.ENOTSOCK
                || errno == Errno.ENODEV) {
            return REFUSED; // it cannot send this file, or the target is not a stream socket
        }
        throw writeErrors.exception(to, "sendfile", -r);
    }

    /**
     * Calls sendfile(2) with the platform's signature. Returns a negated errno if it fails; stores the number of bytes
     * sent in either case.
     */
    protected abstract int sendFile(int to, int file, long position, long count, MemorySegment sent);
}
