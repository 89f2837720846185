package io.panamio.sys;

/**
 * Whether a wait polls repeatedly before it sleeps: while traffic is dense. After one spin in vain, waits sleep at once
 * until an event comes within the time of a spin again.
 */
final class SpinPolicy {
    private volatile long duration;
    /** Whether the last event came within the time of a spin, or none has come yet. */
    private volatile boolean dense;

    /** Sets how long a spin takes at most, in nanoseconds; 0 for none. */
    void set(long nanos) {
        duration = nanos;
        dense = true;
    }

    /** Returns how long a spin takes at most, in nanoseconds. */
    long duration() {
        return duration;
    }

    /** Returns whether the next wait spins. */
    boolean isDue() {
        return dense && duration > 0;
    }

    /** A spin found nothing. */
    void inVain() {
        dense = false;
    }

    /** A sleep ended by an event, after so many nanoseconds. */
    void slept(long nanos) {
        dense = nanos < duration;
    }
}
