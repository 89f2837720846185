package io.panamio;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The event at the current position of an iteration over {@link Events}: mio's {@code Event}.
 *
 * <p>This is a cursor: there is one for each {@code Events}, and it describes a different event after each call of
 * {@link #next}. Do not keep it beyond one turn of the loop.
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

    /** {@return whether {@link #next} can move to another event} */
    @Override
    public boolean hasNext() {
        return i + 1 < events.size();
    }

    /**
     * Moves to the next event.
     *
     * @return this cursor
     * @throws NoSuchElementException if there are no more events
     */
    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        i++;
        return this;
    }

    /** {@return the token that the source was registered with; see {@link Events#token}} */
    public long token() {
        return events.token(i);
    }

    /** {@return whether the source may be readable; see {@link Events#isReadable}} */
    public boolean isReadable() {
        return events.isReadable(i);
    }

    /** {@return whether the source may be writable; see {@link Events#isWritable}} */
    public boolean isWritable() {
        return events.isWritable(i);
    }

    /** {@return whether an error is pending; see {@link Events#isError}} */
    public boolean isError() {
        return events.isError(i);
    }

    /** {@return whether the read half is closed; see {@link Events#isReadClosed}} */
    public boolean isReadClosed() {
        return events.isReadClosed(i);
    }

    /** {@return whether the write half is closed; see {@link Events#isWriteClosed}} */
    public boolean isWriteClosed() {
        return events.isWriteClosed(i);
    }

    /** {@return whether priority data is pending; see {@link Events#isPriority}} */
    public boolean isPriority() {
        return events.isPriority(i);
    }

    /** {@return the token and the readiness of the event, for diagnostics} */
    @Override
    public String toString() {
        return i >= 0 && i < events.size() ? events.toString(i) : "no event";
    }
}
