package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The wake protocol of a {@link Selector}: the state of its poller, the pending reasons to wake up that are not events
 * of the system, and whether a <em>notification</em>, which ends the poller's wait in the system, is pending.
 *
 * <table>
 * <caption>The pending reasons and the notification</caption>
 * <tr><th>state</th><th>meaning</th><th>transitions</th></tr>
 * <tr><td>none</td><td>the poller may sleep</td>
 *     <td>{@link #request}, by any thread, adds a reason</td></tr>
 * <tr><td>reasons</td><td>the poller finds them itself, before it sleeps or after</td> <td>{@link #take}, by the
 *     poller, removes one; {@link #request} adds the notification if the poller sleeps</td></tr>
 * <tr><td>reasons, notified</td><td>a notification ends this wait or the next one</td>
 *     <td>{@link #arrived}, by the poller, removes the notification; then as above</td></tr>
 * <tr><td>notified</td><td>as above, but the poller has already taken the reasons</td>
 *     <td>{@link #arrived}; further reasons need no other notification</td></tr>
 * </table>
 *
 * <table>
 * <caption>The poller</caption>
 * <tr><th>state</th><th>meaning</th><th>transitions</th></tr>
 * <tr><td>away</td><td>no thread polls: reasons wait for the next poll</td><td>{@link #begin}</td></tr>
 * <tr><td>awake</td><td>a thread polls without waiting: it finds reasons itself</td>
 *     <td>{@link #sleep}, {@link #end}</td></tr>
 * <tr><td>asleep</td><td>a thread waits in the system, or is about to: a reason needs a notification</td>
 *     <td>{@link #awake}, {@link #end}</td></tr>
 * </table>
 *
 * <p>No wake is lost: the poller declares itself asleep before it checks for reasons, and a request adds its reason
 * before it checks whether the poller sleeps, so at least one of them sees the other. In the same way, the poller
 * records that a notification has arrived before it checks for reasons. At most one notification is pending at a time,
 * and none is sent while the poller is awake, which saves system calls.
 */
final class WakeState {
    /** A wake by the waker. */
    static final int WAKE = 1;
    /** Events delivered by sources. */
    static final int DELIVERY = 2;

    // the state of the poller
    private static final int AWAY = 0;
    private static final int AWAKE = 1;
    private static final int ASLEEP = 2;

    private static final VarHandle POLLER;
    private static final VarHandle PENDING;
    private static final VarHandle NOTIFIED;

    static {
        try {
            POLLER = MethodHandles.lookup().findVarHandle(WakeState.class, "poller", int.class);
            PENDING = MethodHandles.lookup().findVarHandle(WakeState.class, "pending", int.class);
            NOTIFIED = MethodHandles.lookup().findVarHandle(WakeState.class, "notified", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int poller;
    /** The reasons. */
    private volatile int pending;
    /** Whether a notification is pending. Not in one word with the reasons: {@link #failed} must leave these alone. */
    private volatile boolean notified;
    /** Whether others may wait for the selector's own descriptor, which only a notification makes readable. */
    private volatile boolean watched;

    // ---- the poller

    /** Begins a poll; returns false if another thread is polling. */
    boolean begin(boolean sleeps) {
        return POLLER.compareAndSet(this, AWAY, sleeps ? ASLEEP : AWAKE);
    }

    /** Declares the poller asleep: a request now sends a notification. The poller checks for reasons afterwards. */
    void sleep() {
        if (poller != ASLEEP) {
            poller = ASLEEP;
        }
    }

    /** Declares the poller awake: it checks for reasons before it sleeps again. */
    void awake() {
        if (poller == ASLEEP) {
            poller = AWAKE;
        }
    }

    /** Ends a poll. Other threads may observe this only when the poller leaves the selector. */
    void end() {
        POLLER.setRelease(this, AWAY);
    }

    /** {@return the pending reasons, or 0 if a notification is pending, which will lead to them} */
    int unreported() {
        return notified ? 0 : pending;
    }

    /** Removes a reason and returns whether it was pending. A later request adds it again. */
    boolean take(int reason) {
        return ((int) PENDING.getAndBitwiseAnd(this, ~reason) & reason) != 0;
    }

    /** {@return whether a notification is pending} */
    boolean isNotified() {
        return notified;
    }

    /** Records that the poller has received the notification. The poller checks for reasons afterwards. */
    void arrived() {
        notified = false;
    }

    // ---- other threads

    /** {@return whether a thread is polling} */
    boolean isPolling() {
        return poller != AWAY;
    }

    /**
     * Adds a reason, or none if it is 0; returns true if the caller must send a notification. The reason may have been
     * pending before without one, as the poller was awake or that call failed.
     */
    boolean request(int reason) {
        // Always an update, even if the reason is pending: the poller's update then sees all writes before this call.
        PENDING.getAndBitwiseOr(this, reason);
        return (poller == ASLEEP || watched) && !notified && pending != 0 && NOTIFIED.compareAndSet(this, false, true);
    }

    /**
     * Records that the notification could not be sent: the next request sends one. Needs almost no stack. A request of
     * another thread that relied on this notification waits for the next request, too: to find out that the call has
     * failed, every request would have to wait for it, or send a notification of its own.
     */
    void failed() {
        notified = false;
    }

    /** Declares that others may wait for the selector's descriptor. */
    void setWatched() {
        watched = true;
    }

    /** {@return whether others may wait for the selector's descriptor} */
    boolean isWatched() {
        return watched;
    }
}
