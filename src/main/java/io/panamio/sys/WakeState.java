package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The wake protocol of a {@link Selector}: where its poller is, what is pending that the system does not know of, and
 * whether a <em>notification</em>, which ends the poller's wait in the system, is on its way.
 *
 * <table>
 * <caption>What is pending: a set of reasons, and the notification</caption>
 * <tr><th>state</th><th>meaning</th><th>left by</th></tr>
 * <tr><td>nothing</td><td>the poller may wait</td><td>{@link #request}, by any thread</td></tr>
 * <tr><td>reasons</td><td>the poller finds them by itself, before it waits or after</td>
 *     <td>{@link #take}, by the poller; {@link #request} if the poller sleeps</td></tr>
 * <tr><td>reasons, notified</td><td>a notification ends this wait or the next one</td>
 *     <td>{@link #arrived}, by the poller that saw it</td></tr>
 * <tr><td>notified</td><td>the same, but the poller has found the reasons already</td>
 *     <td>{@link #arrived}; reasons that come meanwhile need no other notification</td></tr>
 * </table>
 *
 * <p>No wake is lost: the poller says that it sleeps before it looks for reasons, and who requests adds the reason
 * before
 * looking whether the poller sleeps, so that at least one of the two sees the other. At most one notification is on its
 * way, and none while the poller is awake: that is what saves the system calls.
 */
final class WakeState {
    /** A wake of the waker. */
    static final int WAKE = 1;
    /** Events that sources have delivered themselves. */
    static final int DELIVERY = 2;
    private static final int NOTIFIED = 4;

    // where the poller is
    private static final int AWAY = 0;
    private static final int AWAKE = 1;
    private static final int ASLEEP = 2;

    private static final VarHandle POLLER;
    private static final VarHandle PENDING;

    static {
        try {
            POLLER = MethodHandles.lookup().findVarHandle(WakeState.class, "poller", int.class);
            PENDING = MethodHandles.lookup().findVarHandle(WakeState.class, "pending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int poller;
    private volatile int pending;
    /** Whether others may wait for the selector's own descriptor: they see nothing but notifications. */
    private volatile boolean watched;

    // ---- the poller

    /** Begins a poll; false if another thread is in one. */
    boolean begin(boolean sleeps) {
        return POLLER.compareAndSet(this, AWAY, sleeps ? ASLEEP : AWAKE);
    }

    /** From now on a request is followed by a notification. The poller looks for reasons afterwards. */
    void sleep() {
        if (poller != ASLEEP) {
            poller = ASLEEP;
        }
    }

    /** Ends a poll. Others may see that only when the poller leaves the selector. */
    void end() {
        POLLER.setRelease(this, AWAY);
    }

    /** Returns the reasons that no notification will report. */
    int unreported() {
        int p = pending;
        return (p & NOTIFIED) == 0 ? p : 0;
    }

    /** Takes a reason, if it is pending: a later request is another one. */
    boolean take(int reason) {
        return ((int) PENDING.getAndBitwiseAnd(this, ~reason) & reason) != 0;
    }

    /** Returns whether a notification is on its way. */
    boolean isNotified() {
        return (pending & NOTIFIED) != 0;
    }

    /** The poller has seen the notification. */
    void arrived() {
        PENDING.getAndBitwiseAnd(this, ~NOTIFIED);
    }

    // ---- who wakes it

    /** Returns whether a thread is in a poll. */
    boolean isPolling() {
        return poller != AWAY;
    }

    /** Adds a reason; true if the caller must send a notification. */
    boolean request(int reason) {
        // An update by each, not a test: the poller's own update then sees all that came before this call.
        return ((int) PENDING.getAndBitwiseOr(this, reason) & reason) == 0 && (poller == ASLEEP || watched) && claim();
    }

    /** Returns whether there are reasons without a notification, which the caller must send. */
    boolean claim() {
        for (int p = pending; p != 0 && (p & NOTIFIED) == 0; p = pending) {
            if (PENDING.compareAndSet(this, p, p | NOTIFIED)) {
                return true;
            }
        }
        return false;
    }

    /** A notification could not be sent: the next request sends one. Needs next to no stack. */
    void failed(boolean claimed) {
        if (claimed || (pending & NOTIFIED) == 0) { // else one of another thread's is on its way
            pending = 0;
        }
    }

    /** Others may wait for the selector's descriptor from now on. */
    void setWatched() {
        watched = true;
    }

    /** Returns whether others may wait for the selector's descriptor. */
    boolean isWatched() {
        return watched;
    }
}
