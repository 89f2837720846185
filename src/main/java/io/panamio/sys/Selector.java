package io.panamio.sys;

import io.panamio.Feature;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;

/**
 * What is behind a {@code Poll}: watches descriptors for edges. What is the same for every back end is here: one poller
 * at a time, deadlines, waits that a POSIX signal interrupts, wakes, events that sources deliver themselves, and
 * closing.
 * A back end implements how descriptors are watched, how to wait, and how to end a wait.
 *
 * <p>Being a {@link Guard}, it keeps its own descriptors open until the last thread is out of it.
 */
public abstract class Selector extends Guard {
    private final WakeState wakes = new WakeState();
    private final DeliveryQueue deliveries = new DeliveryQueue();
    private final SpinPolicy spin = new SpinPolicy();
    private volatile boolean wakerOpen;
    private volatile long wakerToken;
    /** The poller's own: whether its last wait had events that are not the system's. */
    private boolean ownLast;
    /** The poller's own: whether the last events that are not the system's had the waker's. */
    private boolean wakerLast;

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
     * Arms the directions of {@code interest}, in which an operation on {@code fd} has found nothing more to do, so
     * that
     * the next change there is reported. HANG_UP among them means that it has taken the pending error, so that the next
     * one is reported; READ_CLOSED means that a read has found an end, after which there may be more: a FIFO goes on
     * with
     * its next writer, and a terminal at once, unless it hung up. Does nothing where the system sees to that by itself.
     */
    public abstract void rearm(int fd, int interest);

    /** Returns whether the watch of a descriptor ends by itself when the last duplicate of it is closed. */
    public abstract boolean deregistersOnClose();

    /** Returns the descriptor that becomes readable when there are events. */
    protected int fd() {
        throw Platform.current().refusal(Feature.POLL_DESCRIPTOR);
    }

    /** Watches a descriptor that is not watched yet. */
    protected abstract void add(int fd, long token, int interest) throws IOException;

    /** Changes a descriptor that is watched. */
    protected abstract void modify(int fd, long token, int interest) throws IOException;

    /**
     * Forgets a descriptor. What the system still writes to for it stays allocated until the system is done: the
     * descriptor may be closed as soon as this returns.
     */
    protected abstract void remove(int fd) throws IOException;

    // ---- waiting

    /**
     * Waits for events and returns how many were put into {@code events}.
     *
     * @param timeout nanoseconds; 0 does not wait, a negative one waits without a limit
     */
    public final int select(EventBuffer events, long timeout) throws IOException {
        StreamArena.sweep();
        Handle.destroyLate();
        enterOrThrow();
        try {
            if (!wakes.begin(timeout != 0 && spin.duration() == 0)) {
                throw new IllegalStateException("another thread is in this Poll's poll");
            }
            try {
                if (!isOpen()) { // close() looks for a poller after it shut, so one of the two sees the other
                    throw new ClosedSelectorException();
                }
                return timeout == 0 ? pollOnce(events) : wait(events, timeout);
            } finally {
                wakes.end(); // at the latest exit() shows it to all
            }
        } finally {
            exit();
        }
    }

    private int pollOnce(EventBuffer events) throws IOException {
        int n;
        do {
            n = awaitOpen(events, 0);
        } while (n < 0);
        return n;
    }

    private int wait(EventBuffer events, long timeout) throws IOException {
        long longest = spin.duration();
        long start = timeout < 0 && longest == 0 ? 0 : System.nanoTime();
        long asleep = start;
        long remaining = timeout;
        if (spin.isDue()) {
            int n = spin(events, start, timeout < 0 ? longest : Math.min(longest, timeout));
            remaining = remaining(timeout, start);
            if (n > 0) {
                return n;
            }
            spin.inVain();
            if (remaining == 0) {
                return 0;
            }
            asleep = System.nanoTime();
        }
        wakes.sleep();
        for (;;) {
            int n = awaitOpen(events, remaining);
            if (n > 0) {
                if (longest > 0) {
                    spin.slept(System.nanoTime() - asleep);
                }
                return n;
            }
            // the time is up, or a POSIX signal or a notification came, or the wait was longer than the system can
            // count
            remaining = remaining(timeout, start);
            if (remaining == 0) {
                return 0;
            }
        }
    }

    /** Returns what a timeout has left, or -1 if it has no limit. */
    private static long remaining(long timeout, long start) {
        return timeout < 0 ? -1 : Math.max(0, timeout - (System.nanoTime() - start));
    }

    /** Polls repeatedly, for as long as {@code duration}. */
    private int spin(EventBuffer events, long start, long duration) throws IOException {
        int n;
        do {
            n = pollOnce(events);
            Thread.onSpinWait();
        } while (n == 0 && System.nanoTime() - start < duration);
        return n;
    }

    /** Waits once, unless there are events already that the system does not know of: they come after the system's. */
    private int awaitOpen(EventBuffer events, long nanos) throws IOException {
        boolean due = wakes.unreported() != 0 || !deliveries.isEmpty();
        int max = due ? events.capacity() - reserved(events.capacity()) : events.capacity();
        int n = max == 0 ? 0 : await(events, max, due ? 0 : nanos);
        if (!isOpen()) {
            throw new ClosedSelectorException(); // close() woke this poller; what it found is void
        }
        if (n < 0) {
            return n;
        }
        ownLast = false;
        return wakes.unreported() != 0 || !deliveries.isEmpty() ? addOwn(events, n) : n;
    }

