package io.panamio.jfr;

import jdk.jfr.FlightRecorder;

/**
 * Records events with the JDK's Flight Recorder. While that is not in use, each method costs the test of one static
 * field, and no event class is loaded: the first would take 100 ms, as its loading initializes the recorder.
 * Without the module {@code jdk.jfr}, the test is a constant.
 *
 * <p>The events that take time are passed around as objects, null if they are not recorded.
 */
public final class Flight {
    private static final boolean PRESENT = isPresent();
    /** Whether the recorder has been found in use. Not volatile: a lease takes 3 ns, and half as much again with that. */
    private static boolean inUse;

    private Flight() {
    }

    private static boolean isPresent() {
        try {
            FlightRecorder.isInitialized();
            return true;
        } catch (LinkageError | VirtualMachineError e) { // an initializer that fails is never run again
            return false;
        }
    }

    /** {@return whether Flight Recorder has been used in this process, so that events may be enabled} */
    public static boolean isInUse() {
        return PRESENT && FlightRecorder.isInitialized() && (inUse || begin());
    }

    private static boolean begin() {
        inUse = Types.areLoaded();
        return inUse;
    }

    // ---- a loop

    /** {@return the event of a poll that begins now, or null} */
    public static Object beginPoll() {
        return isInUse() && Types.POLL.isEnabled() ? PollEvent.begun() : null;
    }

    /** Records a poll that ends now with {@code n} events; a negative timeout is none. */
    public static void endPoll(Object poll, int n, long timeout) {
        if (poll != null) {
            ((PollEvent) poll).record(n, timeout);
        }
    }

    /** {@return the event of a turn that begins now, in which the loop handles {@code n} events, or null} */
    public static Object beginTurn(int n) {
        return isInUse() && Types.TURN.isEnabled() ? TurnEvent.begun(n) : null;
    }

    /** Records a turn that ends now. */
    public static void endTurn(Object turn) {
        if (turn != null) {
            ((TurnEvent) turn).record();
        }
    }

    // ---- sources

    /** {@return the event of a connect that begins now, or null} */
    public static Object beginConnect() {
        return isInUse() && Types.CONNECT.isEnabled() ? ConnectEvent.begun() : null;
    }

    /** Records a connect that ends now; {@code source} is null if none was made, {@code failure} if it succeeded. */
    public static void endConnect(Object connect, Object source, Object remote, Throwable failure) {
        if (connect != null) {
            ((ConnectEvent) connect).record(source, remote, failure);
        }
    }

    /** {@return whether accepts are recorded} */
    public static boolean recordsAccepts() {
        return isInUse() && Types.ACCEPT.isEnabled();
    }

    /** Records an accept; {@code remote} is null if it is unknown. Called if {@link #recordsAccepts}. */
    public static void accepted(Object listener, Object source, Object remote) {
        AcceptEvent.record(listener, source, remote);
    }

    /** {@return whether operations that would block are recorded} */
    public static boolean recordsWouldBlocks() {
        return isInUse() && Types.WOULD_BLOCK.isEnabled();
    }

    /** Records an operation that would block. */
    public static void wouldBlock(Object source, String operation) {
        if (recordsWouldBlocks()) {
            WouldBlockEvent.record(source, operation);
        }
    }

    // ---- memory

    /** {@return whether leases are recorded, which they are once {@link #isInUse} has been called and returned true} */
    public static boolean recordsLeases() {
        return inUse && Types.LEASE.isEnabled();
    }

    /**
     * Records a request for a lease, and the state of the pool after it; {@code bytes} is 0 if it was refused. Called
     * if {@link #recordsLeases}.
     */
    public static void lease(long requested, long bytes, long acquired, long reserved) {
        LeaseEvent.record(requested, bytes, acquired, reserved);
    }

    /** Records something that was not closed or released; {@code origin} is null if that is unknown. */
    public static void leak(String kind, int descriptor, long bytes, Throwable origin) {
        if (isInUse() && Types.LEAK.isEnabled()) {
            LeakEvent.record(kind, descriptor, bytes, origin);
        }
    }
}
