package io.panamio.net;

import java.io.IOException;

/**
 * Bytes both ways: a {@link StreamSocket}, or what a user makes of one, as an encrypted connection. See {@link
 * ReadableStream} and {@link WritableStream} for what an implementation owes its callers.
 */
public interface DuplexStream extends ReadableStream, WritableStream, AutoCloseable {
    /**
     * Ends one half of the connection, or both; what was written before is still sent. It may be repeated, and does not
     * block.
     *
     * @param how which half
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if there is no connection
     */
    void shutdown(Shutdown how) throws IOException;

    /**
     * Returns the error that the connection has met and that no call has thrown yet, and forgets it.
     *
     * @return the error, or null
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    IOException takeError() throws IOException;

    /** Closes this. Does nothing the second time. */
    @Override
    void close();
}
