package io.panamio.sys.unix;

import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The part of a platform that every Unix shares. */
public abstract class UnixPlatform extends Platform {
    private final UnixConstants c;
    private final Errors errors;

    /** Creates the platform. */
    protected UnixPlatform(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
        loadErrors();
    }

    /**
     * Loads the classes of errors, and those that an open source may need, before they are needed: a process without
     * free descriptors cannot load a class from a directory, nor from a jar that is not open yet, as all classes were
     * in a CDS archive; and a class that failed to load once is never tried again. Runs in a thread of its own, as a start would otherwise take 2 ms longer.
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

    /**
     * Returns the calls that move the bytes of stream sockets.
     *
     * @param more the flag that announces another send immediately after, such as MSG_MORE, or 0 if the system has none
     */
    protected static Streams streams(UnixConstants constants, int more) {
        return SocketStreams.open(constants, more);
    }

    @Override
    public final boolean isNonBlocking(int fd) throws IOException {
        return new DescriptorFlags(c).isNonBlocking(fd);
    }

    @Override
    public final void setNonBlocking(int fd, boolean on) throws IOException {
        new DescriptorFlags(c).setNonBlocking(fd, on);
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
