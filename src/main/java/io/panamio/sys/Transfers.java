package io.panamio.sys;

import io.panamio.Feature;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A platform's calls that read files and move bytes between descriptors, which the caller keeps open. Results are as in
 * {@link Streams}: a number of bytes, or {@link Sockets#WOULD_BLOCK}. Interrupted calls are retried. A platform without
 * {@link Feature#SEND_FILE} or {@link Feature#SPLICE} does not override those calls; their callers copy instead.
 */
public abstract class Transfers {
    /** Returned where the system cannot transfer from, or to, that descriptor: the bytes must be copied. */
    public static final int REFUSED = -3;

    /** For the platforms. */
    protected Transfers() {
    }

    // ---- files

    /**
     * Opens a file for reading, without blocking; child processes do not inherit it.
     *
     * @throws IllegalArgumentException if the path belongs to another file system
     */
    public abstract int openFile(Path path) throws IOException;

    /** Closes a file once, ignoring errors. */
    public void closeFile(int file) {
        Platform.current().close(file);
    }

    /** Closes a file of which no source could be made, possibly for lack of memory. */
    public final void discardFile(int file) {
        Platform.spendReserve();
        closeFile(file);
    }

    /**
     * Returns the size of a regular file.
     *
     * @throws IllegalArgumentException if it is something else
     * @throws UnsupportedOperationException if {@link Feature#SEND_FILE} is refused
     */
    public abstract long fileSize(int fd) throws IOException;

    /** Reads a part of a file to the start of {@code dst}, without moving the file's position; returns 0 at its end. */
    public abstract long readFile(int file, MemorySegment dst, long position, long count) throws IOException;

    /** Sends a part of a file, without moving the file's position; returns 0 at its end, or {@link #REFUSED}. */
    public long sendFile(int to, int file, long position, long count) throws IOException {
        return REFUSED;
    }

    // ---- splices

    /** Receives from a stream socket to the start of {@code dst}; returns 0 at the end of the stream. */
    public abstract long receive(int from, MemorySegment dst, long count) throws IOException;

    /**
     * Moves bytes from a stream into a pipe; returns 0 at the end of the stream, {@link Sockets#WOULD_BLOCK} also if
     * the pipe is full, or {@link #REFUSED}. At urgent data it may return 0 or WOULD_BLOCK although bytes follow.
     */
    public long spliceIn(int from, int pipe, long count) throws IOException {
        throw Platform.current().refusal(Feature.SPLICE);
    }

    /** Moves bytes, which must be in the pipe, from a pipe to a stream, or returns {@link #REFUSED}. */
    public long spliceOut(int pipe, int to, long count) throws IOException {
        throw Platform.current().refusal(Feature.SPLICE);
    }

    /** Sets the capacity of a pipe, in bytes; has no effect if the system refuses. */
    public void resizePipe(int fd, int bytes) {
    }

    /** Returns the maximum number of bytes that one call moves. */
    public abstract long maxTransfer();
}
