package io.panamio.sys;

import io.panamio.Feature;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Watches descriptors for edges: the implementation of a {@code Poll}. This class contains what all back ends share:
 * one poller at a time, deadlines, waits that a POSIX signal interrupts, wakes, events that sources deliver themselves,
 * and closing. A back end implements how descriptors are watched, how to wait, and how to end a wait; the package
 * documentation states the contract of each method.
 *
 * <p>As a {@link Guard}, it keeps its own descriptors open until the last thread has left it.
 */
public abstract class Selector extends Guard {
    private final WakeState wakes = new WakeState();
    private final DeliveryQueue deliveries = new DeliveryQueue();
    private final SpinPolicy spin = new SpinPolicy();
    private final Counters counters = new Counters();
    private volatile boolean wakerOpen;
    private volatile long wakerToken;
    /** Whether {@link #close} has been called, possibly in vain for lack of stack. */
    private volatile boolean closing;
    /** Whether the last wait reported events that are not the system's. Used by the poller only. */
    private boolean ownLast;
    /** Whether the last such events included the waker's. Used by the poller only. */
    private boolean wakerLast;

    private volatile LongFunction<Runnable> closeActions;

    /** For subclasses, which are in the platforms. */
    protected Selector() {
    }

    // ---- the selector of a registry

    private static Function<Object, Selector> finder;

    /** Sets the function that returns the selector of a {@code Registry}, which hides it from users. */
    public static void setFinder(Function<Object, Selector> finder) {
        Selector.finder = finder;
    }

    /** {@return the selector of a {@code Registry}, for sources that register a {@link Delivery} themselves} */
    public static Selector of(Object registry) {
        return finder.apply(registry);
    }

    // ---- watching

    /**
     * Sets a function from the token of a source to an action, or null, that is run when the source is closed or
     * detached, in the thread in which that takes effect. The action must not throw, and may be run more than once.
     */
    public final void setCloseActions(LongFunction<Runnable> byToken) {
        closeActions = byToken;
    }

    /** {@return the action for a close of the source that is being registered with {@code token}, or null} */
    Runnable closeAction(long token) {
        LongFunction<Runnable> byToken = closeActions;
        return byToken == null ? null : byToken.apply(token);
    }

    /**
     * Registers {@code fd}. The next poll reports what it is already ready for.
     *
     * @param interest {@link Readiness} bits
     */
    public final void register(int fd, long token, int interest) throws IOException {
        enterOrThrow();
        try {
            add(fd, token, interest);
        } finally {
            exit();
        }
    }

    /**
     * Replaces the token and the interest of {@code fd}, and reports again what it is already ready for.
     *
     * @param interest {@link Readiness} bits
     */
    public final void reregister(int fd, long token, int interest) throws IOException {
        enterOrThrow();
        try {
            modify(fd, token, interest);
        } finally {
            exit();
        }
    }

    /** Deregisters {@code fd}: no later poll reports it, and no running poll prevents its close from taking effect. */
    public final void deregister(int fd) throws IOException {
        enterOrThrow();
        try {
            remove(fd);
        } finally {
            exit();
        }
    }

    /**
     * Arms the conditions of {@code interest}, which an operation on {@code fd} has found drained: their next change is
     * reported. Does nothing if the system does so by itself, or if {@code fd} is not registered. Called by any thread,
     * inside the operation, so that {@code fd} stays open meanwhile.
     *
     * @param interest {@link Readiness} bits: a direction that would block; {@link Readiness#HANG_UP} if the pending
     *     error was taken, so that the next one is reported; {@link Readiness#READ_CLOSED} if a read found an end after
     *     which more may follow: from the next writer of a FIFO, or from a terminal that has not hung up. A back end
     *     that arms something calls {@link #rearmed}
     */
    public abstract void rearm(int fd, int interest);

    /** Counts an operation that armed a condition again. Called by {@link #rearm}. */
    protected final void rearmed() {
        counters.rearmed();
    }

    /** {@return what the polls have done so far} */
    public final Counters counters() {
        return counters;
    }

    /**
     * {@return whether closing the last duplicate of a descriptor deregisters it; if not, {@link Handle} deregisters it
     * before the close}
     */
    public abstract boolean deregistersOnClose();

    /**
     * {@return the descriptor that is readable while events are pending}
     *
     * @throws UnsupportedOperationException if the back end has none
     */
    protected int fd() {
        throw Platform.current().refusal(Feature.POLL_DESCRIPTOR);
    }

    /**
     * Starts to watch a descriptor. If it throws, the descriptor is not watched.
     *
     * @param interest {@link Readiness} bits; with {@link Readiness#WATCHABLE}, {@code fd} is known to be a socket or a
     *     pipe
     * @throws IOException if the system cannot watch the descriptor
     */
    protected abstract void add(int fd, long token, int interest) throws IOException;

    /**
     * Replaces the token and the interest of a watched descriptor; all conditions are armed. If it throws, nothing has
     * changed.
     *
     * @throws IOException if the descriptor is not watched, or the system refuses
     */
    protected abstract void modify(int fd, long token, int interest) throws IOException;

