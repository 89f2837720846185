package io.panamio;

/**
 * The negative results of I/O methods. A result of 0 or more is a number of bytes. The end of a stream and an operation
 * that would block are ordinary results, reported as negative numbers without an exception; failures are exceptions.
 *
 * <p>Test for {@code n < 0} first, then compare: <em>not every negative result is the end of the stream.</em>
 */
public final class IoResult {
    /**
     * The end of the stream: the peer has closed its write half and everything was read. Every later read returns it
     * again.
     */
    public static final int EOF = -1;

    /**
     * The operation would have blocked, and transferred nothing. If the source is registered for that direction, its
     * {@link Poll} reports an event when the operation can make progress.
     */
    public static final int WOULD_BLOCK = -2;

    private IoResult() {
    }
}
