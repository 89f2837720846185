package io.panamio.sys.windows;

import java.util.concurrent.ConcurrentHashMap;

/**
 * What Windows does not remember of a socket, or reports more than once, and programs count on elsewhere: only sockets
 * for which there is something to remember have an entry, which ends with the socket. Thread-safe.
 */
final class SocketState {
    /** A connect has failed, and its error was taken: SO_ERROR has it for ever. */
    static final int CONNECT_ERROR_TAKEN = 1;
    /** The peer has reset the connection, and no call has reported that yet: SO_ERROR has it never. */
    static final int RESET = 2;
    /** The receiving side is shut down. */
    static final int READ_SHUT = 4;
    /** The sending side is shut down. */
    static final int WRITE_SHUT = 8;

    private static final ConcurrentHashMap<Integer, SocketState> SOCKETS = new ConcurrentHashMap<>();

    private int flags;

    private SocketState() {
    }

    /** Forgets a socket that is closed or new. */
    static void forget(int socket) {
        if (!SOCKETS.isEmpty()) {
            SOCKETS.remove(socket);
        }
    }

    /** Returns the flags of a socket. */
    static int flags(int socket) {
        SocketState state = SOCKETS.isEmpty() ? null : SOCKETS.get(socket);
        if (state == null) {
            return 0;
        }
        synchronized (state) {
            return state.flags;
        }
    }

    /** Adds flags to those of a socket. */
    static void add(int socket, int flags) {
        SocketState state = SOCKETS.computeIfAbsent(socket, s -> new SocketState());
        synchronized (state) {
            state.flags |= flags;
        }
    }

    /** Removes a flag from those of a socket; returns whether it was there. */
    static boolean take(int socket, int flag) {
        SocketState state = SOCKETS.isEmpty() ? null : SOCKETS.get(socket);
        if (state == null) {
            return false;
        }
        synchronized (state) {
            boolean there = (state.flags & flag) != 0;
            state.flags &= ~flag;
            return there;
        }
    }
}
