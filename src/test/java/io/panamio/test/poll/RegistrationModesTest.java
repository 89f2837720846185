package io.panamio.test.poll;

import static io.panamio.Interest.HANG_UP;
import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.SystemError;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Level-triggered, one-shot, exclusive and hang-up registrations. */
class RegistrationModesTest {
    private static final Interest P = Interest.PRIORITY;

    private static void send(Loop.Pair pair, String data) throws IOException {
        pair.peer().getOutputStream().write(data.getBytes());
    }

    private static void reset(Loop.Pair pair) throws IOException {
        pair.peer().setSoLinger(true, 0);
        pair.peer().close();
    }

    /** Reads until the stream would block. */
    private static void drain(TcpStream stream) throws IOException {
        byte[] buffer = new byte[16];
        while (stream.read(buffer, 0, buffer.length) > 0) {
            Thread.onSpinWait();
        }
    }

    /** A connection that is registered with token 1. */
    private static Loop.Pair registered(Loop loop, Interest interest) throws IOException {
        Loop.Pair pair = loop.connected();
        loop.register(pair.stream(), 1, interest);
        return pair;
    }

    // ---- level

    @Test
    void aLevelIsReportedUntilItIsDrained() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.level());
            loop.expectNothing();
            for (int round = 0; round < 2; round++) {
                send(pair, "xyz");
                assertEquals("r", loop.next(1));
                assertEquals("r", loop.next(1));
                assertEquals(1, pair.stream().read(new byte[1], 0, 1));
                assertEquals("r", loop.next(1));
                drain(pair.stream());
                loop.expectNothing();
            }
        }
    }

    @Test
    void eachDirectionOfALevelIsReportedEachTime() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, RW.level());
            assertEquals("w", loop.next(1));
            assertEquals("w", loop.next(1));
            send(pair, "x");
            loop.expect(new Loop.Expected(1, "r w"));
            assertEquals("r w", loop.next(1));
        }
    }

    @Test
    void aHangUpIsALevelToo() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.level());
            pair.peer().shutdownOutput();
            assertEquals("r rc", loop.next(1));
            assertEquals("r rc", loop.next(1));
            reset(pair);
            loop.expect(new Loop.Expected(1, "r rc wc e"));
            assertEquals(Loop.here("r rc wc e"), loop.next(1));
        }
    }

    @Test
    void reregisterChangesBetweenEdgeAndLevel() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.level());
            send(pair, "x");
            assertEquals("r", loop.next(1));
            loop.reregister(pair.stream(), 1, R);
            assertEquals("r", loop.next(1));
            loop.expectNothing();
            loop.reregister(pair.stream(), 1, R.level());
            assertEquals("r", loop.next(1));
            assertEquals("r", loop.next(1));
            drain(pair.stream());
            loop.expectNothing();
        }
    }

    @Test
    void levelsTakeTurnsWhereNotAllFit() throws IOException {
        try (Loop loop = new Loop()) {
            Events one = Events.withCapacity(1);
            for (long token = 0; token < 3; token++) {
                loop.register(loop.later(new EventFd(1)), token, R.level());
            }
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 12; i++) {
                assertEquals(1, loop.poll.poll(one, Loop.LONG));
                seen.add(one.token(0));
            }
            assertEquals(Set.of(0L, 1L, 2L), seen);
        }
    }

    // ---- one-shot

    @Test
    void oneShotIsReportedOnceUntilItIsReregistered() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.oneShot());
            for (int round = 0; round < 2; round++) {
                send(pair, "x");
                assertEquals("r", loop.next(1));
                loop.expectNothing();
                drain(pair.stream());
                assertEquals(IoResult.WOULD_BLOCK, pair.stream().read(new byte[1], 0, 1));
                send(pair, "y");
                loop.expectNothing();
                loop.reregister(pair.stream(), 1, R.oneShot());
                assertEquals("r", loop.next(1));
                drain(pair.stream());
                loop.reregister(pair.stream(), 1, R.oneShot());
                loop.expectNothing();
            }
        }
    }

    @Test
    void theFirstDirectionOfAOneShotIsTheLast() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, RW.oneShot());
            assertEquals("w", loop.next(1));
            send(pair, "x");
            loop.expectNothing();
            reset(pair);
            loop.expectNothing();
            loop.reregister(pair.stream(), 2, RW.oneShot());
            assertEquals(Loop.here("r w rc wc e"), loop.next(2));
            loop.expectNothing();
        }
    }

    @Test
    void hangUpsAndErrorsDisarmAOneShot() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair ended = registered(loop, R.oneShot());
            ended.peer().shutdownOutput();
            assertEquals("r rc", loop.next(1));
            reset(ended);
            loop.expectNothing();

            Loop.Pair broken = loop.connected();
            loop.register(broken.stream(), 2, (Feature.PRIORITY.isAvailable() ? P : HANG_UP).oneShot());
            reset(broken);
            assertEquals(Loop.here("rc wc e"), loop.next(2));
            loop.expectNothing();
            loop.reregister(broken.stream(), 2, R.oneShot());
            loop.expect(Loop.readable(2));
        }
    }

    @Test
    void oneShotOfALevelIsReportedOnce() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.level().oneShot());
            send(pair, "x");
            assertEquals("r", loop.next(1));
            loop.expectNothing();
            loop.reregister(pair.stream(), 1, R.level());
            assertEquals("r", loop.next(1));
            assertEquals("r", loop.next(1));
        }
    }

    @Test
    void disarmedOneShotIsStillRegistered() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R.oneShot());
            assertEquals("r", loop.next(1));
            assertThrows(IllegalStateException.class, () -> loop.register(source, 1, R.oneShot()));
            loop.poll.registry().deregister(source);
            loop.register(source, 2, R.oneShot());
            assertEquals("r", loop.next(2));
        }
    }

    @Test
    void oneShotThatDidNotFitStaysArmed() throws IOException {
        try (Loop loop = new Loop()) {
            Events one = Events.withCapacity(1);
            for (long token = 0; token < 3; token++) {
                loop.register(loop.later(new EventFd(1)), token, R.oneShot());
            }
            Set<Long> seen = new HashSet<>();
            while (loop.poll.poll(one, seen.size() < 3 ? Loop.LONG : Loop.SHORT) == 1) {
                seen.add(one.token(0));
            }
            assertEquals(Set.of(0L, 1L, 2L), seen);
        }
    }

    @Test
    void anotherThreadMayReregisterAOneShotDuringAWait() throws Exception {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R.oneShot());
            assertEquals("r", loop.next(1));
            Future<String> poller = start(PollTest.inTurn(() -> loop.next(2)));
            PollTest.untilPolling(loop.poll);
            loop.reregister(source, 2, R.oneShot());
            assertEquals("r", result(poller));
        }
    }

    // ---- hang-up only

    @Test
    void aHangUpInterestIgnoresDataAndReportsTheEndOnce() throws IOException {
        Behaviour.UNREAD_BYTES_HIDE_AN_END.skip();
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, HANG_UP);
            send(pair, "x");
            loop.expectNothing();
            send(pair, "yz");
            pair.peer().shutdownOutput();
            assertEquals("rc", loop.next(1));
            loop.expectNothing();
            assertArrayEquals("xyz".getBytes(), Loop.readFully(pair.stream(), 3));
            assertEquals(IoResult.EOF, pair.stream().read(new byte[1], 0, 1));
            loop.expectNothing();
        }
    }

    @Test
    void hangUpBeforeTheRegistrationIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            send(pair, "x");
            pair.peer().shutdownOutput();
            assertEquals(1, Loop.readFully(pair.stream(), 1).length);
            Loop.until("end", () -> pair.stream().peek(new byte[1], 0, 1) == IoResult.EOF);
            loop.register(pair.stream(), 1, HANG_UP);
            assertEquals("rc", loop.next(1));
            loop.expectNothing();
            loop.reregister(pair.stream(), 2, HANG_UP);
            assertEquals("rc", loop.next(2));
        }
    }

    @Test
    void anErrorIsReportedWithAHangUpInterest() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, HANG_UP);
            reset(pair);
            assertEquals(Loop.here("rc wc e"), loop.next(1));
            loop.expectNothing();
        }
    }

    @Test
    void hangUpIsReportedWhileDataIsUnread() throws IOException {
        Behaviour.UNREAD_BYTES_HIDE_AN_END.skip();
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.add(HANG_UP));
            send(pair, "x");
            assertEquals("r", loop.next(1));
            pair.peer().shutdownOutput();
            loop.expect(new Loop.Expected(1, "rc"));
        }
    }

    @Test
    void hangUpMayBeALevelOrOneShot() throws IOException {
        Behaviour.UNREAD_BYTES_HIDE_AN_END.skip();
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, HANG_UP.level());
            send(pair, "x");
            loop.expectNothing();
            pair.peer().shutdownOutput();
            assertEquals("rc", loop.next(1));
            assertEquals("rc", loop.next(1));
            loop.reregister(pair.stream(), 1, HANG_UP.oneShot());
            assertEquals("rc", loop.next(1));
            reset(pair);
            loop.expectNothing();
        }
    }

    @Test
    void interestMayChangeBetweenHangUpAndOthers() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R);
            send(pair, "x");
            assertEquals("r", loop.next(1));
            loop.reregister(pair.stream(), 1, HANG_UP);
            loop.expectNothing();
            loop.reregister(pair.stream(), 1, R);
            assertEquals("r", loop.next(1));
        }
    }

    // ---- exclusive

    private static TcpListener listener(Loop loop) throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
    }

    @Test
    @Requires(Feature.EXCLUSIVE)
    void pollsThatWatchOneListenerExclusivelyGetAllConnectionsBetweenThem() throws Exception {
        try (Loop loop = new Loop()) {
            TcpListener first = listener(loop);
            TcpListener second = loop.later(TcpListener.fromFd(NativeFds.dup(first.fd())));
            Poll other = loop.later(Poll.open());
            loop.register(first, 1, R.exclusive());
            other.registry().register(second, 2, R.exclusive());
            AtomicInteger accepted = new AtomicInteger();
            Future<Void> a = start(() -> acceptUntilClosed(loop.poll, first, accepted));
            Future<Void> b = start(() -> acceptUntilClosed(other, second, accepted));
            for (int i = 1; i <= 100; i++) {
                int expected = i;
                new Socket(V4, first.localAddress().getPort()).close();
                if (i % 5 == 0) {
                    Loop.until(i + " connections", () -> accepted.get() == expected);
                }
            }
            loop.poll.close();
            other.close();
            result(a);
            result(b);
        }
    }

    private static Void acceptUntilClosed(Poll poll, TcpListener listener, AtomicInteger accepted) throws IOException {
        Events events = Events.withCapacity(1);
        try {
            for (;;) {
                poll.poll(events);
                for (TcpStream stream; (stream = listener.accept()) != null;) {
                    stream.close();
                    accepted.incrementAndGet();
                }
            }
        } catch (ClosedSelectorException e) {
            return null;
        }
    }

    @Test
    @Requires(Feature.EXCLUSIVE)
    void oneOfSeveralExclusivePollsAcceptsEverything() throws IOException {
        try (Loop loop = new Loop(); Loop idle = new Loop()) {
            TcpListener listener = listener(loop);
            TcpListener duplicate = loop.later(TcpListener.fromFd(NativeFds.dup(listener.fd())));
            loop.register(listener, 1, R.exclusive().level());
            idle.register(duplicate, 2, R.exclusive().level());
            for (int i = 0; i < 10; i++) {
                loop.later(new Socket(V4, listener.localAddress().getPort()));
                while (loop.poll.pollNow(loop.events) + idle.poll.pollNow(idle.events) == 0) {
                    Thread.onSpinWait();
                }
                loop.later(Loop.accept(duplicate));
            }
        }
    }

    @Test
    @Requires(Feature.EXCLUSIVE)
    void exclusiveIsReregisteredOnlyWhereItIsEmulated() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R.exclusive());
            if (Feature.EXCLUSIVE.support() == Support.SUPPORTED) {
                assertInvalid(() -> loop.reregister(source, 2, R));
                assertInvalid(() -> loop.reregister(source, 2, R.exclusive()));
                assertEquals("r", loop.next(1));
            } else {
                loop.reregister(source, 2, R.exclusive());
                assertEquals("r", loop.next(2));
            }
            loop.poll.registry().deregister(source);
            loop.register(source, 3, R.exclusive());
            assertEquals("r", loop.next(3));
        }
    }

    @Test
    @Requires(Feature.EXCLUSIVE)
    void otherSourcesBecomeExclusiveOnlyWhereThatIsEmulated() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            if (Feature.EXCLUSIVE.support() == Support.SUPPORTED) {
                assertInvalid(() -> loop.reregister(source, 2, R.exclusive()));
                loop.reregister(source, 2, R);
            } else {
                loop.reregister(source, 2, R.exclusive());
            }
            assertEquals("r", loop.next(2));
        }
    }

    private static void assertInvalid(Executable call) {
        IOException e = assertThrows(IOException.class, call);
        assertEquals("EINVAL", assertInstanceOf(SystemError.class, e).errnoName());
    }

    @Test
    @Requires(Feature.EXCLUSIVE)
    void anExclusiveSourceReportsNoEndUnlessExclusiveIsEmulated() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, R.exclusive());
            pair.peer().shutdownOutput();
            assertEquals(Feature.EXCLUSIVE.support() == Support.SUPPORTED ? "r" : "r rc", loop.next(1));
            assertEquals(IoResult.EOF, pair.stream().read(new byte[1], 0, 1));
        }
    }

    // ---- user-defined sources

    /** A source that delegates to another one. */
    private record Wrapper(Source inner) implements Source {
        @Override
        public void register(Registry registry, long token, Interest interest) throws IOException {
            inner.register(registry, token, interest);
        }

        @Override
        public void reregister(Registry registry, long token, Interest interest) throws IOException {
            inner.reregister(registry, token, interest);
        }

        @Override
        public void deregister(Registry registry) throws IOException {
            inner.deregister(registry);
        }
    }

    @Test
    void modesAreDelegatedToInnerSources() throws IOException {
        try (Loop loop = new Loop()) {
            Source source = new Wrapper(loop.later(new EventFd(1)));
            loop.register(source, 1, R.level());
            assertEquals("r", loop.next(1));
            assertEquals("r", loop.next(1));
            loop.reregister(source, 2, R.oneShot());
            assertEquals("r", loop.next(2));
            loop.expectNothing();
            loop.reregister(source, 3, HANG_UP);
            loop.expectNothing();
            loop.poll.registry().deregister(source);
            Interest last = Feature.EXCLUSIVE.isAvailable() ? R.exclusive() : R;
            loop.register(source, 4, last);
            assertEquals("r", loop.next(4));
        }
    }

    @Test
    void aWaitEndsAtOnceForALevelThatIsReady() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 1, R.level());
            loop.register(loop.later(new EventFd(0)), 2, RW.level());
            for (int i = 0; i < 3; i++) {
                assertEquals(2, loop.poll.poll(loop.events, Duration.ofDays(1)));
            }
            assertEquals("w", loop.next(2));
        }
    }

    @Test
    void writableLevelStopsWhenTheSocketIsFull() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = registered(loop, W.level());
            byte[] much = new byte[1 << 16];
            Loop.until("full", () -> {
                while (pair.stream().write(much, 0, much.length) != IoResult.WOULD_BLOCK) {
                    Thread.onSpinWait();
                }
                return loop.poll.poll(loop.events, Loop.SHORT) == 0;
            });
            while (loop.poll.pollNow(loop.events) == 0) {
                pair.peer().getInputStream().read(much);
            }
            assertEquals("w", loop.next(1));
        }
    }
}
