package io.panamio.examples.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * A periodic timer, readable once it has expired: timerfd_create(2).
 *
 * <p>Requires native access, see {@link Descriptor}.
 */
public final class TimerFd extends Descriptor {
    // sys/timerfd.h, bits/timerfd.h, bits/time.h
    private static final int CLOCK_MONOTONIC = 1;
    private static final int TFD_NONBLOCK = 04000;
    private static final int TFD_CLOEXEC = 02000000;

    /**
     * Starts a timer.
     *
     * @param every the time to its first expiration, and from each one to the next
     * @throws IllegalArgumentException if that is not positive
     * @throws IOException if a system call fails
     */
    public TimerFd(Duration every) throws IOException {
        super(SystemCalls.call("timerfd_create", CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), 8);
        try (Arena arena = Arena.ofConfined()) {
            if (!every.isPositive()) {
                throw new IllegalArgumentException("interval " + every + " is not positive");
            }
            MemorySegment times = arena.allocateFrom(JAVA_LONG, // struct itimerspec: the interval, the first expiration
                every.getSeconds(), every.getNano(), every.getSeconds(), every.getNano());
            SystemCalls.call("timerfd_settime", fd(), 0, times, MemorySegment.NULL);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Returns the number of expirations since the last call. Call it until it returns 0: only then does an event report
     * the next ones.
     *
     * @return the number, 0 if none
     * @throws IOException if a system call fails
     */
    public long expirations() throws IOException {
        return read() == 8 ? buffer.get(JAVA_LONG, 0) : 0;
    }
}
