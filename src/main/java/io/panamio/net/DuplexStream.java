package io.panamio.net;

import java.io.IOException;

/**
 * A bidirectional stream of bytes: a {@link StreamSocket}, or a user's stream over one, such as an encrypted
 * connection. {@link ReadableStream} and {@link WritableStream} document what an implementation must guarantee.
 */
public interface DuplexStream extends ReadableStream, WritableStream, AutoCloseable {
    /**
     * Returns whether this is connected. The default implementation returns true. A stream over one that may still be
     * connecting, such as a {@link TcpStream}, must override this and delegate to it; while it returns false, {@link
     * #shutdown} may throw, and a {@link io.panamio.pipeline.Relay} does not call that.
     *
     * @return true if connected, false while connecting; a registered stream gets a writable event when that changes
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connect failed
     */
    default boolean finishConnect() throws IOException {
        return true;
    }

    /**
     * Shuts down one half of the connection, or both, without blocking. Data written before is still sent. A half may
     * be shut down repeatedly.
     *
     * @param how the half to shut down
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if this is not connected
     */
    void shutdown(Shutdown how) throws IOException;

    /**
     * Returns the pending error of the connection, which no call has thrown yet, and clears it.
     *
     * @return the error, or null if none is pending
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    IOException takeError() throws IOException;

    /** Closes this stream. Idempotent. */
    @Override
    void close();
}