    /**
     * Returns how many places are kept for events that are not the system's: half of them at most; but none twice in a
     * row where there is one place alone, or they could starve the system's.
     */
    private int reserved(int capacity) {
        if (capacity == 1) {
            return ownLast ? 0 : 1;
        }
        return Math.min(deliveries.count() + 1, capacity / 2);
    }

    /** The waker and the sources that deliver take turns in being first, as there may be one place alone. */
    private int addOwn(EventBuffer events, int n) {
        if (n == events.capacity()) {
            ownLast = false;
        } else {
            boolean wakerFirst = !wakerLast;
            wakerLast = false;
            int filled = wakerFirst ? addWake(events, n) : n;
            wakes.take(WakeState.DELIVERY); // before the queue is emptied: what comes later requests anew
            filled = deliveries.moveTo(events, filled);
            n = wakerFirst ? filled : addWake(events, filled);
            ownLast = true;
        }
        if (wakes.isWatched() && (wakes.unreported() != 0 || !deliveries.isEmpty())
                && (wakes.request(WakeState.DELIVERY) || wakes.claim())) {
            notifyPoller(); // whoever waits for the descriptor must see that some are left
        }
        return n;
    }

    private int addWake(EventBuffer events, int n) {
        if (n == events.capacity() || !wakes.take(WakeState.WAKE) || !wakerOpen) {
            return n;
        }
        events.set(n, wakerToken, Readiness.READABLE);
        wakerLast = true;
        return n + 1;
    }

    /** Sets for how long a wait polls repeatedly before it sleeps, in nanoseconds. */
    public final void setSpin(long nanos) {
        spin.set(nanos);
    }

    /**
     * Lets waits poll the network cards.
     *
     * @param micros for how long, 0 for not at all
     * @param budget how many packets at a time
     * @param prefer whether to keep the cards from interrupting meanwhile
     * @throws UnsupportedOperationException if there is no such thing
     */
    public void setBusyPoll(int micros, int budget, boolean prefer) throws IOException {
        throw Platform.current().refusal(Feature.BUSY_POLL);
    }

    /** Returns nanoseconds, 0 or more, as milliseconds, rounded up, or as many as the system can count. */
    protected static int ceilMillis(long nanos) {
        long millis = nanos / 1_000_000 + (nanos % 1_000_000 == 0 ? 0 : 1);
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    /**
     * Waits once and fills {@code events}. A notification ends the wait and is no event: whoever sees it calls
     * {@link #notificationArrived}.
     *
     * @param max the largest number of events
     * @param nanos the longest to wait; 0 does not wait, -1 has no limit
     * @return the number of events, or -1 when a POSIX signal ended the wait
     */
    protected abstract int await(EventBuffer events, int max, long nanos) throws IOException;

    /** Returns whether a notification is on its way, or is among what the system has just reported. */
    protected final boolean isNotified() {
        return wakes.isNotified();
    }

    /** The notification has ended a wait. For {@link #await}. */
    protected final void notificationArrived() {
        wakes.arrived();
    }

    // ---- waking

    /** Lets {@link #wake} report {@code token}; one waker at a time. */
    public final synchronized void openWaker(long token) {
        enterOrThrow();
        try {
            if (wakerOpen) {
                throw new IllegalStateException("this Poll has a Waker already");
            }
            wakerToken = token;
            wakes.take(WakeState.WAKE); // what the last waker left
            wakerOpen = true;
        } finally {
            exit();
        }
    }

    /** Ends what {@link #openWaker} began. */
    public final synchronized void closeWaker() {
        wakerOpen = false;
    }

    /**
     * Makes the poll that is running, or else the next one, report the waker. Calls before that poll sees the first
     * one coalesce. Costs a system call only if the poller sleeps. Does nothing when closed.
     */
    public final void wake() {
        request(WakeState.WAKE);
    }

    /** Queues an entry that has something to report. */
    final void enqueue(Delivery.Entry entry) {
        deliveries.add(entry);
        request(WakeState.DELIVERY);
    }

    private void request(int reason) {
        boolean claimed = false;
        try {
            claimed = wakes.request(reason);
            if (claimed) {
                notifyPoller();
            }
        } catch (Throwable t) {
            wakes.failed(claimed); // for want of stack, for example
            throw t;
        }
    }

    private void notifyPoller() {
        if (enter()) {
            try {
                sendNotification();
            } finally {
                exit();
            }
        }
    }

    /** Returns the descriptor that becomes readable when there are events, for watching this selector with another. */
    public final int descriptor() {
        int fd = fd();
        wakes.setWatched();
        if (wakes.claim()) {
            notifyPoller();
        }
        return fd;
    }

    /** Ends the wait of the poller or, if there is none, of the next one. */
    protected abstract void sendNotification();

    // ---- closing

    /** Closes, ending the wait of a poller. Idempotent. The descriptors go with the last thread inside. */
    public final void close() {
        if (enter()) {
            try {
                if (shut() && wakes.isPolling()) {
                    sendNotification();
                }
            } finally {
                exit();
            }
        } else {
            shut(); // what could not be released
        }
    }

    private void enterOrThrow() {
        if (!enter()) {
            throw new ClosedSelectorException();
        }
    }
}
