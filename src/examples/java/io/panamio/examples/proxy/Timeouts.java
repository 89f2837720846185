package io.panamio.examples.proxy;

import java.time.Duration;

/**
 * Connections with the same timeout, in the order in which they started: the last to start is the last to expire, so a
 * list suffices. Constant time, no allocation.
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

    /** Starts a timeout of a connection, which replaces its previous one. */
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

    /** Ends the timeout of a connection. */
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
