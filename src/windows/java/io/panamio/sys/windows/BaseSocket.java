package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.MemorySegment;

/** Finds the base socket below layered service providers, which is the only one that AFD accepts. */
class BaseSocket {
    static final BaseSocket SYSTEM = new BaseSocket();

    /** Returns the base socket, or the negated error code of a provider that answers none of the requests. */
    final int of(int fd) {
        int socket = fd;
        for (;;) {
            int base = ask(socket, Windows.SIO_BASE_HANDLE);
            if (base >= 0 || base == -Windows.WSAENOTSOCK) {
                return base;
            }
            int below = below(socket);
            if (below < 0 || below == socket) {
                return base;
            }
            socket = below;
        }
    }

    /** Returns the socket below a provider that wrongly intercepts SIO_BASE_HANDLE, or a negated error code. */
    private int below(int socket) {
        int below = ask(socket, Windows.SIO_BSP_HANDLE_SELECT);
        if (below < 0 || below == socket) {
            below = ask(socket, Windows.SIO_BSP_HANDLE_POLL);
        }
        return below < 0 || below == socket ? ask(socket, Windows.SIO_BSP_HANDLE) : below;
    }

    /** Asks the provider of a socket for the one that a control code names. Returns it, or the negated error code. */
    int ask(int socket, int code) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Winsock.wsaIoctl(socket, code, MemorySegment.NULL, scratch.argument.asSlice(0, 8), scratch.length);
            return r < 0 ? r : scratch.argumentBytes.getInt(0);
        }
    }
}
