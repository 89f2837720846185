package io.panamio.sys;

import java.io.IOException;

/** An end of a named pipe: {@code NamedPipe} documents each method. It transfers bytes in both directions. */
public abstract class NamedPipeEnd extends PipeEnd {
    /** For the platforms. */
    protected NamedPipeEnd() {
    }

    /** Returns whether a client is connected; if not, starts to listen for one, whose arrival is a writable event. */
    public abstract boolean connect() throws IOException;

    /** Disconnects the client. */
    public abstract void disconnect() throws IOException;

    /**
     * Returns whether the last read that returned 0 found the end of the stream; otherwise it found an empty message.
     */
    public abstract boolean isEnded();

    /** Returns whether the last read returned a part of a message of which more is to be read. */
    public abstract boolean isPartial();
}
