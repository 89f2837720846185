package io.panamio.sys.unix;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.PipeEnd;
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

    /** Constructs the calls of a platform. */
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

    /** An end, which the system's selectors can watch. */
    private static final class End extends PipeEnd {
        private final Streams streams;
        private int fd;

        End(Streams streams, int fd) {
            this.streams = streams;
            this.fd = fd;
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public Streams streams() {
            return streams;
        }

        @Override
        public void close() {
            Libc.close(fd);
        }
    }

    @Override
    public final PipeEnd[] open() throws IOException {
        End[] ends = {new End(streams, -1), new End(streams, -1)}; // before the call, as nothing may fail after it
        try (NativeScratch scratch = NativeScratch.enter()) {
            check(PIPE2 == null ? "pipe" : "pipe2", PIPE2 == null ? pipe(scratch.argument)
                : pipe2(scratch.argument, c.O_NONBLOCK() | c.O_CLOEXEC()));
            ends[0].fd = scratch.argumentBytes.getInt(0);
            ends[1].fd = scratch.argumentBytes.getInt(4);
        }
        try {
            for (int i = 0; i < 2 && PIPE2 == null; i++) {
                check("fcntl", DescriptorFlags.prepare(c, ends[i].fd));
            }
        } catch (Throwable t) {
            ends[0].discard();
            ends[1].discard();
            throw t;
        }
        return ends;
    }

    private void check(String call, int r) throws IOException {
        if (r < 0) {
            throw errors.io(call, -r);
        }
    }

    @Override
    public final PipeEnd reader(int fd) throws IOException {
        if ((flags.get(fd) & Posix.O_ACCMODE) == Posix.O_WRONLY) {
            throw new IllegalArgumentException("descriptor " + fd + " cannot be read from");
        }
        return new End(streams, fd);
    }

    @Override
    public final PipeEnd writer(int fd) throws IOException {
        if ((flags.get(fd) & Posix.O_ACCMODE) == Posix.O_RDONLY) {
            throw new IllegalArgumentException("descriptor " + fd + " cannot be written to");
        }
        return new End(streams, fd);
    }
}
