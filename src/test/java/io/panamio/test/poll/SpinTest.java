package io.panamio.test.poll;

import static io.panamio.test.support.Background.failure;
import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.SystemError;
import io.panamio.Waker;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Waits that spin before they block, in this process or in the kernel. */
class SpinTest {
    private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);
    private static final Duration MOST_NEGATIVE = Duration.ofSeconds(Long.MIN_VALUE);

    // ---- setSpin

    /** Enables spinning, and makes the next wait spin, as it follows traffic. */
    private static void spin(Loop loop, Duration duration) throws IOException {
        loop.poll.setSpin(duration);
        try (EventFd traffic = new EventFd(1)) {
            loop.register(traffic, 0, R);
            assertEquals(1, loop.poll.poll(loop.events));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1_000_000, Long.MAX_VALUE})
    void eventOfAnotherThreadIsReportedWithAnySpin(long nanos) throws Exception {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            spin(loop, Duration.ofNanos(nanos));
            Future<String> poller = start(PollTest.inTurn(() -> loop.next(1)));
            PollTest.untilPolling(loop.poll);
            source.add(1);
            assertEquals("r", result(poller));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 100_000, 1_000_000, 20_000_000, Long.MAX_VALUE})
    void timeoutIsKeptWithAnySpin(long nanos) throws IOException {
        try (Loop loop = new Loop()) {
            for (Duration timeout : List.of(Duration.ofNanos(150_000), Duration.ofMillis(3))) {
                spin(loop, Duration.ofNanos(nanos));
                long start = System.nanoTime();
                assertEquals(0, loop.poll.poll(loop.events, timeout));
                assertTrue(System.nanoTime() - start >= timeout.toNanos());
            }
        }
    }

    @Test
    void pollNowDoesNotSpin() throws IOException {
        try (Loop loop = new Loop()) {
            spin(loop, FOREVER);
            assertEquals(0, loop.poll.pollNow(loop.events));
            assertEquals(0, loop.poll.poll(loop.events, Duration.ZERO));
        }
    }

    @Test
    void wakeEndsASpin() throws Exception {
        try (Loop loop = new Loop()) {
            spin(loop, FOREVER);
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 7));
            for (int i = 0; i < 50; i++) {
                Future<String> poller = start(PollTest.inTurn(() -> loop.next(7)));
                PollTest.untilPolling(loop.poll);
                waker.wake();
                assertEquals("r", result(poller));
            }
        }
    }

    @Test
    void closeEndsASpin() throws Exception {
        for (int i = 0; i < 50; i++) {
            try (Loop loop = new Loop()) {
                spin(loop, FOREVER);
                Future<Integer> poller = start(PollTest.inTurn(() -> loop.poll.poll(loop.events)));
                PollTest.untilPolling(loop.poll);
                loop.poll.close();
                assertInstanceOf(ClosedSelectorException.class, failure(poller));
            }
        }
    }

    @Test
    void aCloseIsNoEventWhilePollingSpins() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (Loop loop = new Loop()) {
                Future<Integer> looker = start(PollTest.inTurn(() -> {
                    for (;;) {
                        assertEquals(0, loop.poll.pollNow(loop.events));
                    }
                }));
                PollTest.untilPolling(loop.poll);
                loop.poll.close();
                assertInstanceOf(ClosedSelectorException.class, failure(looker));
            }
        }
    }

    @Test
    void sourceThatIsRegisteredDuringASpinEndsIt() throws Exception {
        try (Loop loop = new Loop()) {
            spin(loop, FOREVER);
            Future<String> poller = start(PollTest.inTurn(() -> loop.next(1)));
            PollTest.untilPolling(loop.poll);
            loop.register(loop.later(new EventFd(1)), 1, R);
            assertEquals("r", result(poller));
        }
    }

    @Test
    void negativeSpinIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            assertThrows(IllegalArgumentException.class, () -> loop.poll.setSpin(Duration.ofNanos(-1)));
            assertThrows(IllegalArgumentException.class, () -> loop.poll.setSpin(MOST_NEGATIVE));
        }
    }

    // ---- setBusyPoll

    @Test
    void busyPollOutOfRangeIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            for (Duration duration : List.of(Duration.ofNanos(-1), MOST_NEGATIVE, FOREVER,
                    Duration.ofMillis(Integer.MAX_VALUE / 1000 + 1))) {
                assertThrows(IllegalArgumentException.class, () -> loop.poll.setBusyPoll(duration, 8, false));
            }
            assertThrows(IllegalArgumentException.class, () -> loop.poll.setBusyPoll(Duration.ZERO, -1, false));
            assertThrows(IllegalArgumentException.class, () -> loop.poll.setBusyPoll(Duration.ZERO, 65536, false));
        }
    }

    @Test
    void busyPollIsSetOrUnsupported() throws IOException {
        try (Loop loop = new Loop()) {
            if (!Feature.BUSY_POLL.isAvailable() || NativeCalls.busyPoll(loop.poll.fd()) < 0) {
                var e = assertThrows(UnsupportedOperationException.class,
                    () -> loop.poll.setBusyPoll(Duration.ofMillis(1), 8, true));
                String reason = Feature.BUSY_POLL.isAvailable() ? "Linux 6.9" : "BUSY_POLL";
                assertTrue(e.getMessage().contains(reason), e.getMessage());
                return;
            }
            loop.poll.setBusyPoll(Duration.ofMillis(1), 8, true);
            assertEquals(1000 | 8L << 32 | 1L << 48, NativeCalls.busyPoll(loop.poll.fd()));
            loop.expectNothing();
            loop.poll.setBusyPoll(Duration.ofNanos(Integer.MAX_VALUE * 1000L), 64, false);
            assertEquals(Integer.MAX_VALUE | 64L << 32, NativeCalls.busyPoll(loop.poll.fd()));
            loop.poll.setBusyPoll(Duration.ZERO, 0, false);
            assertEquals(0, NativeCalls.busyPoll(loop.poll.fd()));
        }
    }

    @Test
    @Requires({Feature.BUSY_POLL, Feature.POLL_DESCRIPTOR})
    void busyPollWithALargeBudgetNeedsAPrivilege() throws IOException {
        try (Loop loop = new Loop()) {
            if (NativeCalls.busyPoll(loop.poll.fd()) >= 0) {
                try {
                    loop.poll.setBusyPoll(Duration.ofMillis(1), 65535, false);
                    assertEquals(1000 | 65535L << 32, NativeCalls.busyPoll(loop.poll.fd()));
                } catch (IOException e) {
                    assertEquals("EPERM", assertInstanceOf(SystemError.class, e).errnoName());
                    assertEquals(0, NativeCalls.busyPoll(loop.poll.fd()));
                }
            }
        }
    }

    @Test
    void busyPollOfAClosedPollIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            loop.poll.close();
            Class<? extends RuntimeException> expected =
                Feature.BUSY_POLL.isAvailable() ? ClosedSelectorException.class : UnsupportedOperationException.class;
            assertThrows(expected, () -> loop.poll.setBusyPoll(Duration.ZERO, 0, false));
        }
    }

    @Test
    void eventsAreReportedWhileTheKernelBusyPolls() throws IOException {
        try (Loop loop = new Loop()) {
            try {
                loop.poll.setBusyPoll(Duration.ofMillis(1), 8, false);
            } catch (UnsupportedOperationException e) {
                return;
            }
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            loop.poll.poll(Events.withCapacity(1), Duration.ofNanos(1_500_000));
            pair.peer().getOutputStream().write(1);
            assertEquals("r", loop.next(1));
        }
    }
}
