package io.panamio;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The event that a loop over {@link Events} is at: mio's {@code Event}. It is a cursor and says what the current event
 * says; it is not to be kept beyond the turn of the loop.
 */
public final class Event implements Iterator<Event> {
    private final Events events;
    private int i;

    Event(Events events) {
        this.events = events;
    }

    Event rewind() {
        i = -1;
        return this;
    }

    @Override
    public boolean hasNext() {
        return i + 1 < events.size();
    }

    /** Moves to the next event, and returns this cursor. */
    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        i++;
        return this;
    }

    /**
     * See {@link Events#token}.
     *
     * @return the token
     */
    public long token() {
        return events.token(i);
    }

    /**
     * See {@link Events#isReadable}.
     *
     * @return true if so
     */
    public boolean isReadable() {
        return events.isReadable(i);
    }

    /**
     * See {@link Events#isWritable}.
     *
     * @return true if so
     */
    public boolean isWritable() {
        return events.isWritable(i);
    }

    /**
     * See {@link Events#isError}.
     *
     * @return true if so
     */
    public boolean isError() {
        return events.isError(i);
    }

    /**
     * See {@link Events#isReadClosed}.
     *
     * @return true if so
     */
    public boolean isReadClosed() {
        return events.isReadClosed(i);
    }

    /**
     * See {@link Events#isWriteClosed}.
     *
     * @return true if so
     */
    public boolean isWriteClosed() {
        return events.isWriteClosed(i);
    }

    /**
     * See {@link Events#isPriority}.
     *
     * @return true if so
     */
    public boolean isPriority() {
        return events.isPriority(i);
    }

    /** The token and what the event says, for people. */
    @Override
    public String toString() {
        return i >= 0 && i < events.size() ? events.toString(i) : "no event";
    }
}
