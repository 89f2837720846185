package io.panamio.examples.serve;

/**
 * The running timeouts of connections, all equally long: they expire in the order in which they were started, so a list
 * suffices. Every operation takes constant time and allocates nothing.
 */
final class Deadlines {
    final long nanos;
    private Connection first;
    private Connection last;

    Deadlines(long nanos) {
        this.nanos = nanos;
    }

    /** Starts the timeout of a connection; the previous one, if any, is stopped. */
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

    /** Returns the connection whose timeout was started first, or null. */
    Connection first() {
        return first;
    }

    /** Returns a connection whose timeout has expired, or null. */
    Connection expired(long now) {
        return first != null && now - first.since >= nanos ? first : null;
    }
}
