package io.panamio.sys.unix;

import java.io.IOException;

/** The flags of open file descriptions: fcntl(2). */
final class DescriptorFlags {
    private final UnixConstants c;
    private final Errors errors;

    DescriptorFlags(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
    }

    int get(int fd) throws IOException {
        return check(Libc.fcntl(fd, Posix.F_GETFL, 0));
    }

    boolean isNonBlocking(int fd) throws IOException {
        return (get(fd) & c.O_NONBLOCK()) != 0;
    }

    void setNonBlocking(int fd, boolean on) throws IOException {
        int flags = get(fd);
        int changed = on ? flags | c.O_NONBLOCK() : flags & ~c.O_NONBLOCK();
        if (changed != flags) {
            check(Libc.fcntl(fd, Posix.F_SETFL, changed));
        }
    }

    /**
     * Makes a descriptor that was just created non-blocking and close-on-exec. Returns the negated errno if it fails.
     */
    static int prepare(UnixConstants constants, int fd) {
        int r = Libc.setCloseOnExec(fd);
        return r < 0 ? r : Libc.fcntl(fd, Posix.F_SETFL, constants.O_NONBLOCK());
    }

    private int check(int r) throws IOException {
        if (r < 0) {
            throw errors.io("fcntl", -r);
        }
        return r;
    }
}
