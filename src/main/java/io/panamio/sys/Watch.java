package io.panamio.sys;

/**
 * What a selector watches a descriptor for, where the system reports levels and the selector makes edges of them: each
 * condition is armed until it is reported, and armed again when an operation has found it drained, or by a new
 * registration. The conditions are the system's own bits. Guarded by the selector.
 */
public class Watch {
    /** The descriptor. */
    public final int fd;
    /** The token of its events. */
    public final long token;
    private final int interest;
    private int conditions;
    private int reported;

    /** A watch with everything armed. A change of token or interest makes a new one. */
    public Watch(int fd, long token, int interest, int conditions) {
        this.fd = fd;
        this.token = token;
        this.interest = interest;
        this.conditions = conditions;
    }

    /** Returns all that is to be reported, armed or not: nothing once a one-shot interest has had its event. */
    public final int conditions() {
        return conditions;
    }

    /** Returns the conditions to ask the system for. */
    public final int armed() {
        return conditions & ~reported;
    }

    /** Returns the conditions that were reported and not armed again. */
    public final int reported() {
        return reported;
    }

    /**
     * Disarms the conditions of an event that is reported now; all of them if the interest is one-shot, none of a
     * level.
     */
    public final void report(int bits) {
        if ((interest & Readiness.ONE_SHOT) != 0) {
            conditions = 0;
        } else if ((interest & Readiness.LEVEL) == 0) {
            reported |= bits & conditions;
        }
    }

    /** Arms conditions: the next time that they hold is an event. */
    public final void arm(int bits) {
        reported &= ~bits;
    }
}
