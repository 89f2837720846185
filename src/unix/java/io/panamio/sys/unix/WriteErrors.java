package io.panamio.sys.unix;

import io.panamio.sys.NativeScratch;
import java.io.IOException;

/** The meaning of a failed write to a socket, which on some systems only another call reports. */
public final class WriteErrors {
    private final UnixConstants c;
    private final Errors errors;

    /** Constructs the errors of a platform. */
    public WriteErrors(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
    }

    /** {@return whether a write would block, also because a connect is in progress} */
    public boolean isBlocked(int fd, long r) {
        return c.wouldBlock(r) || r == -c.ENOTCONN() && isConnecting(fd);
    }

    /**
     * Returns whether a socket without a connection is connecting, for which Linux fails with EAGAIN, others with
     * ENOTCONN. A receive of a socket that was never connected fails as well.
     */
    private boolean isConnecting(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long r;
            do {
                r = Libc.recv(fd, scratch.argument, 0, 1, c.MSG_DONTWAIT() | Posix.MSG_PEEK);
            } while (r == -Posix.EINTR);
            return r >= 0 || c.wouldBlock(r);
        }
    }

    /** {@return the exception for a failed write: for the pending error, where EPIPE hides that} */
    public IOException exception(int fd, String call, int number) {
        boolean hidden = c.hidesErrors() && c.errno(number) == Errno.EPIPE;
        int pending = hidden ? takeError(fd) : 0;
        return errors.socket(call, pending != 0 ? pending : number);
    }

    private int takeError(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Libc.getsockopt(fd, c.SOL_SOCKET(), c.SO_ERROR(), scratch.argument, scratch.length(4));
            return r < 0 ? 0 : scratch.argumentBytes.getInt(0);
        }
    }
}
