package io.panamio.sys.unix;

import io.panamio.sys.PipeEnd;
import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;

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
     * free descriptors cannot load a class from a directory, and a class that failed to load once is never tried again.
     * Runs in a thread of its own, as a start would otherwise take some milliseconds longer.
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

    /** Throws if native access is denied; called before an initializer does, which would wrap the exception. */
    @SuppressWarnings("restricted")
    protected static void requireNativeAccess() {
        MemorySegment.NULL.reinterpret(0);
    }

    /**
     * Returns whether the property panamio.selector chooses poll(2), and not the system's own selector.
     *
     * @param own the name of the system's own selector
     */
    protected static boolean isPoll(String own) {
        String selector = System.getProperty("panamio.selector", own);
        if (selector.equals("poll")) {
            return true;
        }
        if (selector.equals(own)) {
            return false;
        }
        throw new UnsupportedOperationException(
            "no selector \"" + selector + "\"; panamio.selector may be " + own + " or poll");
    }

    /**
     * Opens a selector of poll(2).
     *
     * @param isRefused whether a descriptor cannot be registered, as the system's own selector would refuse it
     */
    protected final Selector openPollSelector(IntPredicate isRefused) throws IOException {
        PipeEnd[] ends = new UnixPipes(c).open(); // not pipes(), whose ends may deliver their events themselves
        try {
            return PollSelector.open(c, isRefused, ends[0].fd(), ends[1].fd());
        } catch (Throwable t) {
            ends[0].discard();
            ends[1].discard();
            throw t;
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
    public final void unmap(MemorySegment mapping) {
        Mapping.unmap(mapping);
    }

    /** Maps new memory; {@code anonymous} is the flag for memory of no file. */
    protected final MemorySegment map(long size, int anonymous) {
        return Mapping.anonymous(size, anonymous, errors);
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
