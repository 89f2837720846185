package io.panamio.test.poll;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.Waker;
import io.panamio.sys.Delivery;
import io.panamio.sys.Handle;
import io.panamio.sys.Readiness;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Sources that deliver their own events, instead of the system. */
class DeliveryTest {
    /** An eventfd that the system does not watch. */
    private record Reporting(EventFd source, Delivery delivery) {
        static Reporting make(Loop loop) {
            EventFd source = loop.later(new EventFd(0));
            Delivery delivery = new Delivery();
            Handle.of(source).setDelivery(delivery);
            return new Reporting(source, delivery);
        }
    }

    private static void expect(Loop loop, String events) throws IOException {
        loop.poll.pollNow(loop.events);
        assertEquals(events, loop.events.toString());
    }

    @Test
    void aDeliveryIsReportedOnce() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, RW);
            loop.expectNothing();
            r.delivery.deliver(Readiness.READABLE);
            r.delivery.deliver(Readiness.WRITABLE);
            expect(loop, "[token 7 readable writable]");
            loop.expectNothing();
            r.delivery.deliver(Readiness.READABLE);
            expect(loop, "[token 7 readable]");
        }
    }

    @Test
    void directionsOutsideTheInterestAreNotReported() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, R);
            r.delivery.deliver(Readiness.WRITABLE);
            loop.expectNothing();
            r.delivery.deliver(Readiness.WRITE_CLOSED);
            expect(loop, "[token 7 write-closed]");
        }
    }

    @Test
    void registeringReportsReadiness() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            r.delivery.deliver(Readiness.READABLE | Readiness.WRITABLE);
            loop.register(r.source, 7, W);
            expect(loop, "[token 7 writable]");
            loop.reregister(r.source, 8, RW);
            expect(loop, "[token 8 readable writable]");
            r.source.take(); // would block
            loop.reregister(r.source, 9, RW);
            expect(loop, "[token 9 writable]");
        }
    }

    @Test
    void levelsAreReportedUntilDrained() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, R.level());
            r.delivery.deliver(Readiness.READABLE);
            for (int i = 0; i < 3; i++) {
                expect(loop, "[token 7 readable]");
            }
            r.source.take(); // would block
            loop.poll.pollNow(loop.events); // one may be pending
            loop.expectNothing();
        }
    }

    @Test
    void aOneShotInterestReportsOnce() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, R.oneShot());
            r.delivery.deliver(Readiness.READABLE);
            expect(loop, "[token 7 readable]");
            r.delivery.deliver(Readiness.READABLE);
            loop.expectNothing();
            loop.reregister(r.source, 7, R.oneShot());
            expect(loop, "[token 7 readable]");
        }
    }

    @Test
    void nothingIsReportedAfterDeregisteringOrClosing() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            Reporting closed = Reporting.make(loop);
            loop.register(r.source, 7, R);
            loop.register(closed.source, 8, R);
            r.delivery.deliver(Readiness.READABLE);
            closed.delivery.deliver(Readiness.READABLE);
            loop.poll.registry().deregister(r.source);
            closed.source.close();
            r.delivery.deliver(Readiness.READABLE);
            loop.expectNothing();
            loop.register(r.source, 9, R);
            expect(loop, "[token 9 readable]");
            assertThrows(IllegalStateException.class, () -> loop.register(r.source, 9, R));
        }
    }

    @Test
    void aSourceMovesToAnotherPollWithItsPendingReadiness() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, R);
            r.delivery.deliver(Readiness.READABLE);
            loop.poll.registry().deregister(r.source);
            other.register(r.source, 8, R);
            loop.expectNothing();
            expect(other, "[token 8 readable]");
        }
    }

    @Test
    void deliveryFromAnotherThreadEndsAWait() throws Exception {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            loop.register(r.source, 7, R);
            for (int i = 0; i < 500; i++) {
                Future<?> other = start(() -> {
                    r.delivery.deliver(Readiness.READABLE);
                    return null;
                });
                assertEquals(1, loop.poll.poll(loop.events, LONG));
                assertEquals("[token 7 readable]", loop.events.toString());
                result(other);
            }
            loop.expectNothing();
        }
    }

    @Test
    void deliveriesOfOtherThreadsAreNeitherLostNorReportedTwice() throws Exception {
        try (Loop loop = new Loop()) {
            List<Reporting> sources = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sources.add(Reporting.make(loop));
                loop.register(sources.get(i).source, i, R);
            }
            Events events = Events.withCapacity(7);
            boolean[] seen = new boolean[sources.size()];
            for (int round = 0; round < 20; round++) {
                Future<?> even = start(() -> deliver(sources, 0));
                Future<?> odd = start(() -> deliver(sources, 1));
                Arrays.fill(seen, false);
                for (int left = sources.size(); left > 0;) {
                    assertTrue(loop.poll.poll(events, LONG) > 0);
                    events.forEach(event -> {
                        assertFalse(seen[(int) event.token()]);
                        seen[(int) event.token()] = true;
                    });
                    left -= events.size();
                }
                result(even);
                result(odd);
                loop.expectNothing();
            }
        }
    }

    private static Void deliver(List<Reporting> sources, int from) {
        for (int i = from; i < sources.size(); i += 2) {
            sources.get(i).delivery.deliver(Readiness.READABLE);
        }
        return null;
    }

    /** With room for one event, those of the system, of the waker and of deliveries take turns. */
    @Test
    void noSourceStarvesWithRoomForOneEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 3));
            loop.register(loop.later(new EventFd(1)), 1, R.level());
            loop.register(r.source, 2, R.level());
            r.delivery.deliver(Readiness.READABLE);
            Events events = Events.withCapacity(1);
            int[] seen = new int[4];
            for (int i = 0; i < 100; i++) {
                waker.wake();
                assertEquals(1, loop.poll.poll(events, LONG));
                seen[(int) events.token(0)]++;
            }
            for (int token = 1; token <= 3; token++) {
                assertTrue(seen[token] >= 20, "token " + token + " of " + Arrays.toString(seen));
            }
        }
    }

    @Test
    @Requires({Feature.DESCRIPTORS, Feature.POLL_DESCRIPTOR})
    void aWatchedPollIsReadableWhileADeliveryIsPending() throws IOException {
        try (Loop outer = new Loop(); Loop loop = new Loop()) {
            outer.register(new SourceFd(loop.poll.fd()), 1, R.level());
            Reporting r = Reporting.make(loop);
            Reporting other = Reporting.make(loop);
            loop.register(r.source, 7, R);
            loop.register(other.source, 8, R);
            outer.expectNothing();
            r.delivery.deliver(Readiness.READABLE);
            other.delivery.deliver(Readiness.READABLE);
            Events one = Events.withCapacity(1);
            for (int i = 0; i < 2; i++) {
                assertEquals(1, outer.poll.poll(outer.events, LONG));
                assertEquals(1, loop.poll.poll(one, LONG));
            }
            outer.expectNothing();
        }
    }

    @Test
    void deliveriesToAClosedPollAreIgnored() throws IOException {
        try (Loop loop = new Loop()) {
            Reporting r = Reporting.make(loop);
            Poll poll = Poll.open();
            poll.registry().register(r.source, 7, R);
            poll.close();
            r.delivery.deliver(Readiness.READABLE);
            loop.register(r.source, 8, R);
            expect(loop, "[token 8 readable]");
            assertEquals(0, loop.poll.poll(loop.events, Duration.ZERO));
        }
    }
}
