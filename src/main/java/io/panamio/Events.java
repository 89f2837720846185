package io.panamio;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import java.util.Iterator;
import java.util.Objects;

/**
 * Room for what a poll reports: mio's {@code Events}. Its memory is allocated once, and goes when the object does.
 *
 * <p>Event {@code i} can be asked for what it says by index, or the events iterated over; neither allocates anything:
 *
 * <pre>{@code
 * int n = poll.poll(events);
 * for (int i = 0; i < n; i++) {
 *     if (events.isReadable(i)) { … events.token(i) … }
 * }
 * }</pre>
 *
 * <p>What an event says are hints, and an event may come for nothing; only the operation itself tells. A bare hang-up
 * is not readable, nor a bare error writable, so a handler reads when an event is readable, read-closed or an error,
 * and writes when it is writable, write-closed or an error.
 *
 * <p>For one thread at a time. Another thread may look at the events when the one that polled has handed them over.
 */
public final class Events implements Iterable<Event> {
    /** The most that epoll_wait(2) takes. */
    private static final int MAX_CAPACITY = Integer.MAX_VALUE / 16;

    private final EventBuffer buffer;
    private final Event cursor = new Event(this);
    private int size;

    private Events(int capacity) {
        buffer = Platform.current().newEvents(capacity);
    }

    /**
     * Makes room for some events. A poll returns no more than fit; the others come with the next ones.
     *
     * @param capacity how many, from 1 to 134217727
     * @return the room, empty
     * @throws IllegalArgumentException if {@code capacity} is out of that range
     */
    public static Events withCapacity(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is not from 1 to " + MAX_CAPACITY);
        }
        return new Events(capacity);
    }

    EventBuffer buffer() {
        return buffer;
    }

    void setSize(int size) {
        this.size = size;
    }

    private int readiness(int i) {
        return buffer.readiness(Objects.checkIndex(i, size));
    }

    /**
     * How many events fit.
     *
     * @return the capacity
     */
    public int capacity() {
        return buffer.capacity();
    }

    /**
     * How many events there are.
     *
     * @return what the last poll returned; 0 before the first one, and after one that threw
     */
    public int size() {
        return size;
    }

    /**
     * Whether there are no events.
     *
     * @return true if the size is 0
     */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Forgets the events. There is no need to before a poll. */
    public void clear() {
        size = 0;
    }

    /**
     * The token that the source of an event was registered with.
     *
     * @param i which event, from 0
     * @return the token
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public long token(int i) {
        return buffer.token(Objects.checkIndex(i, size));
    }

    /**
     * Whether there may be something to read: data, priority data, a connection, an end of stream.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isReadable(int i) {
        return (readiness(i) & Readiness.READABLE) != 0;
    }

    /**
     * Whether there may be room to write, or a connect has ended.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isWritable(int i) {
        return (readiness(i) & Readiness.WRITABLE) != 0;
    }

    /**
     * Whether an error is pending; or completions of zero-copy sends, which {@link
     * io.panamio.pipeline.ZeroCopySender#drainCompletions} takes.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isError(int i) {
        return (readiness(i) & Readiness.ERROR) != 0;
    }

    /**
     * Whether the peer, or this side, has ended what comes in. There may still be data to read before the end; a FIN
     * that comes together with data has no event of its own, so on such an event read on until the end.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isReadClosed(int i) {
        return (readiness(i) & Readiness.READ_CLOSED) != 0;
    }

    /**
     * Whether nothing more can be sent. A hint: a datagram socket after an ICMP error says so and still works, and so
     * does a stream that has completions of zero-copy sends.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isWriteClosed(int i) {
        return (readiness(i) & Readiness.WRITE_CLOSED) != 0;
    }

    /**
     * Whether there is priority data. On a stream socket it is urgent data, and every event that is readable says so,
     * whether or not the interest is {@link Interest#PRIORITY}, unless that is {@link Interest#exclusive}: a read stops
     * at urgent data although there is more behind it, so on such an event read on until {@link IoResult#WOULD_BLOCK},
     * which passes over it.
     *
     * @param i which event, from 0
     * @return true if so
     * @throws IndexOutOfBoundsException if there is no such event
     */
    public boolean isPriority(int i) {
        return (readiness(i) & Readiness.PRIORITY) != 0;
    }

    /**
     * Begins to go through the events. There is one cursor, which is iterator and event in one and is used again by
     * every call; so one loop at a time, and an {@link Event} is not to be kept.
     */
    @Override
    public Iterator<Event> iterator() {
        return cursor.rewind();
    }

    /** The events, as {@link Event#toString} shows them. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("[");
        for (int i = 0; i < size; i++) {
            s.append(i == 0 ? "" : ", ").append(toString(i));
        }
        return s.append(']').toString();
    }

    String toString(int i) {
        return "token " + token(i)
            + (isReadable(i) ? " readable" : "")
            + (isWritable(i) ? " writable" : "")
            + (isPriority(i) ? " priority" : "")
            + (isError(i) ? " error" : "")
            + (isReadClosed(i) ? " read-closed" : "")
            + (isWriteClosed(i) ? " write-closed" : "");
    }
}
