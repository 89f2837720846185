package io.panamio.sys;

import java.io.IOException;

/**
 * The readiness of a source that reports its events itself, from any thread, instead of the system: for example one
 * that owns overlapped requests, or whose work is done by another thread. It is registered like a descriptor, and its
 * events carry the token of its source, on every back end.
 *
 * <p>Edge-triggered, level-triggered and one-shot interests behave as for a descriptor: each {@linkplain #deliver
 * delivery} is an edge, the source is ready until it is {@linkplain #drained}, and a registration reports what the
 * source is ready for at that time.
 *
 * <p>Thread-safe. See {@link Handle#setDelivery} and {@link PipeEnd#delivery}.
 */
public class Delivery {
    private int ready;
    private Entry entry;

    /** Constructs the readiness of a source that is not ready. */
    public Delivery() {
    }

    /** One registration. It is in the queue of its selector at most once. */
    static final class Entry {
        final Delivery source;
        final Selector selector;
        final long token;
        private int interest;
        private int pending;
        private boolean queued;
        /** Whether the poller must keep it in the queue; used by the poller only. */
        boolean again;
        /** The next entry of a queue. */
        Entry next;

        private Entry(Delivery source, Selector selector, long token, int interest) {
            this.source = source;
            this.selector = selector;
            this.token = token;
            this.interest = interest;
        }
    }

    // ---- for the source, from any thread

    /**
     * Adds to the readiness of the source. Each call is an edge.
     *
     * @param readiness {@link Readiness} bits
     */
    public final void deliver(int readiness) {
        Selector selector;
        synchronized (this) {
            ready |= readiness;
            selector = entry == null ? null : add(entry, readiness);
        }
        wake(selector);
    }

    /**
     * Removes from the readiness of the source what an operation has found drained. The source must order this before
     * the deliveries of what arrives later.
     *
     * @param readiness {@link Readiness} bits
     */
    public final synchronized void drained(int readiness) {
        ready &= ~readiness;
    }

    /**
     * Removes from the readiness of the source, and from events that were not reported yet, what no longer holds.
     *
     * @param readiness {@link Readiness} bits
     */
    public final synchronized void withdraw(int readiness) {
        ready &= ~readiness;
        if (entry != null) {
            entry.pending &= ~readiness;
        }
    }

    // ---- what a source may have to do itself

    /**
     * Called when an operation of a user has found the source drained, after its own call: removes that from the
     * readiness. A source to which another thread can have delivered meanwhile overrides this, to do so only if it
     * still has nothing, under the lock under which it delivers.
     *
     * @param readiness {@link Readiness} bits
     */
    protected void rearm(int readiness) {
        drained(readiness);
    }

    /**
     * Called before each registration, without a lock. A source that needs the selector, for its completion port or to
     * refuse another one, overrides this.
     *
     * @throws IOException if a system call fails
     * @throws IllegalStateException if the source cannot be registered with this selector; it is not then
     */
    protected void attach(Selector with) throws IOException {
    }

    /** Adds to what an entry reports, and queues it; returns the selector to wake, or null if nothing is pending. */
    private static Selector add(Entry to, int readiness) {
        to.pending |= readiness & reported(to.interest);
        if (to.pending == 0) {
            return null;
        }
        if (!to.queued) {
            to.selector.enqueue(to);
            to.queued = true; // not before: a call that fails, for lack of stack, is made up for by the next one
        }
        return to.selector;
    }

    private static void wake(Selector selector) {
        if (selector != null) {
            selector.delivered(); // even if it was queued before: that call may have failed
        }
    }

    /** Returns the bits that an interest reports, which always include errors and hang-ups. */
    private static int reported(int interest) {
        int ends = Readiness.ERROR | Readiness.READ_CLOSED | Readiness.WRITE_CLOSED;
        return interest & (Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY) | ends;
    }

    // ---- registration: as of a descriptor, one at a time

    /** Registers the source, replacing its previous registration. What it is already ready for counts as an edge. */
    public final void register(Selector with, long token, int interest) throws IOException {
        attach(with);
        Selector selector;
        synchronized (this) {
            entry = new Entry(this, with, token, interest);
            selector = add(entry, ready);
        }
        wake(selector);
    }

    /** Ends the registration: nothing more is reported. */
    public final synchronized void deregister() {
        entry = null;
    }

    // ---- for the poller

    /**
     * Takes the bits to report for an entry, 0 if it was deregistered. Afterwards {@link Entry#again} is true if the
     * poller must keep the entry, because it is level-triggered and still ready.
     */
    synchronized int take(Entry from) {
        int readiness = from == entry ? from.pending : 0;
        from.pending = 0;
        from.queued = false;
        from.again = false;
        if (readiness != 0 && (from.interest & Readiness.ONE_SHOT) != 0) {
            entry = null;
        } else if (from == entry && (from.interest & Readiness.LEVEL) != 0) {
            from.pending = ready & reported(from.interest);
            from.again = from.pending != 0;
            from.queued = from.again;
        }
        return readiness;
    }
}
