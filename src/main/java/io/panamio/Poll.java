package io.panamio;

import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.Objects;

/**
 * Waits for the sources of its {@link Registry} to become ready: mio's {@code Poll}.
 *
 * <p>One thread polls at a time; it must be a platform thread, as a wait in the system holds on to the carrier of a
 * virtual one. All other methods, and the registry's, are for any thread at any time.
 *
 * <p>Readiness is edge-triggered, see {@link Registry#register}. On Linux this is epoll(7); with {@code
 * -Dpanamio.selector=poll} it is poll(2), which exists on every Unix and is slower with many sources. There a direction
 * that was reported is silent until an operation has found it drained, where epoll may report it again; and what comes
 * of a source after its error or hang-up was reported, and was left, may take 64 ms to be seen.
 *
 * <p>A signal does not end a wait, nor does {@link Thread#interrupt}, which leaves the thread's flag as it is: use a
 * {@link Waker}. (A system call cannot be interrupted from Java; to make it so, as {@code java.nio} does, would cost
 * two more steps in every poll.)
 *
 * <h2>Fairness</h2>
 * A source whose peer sends faster than it is read never would block, and a loop that reads it until then serves nobody
 * else. So a loop bounds what one event may take, and goes on later with what is left. No event tells of that, as the
 * source has not been drained: the loop remembers the source, and looks for events without a wait while it remembers
 * any.
 *
 * <pre>{@code
 * for (;;) {
 *     int n = ready.isEmpty() ? poll.poll(events) : poll.pollNow(events);
 *     for (int i = 0; i < n; i++) {
 *         read(streams.get(events.token(i)));
 *     }
 *     for (int i = ready.size(); i > 0; i--) {
 *         read(ready.remove());                    // once, and not until it is drained
 *     }
 * }
 *
 * void read(Client client) throws IOException {
 *     for (int i = 0; i < 16; i++) {               // 16 buffers: then the others
 *         long n = client.stream.read(buffer);
 *         if (n < 0) {
 *             …                                    // WOULD_BLOCK: an event comes when there is more; or the end
 *             return;
 *         }
 *         …
 *     }
 *     if (!ready.contains(client)) {
 *         ready.add(client);
 *     }
 * }
 * }</pre>
 *
 * <p>The bound costs nothing but where it is reached. The same holds for writes to a peer that takes them as fast as
 * they are made, and for a listener, which is bounded by how many connections a loop takes.
 */
public final class Poll implements AutoCloseable {
    private final Selector selector;
    private final Registry registry;

    private Poll(Selector selector) {
        this.selector = selector;
        this.registry = new Registry(selector);
    }

    /**
     * Opens a Poll. It has two descriptors of its own until it is closed; nothing closes it but {@link #close}.
     *
     * @return the Poll, with nothing registered
     * @throws ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     * @throws UnsupportedOperationException if there is no back end for this platform; the message tells which there
     *     are
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

    /**
     * Where sources are registered with this Poll.
     *
     * @return the registry, always the same
     */
    public Registry registry() {
        return registry;
    }

    /**
     * Waits until there are events. Costs one system call: epoll_wait(2) or poll(2).
     *
     * @param events where they are put, in place of what is there
     * @return how many there are, at least 1
     * @throws ClosedSelectorException if the Poll is closed, now or during the wait
     * @throws IllegalStateException if another thread polls
     * @throws WrongThreadException if this is a virtual thread
     * @throws ResourceExhaustedException on poll(2), if there are more sources than RLIMIT_NOFILE allows descriptors;
     *     no event is lost
     * @throws IOException if the system refuses; {@code events} is empty then
     */
    public int poll(Events events) throws IOException {
        return poll(events, -1L);
    }

