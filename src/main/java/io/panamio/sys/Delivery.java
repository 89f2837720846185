package io.panamio.sys;

/**
 * The readiness of a source that reports it by itself, from any thread, instead of the system: such as one that owns
 * overlapped requests, or whose work is done elsewhere. It is registered like a descriptor, and its events come under
 * the
 * token of its own source, on every back end.
 *
 * <p>Edges, levels and one-shot interests are as with a descriptor: what is {@linkplain #deliver delivered} is an edge,
 * and ready until it is {@linkplain #drained}; a registration reports what is ready then.
 */
public final class Delivery {
    private int ready;
    private Entry entry;

    /** A source that is not ready for anything. */
    public Delivery() {
    }

    /** One registration; it is in its selector's queue at most once. */
    static final class Entry {
        final Delivery source;
        final Selector selector;
        final long token;
        private int interest;
        private int pending;
        private boolean queued;
        /** The poller's: whether it must keep it. */
        boolean again;
        /** The next one in a queue. */
        Entry next;

        private Entry(Delivery source, Selector selector, long token, int interest) {
            this.source = source;
            this.selector = selector;
            this.token = token;
            this.interest = interest;
        }
    }

    // ---- the source's side, in any thread

    /** Adds to what the source is ready for: {@link Readiness} bits, each of which is an edge. */
    public void deliver(int readiness) {
        Entry queue;
        synchronized (this) {
            ready |= readiness;
            queue = entry == null ? null : add(entry, readiness);
        }
        enqueue(queue);
    }

    /**
     * The source is no longer ready for what an operation has found drained. The source sees to it that what it
     * delivers
     * meanwhile comes afterwards.
     */
    public synchronized void drained(int readiness) {
        ready &= ~readiness;
    }

    /** Returns the entry if it must be queued. */
    private Entry add(Entry to, int readiness) {
        to.pending |= readiness & reported(to.interest);
        if (to.pending == 0 || to.queued) {
            return null;
        }
        to.queued = true;
        return to;
    }

    private static void enqueue(Entry entry) {
        if (entry != null) {
            entry.selector.enqueue(entry);
        }
    }

    /** What an interest reports: errors and hang-ups always. */
    private static int reported(int interest) {
        int ends = Readiness.ERROR | Readiness.READ_CLOSED | Readiness.WRITE_CLOSED;
        return interest & (Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY) | ends;
    }

    // ---- registering: like a descriptor's, and one at a time

    /** Replaces the registration, if there is one; what the source is ready for is an edge. */
    public void register(Selector with, long token, int interest) {
        Entry queue;
        synchronized (this) {
            entry = new Entry(this, with, token, interest);
            queue = add(entry, ready);
        }
        enqueue(queue);
    }

    /** Ends the registration: nothing more is reported. */
    public synchronized void deregister() {
        entry = null;
    }

    // ---- the poller's side

    /**
     * Takes what an entry has to report, 0 if it was deregistered. Afterwards {@link Entry#again} says whether the
     * poller
     * must keep it, as its level stays.
     */
    synchronized int take(Entry from) {
        int readiness = from == entry ? from.pending : 0;
        from.pending = 0;
        from.queued = false;
        from.again = false;
        if (readiness != 0 && (from.interest & Readiness.ONE_SHOT) != 0) {
            entry = null;
        } else if (from == entry && (from.interest & Readiness.LEVEL) != 0) {
            from.again = add(from, ready) != null;
        }
        return readiness;
    }
}
