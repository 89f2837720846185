package io.panamio.examples.proxy;

import java.time.Duration;

/**
 * The running timeouts of connections, all equally long: they expire in the order in which they were started, so a list
 * suffices. Every operation takes constant time and allocates nothing.
 */
final class Timeouts {
    /**
     * In nanoseconds. A connection moves to the end of the list at most once in this time, and may exceed its timeout
     * by as much.
     */
    final long precision;
    private final long nanos;
    private Connection first;
    private Connection last;

    Timeouts(Duration timeout) {
        nanos = timeout.toNanos();
        precision = Math.clamp(nanos / 8, 1_000_000, 1_000_000_000);
    }

    /** Starts the timeout of a connection; the previous one, if any, is stopped. */
    void start(Connection c, long now) {
        if (c.timeouts == this && now - c.since < precision) {
            return;
        }
        stop(c);
        c.timeouts = this;
        c.since = now;
        c.before = last;
        if (last == null) {
            first = c;
        } else {
            last.after = c;
        }
        last = c;
    }

    /** Stops the timeout of a connection, if one is running. */
    static void stop(Connection c) {
        Timeouts t = c.timeouts;
        if (t == null) {
            return;
        }
        if (c.before == null) {
            t.first = c.after;
        } else {
            c.before.after = c.after;
        }
        if (c.after == null) {
            t.last = c.before;
        } else {
            c.after.before = c.before;
        }
        c.timeouts = null;
        c.before = null;
        c.after = null;
    }

    /** Returns a connection whose timeout has expired, or null. */
    Connection expired(long now) {
        return first != null && now - first.since - precision >= nanos ? first : null;
    }
}
