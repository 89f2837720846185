package io.panamio.test.poll;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.IoResult;
import io.panamio.PollCounters;
import io.panamio.Waker;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What a Poll counts. */
class PollCountersTest {
    private static final byte[] BYTE = new byte[1];

    @Test
    void everythingStartsAtZero() throws IOException {
        try (Loop loop = new Loop()) {
            PollCounters counters = loop.poll.counters();
            assertEquals("polls 0, events 0, wakes 0, rearms 0, spins 0", counters.toString());
            assertSame(counters, loop.poll.counters());
        }
    }

    @Test
    void pollsCountWithAndWithoutEvents() throws IOException {
        try (Loop loop = new Loop()) {
            PollCounters counters = loop.poll.counters();
            loop.poll.pollNow(loop.events);
            loop.poll.poll(loop.events, Duration.ofMillis(1));
            assertEquals(2, counters.polls());
            TcpStream[] pair = loop.pair();
            loop.register(pair[0], 1, R);
            pair[1].write(BYTE, 0, 1);
            assertEquals(1, loop.poll.poll(loop.events));
            assertEquals(3, counters.polls());
            assertEquals(1, counters.events());
        }
    }

    @Test
    void wakesThatCoalesceCountAsOne() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 1));
            for (int i = 1; i <= 3; i++) {
                waker.wake();
                waker.wake();
                assertEquals(1, loop.poll.poll(loop.events));
                assertEquals(i, loop.poll.counters().wakes());
                assertEquals(i, loop.poll.counters().events());
            }
        }
    }

    @Test
    void onlyEmulatedEdgesAreRearmed() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            loop.register(pair[0], 1, R);
            for (int i = 1; i <= 3; i++) {
                pair[1].write(BYTE, 0, 1);
                loop.expect(Loop.readable(1));
                while (pair[0].read(BYTE, 0, 1) != IoResult.WOULD_BLOCK) {
                    // until it is drained
                }
                pair[0].read(BYTE, 0, 1); // it is armed already
                assertEquals(Loop.hasEdges() ? 0 : i, loop.poll.counters().rearms());
            }
        }
    }

    @Test
    void looksThatFindNothingAreSpins() throws IOException {
        try (Loop loop = new Loop()) {
            loop.poll.setSpin(Duration.ofMillis(1));
            loop.poll.pollNow(loop.events);
            assertEquals(0, loop.poll.counters().spins());
            int[] polls = {1};
            Loop.until("spins", () -> { // a busy machine may use up the time before the first look
                polls[0]++;
                loop.poll.setSpin(Duration.ofMillis(1)); // after one in vain, waits do not spin
                assertEquals(0, loop.poll.poll(loop.events, Duration.ofMillis(3)));
                return loop.poll.counters().spins() > 0;
            });
            assertEquals(polls[0], loop.poll.counters().polls());
        }
    }

    @Test
    void otherThreadsReadWhileOnePolls() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 1));
            PollCounters counters = loop.poll.counters();
            Future<?> poller = start(() -> {
                while (loop.poll.counters().wakes() < 100) {
                    loop.poll.poll(loop.events);
                }
                return null;
            });
            for (int i = 1; i <= 100; i++) {
                int woken = i;
                waker.wake();
                Loop.until("wake " + i, () -> counters.wakes() == woken);
            }
            result(poller);
            assertEquals(counters.events(), counters.wakes());
        }
    }

    @Test
    void pollThatThrowsIsNotCounted() throws IOException {
        try (Loop loop = new Loop()) {
            loop.poll.pollNow(loop.events);
            loop.poll.close();
            assertThrows(ClosedSelectorException.class, () -> loop.poll.pollNow(loop.events));
            assertEquals(1, loop.poll.counters().polls());
        }
    }
}
