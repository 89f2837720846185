package io.panamio.examples;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A signal that is readable when it was sent: signalfd(2).
 *
 * <p><b>The limits on a JVM.</b> A signalfd has only signals that are blocked, or else they do what they always do. One
 * that is sent to the process (as {@code kill} does) goes to any thread that does not block it, and a JVM has dozens of
 * threads before {@code main} begins, whose masks cannot be changed. So there are two honest ways:
 * <ul>
 * <li>Let the JVM inherit the mask, which all its threads then have:
 * {@code env --block-signal=USR1 java …} (GNU coreutils 8.31). {@link #isBlocked} tells whether it was done. It does
 * not help with what a JVM uses: HUP, INT, TERM, QUIT, USR2, SEGV and the like.
 * <li>For signals that are sent to a thread, block them in that thread, as the constructor does, and poll there.
 * </ul>
 * Otherwise {@code sun.misc.Signal} and a {@link io.panamio.Waker} do.
 *
 * <p>A copy of this needs native access, see {@link Descriptor}.
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
     * Blocks a signal in the current thread, for good, and makes it readable.
     *
     * @param signal its number
     * @throws IOException if the system refuses
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

    /** Blocks a set of signals, if any, in the current thread and tells which were blocked before. */
    private static void mask(MemorySegment set, MemorySegment before) throws IOException {
        int error = SystemCalls.call("pthread_sigmask", SIG_BLOCK, set, before);
        if (error != 0) { // this function returns it
            throw SystemCalls.failure("pthread_sigmask", error);
        }
    }

    /**
     * Whether the current thread blocks a signal. In a thread that never changed its mask this tells whether the whole
     * JVM was started so.
     *
     * @param signal its number
     * @return true if so
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
     * Takes the next signal, to be asked until there is none. Signals of one number that came before it was taken are
     * one.
     *
     * @return the process that sent it, 0 if it was the kernel; -1 when there is none
     * @throws IOException if the system refuses
     */
    public int sender() throws IOException {
        return read() == SIGINFO_SIZE ? buffer.get(JAVA_INT, SENDER) : -1;
    }
}
