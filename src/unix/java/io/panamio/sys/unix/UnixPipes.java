package io.panamio.sys.unix;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.Pipes;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Pipes. Where the system cannot open one in non-blocking mode that child processes do not inherit, fcntl(2) changes it
 * afterwards: a process that another thread starts in between inherits it.
 */
public class UnixPipes extends Pipes {
    private final UnixConstants c;
    private final Errors errors;
    private final DescriptorFlags flags;
    private final Streams streams;

    /** The pipes of a platform. */
    public UnixPipes(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
        flags = new DescriptorFlags(constants);
        streams = new PipeStreams(constants);
    }

    private static final MemorySegment PIPE = Libc.function("pipe");

    private static int pipe(MemorySegment ends) {
        int r = Libc.call(PIPE, ends.address(), 0, 0, 0, 0);
        Reference.reachabilityFence(ends);
        return r;
    }

    private static final MemorySegment PIPE2 = Libc.functionOrNull("pipe2");

    private static int pipe2(MemorySegment ends, int flags) {
        int r = Libc.call(PIPE2, ends.address(), flags, 0, 0, 0);
        Reference.reachabilityFence(ends);
        return r;
    }

    @Override
    public final int[] open() throws IOException {
        int[] ends = new int[2]; // before the call, as nothing may fail after it
        try (NativeScratch scratch = NativeScratch.enter()) {
            check(PIPE2 == null ? pipe(scratch.argument) : pipe2(scratch.argument, c.O_NONBLOCK() | c.O_CLOEXEC()));
            ends[0] = scratch.argumentBytes.getInt(0);
            ends[1] = scratch.argumentBytes.getInt(4);
        }
        try {
            for (int i = 0; i < 2 && PIPE2 == null; i++) {
                check(DescriptorFlags.prepare(c, ends[i]));
            }
        } catch (Throwable t) {
            discard(ends[0]);
            discard(ends[1]);
            throw t;
        }
        return ends;
    }

    private void check(int r) throws IOException {
        if (r < 0) {
            throw errors.io(PIPE2 == null ? "pipe" : "pipe2", -r);
        }
    }

    @Override
    public final void requireReadable(int fd) throws IOException {
        if ((flags.get(fd) & Posix.O_ACCMODE) == Posix.O_WRONLY) {
            throw new IllegalArgumentException("descriptor " + fd + " cannot be read from");
        }
    }

    @Override
    public final void requireWritable(int fd) throws IOException {
        if ((flags.get(fd) & Posix.O_ACCMODE) == Posix.O_RDONLY) {
            throw new IllegalArgumentException("descriptor " + fd + " cannot be written to");
        }
    }

    @Override
    public final Streams streams() {
        return streams;
    }

    @Override
    public final void close(int fd) {
        Libc.close(fd);
    }
}
