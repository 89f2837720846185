package io.panamio.sys;

import java.io.File;
import java.io.IOException;

/** A platform's calls on pipes, and on what is read and written like one. */
public abstract class Pipes {
    /** For the platforms. */
    protected Pipes() {
    }

    /** Opens a non-blocking pipe; returns the end to read from, and the one to write to. */
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

    /** Returns a file that opens another description, in blocking mode, of the pipe that {@code fd} is an end of. */
    public abstract File file(int fd);

    /** Returns the calls that move the bytes of pipes. */
    public abstract Streams streams();

    /** Closes an end; errors are ignored, and nothing is retried. */
    public abstract void close(int fd);

    /** Closes an end for which nothing could be made, maybe for want of memory. */
    public final void discard(int fd) {
        Platform.spendReserve();
        close(fd);
    }
}
