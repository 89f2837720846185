package io.panamio;

import io.panamio.sys.Counters;

/**
 * What a {@link Poll} has done since it was opened, for monitoring. Each method returns the present count, which only
 * grows. Reading costs no system call and allocates nothing, except {@link #toString}.
 *
 * <p>Any thread may read at any time, also after the Poll is closed. The counts are read one by one while the loop goes
 * on: they need not belong to the same moment. What a thread did before it called a method of the Poll is not
 * necessarily visible after a read of a count; the counts synchronize nothing.
 *
 * <p>A Poll waits in the system at most {@code polls() + spins()} times, so {@code spins()} is what it spends beyond one
 * system call for each poll.
 */
public final class PollCounters {
    private final Counters counters;

    PollCounters(Counters counters) {
        this.counters = counters;
    }

    /**
     * {@return the number of polls that have returned, with or without an event; one that waits at present, and those
     * that threw an exception, are not included}
     */
    public long polls() {
        return counters.polls();
    }

    /** {@return the number of events that all polls have returned, those of the {@link Waker} included} */
    public long events() {
        return counters.events();
    }

    /**
     * {@return the number of events of the {@link Waker}; wakes that coalesced into one event count as one}
     */
    public long wakes() {
        return counters.wakes();
    }

    /**
     * {@return the number of times that an operation which drained a source re-armed it; always 0 where the system
     * reports edges, that is where {@link Feature#EDGES} is supported}
     */
    public long rearms() {
        return counters.rearms();
    }

    /**
     * {@return the number of times that a poll looked for events, found none, and looked again, since its time was not
     * up: while it {@linkplain Poll#setSpin spins}, after a signal, and after a wake-up that brought no event}
     */
    public long spins() {
        return counters.spins();
    }

    /** {@return all counts, for a log} */
    @Override
    public String toString() {
        return "polls " + polls() + ", events " + events() + ", wakes " + wakes() + ", rearms " + rearms()
            + ", spins " + spins();
    }
}
