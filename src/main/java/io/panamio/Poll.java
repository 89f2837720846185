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
 * <p>Readiness is edge-triggered, see {@link Registry#register}. On Linux this is epoll(7); with
 * {@code -Dpanamio.selector=poll} it is poll(2), which exists on every Unix and is slower with many sources.
 *
 * <p>A signal does not end a wait, nor does {@link Thread#interrupt}: use a {@link Waker}.
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
        return new Poll(Platform.current().openSelector());
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
     * Waits until there are events. Costs one system call.
     *
     * @param events where they are put, in place of what is there
     * @return how many there are, at least 1
     * @throws ClosedSelectorException if the Poll is closed, now or during the wait
     * @throws IllegalStateException if another thread polls
     * @throws WrongThreadException if this is a virtual thread
     * @throws IOException if the system refuses; {@code events} is empty then
     */
    public int poll(Events events) throws IOException {
        return poll(events, -1L);
    }

    /**
     * Waits until there are events, but no longer than for a while. Costs one system call.
     *
     * @param events where they are put, in place of what is there
     * @param timeout how long to wait, from zero on; it is rounded up to a whole millisecond, and no duration is too
     *     long
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
        return selector.fd();
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
