package io.panamio.examples.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A signal, readable while it is pending: signalfd(2).
 *
 * <p><b>The limits on a JVM.</b> A signalfd receives only blocked signals; others are handled as usual. A signal that
 * is sent to the process (as {@code kill} does) is delivered to any thread that does not block it, and a JVM has dozens
 * of threads before {@code main} begins, whose masks cannot be changed. Two ways work:
 * <ul>
 * <li>Let the JVM inherit the mask, which all its threads then have: {@code env --block-signal=USR1 java …} (GNU
 * coreutils 8.31). {@link #isBlocked} returns whether that was done. It does not work for the signals that a JVM uses:
 * HUP, INT, TERM, QUIT, USR2, SEGV and the like.
 * <li>For signals that are sent to a thread, block them in that thread, as the constructor does, and poll there.
 * </ul> Otherwise use {@code sun.misc.Signal} and a {@link io.panamio.Waker}.
 *
 * <p>Requires native access, see {@link Descriptor}.
 */
public final class SignalFd extends Descriptor {
    // bits/sigaction.h, bits/signalfd.h
    private static final int SIG_BLOCK = 0;
    private static final int SFD_NONBLOCK = 04000;
    private static final int SFD_CLOEXEC = 02000000;
    private static final long SIGSET_SIZE = 128; // sizeof(sigset_t)

    // struct signalfd_siginfo
    private static final long SIGINFO_SIZE = 128;
    private static final long SENDER = 12;

    /**
     * Blocks a signal in the current thread, permanently, and makes it readable.
     *
     * @param signal its number
     * @throws IOException if a system call fails
     */
    public SignalFd(int signal) throws IOException {
        super(start(signal), SIGINFO_SIZE);
    }

    private static int start(int signal) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SIGSET_SIZE);
            SystemCalls.call("sigaddset", set, signal);
            mask(set, MemorySegment.NULL);
            return SystemCalls.call("signalfd", -1, set, SFD_NONBLOCK | SFD_CLOEXEC);
        }
    }

    /** Blocks a set of signals in the current thread, if not NULL, and stores the previous mask, if not NULL. */
    private static void mask(MemorySegment set, MemorySegment before) throws IOException {
        int error = SystemCalls.call("pthread_sigmask", SIG_BLOCK, set, before);
        if (error != 0) { // this function returns it
            throw SystemCalls.failure("pthread_sigmask", error);
        }
    }

    /**
     * Returns whether the current thread blocks a signal. In a thread that never changed its mask, this is whether the
     * JVM was started with the signal blocked.
     *
     * @param signal its number
     * @return whether the current thread blocks it
     * @throws IOException if there is no such signal
     */
    public static boolean isBlocked(int signal) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SIGSET_SIZE);
            mask(MemorySegment.NULL, set);
            return SystemCalls.call("sigismember", set, signal) == 1;
        }
    }

    /**
     * Takes the next signal. Call it until it returns -1. Signals of one number are merged while one is pending.
     *
     * @return the ID of the process that sent it, 0 for the kernel, or -1 if no signal is pending
     * @throws IOException if a system call fails
     */
    public int sender() throws IOException {
        return read() == SIGINFO_SIZE ? buffer.get(JAVA_INT, SENDER) : -1;
    }
}
