package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A platform's calls that move bytes between descriptors, without bringing them to the process; the caller keeps the
 * descriptors open. Results are as in {@link Streams}: bytes, or {@link Sockets#WOULD_BLOCK}. Interrupted calls are
 * retried.
 */
public abstract class Transfers {
    /** What {@link #sendFile} returns where the system cannot do it between those two: the bytes must be copied. */
    public static final int REFUSED = -3;

    /** For the platforms. */
    protected Transfers() {
    }

    /** Opens a file for reading, without waiting for anything, by the bytes of its path. */
    public abstract int openFile(byte[] path) throws IOException;

    /**
     * The size of a regular file.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public abstract long fileSize(int fd) throws IOException;

    /** Reads a part of a file, whose own position stays, to the beginning of {@code dst}; 0 is the end of the file. */
    public abstract long readFile(int file, MemorySegment dst, long position, long count) throws IOException;

    /** Sends a part of a file, whose own position stays; 0 is the end of the file. */
    public abstract long sendFile(int to, int file, long position, long count) throws IOException;

    /** Receives from a stream socket into the beginning of {@code dst}; 0 is the end of the stream. */
    public abstract long receive(int from, MemorySegment dst, long count) throws IOException;

    /**
     * Moves bytes from a stream into a pipe; 0 is the end of the stream, or urgent data before it. It would block also
     * at urgent data, and if the pipe is full.
     */
    public abstract long spliceIn(int from, int pipe, long count) throws IOException;

    /** Moves bytes, which are there, from a pipe to a stream. */
    public abstract long spliceOut(int pipe, int to, long count) throws IOException;

    /** Makes room for some bytes in a pipe, or lets it be where the system refuses. */
    public abstract void resizePipe(int fd, int bytes);

    /** The most bytes that one call can move. */
    public abstract long maxTransfer();
}
