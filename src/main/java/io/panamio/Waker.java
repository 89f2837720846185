package io.panamio;

import io.panamio.sys.Selector;
import java.io.IOException;

/**
 * Wakes the thread that waits in a {@link Poll}, from any thread: mio's {@code Waker}.
 *
 * {@snippet file="LoopSnippets.java" region="waker"}
 *
 * <p>Wakes are latched: one that is made while no thread polls is reported by the next poll. Wakes coalesce: any number
 * of them results in one event, readable and with the waker's token. That event is reported after the last of them, so
 * whatever a thread did before its wake is visible to the polling thread after the event.
 *
 * <p>A Poll has at most one open waker, and keeps it alive. With epoll a waker is an eventfd(2), with kqueue(2) an
 * EVFILT_USER event, with poll(2) a pipe, on Windows a packet of the completion port.
 */
public final class Waker implements AutoCloseable {
    private final Selector selector;
    private volatile boolean open = true;

    private Waker(Selector selector) {
        this.selector = selector;
    }

    /**
     * Opens the waker of a Poll.
     *
     * @param registry the registry of the Poll
     * @param token the token of the waker's events
     * @return the waker
     * @throws IllegalStateException if the Poll already has an open waker
     * @throws java.nio.channels.ClosedSelectorException if the Poll is closed
     * @throws IOException if the system refuses
     */
    public static Waker open(Registry registry, long token) throws IOException {
        registry.selector().openWaker(token);
        return new Waker(registry.selector());
    }

    /**
     * Wakes the polling thread. Costs one system call if that thread sleeps and no other wake is pending, otherwise
     * none: a thread that is not asleep reports the wake when it polls next. Does nothing if the waker or its Poll is
     * closed.
     *
     * <p>If this throws a {@link StackOverflowError}, the polling thread may sleep on until the next wake, even if
     * another thread called this at the same time. No wake is forgotten.
     */
    public void wake() {
        if (open) {
            selector.wake();
        }
    }

    /** Closes the waker. A wake that was not reported yet is discarded. Another waker may be opened. Idempotent. */
    @Override
    public void close() {
        synchronized (selector) { // so that a waker opened next finds this one closed
            if (open) {
                open = false;
                selector.closeWaker();
            }
        }
    }
}
