package io.panamio;

import io.panamio.jfr.Flight;
import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.Objects;

/**
 * Waits for the sources of its {@link Registry} to become ready: mio's {@code Poll}.
 *
 * <p>A server that echoes what it receives:
 *
 * {@snippet file="LoopSnippets.java" region="echo"}
 *
 * <p>One thread polls at a time. It must be a platform thread, because a blocking wait pins the carrier of a virtual
 * thread; virtual threads wait by {@code io.panamio.net.Poller}. All other methods, and those of the registry, may be
 * called by any thread at any time.
 *
 * <p>Readiness is edge-triggered; see {@link Registry#register}. On every back end a source has an event for each
 * direction that is ready when it is registered, and another one when that direction is ready again after an operation
 * has drained it. Between the two, the back ends differ:
 * <ul>
 * <li>epoll(7), on Linux, and kqueue(2), on macOS and FreeBSD, report edges. A direction that was not drained may be
 *     reported again when more arrives.
 * <li>AFD, the socket driver of Windows, with a completion port, reports a condition once per request. A direction that
 *     was reported is not reported again until an operation has drained it. Only sockets and the pipes of this library
 *     can be registered.
 * <li>poll(2), on every Unix with {@code -Dpanamio.selector=poll}, reports levels, and is slower with many sources. A
 *     direction that was reported is not reported again until an operation has drained it. If an error or hang-up was
 *     reported but not handled, further events of that source may be delayed by 64 ms.
 * </ul>
 *
 * <p>Neither a signal nor {@link Thread#interrupt} ends a wait; the thread's interrupt status is left unchanged. Use a
 * {@link Waker}. (A system call cannot be interrupted from Java; emulating that, as {@code java.nio} does, would add
 * two steps to every poll.)
 *
 * <h2>Fairness</h2>
 * If a peer sends faster than the loop reads, a read never returns {@link IoResult#WOULD_BLOCK}, and a loop that reads
 * until it does starves the other sources. Bound the work per event, and continue later. No event will be reported for
 * the remaining data, since the source was not drained: remember the source, and poll without waiting while any such
 * source is left.
 *
 * {@snippet file="LoopSnippets.java" region="fairness"}
 *
 * <p>The bound costs nothing until it is reached. The same applies to writes to a peer that reads as fast as they are
 * made, and to a listener, for which the loop bounds the number of connections accepted per event.
 */
public final class Poll implements AutoCloseable {
    private final Selector selector;
    private final Registry registry;
    private final PollCounters counters;
    /** The turn since the last poll, if such events are recorded. Used by the poller only. */
    private Object turn;

    private Poll(Selector selector) {
        this.selector = selector;
        this.registry = new Registry(selector);
        this.counters = new PollCounters(selector.counters());
    }

    /**
     * Opens a Poll with an empty registry. It holds descriptors until it is closed, two on Linux, and must be closed
     * explicitly.
     *
     * @return the Poll
     * @throws ResourceExhaustedException if no descriptors are available
     * @throws IOException if a system call fails
     * @throws UnsupportedOperationException if this system is not supported; the message lists those that are
     */
    public static Poll open() throws IOException {
        Selector selector = Platform.current().openSelector();
        try {
            return new Poll(selector);
        } catch (Throwable t) {
            selector.close();
            throw t;
        }
    }

    /** {@return the registry of this Poll, the same object at every call} */
    public Registry registry() {
        return registry;
    }

    /**
     * Waits until at least one event is pending. Costs one system call, such as epoll_wait(2).
     *
     * @param events receives the events, replacing its contents
     * @return the number of events, at least 1
     * @throws ClosedSelectorException if this Poll is closed, before or during the wait
     * @throws IllegalStateException if another thread is polling
     * @throws WrongThreadException if the current thread is virtual
     * @throws ResourceExhaustedException if the system has no memory (ENOMEM); with poll(2), also if more sources are
     *     registered than RLIMIT_NOFILE allows descriptors; no event is lost
     * @throws IOException if the system call fails; {@code events} is then empty
     */
    public int poll(Events events) throws IOException {
        return poll(events, -1L);
    }