    /**
     * Stops watching a descriptor: its token is not reported any more, and it may be closed when this method returns.
     * If the system still writes to memory of the registration, as for a request that is being cancelled, that memory
     * stays allocated until the system has completed the request.
     *
     * @throws IOException if the descriptor is not watched
     */
    protected abstract void remove(int fd) throws IOException;

    // ---- waiting

    /**
     * Waits for events and puts them into {@code events}.
     *
     * @param timeout nanoseconds; 0 does not wait, a negative timeout waits without a limit
     * @return the number of events
     * @throws IllegalStateException if another thread is polling
     * @throws ClosedSelectorException if this is closed, before or during the wait
     */
    public final int select(EventBuffer events, long timeout) throws IOException {
        SourceArena.sweep();
        Handle.destroyLate();
        enterOrThrow();
        try {
            if (!wakes.begin(timeout != 0 && spin.duration() == 0)) {
                throw new IllegalStateException("another thread is polling");
            }
            try {
                requireNotClosing(); // close() sets it before it checks for a poller, so one of the two sees the other
                int n = timeout == 0 ? pollOnce(events) : wait(events, timeout);
                counters.polled(n);
                return n;
            } finally {
                wakes.end(); // exit() publishes it
            }
        } finally {
            exit();
        }
    }

    private int pollOnce(EventBuffer events) throws IOException {
        int n;
        do {
            n = awaitOpen(events, 0);
            if (n < 0) {
                counters.spun();
            }
        } while (n < 0);
        return n;
    }

    private int wait(EventBuffer events, long timeout) throws IOException {
        long maxSpin = spin.duration();
        long start = timeout < 0 && maxSpin == 0 ? 0 : System.nanoTime();
        long asleep = start;
        long remaining = timeout;
        if (spin.isDue()) {
            int n = spin(events, start, timeout < 0 ? maxSpin : Math.min(maxSpin, timeout));
            remaining = remaining(timeout, start);
            if (n > 0) {
                return n;
            }
            spin.missed();
            if (remaining == 0) {
                return 0;
            }
            counters.spun();
            asleep = System.nanoTime();
        }
        for (;;) {
            wakes.sleep();
            int n = awaitOpen(events, remaining);
            if (n > 0) {
                if (maxSpin > 0) {
                    spin.slept(System.nanoTime() - asleep);
                }
                return n;
            }
            // timeout, POSIX signal or notification, or the wait was longer than the system can count
            remaining = remaining(timeout, start);
            if (remaining == 0) {
                return 0;
            }
            counters.spun();
        }
    }

    /** {@return the nanoseconds left of a timeout, or -1 if it has no limit} */
    private static long remaining(long timeout, long start) {
        return timeout < 0 ? -1 : Math.max(0, timeout - (System.nanoTime() - start));
    }

    /** Polls repeatedly for {@code duration} nanoseconds. */
    private int spin(EventBuffer events, long start, long duration) throws IOException {
        for (;;) {
            int n = pollOnce(events);
            Thread.onSpinWait();
            if (n > 0 || System.nanoTime() - start >= duration) {
                return n;
            }
            counters.spun();
        }
    }

    /**
     * Waits once, unless events are pending that are not the system's; these are put after those of the system.
     */
    private int awaitOpen(EventBuffer events, long nanos) throws IOException {
        boolean due = wakes.unreported() != 0 || !deliveries.isEmpty();
        int max = due ? events.capacity() - reserved(events.capacity()) : events.capacity();
        int n = max == 0 ? 0 : await(events, max, due ? 0 : nanos);
        requireNotClosing(); // close() ended the wait; its events are void
        if (n < 0) {
            return n;
        }
        ownLast = false;
        return wakes.unreported() != 0 || !deliveries.isEmpty() ? addOwn(events, n) : n;
    }

    /**
     * Returns the number of entries reserved for events that are not the system's: at most half of them. With a single
     * entry, it is not reserved twice in a row, which could starve the system's events.
     */
    private int reserved(int capacity) {
        if (capacity == 1) {
            return ownLast ? 0 : 1;
        }
        return Math.min(deliveries.count() + 1, capacity / 2);
    }

    /**
     * Adds the events that are not the system's. The waker and the delivering sources take turns in being first, since
     * there may be space for one only.
     */
    private int addOwn(EventBuffer events, int n) {
        if (n == events.capacity()) {
            ownLast = false;
        } else {
            boolean wakerFirst = !wakerLast;
            wakerLast = false;
            int filled = wakerFirst ? addWake(events, n) : n;
            if ((wakes.unreported() & WakeState.DELIVERY) != 0) {
                wakes.take(WakeState.DELIVERY); // before the queue is emptied: later entries make a new request
            }
            filled = deliveries.moveTo(events, filled);
            n = wakerFirst ? filled : addWake(events, filled);
            ownLast = true;
        }
        if (wakes.isWatched() && (wakes.unreported() != 0 || !deliveries.isEmpty())) {
            request(WakeState.DELIVERY); // the descriptor must stay readable while some are left
        }
        return n;
    }

