package io.panamio.sys.windows;

import io.panamio.sys.Readiness;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What programs count on elsewhere, and Windows forgets or never ends to repeat: an error that was taken is not taken
 * again, and a direction that was shut down has ended. Only sockets with something to remember have a state, until they
 * are closed. Thread-safe.
 */
final class SocketState {
    private static final ConcurrentHashMap<Integer, SocketState> SOCKETS = new ConcurrentHashMap<>();

    private boolean connectErrorTaken;
    private boolean reset;
    private boolean resetTaken;
    private int shut;

    private SocketState() {
    }

    private static SocketState of(int socket) {
        return SOCKETS.computeIfAbsent(socket, s -> new SocketState());
    }

    /** Forgets a socket, which is new or closed. */
    static void forget(int socket) {
        if (!SOCKETS.isEmpty()) {
            SOCKETS.remove(socket);
        }
    }

    /** Takes the error of a connect, which SO_ERROR keeps for ever; returns whether it was there. */
    static boolean takeConnectError(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            boolean there = !state.connectErrorTaken;
            state.connectErrorTaken = true;
            return there;
        }
    }

    /** Records that a poll has found the connection reset, which SO_ERROR never tells. */
    static void reset(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            state.reset = true;
        }
    }

    /**
     * Takes the reset that an operation has met, which all later ones meet again: from then on they find the stream
     * ended. Returns whether it was there.
     */
    static boolean takeReset(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            boolean there = !state.resetTaken;
            state.resetTaken = true;
            return there;
        }
    }

    /** Takes the reset that a poll has found; returns whether it was there. */
    static boolean takeFoundReset(int socket) {
        SocketState state = SOCKETS.isEmpty() ? null : SOCKETS.get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            boolean there = state.reset && !state.resetTaken;
            state.resetTaken |= there;
            return there;
        }
    }

    /**
     * Records that directions were shut down, and has selectors report their end.
     *
     * @param directions {@link Readiness#READABLE}, {@link Readiness#WRITABLE}
     */
    static void shutDown(int socket, int directions) {
        SocketState state = of(socket);
        synchronized (state) {
            state.shut |= directions;
        }
        CompletionSelector.shutDown(socket);
    }

    /** Returns the directions that were shut down. */
    static int shut(int socket) {
        SocketState state = SOCKETS.isEmpty() ? null : SOCKETS.get(socket);
        if (state == null) {
            return 0;
        }
        synchronized (state) {
            return state.shut;
        }
    }
}
