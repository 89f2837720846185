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
    private static final VarHandle POLLER;
    private static final VarHandle WOKEN;

    static {
        try {
            POLLER = MethodHandles.lookup().findVarHandle(Selector.class, "poller", int.class);
            WOKEN = MethodHandles.lookup().findVarHandle(Selector.class, "woken", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // where the poller is
    private static final int AWAY = 0;
    private static final int AWAKE = 1;
    private static final int ASLEEP = 2;

    // a wake that was not reported yet: the next poll sees it by itself, or a signal of the system's tells it
    private static final int FLAGGED = 1;
    private static final int SIGNALED = FLAGGED | 2;

    private volatile int poller;
    private volatile int woken;
    /** Whether somebody else may wait for {@link #descriptor}, who sees nothing but signals. */
    private volatile boolean watched;
    private volatile long spin;
    /** Whether the last event came within the time of a spin, or none has come yet: else a spin is not worth it. */
    private volatile boolean dense;
    private volatile boolean wakerOpen;
    private volatile long wakerToken;
    /** The poller's own: whether its last wait reported a wake. */
    private boolean wokenLast;

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

    /** Stops watching {@code fd}: no later poll reports it, and none that goes on keeps it from being closed. */
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
     * the next change there is to be reported; HANG_UP among them says that it has taken the pending error, so that the
     * next one is; READ_CLOSED says that a read has found an end, after which there may be more: a FIFO goes on with
     * its next writer, and a terminal at once, unless it hung up. Does nothing where the system sees to that by itself.
     */
    public abstract void rearm(int fd, int interest);

    /** Whether the watch of a descriptor ends by itself when the last duplicate of it is closed. */
    public abstract boolean forgetsClosed();

    /** The descriptor that becomes readable when there are events. */
    protected abstract int fd();

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
        Handle.releaseLate();
        enterOrThrow();
        try {
            if (!POLLER.compareAndSet(this, AWAY, timeout == 0 || spin > 0 ? AWAKE : ASLEEP)) {
                throw new IllegalStateException("another thread is in this Poll's poll");
            }
            try {
                if (!isOpen()) { // close() looks at poller after it shut, so one of the two sees the other
                    throw new ClosedSelectorException();
                }
                return timeout == 0 ? look(events) : wait(events, timeout);
            } finally {
                POLLER.setRelease(this, AWAY); // at the latest exit() shows it to all
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
        if (poller != ASLEEP) {
            poller = ASLEEP; // before the first look at woken
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

    /**
     * Waits once, unless there is a wake already, which has the last place among the events: not twice in a row, or it
     * could starve the sources where there is one place alone.
     */
    private int awaitOpen(EventBuffer events, long nanos) throws IOException {
        int wake = woken; // after poller has said ASLEEP: wake() does it the other way round
        // a signal that reports nothing may have been seen by a wait that had no room for the wake
        boolean flagged = wake == FLAGGED || wake == SIGNALED && !reportsSignals();
        int most = flagged && !wokenLast ? events.capacity() - 1 : events.capacity();
        wokenLast = false;
        int n = most == 0 ? 0 : await(events, most, flagged ? 0 : nanos);
        if (!isOpen()) {
            throw new ClosedSelectorException(); // close() woke this poller; what it found is void
        }
        return n >= 0 && woken != 0 ? takeWake(events, n) : n;
    }

    private int takeWake(EventBuffer events, int n) {
        if (woken == FLAGGED || !reportsSignals()) {
            if (n == events.capacity()) {
                return n; // next time
            }
            if (takeFlag()) {
                if (!wakerOpen) {
                    return n;
                }
                events.setReadable(n, wakerToken);
                wokenLast = true;
                return n + 1;
            }
        }
        long token = wakerToken;
        for (int i = 0; i < n; i++) {
            if (events.token(i) == token) { // else it comes with the next
                WOKEN.getAndSet(this, 0);
                break;
            }
        }
        return n;
    }

    /** Takes a wake that no event of the system's tells of. */
    private boolean takeFlag() {
        return reportsSignals() ? WOKEN.compareAndSet(this, FLAGGED, 0) : (int) WOKEN.getAndSet(this, 0) != 0;
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
     * Waits once and fills {@code events}.
     *
     * @param most the largest number of events
     * @param nanos the longest to wait; 0 only looks, -1 has no end
     * @return the number of events, or -1 when a signal ended the wait
     */
    protected abstract int await(EventBuffer events, int most, long nanos) throws IOException;

    // ---- waking

    /** Makes {@link #wake} report {@code token}; one waker at a time. */
    public final synchronized void openWaker(long token) throws IOException {
        enterOrThrow();
        try {
            if (wakerOpen) {
                throw new IllegalStateException("this Poll has a Waker already");
            }
            wakerToken = token;
            startWaker(token);
            WOKEN.getAndSet(this, 0); // after: a late wake of the last waker may have lost its signal there
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
                WOKEN.getAndSet(this, 0);
            } finally {
                exit();
            }
        }
    }

    /**
     * Makes the poll that is running, or else the next one, report the waker. Calls before that poll sees the first
     * one coalesce. Costs a system call only if the poller sleeps. Does nothing when closed.
     */
    public final void wake() {
        // An update by each, not a test: the poller's own update then sees all that came before this call.
        if ((int) WOKEN.getAndBitwiseOr(this, FLAGGED) == 0 && (poller == ASLEEP || watched)) {
            try {
                signalWake();
            } catch (Throwable t) {
                woken = 0; // no signal is on its way, for want of stack say: the next call sends one
                throw t;
            }
        }
    }

    private void signalWake() {
        // else the poller has seen it meanwhile, or another thread is here
        if (WOKEN.compareAndSet(this, FLAGGED, SIGNALED) && enter()) {
            try {
                signal();
            } finally {
                exit();
            }
        }
    }

    /** The descriptor that becomes readable when there are events, for watching this selector with another. */
    public final int descriptor() {
        int fd = fd();
        watched = true;
        signalWake();
        return fd;
    }

    /** Whether {@link #signal} makes {@link #await} report the waker's token; else it only ends the wait. */
    protected abstract boolean reportsSignals();

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
                if (shut() && poller != AWAY) {
                    interrupt();
                }
            } finally {
                exit();
            }
        } else {
            shut(); // what could not be released
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
