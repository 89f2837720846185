package io.panamio.sys;

import io.panamio.Feature;
import java.io.File;
import java.io.IOException;

/** The calls on pipes, and on descriptors that are read and written like pipes. */
public abstract class Pipes {
    /** For subclasses, which are in the platforms. */
    protected Pipes() {
    }

    /**
     * Opens a pipe in non-blocking mode that child processes do not inherit; returns the descriptors of its receiver
     * and its sender.
     */
    public abstract int[] open() throws IOException;

    /**
     * Checks that {@code fd} can be read from.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public abstract void requireReadable(int fd) throws IOException;

    /**
     * Checks that {@code fd} can be written to.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public abstract void requireWritable(int fd) throws IOException;

    /**
     * {@return a file that opens another description, in blocking mode, of the pipe that {@code fd} is an end of}
     *
     * @throws UnsupportedOperationException if {@link Feature#PIPE_REDIRECTS} is refused
     */
    public File file(int fd) {
        throw Platform.current().refusal(Feature.PIPE_REDIRECTS);
    }

    /** {@return the calls that read and write pipes} */
    public abstract Streams streams();

    /** Closes an end. Errors are ignored, and the call is not retried. */
    public abstract void close(int fd);

    /** Closes an end of which no object could be made, possibly for lack of memory. */
    public final void discard(int fd) {
        Platform.spendReserve();
        close(fd);
    }
}
