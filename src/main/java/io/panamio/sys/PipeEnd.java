package io.panamio.sys;

/**
 * One end of a pipe, as a platform has it: a descriptor, the calls that move its bytes, and its close. Where the system
 * cannot report the readiness of pipes, the end reports it by a {@link Delivery}, and may own pending requests, with
 * their buffers.
 */
public abstract class PipeEnd {
    /** For the platforms. */
    protected PipeEnd() {
    }

    /** {@return the descriptor, the same until the end is closed} */
    public abstract int fd();

    /**
     * {@return the calls that read or write this end, always the same; they are called between {@link Handle#begin} and
     * {@link Handle#exit}, with the descriptor of this end}
     */
    public abstract Streams streams();

    /** {@return what reports the readiness of this end, or null if a selector can watch the descriptor} */
    public Delivery delivery() {
        return null;
    }

    /**
     * Closes this end once, with no thread inside. Errors are ignored, and the call is not retried. Memory that a
     * pending request still uses is freed when that is complete.
     */
    public abstract void close();

    /** Closes an end of which no source could be made, possibly for lack of memory. */
    public final void discard() {
        Platform.spendReserve();
        close();
    }
}
