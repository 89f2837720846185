package io.panamio.sys;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedSelectorException;

/**
 * What stands behind a {@code Poll}: watches descriptors for edges. What is the same for every back end is here: one
 * poller at a time, deadlines, interrupted waits, wakes and closing. A back end says how to watch and how to wait.
 *
 * <p>Being a {@link Guard}, it keeps its own descriptors open until the last thread is out of it.
 */
public abstract class Selector extends Guard {
    private static final VarHandle POLLING;
    private static final VarHandle WOKEN;

    static {
        try {
            POLLING = MethodHandles.lookup().findVarHandle(Selector.class, "polling", boolean.class);
            WOKEN = MethodHandles.lookup().findVarHandle(Selector.class, "woken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile boolean polling;
    private volatile boolean woken;
    private volatile long spin;
    /** Whether the last event came within the time of a spin, or none has come yet: else a spin is not worth it. */
    private volatile boolean dense;
    private boolean wakerOpen;

    /** For the platforms. */
    protected Selector() {
    }

    // ---- watching

    /** Starts to watch {@code fd}; the state it is in is an edge. */
    public final void register(int fd, long token, int interest) throws IOException {
        enterOrThrow();
        try {
            add(fd, token, interest);
        } finally {
            exit();
        }
    }

    /** Replaces token and interest of {@code fd}; the state it is in is an edge again. */
    public final void reregister(int fd, long token, int interest) throws IOException {
        enterOrThrow();
        try {
            modify(fd, token, interest);
        } finally {
            exit();
        }
    }

    /** Stops watching {@code fd}: no later poll reports it. */
    public final void deregister(int fd) throws IOException {
        enterOrThrow();
        try {
            remove(fd);
        } finally {
            exit();
        }
    }

    /**
     * Says that an operation on {@code fd} has found nothing more to do in the directions of {@code interest}, so that
     * the next change there is to be reported. Does nothing where the system sees to that by itself.
     */
    public abstract void rearm(int fd, int interest);

    /** The descriptor that becomes readable when there are events, for watching a selector with another. */
    public abstract int fd();

    /** Watches a descriptor that is not watched yet. */
    protected abstract void add(int fd, long token, int interest) throws IOException;

    /** Changes a descriptor that is watched. */
    protected abstract void modify(int fd, long token, int interest) throws IOException;

    /** Forgets a descriptor. */
    protected abstract void remove(int fd) throws IOException;

    // ---- waiting

    /**
     * Waits for events and returns how many were put into {@code events}.
     *
     * @param timeout nanoseconds; 0 only looks, a negative one waits for as long as it takes
     */
    public final int select(EventBuffer events, long timeout) throws IOException {
        StreamArena.sweep();
        enterOrThrow();
        try {
            if (!POLLING.compareAndSet(this, false, true)) {
                throw new IllegalStateException("another thread is in this Poll's poll");
            }
            try {
                if (!isOpen()) { // close() looks at polling after it shut, so one of the two sees the other
                    throw new ClosedSelectorException();
                }
                return timeout == 0 ? look(events) : wait(events, timeout);
            } finally {
                polling = false;
            }
        } finally {
            exit();
        }
    }

    private int look(EventBuffer events) throws IOException {
        int n;
        do {
            n = awaitOpen(events, 0);
        } while (n < 0);
        return n;
    }

    private int wait(EventBuffer events, long timeout) throws IOException {
        long longest = spin;
        long start = timeout < 0 && longest == 0 ? 0 : System.nanoTime();
        long asleep = start;
        long remaining = timeout;
        if (longest > 0 && dense) {
            int n = spin(events, start, timeout < 0 ? longest : Math.min(longest, timeout));
            remaining = remaining(timeout, start);
            if (n > 0) {
                return n;
            }
            dense = false;
            if (remaining == 0) {
                return 0;
            }
            asleep = System.nanoTime();
        }
        for (;;) {
            int n = awaitOpen(events, remaining);
            if (n > 0) {
                dense = longest > 0 && System.nanoTime() - asleep < longest;
                return n;
            }
            // the time is up, or a signal came, or the wait was longer than the system can count
            remaining = remaining(timeout, start);
            if (remaining == 0) {
                return 0;
            }
        }
    }

    /** What a timeout has left, or -1 if it has no end. */
    private static long remaining(long timeout, long start) {
        return timeout < 0 ? -1 : Math.max(0, timeout - (System.nanoTime() - start));
    }

    /** Looks again and again, for as long as {@code duration}. */
    private int spin(EventBuffer events, long start, long duration) throws IOException {
        int n;
        do {
            n = look(events);
            Thread.onSpinWait();
        } while (n == 0 && System.nanoTime() - start < duration);
        return n;
    }

    private int awaitOpen(EventBuffer events, long nanos) throws IOException {
        int n = await(events, nanos);
        if (!isOpen()) {
            throw new ClosedSelectorException(); // close() woke this poller; what it found is void
        }
        return n;
    }

    /** How long a wait looks again and again before it sleeps, in nanoseconds. */
    public final void setSpin(long nanos) {
        spin = nanos;
        dense = true;
    }

    /**
     * Lets waits poll the network cards.
     *
     * @param micros for how long, 0 for not at all
     * @param budget how many packets at a time
     * @param prefer whether to keep the cards from interrupting meanwhile
     * @throws UnsupportedOperationException where there is no such thing
     */
    public void setBusyPoll(int micros, int budget, boolean prefer) throws IOException {
        throw new UnsupportedOperationException("no busy polling with this selector");
    }

    /** Nanoseconds, 0 or more, as the milliseconds that are no less, or as many as the system can count. */
    protected static int ceilMillis(long nanos) {
        long millis = nanos / 1_000_000 + (nanos % 1_000_000 == 0 ? 0 : 1);
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    /**
     * Waits once and fills {@code events}. Must call {@link #takeWoken} after the wait.
     *
     * @param nanos the longest to wait; 0 only looks, -1 has no end
     * @return the number of events, or -1 when a signal ended the wait
     */
    protected abstract int await(EventBuffer events, long nanos) throws IOException;

    // ---- waking

    /** Makes {@link #wake} report {@code token}; one waker at a time. */
    public final synchronized void openWaker(long token) throws IOException {
        enterOrThrow();
        try {
            if (wakerOpen) {
                throw new IllegalStateException("this Poll has a Waker already");
            }
            startWaker(token);
            takeWoken(); // after: a late wake of the last waker may have lost its signal there, and would silence this
            wakerOpen = true;
        } finally {
            exit();
        }
    }

    /** Ends what {@link #openWaker} began. */
    public final synchronized void closeWaker() {
        if (enter()) {
            try {
                wakerOpen = false;
                stopWaker();
            } finally {
                exit();
            }
        }
    }

    /**
     * Makes the poll that is running, or else the next one, report the waker. Calls before that poll sees the first
     * one coalesce, without a system call. Does nothing when closed.
     */
    public final void wake() {
        // A swap, not a test: the poller's own swap then sees all that came before this call.
        if (!(boolean) WOKEN.getAndSet(this, true) && enter()) {
            try {
                signal();
            } catch (Throwable t) {
                woken = false; // no signal is on its way
                throw t;
            } finally {
                exit();
            }
        }
    }

    /** Forgets the wakes so far, and says whether there were any: the next one signals again. */
    protected final boolean takeWoken() {
        return woken && (boolean) WOKEN.getAndSet(this, false);
    }

    /** Begins to report {@code token} on signals; signals from before are forgotten. */
    protected abstract void startWaker(long token) throws IOException;

    /** Ceases to report signals. */
    protected abstract void stopWaker();

    /** Ends the wait of the poller or, if there is none, of the next one. */
    protected abstract void signal();

    // ---- closing

    /** Closes, ending the wait of a poller. Idempotent. The descriptors go with the last thread inside. */
    public final void close() {
        if (enter()) {
            try {
                if (shut() && polling) {
                    interrupt();
                }
            } finally {
                exit();
            }
        }
    }

    /** Ends the wait of the poller even where there is no waker. */
    protected abstract void interrupt();

    private void enterOrThrow() {
        if (!enter()) {
            throw new ClosedSelectorException();
        }
    }
}
