package io.panamio.sys.unix;

import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
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

    @Override
    public final void close(int fd) {
        Libc.close(fd);
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