    private int addWake(EventBuffer events, int n) {
        if (n == events.capacity() || !wakes.take(WakeState.WAKE) || !wakerOpen) {
            return n;
        }
        events.set(n, wakerToken, Readiness.READABLE);
        counters.woken();
        wakerLast = true;
        return n + 1;
    }

    /** Sets the maximum time that a wait polls repeatedly before it sleeps, in nanoseconds; 0 turns spinning off. */
    public final void setSpin(long nanos) {
        spin.set(nanos);
    }

    /**
     * Lets waits busy-poll the network devices.
     *
     * @param micros the duration in microseconds; 0 turns it off
     * @param budget the maximum number of packets per attempt
     * @param prefer whether to suppress device interrupts during the busy-polling
     * @throws UnsupportedOperationException if the back end or the kernel does not support it
     */
    public void setBusyPoll(int micros, int budget, boolean prefer) throws IOException {
        throw Platform.current().refusal(Feature.BUSY_POLL);
    }

    /** {@return nanoseconds, 0 or more, as milliseconds, rounded up; at most {@link Integer#MAX_VALUE}} */
    protected static int ceilMillis(long nanos) {
        long millis = nanos / 1_000_000 + (nanos % 1_000_000 == 0 ? 0 : 1);
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    /**
     * Waits once in the system and puts its events into {@code events}, from index 0 on. A notification ends the wait
     * and is not an event: if it has arrived, this calls {@link #notificationArrived} and leaves it out. Called by one
     * thread at a time.
     *
     * @param max the maximum number of events, at least 1 and at most the capacity
     * @param nanos the maximum time to wait; 0 does not wait, -1 has no limit. A shorter wait is permitted
     * @return the number of events, possibly 0; -1 if a POSIX signal ended the wait
     */
    protected abstract int await(EventBuffer events, int max, long nanos) throws IOException;

    /** {@return whether a notification is pending, or is among what the system has just reported} */
    protected final boolean isNotified() {
        return wakes.isNotified();
    }

    /** Records that a notification has ended a wait. Called by {@link #await}. */
    protected final void notificationArrived() {
        wakes.arrived();
    }

    /**
     * Records that the wait in the system is over, although {@link #await} is not: what sources deliver from now on
     * needs no notification.
     */
    protected final void waited() {
        wakes.awake();
    }

    // ---- waking

    /**
     * Opens the waker, whose events carry {@code token}.
     *
     * @throws IllegalStateException if the waker is already open
     * @throws ClosedSelectorException if this is closed
     */
    public final synchronized void openWaker(long token) {
        enterOrThrow();
        try {
            if (wakerOpen) {
                throw new IllegalStateException("this Poll already has an open Waker");
            }
            wakerToken = token;
            wakes.take(WakeState.WAKE); // a wake of the previous waker
            wakerOpen = true;
        } finally {
            exit();
        }
    }

    /** Closes the waker. */
    public final synchronized void closeWaker() {
        wakerOpen = false;
    }

    /**
     * Wakes the poller: the running poll, or else the next one, reports the waker. Wakes coalesce until a poll reports
     * them. Costs a system call only if the poller sleeps. Does nothing if this is closed.
     */
    public final void wake() {
        request(WakeState.WAKE);
    }

    /** Queues a registration of a delivering source that has events to report. {@link #delivered} follows. */
    final void enqueue(Delivery.Entry entry) {
        deliveries.add(entry);
    }

    /** Wakes the poller for the queued registrations. */
    final void delivered() {
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
            if (claimed) {
                wakes.failed(); // for lack of stack, for example
            }
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

    /**
     * {@return the descriptor that is readable while events are pending, through which another selector can watch this
     * one}
     *
     * @throws UnsupportedOperationException if the back end has none
     */
    public final int descriptor() {
        int fd = fd();
        wakes.setWatched();
        request(0); // for what is pending
        return fd;
    }

    /**
     * Sends a notification: the current wait of the poller, or else the next one, ends. Called by any thread; at most
     * one notification is pending at a time, except when closing. If the system call fails, this does not throw, but
     * calls {@link #notificationFailed}.
     */
    protected abstract void sendNotification();

    /** Records that no notification was sent: the next request sends one. Called by {@link #sendNotification}. */
    protected final void notificationFailed() {
        wakes.failed();
    }

    // ---- closing

    /** Closes this, ending the wait of a poller. The descriptors are closed when the last thread leaves. Idempotent. */
    public final void close() {
        if (enter()) {
            try {
                closing = true;
                if (wakes.isPolling()) {
                    sendNotification(); // before the rest: if the stack ends here, another close() sends it again
                }
                shut();
            } finally {
                exit();
            }
        } else {
            shut(); // releases what could not be released before
        }
    }

    private void requireNotClosing() {
        if (closing) {
            shut();
            throw new ClosedSelectorException();
        }
    }

    private void enterOrThrow() {
        if (!enter()) {
            throw new ClosedSelectorException();
        }
    }
}
