package io.panamio.examples.proxy;

import java.time.Duration;

/**
 * The connections that have the same time to do something, in the order in which it began: a list, as who begins last
 * is also the last whose time is over. Constant time, no garbage.
 */
final class Timeouts {
    /** In nanoseconds. A connection moves within the list once in this time at most, and its time is exceeded by it. */
    final long precision;
    private final long nanos;
    private Connection first;
    private Connection last;

    Timeouts(Duration timeout) {
        nanos = timeout.toNanos();
        precision = Math.clamp(nanos / 8, 1_000_000, 1_000_000_000);
    }

    /** Gives a connection its time from now on, here and nowhere else. */
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

    /** Gives a connection all the time that there is. */
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

    /** A connection whose time is over, or null. */
    Connection expired(long now) {
        return first != null && now - first.since - precision >= nanos ? first : null;
    }
}