    /**
     * Waits until there are events, but no longer than for a while. Costs one system call.
     *
     * @param events where they are put, in place of what is there
     * @param timeout how long to wait, from zero on; no duration is too long. The system's clock decides how fine it
     *     is: nanoseconds by epoll_pwait2(2), where the kernel has that (Linux 5.11), else milliseconds, rounded up
     * @return how many there are; 0 if the time has passed, never before
     * @throws IllegalArgumentException if {@code timeout} is negative
     * @throws ClosedSelectorException if the Poll is closed, now or during the wait
     * @throws IllegalStateException if another thread polls
     * @throws WrongThreadException if this is a virtual thread and {@code timeout} is not zero
     * @throws IOException if the system refuses; {@code events} is empty then
     */
    public int poll(Events events, Duration timeout) throws IOException {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout " + timeout);
        }
        return poll(events, saturatedNanos(timeout));
    }

    /**
     * Looks whether there are events, without a wait. Costs one system call.
     *
     * @param events where they are put, in place of what is there
     * @return how many there are, maybe 0
     * @throws ClosedSelectorException if the Poll is closed
     * @throws IllegalStateException if another thread polls
     * @throws IOException if the system refuses; {@code events} is empty then
     */
    public int pollNow(Events events) throws IOException {
        return poll(events, 0L);
    }

    private int poll(Events events, long nanos) throws IOException {
        Objects.requireNonNull(events, "events");
        if (nanos != 0 && Thread.currentThread().isVirtual()) {
            throw new WrongThreadException("a wait would hold on to the carrier thread: poll in a platform thread");
        }
        events.clear();
        int n = selector.select(events.buffer(), nanos);
        events.setSize(n);
        return n;
    }

    private static long saturatedNanos(Duration timeout) {
        return timeout.compareTo(LONGEST) >= 0 ? Long.MAX_VALUE : timeout.toNanos();
    }

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    // ---- busy waiting

    /**
     * Sets for how long a wait looks again and again before it sleeps. While it does, an event is found sooner by the
     * time that it takes to wake a thread, at the price of a busy processor and of many system calls. It does so only
     * while traffic is dense: after one spin in vain, waits sleep at once until an event comes within that time again.
     * Off by default.
     *
     * @param duration for how long, in each wait; zero for not at all
     * @throws IllegalArgumentException if it is negative
     */
    public void setSpin(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("spin " + duration);
        }
        selector.setSpin(saturatedNanos(duration));
    }

    /**
     * Lets the kernel poll the network cards of the registered sockets during a wait: EPIOCSPARAMS of Linux 6.9. Off by
     * default.
     *
     * @param duration for how long, in microseconds at most an int; zero for not at all
     * @param budget how many packets at a time, from 0 to 65535; more than 64 needs CAP_NET_ADMIN
     * @param prefer whether to keep the cards from interrupting meanwhile
     * @throws IllegalArgumentException if a number is out of its range
     * @throws UnsupportedOperationException if the kernel or the back end has no such thing
     * @throws ClosedSelectorException if the Poll is closed
     * @throws IOException if the system refuses
     */
    public void setBusyPoll(Duration duration, int budget, boolean prefer) throws IOException {
        long micros = duration.isNegative() ? -1 : saturatedNanos(duration) / 1000;
        if (micros < 0 || micros > Integer.MAX_VALUE || budget < 0 || budget > 65535) {
            throw new IllegalArgumentException("busy poll " + duration + " with a budget of " + budget);
        }
        selector.setBusyPoll((int) micros, budget, prefer);
    }

    /**
     * The descriptor that is readable while there are events: with a {@link SourceFd} on it, one Poll watches another.
     *
     * @return the descriptor, which belongs to this Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws UnsupportedOperationException on poll(2), which has none
     */
    public int fd() {
        if (!selector.isOpen()) {
            throw new ClosedSelectorException();
        }
        return selector.descriptor();
    }

    /**
     * Returns whether this Poll is open. Another thread may close it at any moment.
     *
     * @return false once {@link #close} was called
     */
    public boolean isOpen() {
        return selector.isOpen();
    }

    /**
     * Closes this Poll and its {@link Waker}. A thread that waits in it gets a {@link ClosedSelectorException} at once.
     * The sources stay open, and may be registered elsewhere. Does nothing the second time.
     */
    @Override
    public void close() {
        selector.close();
    }
}
