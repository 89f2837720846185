package io.panamio.sys;

/**
 * Decides whether a wait polls repeatedly before it sleeps. It does so while traffic is dense: after a spin without an
 * event, waits sleep at once until an event again arrives within the duration of a spin.
 */
final class SpinPolicy {
    private volatile long duration;
    /** Whether the last event arrived within the duration of a spin, or none has arrived yet. */
    private volatile boolean dense;

    /** Sets the maximum duration of a spin in nanoseconds; 0 turns spinning off. */
    void set(long nanos) {
        duration = nanos;
        dense = true;
    }

    /** {@return the maximum duration of a spin in nanoseconds} */
    long duration() {
        return duration;
    }

    /** {@return whether the next wait spins} */
    boolean isDue() {
        return dense && duration > 0;
    }

    /** Records that a spin found no event. */
    void missed() {
        dense = false;
    }

    /** Records that an event ended a sleep after a number of nanoseconds. */
    void slept(long nanos) {
        dense = nanos < duration;
    }
}
