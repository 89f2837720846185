package io.panamio.examples.serve;

/**
 * Connections with the same timeout, in the order in which they started: the last to start is the last to expire, so a
 * list suffices. Constant time, no allocation.
 */
final class Deadlines {
    final long nanos;
    private Connection first;
    private Connection last;

    Deadlines(long nanos) {
        this.nanos = nanos;
    }

    /** Starts a timeout of a connection, which replaces its previous one. */
    void start(Connection c, long now) {
        c.since = now;
        if (last == c) {
            return;
        }
        if (c.deadlines != null) {
            c.deadlines.remove(c);
        }
        c.deadlines = this;
        c.before = last;
        c.after = null;
        if (last == null) {
            first = c;
        } else {
            last.after = c;
        }
        last = c;
    }

    void remove(Connection c) {
        if (c.before == null) {
            first = c.after;
        } else {
            c.before.after = c.after;
        }
        if (c.after == null) {
            last = c.before;
        } else {
            c.after.before = c.before;
        }
        c.deadlines = null;
    }

    /** Returns the connection that started first, or null. */
    Connection first() {
        return first;
    }

    /** Returns a connection whose timeout has expired, or null. */
    Connection expired(long now) {
        return first != null && now - first.since >= nanos ? first : null;
    }
}
