package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** What the polls of a {@link Selector} have done so far. Read by any thread; each count grows and is never torn. */
public final class Counters {
    private static final VarHandle POLLS = field("polls");
    private static final VarHandle EVENTS = field("events");
    private static final VarHandle WAKES = field("wakes");
    private static final VarHandle SPINS = field("spins");
    private static final VarHandle REARMS = field("rearms");

    // written through the handles only
    private long polls;
    private long events;
    private long wakes;
    private long spins;
    private long rearms;

    Counters() {
    }

    private static VarHandle field(String name) {
        try {
            return MethodHandles.lookup().findVarHandle(Counters.class, name, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Counts a poll that returned {@code n} events. Called by the poller. */
    void polled(int n) {
        POLLS.setOpaque(this, polls + 1);
        if (n > 0) {
            EVENTS.setOpaque(this, events + n);
        }
    }

    /** Counts an event of the waker. Called by the poller. */
    void woken() {
        WAKES.setOpaque(this, wakes + 1);
    }

    /** Counts a look that found nothing while time was left. Called by the poller. */
    void spun() {
        SPINS.setOpaque(this, spins + 1);
    }

    /** Counts an operation that re-armed its source. Called by any thread. */
    void rearmed() {
        REARMS.getAndAdd(this, 1L);
    }

    /** {@return the number of polls that have returned} */
    public long polls() {
        return (long) POLLS.getOpaque(this);
    }

    /** {@return the number of events that they returned} */
    public long events() {
        return (long) EVENTS.getOpaque(this);
    }

    /** {@return how many of the events were the waker's} */
    public long wakes() {
        return (long) WAKES.getOpaque(this);
    }

    /** {@return the number of looks that found nothing while time was left} */
    public long spins() {
        return (long) SPINS.getOpaque(this);
    }

    /** {@return the number of times that the selector armed a condition again} */
    public long rearms() {
        return (long) REARMS.getOpaque(this);
    }
}