    /**
     * Waits until at least one event is pending or the timeout has elapsed. Without an event, it never returns before
     * that. Costs one system call.
     *
     * @param events receives the events, replacing its contents
     * @param timeout the maximum time to wait; zero does not wait, and no duration is too long. The resolution is
     *     nanoseconds with epoll_pwait2(2) (Linux 5.11), otherwise milliseconds, rounded up
     * @return the number of events; 0 if the timeout elapsed
     * @throws IllegalArgumentException if {@code timeout} is negative
     * @throws ClosedSelectorException if this Poll is closed, before or during the wait
     * @throws IllegalStateException if another thread is polling
     * @throws WrongThreadException if the current thread is virtual and {@code timeout} is not zero
     * @throws ResourceExhaustedException if the system has no memory (ENOMEM); with poll(2), also if more sources are
     *     registered than RLIMIT_NOFILE allows descriptors; no event is lost
     * @throws IOException if the system call fails; {@code events} is then empty
     */
    public int poll(Events events, Duration timeout) throws IOException {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout " + timeout + " is negative");
        }
        return poll(events, saturatedNanos(timeout));
    }

    /**
     * Waits until at least one event is pending or the first of the timers expires; without a timer, until an event is
     * pending. Without an event, it never returns before that. Costs one system call.
     *
     * @param events receives the events, replacing its contents
     * @param timers the timers, on a clock of the same speed as {@link System#nanoTime}; {@link Timers#expire} is left
     *     to the caller
     * @return the number of events; 0 if a timer has expired
     * @throws ClosedSelectorException if this Poll is closed, before or during the wait
     * @throws IllegalStateException if another thread is polling
     * @throws WrongThreadException if the current thread is virtual and no timer has expired
     * @throws ResourceExhaustedException if the system has no memory (ENOMEM); with poll(2), also if more sources are
     *     registered than RLIMIT_NOFILE allows descriptors; no event is lost
     * @throws IOException if the system call fails; {@code events} is then empty
     */
    public int poll(Events events, Timers timers) throws IOException {
        return poll(events, timers.nanosToNext());
    }

    /**
     * Reports the pending events without waiting. Costs one system call. A virtual thread may call it.
     *
     * @param events receives the events, replacing its contents
     * @return the number of events, possibly 0
     * @throws ClosedSelectorException if this Poll is closed
     * @throws IllegalStateException if another thread is polling
     * @throws ResourceExhaustedException if the system has no memory (ENOMEM); with poll(2), also if more sources are
     *     registered than RLIMIT_NOFILE allows descriptors; no event is lost
     * @throws IOException if the system call fails; {@code events} is then empty
     */
    public int pollNow(Events events) throws IOException {
        return poll(events, 0L);
    }

    private int poll(Events events, long nanos) throws IOException {
        Objects.requireNonNull(events, "events");
        if (nanos != 0 && Thread.currentThread().isVirtual()) {
            throw new WrongThreadException(
                "a blocking wait would pin the carrier of this virtual thread: poll from a platform thread");
        }
        events.clear();
        int n = Flight.isInUse() ? recorded(events, nanos) : selector.select(events.buffer(), nanos);
        events.setSize(n);
        return n;
    }

    /** Polls while events may be recorded. */
    private int recorded(Events events, long nanos) throws IOException {
        Flight.endTurn(turn);
        turn = null;
        Object poll = Flight.beginPoll();
        int n = selector.select(events.buffer(), nanos);
        Flight.endPoll(poll, n, nanos);
        turn = Flight.beginTurn(n);
        return n;
    }

    static long saturatedNanos(Duration timeout) {
        return timeout.compareTo(MAX_NANOS) >= 0 ? Long.MAX_VALUE : timeout.toNanos();
    }

    private static final Duration MAX_NANOS = Duration.ofNanos(Long.MAX_VALUE);

    // ---- busy waiting

    /**
     * Sets how long a wait polls repeatedly before it sleeps. Spinning saves the time to wake a thread, at the cost of
     * a busy processor and many system calls. It is adaptive: after a spin without an event, waits sleep at once until
     * an event again arrives within that duration. Off by default.
     *
     * @param duration the maximum time to spin in each wait; zero turns spinning off
     * @throws IllegalArgumentException if {@code duration} is negative
     */
    public void setSpin(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration " + duration + " is negative");
        }
        selector.setSpin(saturatedNanos(duration));
    }

    /**
     * Lets the kernel busy-poll the network devices of the registered sockets during a wait: EPIOCSPARAMS, Linux 6.9.
     * Off by default. Requires {@link Feature#BUSY_POLL}.
     *
     * @param duration how long to busy-poll in each wait, at most {@link Integer#MAX_VALUE} microseconds; zero turns it
     *     off
     * @param budget the maximum number of packets per attempt, 0 &lt;= budget &lt;= 65535; more than 64 requires
     *     CAP_NET_ADMIN
     * @param prefer whether to suppress device interrupts during the busy-polling
     * @throws IllegalArgumentException if an argument is out of range
     * @throws UnsupportedOperationException if the back end or the kernel does not support it
     * @throws ClosedSelectorException if this Poll is closed
     * @throws IOException if a system call fails
     */
    public void setBusyPoll(Duration duration, int budget, boolean prefer) throws IOException {
        long micros = duration.isNegative() ? -1 : saturatedNanos(duration) / 1000;
        if (micros < 0 || micros > Integer.MAX_VALUE || budget < 0 || budget > 65535) {
            throw new IllegalArgumentException("busy poll " + duration + " with a budget of " + budget);
        }
        selector.setBusyPoll((int) micros, budget, prefer);
    }

    /**
     * Returns a descriptor that is readable while events are pending, so that one Poll can watch another through a
     * {@link SourceFd}. Requires {@link Feature#POLL_DESCRIPTOR}.
     *
     * @return the descriptor, which this Poll owns
     * @throws ClosedSelectorException if this Poll is closed
     * @throws UnsupportedOperationException if the back end has no such descriptor, as with poll(2)
     */
    public int fd() {
        if (!selector.isOpen()) {
            throw new ClosedSelectorException();
        }
        return selector.descriptor();
    }

    /** {@return what this Poll has done since it was opened, the same object at every call; any thread may read it} */
    public PollCounters counters() {
        return counters;
    }

    /**
     * Returns whether this Poll is open. Another thread may close it at any time.
     *
     * @return {@code false} once {@link #close} has been called
     */
    public boolean isOpen() {
        return selector.isOpen();
    }

    /**
     * Closes this Poll and its {@link Waker}. A thread that is waiting in it throws {@link ClosedSelectorException} at
     * once. The sources stay open and may be registered elsewhere. Idempotent.
     */
    @Override
    public void close() {
        selector.close();
    }

    /** {@return the system and the back end, for diagnostics} */
    @Override
    public String toString() {
        return "Poll[" + Platform.current() + (isOpen() ? "]" : ", closed]");
    }
}
