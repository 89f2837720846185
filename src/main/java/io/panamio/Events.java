package io.panamio;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import java.util.Iterator;
import java.util.Objects;

/**
 * A reusable buffer for the events that a {@link Poll} reports: mio's {@code Events}.
 *
 * <p>The memory is allocated once, by {@link #withCapacity}. Events are read by index or by iteration; neither
 * allocates:
 *
 * {@snippet file="LoopSnippets.java" region="events"}
 *
 * <p>Readiness is a hint, and spurious events occur: only the operation itself decides. A hang-up alone is not reported
 * as readable, nor an error alone as writable. A handler therefore reads if an event is readable, read-closed or an
 * error, and writes if it is writable, write-closed or an error.
 *
 * <p>A poll reports at most one event for a source, except with kqueue(2), on macOS and FreeBSD: there it may report
 * one for each direction. The handler of the first may have closed the source.
 *
 * <p>Not thread-safe. Another thread may read the events once the polling thread has published them to it.
 */
public final class Events implements Iterable<Event> {
    /** Keeps the memory of the events below 2 GiB on every system. */
    private static final int MAX_CAPACITY = 1 << 24;

    private final EventBuffer buffer;
    private final Event cursor = new Event(this);
    private int size;

    private Events(int capacity) {
        buffer = Platform.current().newEvents(capacity);
    }

    /**
     * Allocates a buffer for a number of events. A poll returns at most that many; further events are reported by the
     * next polls.
     *
     * @param capacity the maximum number of events of one poll, 1 &lt;= capacity &lt;= 16777216
     * @return an empty buffer
     * @throws IllegalArgumentException if {@code capacity} is out of range
     */
    public static Events withCapacity(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is not between 1 and " + MAX_CAPACITY);
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

    /** {@return the maximum number of events of one poll} */
    public int capacity() {
        return buffer.capacity();
    }

    /** {@return the number of events of the last poll; 0 before the first poll and after one that threw} */
    public int size() {
        return size;
    }

    /** {@return whether the last poll reported no events} */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Discards the events. Not needed before a poll, which replaces them. */
    public void clear() {
        size = 0;
    }

    /**
     * Returns the token that the source of an event was registered with.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return the token
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public long token(int i) {
        return buffer.token(Objects.checkIndex(i, size));
    }

    /**
     * Returns whether the source may be readable: data, priority data, a connection or the end of the stream may be
     * pending.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is readable
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isReadable(int i) {
        return (readiness(i) & Readiness.READABLE) != 0;
    }

    /**
     * Returns whether the source may be writable, or a connect has completed or failed.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is writable
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isWritable(int i) {
        return (readiness(i) & Readiness.WRITABLE) != 0;
    }

    /**
     * Returns whether an error is pending, or completions of zero-copy sends, which {@link
     * io.panamio.pipeline.ZeroCopySender#drainCompletions} takes.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is an error
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isError(int i) {
        return (readiness(i) & Readiness.ERROR) != 0;
    }

    /**
     * Returns whether the read half is closed, by the peer or by this side. Data may be pending before the end of the
     * stream. A FIN that arrives together with data has no event of its own: after a read-closed event, read until the
     * end of the stream.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is read-closed
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isReadClosed(int i) {
        return (readiness(i) & Readiness.READ_CLOSED) != 0;
    }

    /**
     * Returns whether the write half is closed. This is a hint: it is also reported for a datagram socket after an ICMP
     * error, and for a stream with pending completions of zero-copy sends, both of which can still send.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is write-closed
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isWriteClosed(int i) {
        return (readiness(i) & Readiness.WRITE_CLOSED) != 0;
    }

    /**
     * Returns whether priority data is pending. For a stream socket this is urgent (out-of-band) data. Every readable
     * event of a stream socket reports it, whether or not the interest contains {@link Interest#PRIORITY}, unless the
     * interest is {@link Interest#exclusive}. A read stops at the urgent mark even if more data follows: after such an
     * event, read until {@link IoResult#WOULD_BLOCK}.
     *
     * @param i index, 0 &lt;= i &lt; {@link #size}
     * @return {@code true} if the event is priority
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public boolean isPriority(int i) {
        return (readiness(i) & Readiness.PRIORITY) != 0;
    }

    /**
     * Returns an iterator over the events of the last poll. All calls return the same object, which is iterator and
     * {@link Event} in one: run one loop at a time, and do not keep the {@code Event}.
     *
     * @return the cursor, positioned before the first event
     */
    @Override
    public Iterator<Event> iterator() {
        return cursor.rewind();
    }

    /** {@return all events, each as by {@link Event#toString}} */
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
