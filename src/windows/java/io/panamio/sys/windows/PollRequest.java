package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.Readiness;
import io.panamio.sys.Watch;

/**
 * A registered socket with its poll request, of which one at most is pending at a time. It keeps its index in the
 * group, and so its memory, until the last completion has arrived, even if the socket was closed and its number reused
 * by then. Guarded by the selector.
 */
final class PollRequest {
    /** The state of the request. */
    enum State {
        /** None is pending. */
        IDLE,
        /** It is pending, for {@link #asked}. */
        PENDING,
        /** It is being cancelled. */
        CANCELLED,
        /** AFD has refused it, and none is posted until the socket is registered again. */
        REFUSED
    }

    private static final int RECEIVE = Windows.AFD_POLL_RECEIVE | Windows.AFD_POLL_ACCEPT;
    private static final int URGENT = Windows.AFD_POLL_RECEIVE_EXPEDITED;
    private static final int SEND = Windows.AFD_POLL_SEND;
    private static final int DISCONNECT = Windows.AFD_POLL_DISCONNECT;
    private static final int FAILURE = Windows.AFD_POLL_ABORT | Windows.AFD_POLL_CONNECT_FAIL;
    /**
     * The conditions that are requested from AFD. AFD_POLL_CONNECT, which it reports repeatedly, is not needed:
     * {@link #SEND} reports a completed connect as well.
     */
    private static final int OF_AFD = RECEIVE | URGENT | SEND | DISCONNECT | FAILURE;

    // conditions that AFD does not report, in bits that it does not use

    /** The receiving side was shut down here. */
    private static final int READ_SHUT = 1 << 16;
    /** Both sides are shut down, at least one of them here. */
    private static final int BOTH_SHUT = 1 << 17;

    /** The socket that AFD knows, below layered providers. */
    final int base;
    /** What is armed; replaced by each registration. */
    Watch watch;
    AfdGroup group;
    int index;
    State state = State.IDLE;
    /** The conditions of the pending request. */
    int asked;
    /** The directions that were shut down here, as {@link Readiness} bits. */
    int shut;
    /** Whether this is a datagram socket, for which an error is not the end. */
    boolean datagram;
    /** The last wait that reported an event of this. */
    int round;
    boolean removed;
    /** Its link in the queue of updates. */
    final RequestQueue.Link update = new RequestQueue.Link(this);
    /** Its link in the queue of what the selector reports itself. */
    final RequestQueue.Link due = new RequestQueue.Link(this);

    PollRequest(int base, Watch watch) {
        this.base = base;
        this.watch = watch;
    }

    /** Returns the conditions of an interest, with those of failures. */
    static int conditions(int interest) {
        int conditions = FAILURE | BOTH_SHUT;
        if ((interest & Readiness.READABLE) != 0) {
            conditions |= RECEIVE | DISCONNECT | READ_SHUT;
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            conditions |= SEND;
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            conditions |= URGENT;
        }
        if ((interest & Readiness.HANG_UP) != 0) {
            conditions |= DISCONNECT | READ_SHUT;
        }
        return conditions;
    }

    /** Returns the armed conditions that are requested from AFD. */
    int wanted() {
        return watch.armed() & OF_AFD;
    }

    /**
     * Arms what an operation has found drained; returns whether that changed anything. The end of a stream and the
     * failure of a connection last for ever, and are not reported again.
     */
    boolean arm(int interest) {
        int drained = ((interest & Readiness.READABLE) != 0 ? RECEIVE : 0)
            | ((interest & Readiness.WRITABLE) != 0 ? SEND : 0)
            | ((interest & Readiness.PRIORITY) != 0 ? URGENT : 0);
        int again = watch.reported() & drained;
        watch.arm(again);
        return again != 0;
    }

    /** Returns whether an operation may have passed over an urgent byte that was reported. */
    boolean passesUrgent(int interest) {
        return (interest & Readiness.READABLE) != 0 && (watch.reported() & URGENT) != 0;
    }

    /** Returns the armed conditions that hold and that AFD does not report. */
    int own() {
        int own = 0;
        if ((shut & Readiness.READABLE) != 0) {
            own |= READ_SHUT;
        }
        boolean readEnded = (shut & Readiness.READABLE) != 0 || (watch.reported() & DISCONNECT) != 0;
        if ((shut & Readiness.WRITABLE) != 0 && readEnded) {
            own |= BOTH_SHUT;
        }
        if (state == State.REFUSED) {
            own |= Windows.AFD_POLL_CONNECT_FAIL;
        }
        return own & watch.armed();
    }

    /**
     * Completes the request.
     *
     * @param status its NTSTATUS
     * @param found the conditions that AFD has found; the requested ones if it was cancelled
     * @return the conditions to {@link #report}
     */
    int complete(int status, int found) {
        state = State.IDLE;
        asked = 0;
        if (removed || status == Windows.STATUS_CANCELLED) {
            return 0;
        }
        if (status < 0) {
            state = State.REFUSED;
            return Windows.AFD_POLL_CONNECT_FAIL & watch.armed();
        }
        if ((found & Windows.AFD_POLL_LOCAL_CLOSE) != 0) {
            removed = true; // its owner closed it, which ends the watch
            return 0;
        }
        return found & watch.armed();
    }

    /** Disarms the conditions of an event; returns its readiness. */
    int report(int conditions) {
        int found = conditions;
        if ((found & DISCONNECT) != 0 && (shut & Readiness.WRITABLE) != 0) {
            found |= BOTH_SHUT;
        }
        if ((found & FAILURE) != 0 && !datagram) {
            found |= ~URGENT; // nothing more will happen
        }
        if ((found & BOTH_SHUT) != 0) {
            found |= RECEIVE | SEND | DISCONNECT | READ_SHUT;
        }
        if ((found & (DISCONNECT | READ_SHUT)) != 0) {
            found |= RECEIVE;
        }
        boolean over = (found & BOTH_SHUT) != 0 || (found & FAILURE) != 0 && !datagram;
        found &= over ? watch.conditions() : watch.armed(); // conditions are reported again then, as by epoll
        boolean ended = (watch.reported() & DISCONNECT) != 0;
        watch.report(found);
        return readiness(found, ended);
    }

    private int readiness(int found, boolean ended) {
        boolean receive = (found & RECEIVE) != 0;
        boolean urgent = (found & URGENT) != 0;
        boolean failure = (found & FAILURE) != 0;
        boolean bothEnded = failure && !datagram || (found & BOTH_SHUT) != 0;
        return (receive || urgent ? Readiness.READABLE : 0)
            | ((found & SEND) != 0 ? Readiness.WRITABLE : 0)
            | (urgent ? Readiness.PRIORITY : 0)
            | (failure ? Readiness.ERROR : 0)
            | ((found & (DISCONNECT | READ_SHUT)) != 0 || receive && ended || bothEnded ? Readiness.READ_CLOSED : 0)
            | (bothEnded || failure ? Readiness.WRITE_CLOSED : 0);
    }
}
