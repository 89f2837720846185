package io.panamio.tls;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * The options of a {@link TlsStream} that its {@link javax.net.ssl.SSLEngine} does not have. Immutable: each setter
 * returns a modified copy.
 *
 * {@snippet file="TlsSnippets.java" region="options"}
 */
public final class TlsOptions {
    /** The default options: delegated tasks run in the calling thread, and a handshake may take one minute. */
    public static final TlsOptions DEFAULT = new TlsOptions(null, Duration.ofMinutes(1));

    private final Executor tasks;
    private final Duration handshakeTimeout;

    private TlsOptions(Executor tasks, Duration handshakeTimeout) {
        this.tasks = tasks;
        this.handshakeTimeout = handshakeTimeout;
    }

    /** Returns the executor, or null if tasks run in the calling thread. */
    Executor tasks() {
        return tasks;
    }

    Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /**
     * Sets where the delegated tasks of a handshake run, such as the verification of a certificate. Their completion is
     * an event of the stream. By default they run in the thread that calls, which is faster as long as none of them
     * blocks, and delays the other connections of its loop by about a millisecond.
     *
     * @param executor runs the tasks, in any thread
     * @return the modified copy
     */
    public TlsOptions tasks(Executor executor) {
        return new TlsOptions(Objects.requireNonNull(executor, "executor"), handshakeTimeout);
    }

    /**
     * Sets how long the handshake may take, from the creation of the stream, the connect included. After that, the
     * stream has an event, and {@link TlsStream#finishHandshake} throws. One minute by default.
     *
     * @param timeout the maximum duration; one that is too long for a {@code long} of nanoseconds has no effect
     * @return the modified copy
     * @throws IllegalArgumentException if {@code timeout} is zero or negative
     */
    public TlsOptions handshakeTimeout(Duration timeout) {
        if (!timeout.isPositive()) {
            throw new IllegalArgumentException("timeout " + timeout + " is not positive");
        }
        return new TlsOptions(tasks, timeout);
    }

    /** {@return where tasks run, and how long the handshake may take} */
    @Override
    public String toString() {
        return "TlsOptions[tasks " + (tasks == null ? "in the calling thread" : "on " + tasks) + ", handshake within "
            + handshakeTimeout + "]";
    }
}
