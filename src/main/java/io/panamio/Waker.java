package io.panamio;

import io.panamio.sys.Selector;
import java.io.IOException;

/**
 * Ends the wait of a {@link Poll} from any thread: mio's {@code Waker}.
 *
 * <p>A wake is latched: one that comes while nobody polls is reported by the next poll. Wakes coalesce: however many
 * there were, there is one event, readable and with the waker's token, which comes after the last of them; so what a
 * thread did before its wake, the poller sees after the event. A Poll has one waker at a time and keeps it alive; on
 * Linux it is an eventfd(2), on poll(2) a pipe.
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
     * @param registry the Poll's
     * @param token what its events are to carry
     * @return the waker
     * @throws IllegalStateException if the Poll has an open waker
     * @throws java.nio.channels.ClosedSelectorException if the Poll is closed
     * @throws IOException if the system refuses
     */
    public static Waker open(Registry registry, long token) throws IOException {
        registry.selector().openWaker(token);
        return new Waker(registry.selector());
    }

    /**
     * Wakes the poller. Costs one system call if the poller sleeps and no wake is on its way, else none: one that does
     * not sleep sees the wake when it polls next. Does nothing when the waker or its Poll is closed: there is nobody to
     * wake.
     */
    public void wake() {
        if (open) {
            selector.wake();
        }
    }

    /** Closes the waker; a wake that was not reported yet is lost. The Poll may be given another one. */
    @Override
    public void close() {
        synchronized (selector) { // as a waker that is opened next finds this one closed
            if (open) {
                open = false;
                selector.closeWaker();
            }
        }
    }
}
