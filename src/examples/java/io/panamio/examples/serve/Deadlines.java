package io.panamio.examples.serve;

/**
 * Connections that wait for the same length of time, the longest first: a list, as who comes last is also the last
 * whose time is over. Constant time, no garbage.
 */
final class Deadlines {
    final long nanos;
    private Connection first;
    private Connection last;

    Deadlines(long nanos) {
        this.nanos = nanos;
    }

    /** Lets a connection wait from now on, whatever it waited for before. */
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

    /** Returns the one that waits longest, or null. */
    Connection first() {
        return first;
    }

    /** Returns one whose time is over, or null. */
    Connection expired(long now) {
        return first != null && now - first.since >= nanos ? first : null;
    }
}
