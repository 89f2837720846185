package io.panamio.sys.unix;

import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What is the same on every Unix. */
public abstract class UnixPlatform extends Platform {
    private final UnixConstants c;
    private final Errors errors;

    /** For the platforms. */
    protected UnixPlatform(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
        loadErrors();
    }

    /**
     * Loads what failures need before there is one: a process that has no descriptors left cannot load a class from a
     * folder, and what could not be loaded once is refused for ever. In a thread, as it would make a start 2 ms longer.
     */
    private void loadErrors() {
        Thread thread = new Thread(null, errors, "panamio-errors", 0, false);
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) { // no more threads
            errors.run();
        }
    }

    /** The bytes of stream sockets. */
    protected static Streams streams(UnixConstants constants) {
        return new UnixStreams(constants, false);
    }

    /** The bytes of pipes. */
    protected static Streams pipes(UnixConstants constants) {
        return new UnixStreams(constants, true);
    }

    @Override
    public final void close(int fd) {
        Libc.close(fd);
    }

    @Override
    public final void requireEnd(int fd, boolean writer) throws IOException {
        int mode = flags(fd) & c.O_ACCMODE();
        if (mode == (writer ? c.O_RDONLY() : c.O_WRONLY())) {
            throw new IllegalArgumentException(
                "descriptor " + fd + " cannot be " + (writer ? "written to" : "read from"));
        }
    }

    @Override
    public final void requireNonBlocking(int fd, boolean makeNonBlocking) throws IOException {
        if ((flags(fd) & c.O_NONBLOCK()) == 0) {
            if (!makeNonBlocking) {
                throw new IllegalArgumentException("descriptor " + fd + " is in blocking mode");
            }
            setNonBlocking(fd, true);
        }
    }

    @Override
    public final void setNonBlocking(int fd, boolean on) throws IOException {
        int flags = flags(fd);
        int changed = on ? flags | c.O_NONBLOCK() : flags & ~c.O_NONBLOCK();
        if (changed != flags) {
            check(Libc.fcntl(fd, c.F_SETFL(), changed));
        }
    }

    private int flags(int fd) throws IOException {
        return check(Libc.fcntl(fd, c.F_GETFL(), 0));
    }

    private int check(int r) throws IOException {
        if (r < 0) {
            throw errors.io("fcntl", -r);
        }
        return r;
    }

    @Override
    public final MemorySegment allocate(long bytes) {
        MemorySegment block = Libc.calloc(1, bytes);
        if (block.address() < 0) {
            throw errors.outOfMemory("calloc", bytes + " bytes", (int) -block.address());
        }
        return block;
    }

    @Override
    public final long pageSize() {
        return Libc.getpagesize();
    }

    @Override
    public final void free(MemorySegment block) {
        Libc.free(block);
    }
}
