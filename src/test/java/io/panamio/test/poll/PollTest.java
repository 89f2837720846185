package io.panamio.test.poll;

import static io.panamio.test.support.Background.failure;
import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Background.startVirtual;
import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollTest {
    /** The number of tries if the outcome depends on which of two threads is first. */
    private static final int TRIES = 50;

    // ---- timeouts

    @ParameterizedTest
    @ValueSource(longs = {1, 999_999, 1_000_000, 1_000_001, 1_500_000, 20_000_000})
    void pollWithoutEventsEndsNotBeforeItsTimeout(long nanos) throws IOException {
        try (Loop loop = new Loop()) {
            long start = System.nanoTime();
            assertEquals(0, loop.poll.poll(loop.events, Duration.ofNanos(nanos)));
            assertTrue(System.nanoTime() - start >= nanos);
            assertTrue(loop.events.isEmpty());
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void pollOfZeroAndPollNowDoNotWait() throws IOException {
        try (Loop loop = new Loop()) {
            assertEquals(0, loop.poll.poll(loop.events, Duration.ZERO));
            assertEquals(0, loop.poll.pollNow(loop.events));
            loop.register(loop.later(new EventFd(1)), 1, R);
            assertEquals(1, loop.poll.poll(loop.events, Duration.ZERO));
            loop.register(loop.later(new EventFd(1)), 2, R);
            assertEquals(1, loop.poll.pollNow(loop.events));
        }
    }

    @Test
    void noTimeoutIsTooLong() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 7));
            for (Duration timeout : List.of(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999),
                    Duration.ofNanos(Long.MAX_VALUE), Duration.ofMillis(Integer.MAX_VALUE + 1L))) {
                Future<Integer> poller = start(inTurn(() -> loop.poll.poll(loop.events, timeout)));
                untilPolling(loop.poll);
                waker.wake();
                assertEquals(1, result(poller));
            }
        }
    }

    @Test
    void negativeTimeoutIsRejected() throws IOException {
        try (Loop loop = new Loop()) {
            assertThrows(IllegalArgumentException.class, () -> loop.poll.poll(loop.events, Duration.ofNanos(-1)));
        }
    }

    @Test
    void nullIsRejected() throws IOException {
        try (Loop loop = new Loop()) {
            assertThrows(NullPointerException.class, () -> loop.poll.poll(null));
            assertThrows(NullPointerException.class, () -> loop.poll.pollNow(null));
            assertThrows(NullPointerException.class, () -> loop.poll.poll(null, Duration.ZERO));
            assertThrows(NullPointerException.class, () -> loop.poll.poll(loop.events, (Duration) null));
            assertThrows(NullPointerException.class, () -> loop.poll.poll(loop.events, (Timers) null));
            assertThrows(NullPointerException.class, () -> loop.poll.poll(null, new Timers()));
        }
    }

    @Test
    void interruptNeitherEndsAWaitNorIsCleared() throws IOException {
        Thread.currentThread().interrupt();
        try {
            pollWithoutEventsEndsNotBeforeItsTimeout(20_000_000);
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void interruptDuringAWaitLeavesItsFlag() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 7));
            CompletableFuture<Thread> thread = new CompletableFuture<>();
            Future<Boolean> poller = start(() -> {
                thread.complete(Thread.currentThread());
                assertEquals(1, inTurn(() -> loop.poll.poll(loop.events)).call());
                return Thread.interrupted();
            });
            untilPolling(loop.poll);
            result(thread).interrupt();
            untilPolling(loop.poll);
            waker.wake();
            assertTrue(result(poller));
        }
    }

    @Test
    void signalsDoNotEndAWait() throws Exception {
        Duration timeout = Duration.ofMillis(200);
        try (Loop loop = new Loop(); NativeCalls.Signal signal = new NativeCalls.Signal()) {
            long self = NativeCalls.Signal.self();
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger sent = new AtomicInteger();
            Future<Void> signals = start(() -> {
                for (; !done.get(); sent.incrementAndGet()) {
                    signal.send(self);
                }
                return null;
            });
            try {
                Loop.until("signals", () -> sent.get() > 0);
                int before = sent.get();
                long start = System.nanoTime();
                assertEquals(0, loop.poll.poll(loop.events, timeout));
                assertTrue(System.nanoTime() - start >= timeout.toNanos());
                assertTrue(sent.get() > before);
            } finally {
                done.set(true);
                result(signals);
            }
        }
    }

    // ---- how many events

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    @Requires(Feature.DESCRIPTORS)
    void eventsThatDoNotFitAreReportedOnceByTheNextPolls(int capacity) throws IOException {
        try (Loop loop = new Loop()) {
            Events events = Events.withCapacity(capacity);
            for (long token = 0; token < 3 * capacity; token++) {
                loop.register(loop.later(new EventFd(1)), token, R);
            }
            List<Long> tokens = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                assertEquals(capacity, loop.poll.poll(events, LONG));
                events.forEach(event -> tokens.add(event.token()));
            }
            assertEquals(LongStream.range(0, 3 * capacity).boxed().toList(), tokens.stream().sorted().toList());
            loop.expectNothing();
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void noSourceStarvesWhenNotAllFit() throws IOException {
        try (Loop loop = new Loop()) {
            Events one = Events.withCapacity(1);
            EventFd[] sources = {new EventFd(1), new EventFd(1), new EventFd(1)};
            int[] seen = new int[sources.length];
            for (int i = 0; i < sources.length; i++) {
                loop.register(loop.later(sources[i]), i, R);
            }
            for (int i = 0; i < 10 * sources.length; i++) {
                assertEquals(1, loop.poll.poll(one, LONG));
                int ready = (int) one.token(0);
                seen[ready]++;
                loop.reregister(sources[ready], ready, R); // ready again immediately
            }
            for (int n : seen) {
                assertTrue(n >= 5, () -> List.of(seen[0], seen[1], seen[2]).toString());
            }
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void eventsAreEmptyAfterATimeoutAndAfterAFailure() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            assertEquals(1, loop.poll.poll(loop.events));
            assertEquals(0, loop.poll.poll(loop.events, Duration.ofMillis(1)));
            assertTrue(loop.events.isEmpty());

            loop.reregister(source, 1, R);
            assertEquals(1, loop.poll.poll(loop.events));
            loop.poll.close();
            assertThrows(ClosedSelectorException.class, () -> loop.poll.poll(loop.events));
            assertTrue(loop.events.isEmpty());
        }
    }

    @Test
    void oneEventReportsEveryReadyDirectionOfASource() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            pair.peer().getOutputStream().write(1);
            Loop.until("data", () -> pair.stream().peek(new byte[1], 0, 1) == 1);
            loop.register(pair.stream(), 1, RW);
            assertEquals("r w", loop.next(1));
            assertEquals(Loop.hasTwoEvents() ? 2 : 1, loop.events.size());
        }
    }

    // ---- threads

    @Test
    @Requires(Feature.DESCRIPTORS)
    void anyThreadMayPoll() throws Exception {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            result(start(() -> {
                loop.register(source, 1, R);
                return null;
            }));
            assertEquals(1, result(start(() -> loop.poll.poll(loop.events, LONG))));
            assertEquals(1, loop.events.token(0));
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void virtualThreadMayPollButNotWait() throws Exception {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 1, R);
            assertInstanceOf(WrongThreadException.class, failure(startVirtual(() -> loop.poll.poll(loop.events))));
            assertInstanceOf(WrongThreadException.class,
                failure(startVirtual(() -> loop.poll.poll(loop.events, Duration.ofNanos(1)))));
            assertEquals(1, result(startVirtual(() -> loop.poll.pollNow(loop.events))));
            assertEquals(0, result(startVirtual(() -> loop.poll.poll(loop.events, Duration.ZERO))));
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void secondPollerIsRefusedAndTheFirstContinues() throws Exception {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            Future<Integer> first = start(inTurn(() -> loop.poll.poll(loop.events)));
            untilPolling(loop.poll);
            Events others = Events.withCapacity(1);
            assertThrows(IllegalStateException.class, () -> loop.poll.poll(others));
            assertThrows(IllegalStateException.class, () -> loop.poll.poll(others, LONG));
            assertThrows(IllegalStateException.class, () -> loop.poll.pollNow(others));
            source.add(1);
            assertEquals(1, result(first));
            assertEquals("[token 1 readable]", loop.events.toString());
            assertEquals(0, loop.poll.pollNow(others));
        }
    }

    /** Waits until another thread is in a poll that it makes {@link #inTurn}. */
    static void untilPolling(Poll poll) throws IOException {
        Events none = Events.withCapacity(1);
        Loop.until("another thread polls", () -> {
            try {
                assertEquals(0, poll.pollNow(none));
                return false;
            } catch (IllegalStateException e) {
                return true;
            }
        });
    }

    /** A poll that retries if it collides with one of {@link #untilPolling}. */
    static <T> Callable<T> inTurn(Callable<T> poll) {
        return () -> {
            for (;;) {
                try {
                    return poll.call();
                } catch (ClosedSelectorException e) {
                    throw e;
                } catch (IllegalStateException e) {
                    Thread.onSpinWait();
                }
            }
        };
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void sourceThatIsRegisteredDuringAWaitEndsIt() throws Exception {
        try (Loop loop = new Loop()) {
            for (int i = 0; i < TRIES; i++) {
                Future<Integer> poller = start(() -> loop.poll.poll(loop.events, LONG));
                loop.register(loop.later(new EventFd(1)), i, R);
                assertEquals(1, result(poller));
                assertEquals(i, loop.events.token(0));
            }
        }
    }

    @Test
    void sourceThatIsReregisteredDuringAWaitEndsIt() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            loop.register(stream, 0, R);
            for (int i = 1; i < TRIES; i++) {
                Future<Integer> poller = start(() -> loop.poll.poll(loop.events, LONG));
                loop.reregister(stream, i, W);
                assertEquals(1, result(poller));
                assertEquals("[token " + i + " writable]", loop.events.toString());
                loop.reregister(stream, i, R);
            }
        }
    }

    @Test
    void sourceThatIsClosedDuringAWaitIsSilentAndItsPeerReadsTheEnd() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), -1));
            for (int i = 0; i < TRIES; i++) {
                Loop.Pair pair = loop.connected();
                loop.register(pair.stream(), i, R);
                Future<Integer> poller = start(() -> loop.poll.poll(loop.events, LONG));
                pair.stream().close();
                pair.peer().setSoTimeout((int) LONG.toMillis());
                assertEquals(-1, pair.peer().getInputStream().read());
                waker.wake();
                assertEquals(1, result(poller));
                assertEquals("[token -1 readable]", loop.events.toString());
            }
        }
    }

    // ---- one Poll in another

    @Test
    @Requires({Feature.DESCRIPTORS, Feature.POLL_DESCRIPTOR})
    void descriptorOfAPollIsReadableWhileItHasEvents() throws IOException {
        try (Loop inner = new Loop(); Loop outer = new Loop()) {
            EventFd source = inner.later(new EventFd(0));
            inner.register(source, 1, R);
            outer.register(outer.later(new SourceFd(inner.poll.fd())), 2, R);
            outer.expectNothing();
            source.add(1);
            assertEquals("r", outer.next(2));
            assertEquals("r", inner.next(1));
            outer.expectNothing();
            source.add(1);
            assertEquals("r", outer.next(2));
        }
    }

    // ---- closing

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeEndsAWait(boolean withWaker) throws Exception {
        for (int i = 0; i < TRIES; i++) {
            try (Loop loop = new Loop()) {
                if (withWaker) {
                    loop.later(Waker.open(loop.poll.registry(), 1));
                }
                Future<Integer> poller = start(inTurn(() -> loop.poll.poll(loop.events)));
                if (i % 2 == 0) {
                    untilPolling(loop.poll);
                }
                loop.poll.close();
                assertInstanceOf(ClosedSelectorException.class, failure(poller));
            }
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void closedPollRefusesEverything() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.poll.close();
            loop.poll.close();
            assertThrows(ClosedSelectorException.class, () -> loop.poll.poll(loop.events));
            assertThrows(ClosedSelectorException.class, () -> loop.poll.poll(loop.events, Duration.ZERO));
            assertThrows(ClosedSelectorException.class, () -> loop.poll.pollNow(loop.events));
            assertThrows(ClosedSelectorException.class, loop.poll::fd);
            assertThrows(ClosedSelectorException.class, () -> loop.register(source, 1, R));
            assertThrows(ClosedSelectorException.class, () -> Waker.open(loop.poll.registry(), 1));
        }
    }

    @Test
    void registryIsAlwaysTheSame() throws IOException {
        try (Loop loop = new Loop()) {
            assertSame(loop.poll.registry(), loop.poll.registry());
        }
    }

    @Test
    void sourcesOutliveTheirPollAndMayBeRegisteredWithAnother() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            loop.poll.close();
            assertThrows(ClosedSelectorException.class, () -> loop.reregister(pair.stream(), 1, RW));
            assertThrows(ClosedSelectorException.class, () -> loop.poll.registry().deregister(pair.stream()));
            assertEquals(1, pair.stream().write(new byte[1], 0, 1));
            other.register(pair.stream(), 2, R);
            pair.peer().getOutputStream().write(1);
            other.expect(Loop.readable(2));
        }
    }

    // ---- whole connections

    /** See mio's issue 776. */
    @Test
    void aCloseWithoutReadsIsAnEndAtThePeer() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            loop.expect(Loop.writable(1));
            assertEquals(IoResult.WOULD_BLOCK, pair.stream().read(new byte[1], 0, 1));
            pair.stream().close();
            assertEquals(-1, pair.peer().getInputStream().read());
            loop.expectNothing();
        }
    }

    /** mio's close_on_drop: the edge of the close is not lost when the interest changes. */
    @Test
    void closeOfAnAcceptedConnectionReachesTheClient() throws IOException {
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            loop.register(listener, 1, R);
            TcpStream client = loop.later(TcpStream.connect(listener.localAddress()));
            loop.register(client, 2, W);
            loop.expect(Loop.readable(1), Loop.writable(2));
            Loop.accept(listener).close();
            loop.reregister(client, 2, R);
            loop.expect(Loop.readable(2));
            assertEquals(IoResult.EOF, client.read(new byte[1], 0, 1));
        }
    }

    /** mio's register_deregister: a server that writes first, and a client that changes its interest. */
    @Test
    void interestFollowsTheStateOfAConnection() throws IOException {
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            loop.register(listener, 1, R);
            TcpStream client = loop.later(TcpStream.connect(listener.localAddress()));
            loop.register(client, 2, R);
            loop.expect(Loop.readable(1));
            TcpStream server = loop.later(Loop.accept(listener));
            assertEquals(4, server.write("data".getBytes(), 0, 4));
            loop.expect(Loop.readable(2));
            assertEquals("data", new String(Loop.readFully(client, 4)));
            loop.reregister(client, 2, W);
            loop.expect(Loop.writable(2));
            loop.poll.registry().deregister(client);
            loop.poll.registry().deregister(listener);
            assertEquals(1, server.write(new byte[1], 0, 1));
            loop.later(new Socket(V4, listener.localAddress().getPort()));
            loop.expectNothing();
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void eventsOfSeveralSourcesAreReportedTogether() throws IOException {
        try (Loop loop = new Loop()) {
            for (int token = 0; token < 5; token++) {
                loop.register(loop.later(new EventFd(1)), token, R);
            }
            assertEquals(5, loop.poll.poll(loop.events, LONG));
            long sum = 0;
            for (Event event : loop.events) {
                sum += event.token();
            }
            assertEquals(10, sum);
        }
    }
}
