package io.panamio.sys.unix;

import io.panamio.sys.Pipes;
import io.panamio.sys.Streams;
import java.io.IOException;

/** Pipes, and the flags of descriptors: fcntl(2). A platform adds how a pipe is opened. */
public abstract class UnixPipes extends Pipes {
    private final UnixConstants c;
    private final DescriptorFlags flags;
    private final Streams streams;

    /** The pipes of a platform. */
    protected UnixPipes(UnixConstants constants) {
        c = constants;
        flags = new DescriptorFlags(constants);
        streams = new PipeStreams(constants);
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
