package io.panamio.sys;

/**
 * The armed and unarmed conditions of one registration, for a selector that derives edges from the levels that its
 * system reports. A condition is disarmed when it is reported, and armed again when an operation has found it drained,
 * or by a new registration. Conditions are bits of the system's own, such as POLLIN. Not thread-safe: guarded by the
 * selector.
 */
public class Watch {
    /** The descriptor. */
    public final int fd;
    /** The token of its events. */
    public final long token;
    private final int interest;
    private int conditions;
    private int reported;

    /**
     * Constructs a watch with all conditions armed. A change of token or interest needs a new watch.
     *
     * @param fd the descriptor
     * @param token the token of its events
     * @param interest the bits of the interest
     * @param conditions the conditions that the interest reports, as the system's bits
     */
    public Watch(int fd, long token, int interest, int conditions) {
        this.fd = fd;
        this.token = token;
        this.interest = interest;
        this.conditions = conditions;
    }

    /** {@return all conditions to report, armed or not; 0 once a one-shot interest has had its event} */
    public final int conditions() {
        return conditions;
    }

    /** {@return the conditions to request from the system} */
    public final int armed() {
        return conditions & ~reported;
    }

    /** {@return the conditions that were reported and not armed again} */
    public final int reported() {
        return reported;
    }

    /**
     * Disarms the conditions of an event that is now reported: all conditions of a one-shot interest, none of a
     * level-triggered one.
     *
     * @param bits the conditions of the event
     */
    public final void report(int bits) {
        if ((interest & Readiness.ONE_SHOT) != 0) {
            conditions = 0;
        } else {
            disarm(bits);
        }
    }

    /**
     * Disarms conditions that are no news, if the interest is edge-triggered.
     *
     * @param bits the conditions
     */
    public final void disarm(int bits) {
        if ((interest & (Readiness.LEVEL | Readiness.ONE_SHOT)) == 0) {
            reported |= bits & conditions;
        }
    }

    /**
     * Arms conditions: the next time that they hold, they are reported.
     *
     * @param bits the conditions
     */
    public final void arm(int bits) {
        reported &= ~bits;
    }
}
