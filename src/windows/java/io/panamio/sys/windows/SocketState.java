package io.panamio.sys.windows;

import io.panamio.sys.Readiness;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The state of a socket that Windows does not keep as other systems do: errors that were already reported, which
 * Windows reports again, and directions that were shut down. Only sockets that need it have a state, until they are
 * closed. Thread-safe; finding that a socket has none neither locks nor allocates.
 */
final class SocketState {
    /** The states by socket: the numbers of handles are multiples of four. Replaced under the lock of the class. */
    private static volatile AtomicReferenceArray<SocketState> states = new AtomicReferenceArray<>(64);

    private boolean connectFailed;
    private boolean connectErrorTaken;
    private boolean reset;
    private boolean resetTaken;
    private boolean reusesAddress;
    private int shut;

    private SocketState() {
    }

    private static SocketState get(int socket) {
        AtomicReferenceArray<SocketState> all = states;
        int i = socket >>> 2;
        return i < all.length() ? all.get(i) : null;
    }

    private static SocketState of(int socket) {
        SocketState state = get(socket);
        return state != null ? state : add(socket);
    }

    private static synchronized SocketState add(int socket) {
        int i = socket >>> 2;
        if (i >= states.length()) {
            AtomicReferenceArray<SocketState> more = new AtomicReferenceArray<>(Math.max(i + 1, states.length() * 2));
            for (int k = 0; k < states.length(); k++) {
                more.set(k, states.get(k));
            }
            states = more;
        }
        if (states.get(i) == null) {
            states.set(i, new SocketState());
        }
        return states.get(i);
    }

    /** Forgets a socket, which is new or closed. */
    static void forget(int socket) {
        if (get(socket) != null) {
            synchronized (SocketState.class) {
                states.set(socket >>> 2, null);
            }
        }
    }

    // ---- a connect that failed

    /** Records that a poll has found that a connect failed. */
    static void connectFailed(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            state.connectFailed = true;
        }
    }

    /** Returns whether a poll has found that a connect failed. */
    static boolean hasFailed(int socket) {
        SocketState state = get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            return state.connectFailed;
        }
    }

    /** Takes the error of a connect, which SO_ERROR keeps; returns whether it had not been taken. */
    static boolean takeConnectError(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            boolean there = !state.connectErrorTaken;
            state.connectErrorTaken = true;
            return there;
        }
    }

    // ---- a reset

    /** Records that a poll has found the connection reset, which SO_ERROR never reports. */
    static void reset(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            state.reset = true;
        }
    }

    /** Returns whether a poll or an operation has found the connection reset. */
    static boolean isReset(int socket) {
        SocketState state = get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            return state.reset;
        }
    }

    /**
     * Takes the reset with which an operation failed, as every later one does: from then on the stream has ended.
     * Returns whether it had not been taken.
     */
    static boolean takeReset(int socket) {
        SocketState state = of(socket);
        synchronized (state) {
            boolean there = !state.resetTaken;
            state.reset = true;
            state.resetTaken = true;
            return there;
        }
    }

    /** Takes the reset that a poll has found; returns whether there was one that had not been taken. */
    static boolean takeFoundReset(int socket) {
        SocketState state = get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            boolean there = state.reset && !state.resetTaken;
            state.resetTaken |= there;
            return there;
        }
    }

    // ---- a shutdown

    /**
     * Records that directions were shut down, and makes selectors report their end.
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
        SocketState state = get(socket);
        if (state == null) {
            return 0;
        }
        synchronized (state) {
            return state.shut;
        }
    }

    // ---- SO_REUSEADDR of TCP, which is not set in the system

    static void setReusesAddress(int socket, boolean on) {
        if (on || get(socket) != null) {
            SocketState state = of(socket);
            synchronized (state) {
                state.reusesAddress = on;
            }
        }
    }

    static boolean reusesAddress(int socket) {
        SocketState state = get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            return state.reusesAddress;
        }
    }
}
