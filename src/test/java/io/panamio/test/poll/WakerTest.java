package io.panamio.test.poll;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.IoResult;
import io.panamio.Waker;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WakerTest {
    private static Waker open(Loop loop, long token) throws IOException {
        return loop.later(Waker.open(loop.poll.registry(), token));
    }

    /** Polls for the only event, that of a wake, and asserts that it ends the wait before the timeout. */
    private static void expectWake(Loop loop, long token) throws IOException {
        long start = System.nanoTime();
        assertEquals(1, loop.poll.poll(loop.events, LONG));
        assertTrue(System.nanoTime() - start < LONG.toNanos(), "the wait went on to its end");
        assertEquals("[token " + token + " readable]", loop.events.toString());
    }

    @Test
    void openWakerIsSilentUntilAWake() throws IOException {
        try (Loop loop = new Loop()) {
            open(loop, 7);
            loop.expectNothing();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void wakesBeforeAPollAreOneEvent(int wakes) throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            for (int i = 0; i < wakes; i++) {
                waker.wake();
            }
            expectWake(loop, 7);
            loop.expectNothing();
        }
    }

    /**
     * A Poll on poll(2) first checks the sources that are not armed, and a wake may come during this check: the more
     * sources, the likelier.
     */
    @Test
    void aWakeDuringTheCheckOfUnarmedSourcesIsNotLost() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            for (int i = 0; i < 500; i++) {
                loop.register(loop.later(new EventFd(0)), 2, R);
            }
            Loop.Pair pair = loop.accepted();
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            AtomicInteger round = new AtomicInteger();
            int rounds = 500;
            Future<Void> waking = start(() -> {
                for (int i = 1; i <= rounds; i++) {
                    while (round.get() < i) {
                        Thread.onSpinWait();
                    }
                    long asleep = System.nanoTime() + i % 100 * 2_000; // about when the other thread begins this check
                    while (System.nanoTime() < asleep) {
                        Thread.onSpinWait();
                    }
                    waker.wake();
                }
                return null;
            });
            for (int i = 1; i <= rounds; i++) {
                loop.register(pair.stream(), 1, R);
                loop.expect(new Loop.Expected(1, "rc"));
                loop.poll.registry().deregister(pair.stream());
                round.set(i);
                expectWake(loop, 7);
            }
            result(waking);
        }
    }

    @Test
    void aWakeAfterAPollIsANewEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, -1);
            for (int i = 0; i < 1000; i++) {
                waker.wake();
                expectWake(loop, -1);
            }
            loop.expectNothing();
        }
    }

    @Test
    void pollNowReportsAWake() throws IOException {
        try (Loop loop = new Loop()) {
            open(loop, 7).wake();
            assertEquals(1, loop.poll.pollNow(loop.events));
            assertEquals(0, loop.poll.pollNow(loop.events));
        }
    }

    @Test
    void wakeFromAnotherThreadEndsAWait() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            for (int i = 0; i < 1000; i++) {
                Future<?> other = start(() -> {
                    waker.wake();
                    return null;
                });
                expectWake(loop, 7);
                result(other);
            }
            loop.expectNothing();
        }
    }

    @Test
    void wakeIsReportedWithOtherEvents() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 1, R);
            loop.register(loop.later(new EventFd(1)), 2, R);
            open(loop, 7).wake();
            assertEquals(3, loop.poll.poll(loop.events, LONG));
            List<Long> tokens = new ArrayList<>();
            loop.events.forEach(event -> tokens.add(event.token()));
            assertEquals(List.of(1L, 2L, 7L), tokens.stream().sorted().toList());
            loop.expectNothing();
        }
    }

    /** The wait ended by the wake finds the source as well, and has room for only one event. */
    @Test
    void wakeThatEndsAWaitWithoutRoomIsReportedByTheNextPoll() throws Exception {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            Waker waker = open(loop, 7);
            Events one = Events.withCapacity(1);
            for (int i = 0; i < 100; i++) {
                Future<Long> poller = start(() -> {
                    assertEquals(1, PollTest.inTurn(() -> loop.poll.poll(one, LONG)).call(), "no first event");
                    long first = one.token(0);
                    assertEquals(1, loop.poll.poll(one, LONG), "no event after that of " + first);
                    return first + one.token(0);
                });
                PollTest.untilPolling(loop.poll);
                waker.wake();
                source.add(1);
                assertEquals(8, result(poller));
                while (source.take() != IoResult.WOULD_BLOCK) {
                    Thread.onSpinWait();
                }
            }
            loop.expectNothing();
        }
    }

    @Test
    void wakeThatDoesNotFitIsReportedByALaterPoll() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 1, R);
            loop.register(loop.later(new EventFd(1)), 2, R);
            Waker waker = open(loop, 7);
            Events one = Events.withCapacity(1);
            List<Long> tokens = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                waker.wake();
                waker.wake();
                do {
                    assertEquals(1, loop.poll.poll(one, LONG));
                    tokens.add(one.token(0));
                } while (one.token(0) != 7);
            }
            while (loop.poll.pollNow(one) == 1) {
                tokens.add(one.token(0));
            }
            assertEquals(List.of(1L, 2L, 7L, 7L, 7L), tokens.stream().sorted().toList());
        }
    }

    @Test
    void wakesDoNotStarveASourceWhereNotAllFit() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            loop.register(loop.later(new EventFd(1)), 1, R);
            Events one = Events.withCapacity(1);
            List<Long> tokens = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                waker.wake();
                assertEquals(1, loop.poll.poll(one, LONG));
                tokens.add(one.token(0));
            }
            assertTrue(tokens.remove(1L), "the source was never reported");
            assertEquals(Collections.nCopies(9, 7L), tokens);
        }
    }

    @Test
    void secondWakerIsRefusedAndTheFirstStays() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            assertThrows(IllegalStateException.class, () -> open(loop, 8));
            waker.wake();
            expectWake(loop, 7);
        }
    }

    @Test
    void pendingWakesAreDiscardedWhenTheWakerIsClosed() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            waker.wake();
            waker.close();
            loop.expectNothing();
        }
    }

    @Test
    void nextWakerHasNoPendingWakes() throws IOException {
        try (Loop loop = new Loop()) {
            for (int token = 0; token < 10; token++) {
                Waker old = open(loop, -1);
                old.wake();
                old.close();
                Waker waker = open(loop, token);
                loop.expectNothing();
                old.close();
                old.wake();
                loop.expectNothing();
                waker.wake();
                expectWake(loop, token);
                waker.close();
            }
        }
    }

    @Test
    void wakeAfterTheEndIsHarmless() throws IOException {
        try (Loop loop = new Loop()) {
            Waker closed = open(loop, 7);
            closed.close();
            closed.wake();
            closed.close();
            loop.expectNothing();
            Waker orphan = open(loop, 8);
            loop.poll.close();
            orphan.wake();
            orphan.close();
            orphan.wake();
        }
    }

    /** Each thread publishes by plain writes and wakes: all writes are visible after the event of its last wake. */
    @Test
    void writesBeforeAWakeAreVisibleAfterItsEvent() throws Exception {
        int threads = 4;
        int wakes = 250_000;
        try (Loop loop = new Loop()) {
            Waker waker = open(loop, 7);
            int[] published = new int[threads];
            List<Future<Void>> wakers = IntStream.range(0, threads).mapToObj(i -> start(() -> {
                for (int n = 1; n <= wakes; n++) {
                    published[i] = n;
                    waker.wake();
                }
                return (Void) null;
            })).toList();
            while (!IntStream.of(published).allMatch(n -> n == wakes)) {
                expectWake(loop, 7);
            }
            for (Future<Void> future : wakers) {
                result(future);
            }
            assertTrue(loop.poll.pollNow(loop.events) <= 1); // the event of a wake whose writes were already visible
            loop.expectNothing();
        }
    }
}
