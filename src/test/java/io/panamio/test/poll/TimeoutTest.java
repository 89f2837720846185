package io.panamio.test.poll;

import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Poll;
import io.panamio.SystemError;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timeouts with a resolution finer than a millisecond. */
class TimeoutTest {
    private static final int EPERM = 1;
    private static final int EIO = 5;
    private static final int ENOSYS = 38;

    @ParameterizedTest
    @ValueSource(longs = {1_000, 100_000, 1_500_000})
    void fineTimeoutNeverEndsEarly(long nanos) throws IOException {
        try (Loop loop = new Loop()) {
            for (int i = 0; i < 100; i++) {
                assertWaits(loop.poll, loop.events, Duration.ofNanos(nanos));
            }
        }
    }

    @Test
    void eventIsFoundWithAFineTimeout() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 1, R.level());
            assertEquals(1, loop.poll.poll(loop.events, Duration.ofNanos(1)));
            assertEquals(1, loop.poll.poll(loop.events, Duration.ofNanos(Long.MAX_VALUE - 1)));
        }
    }

    private static void assertWaits(Poll poll, Events events, Duration timeout) throws IOException {
        long start = System.nanoTime();
        int n = poll.poll(events, timeout);
        long nanos = System.nanoTime() - start;
        if (n != 0 || nanos < timeout.toNanos()) { // the child JVM has no JUnit
            throw new AssertionError(n + " events after " + nanos + " ns of " + timeout);
        }
    }

    // ---- which system call

    /** A program that polls while a system call fails. The arguments are the errno and the duration to spin. */
    static final class Sandboxed {
        private Sandboxed() {
        }

        public static void main(String[] args) throws IOException {
            Seccomp.refuse(SystemCall.EPOLL_PWAIT2, Integer.parseInt(args[0]));
            try (Poll poll = Poll.open()) {
                Events events = Events.withCapacity(1);
                assertWaits(poll, events, Duration.ofMillis(1));
                System.out.print("whole ");
                poll.setSpin(Duration.ofSeconds(1));
                poll.setSpin(Duration.parse(args[1]));
                findEvent(poll, events);
                assertWaits(poll, events, Duration.ofNanos(1_500_000));
                System.out.print("fine ");
                assertWaits(poll, events, Duration.ofNanos(100_000));
                System.out.print("again");
            } catch (IOException e) {
                System.out.print(((SystemError) e).errnoName());
            }
        }
    }

    /** Creates traffic, so that the next wait spins if enabled. */
    private static void findEvent(Poll poll, Events events) throws IOException {
        try (EventFd source = new EventFd(1)) {
            poll.registry().register(source, 1, R);
            poll.poll(events);
        }
    }

    private static String sandboxed(int errno, Duration spin) throws Exception {
        Behaviour.SELECTOR_IS_EPOLL.require();
        Seccomp.require();
        return new Child().with("--enable-native-access=io.panamio,ALL-UNNAMED")
            .run(Sandboxed.class, Integer.toString(errno), spin.toString()).ok();
    }

    @Test
    void fineTimeoutUsesEpollPwait2() throws Exception {
        assertEquals(Loop.hasEdges() ? "whole EIO" : "whole fine again", sandboxed(EIO, Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(ints = {ENOSYS, EPERM})
    void kernelThatLacksEpollPwait2WaitsMilliseconds(int errno) throws Exception {
        assertEquals("whole fine again", sandboxed(errno, Duration.ZERO));
    }

    @Test
    void waitThatSpinsToItsEndDoesNotSleepAndTheNextDoes() throws Exception {
        assertEquals(Loop.hasEdges() ? "whole fine EIO" : "whole fine again", sandboxed(EIO, Duration.ofSeconds(10)));
    }

    // ---- which time

    /** Prints the first time to wait, in seconds and nanoseconds; poll(2) has milliseconds. */
    private static final String PRINTING = """
        #include <poll.h>
        #include <stdio.h>
        #include <time.h>
        static void print(const struct timespec *timeout) {
          static int printed;
          if (timeout && (timeout->tv_sec || timeout->tv_nsec) && !printed++) {
            printf("%ld %ld\\n", (long) timeout->tv_sec, (long) timeout->tv_nsec);
            fflush(stdout);
          }
        }
        int epoll_pwait2(int epoll, void *events, int max, const struct timespec *timeout, const void *signals) {
          print(timeout);
          return ((int (*)(int, void *, int, const struct timespec *, const void *)) real_epoll_pwait2)(epoll, events,
            max, timeout, signals);
        }
        int kevent(int kqueue, const void *changes, int count, void *events, int max,
            const struct timespec *timeout) {
          print(timeout);
          return ((int (*)(int, const void *, int, void *, int, const struct timespec *)) real_kevent)(kqueue,
            changes, count, events, max, timeout);
        }
        int poll(struct pollfd *polled, nfds_t count, int millis) {
          print(millis > 0 ? &(struct timespec) {0, millis * 1000000L} : NULL);
          return ((int (*)(struct pollfd *, nfds_t, int)) real_poll)(polled, count, millis);
        }
        """;

    /** A program that polls once. */
    static final class Fine {
        private Fine() {
        }

        public static void main(String[] args) throws IOException {
            try (Poll poll = Poll.open()) {
                assertWaits(poll, Events.withCapacity(1), Duration.ofNanos(1_500_001));
            }
        }
    }

    @Test
    void theSystemIsAskedForTheNanosecond(@TempDir Path directory) throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "epoll_pwait2 kevent poll", PRINTING);
        assertEquals(Loop.hasEdges() ? "0 1500001\n" : "0 2000000\n",
            new Child().with("-Dpanamio.test.library=" + library).run(Fine.class).ok());
    }

    // ---- signals

    @Test
    void signalsDoNotShortenAFineTimeout() throws Exception {
        try (Loop loop = new Loop(); NativeCalls.Signal signal = new NativeCalls.Signal()) {
            long self = NativeCalls.Signal.self();
            AtomicBoolean done = new AtomicBoolean();
            Future<Integer> signals = Background.start(() -> {
                int n = 0;
                for (; !done.get(); n++) {
                    signal.send(self);
                }
                return n;
            });
            try {
                assertWaits(loop.poll, loop.events, Duration.ofNanos(50_100_000));
            } finally {
                done.set(true);
                assertTrue(Background.result(signals) > 0);
            }
        }
    }
}
