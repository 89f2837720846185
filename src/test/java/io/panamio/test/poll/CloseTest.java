package io.panamio.test.poll;

import static io.panamio.test.support.Background.failure;
import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.IoSource;
import io.panamio.SourceFd;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.UdpSocket;
import io.panamio.sys.windows.Requests;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedSelectorException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sources and Polls are closed when {@code close} returns, whether or not another thread polls. */
class CloseTest {
    private static final int ROUNDS = 200;

    private interface Bind {
        IoSource bind(InetSocketAddress address) throws IOException;
    }

    private interface End {
        void end(Loop loop, IoSource source) throws IOException;
    }

    /** A way to end a source. */
    private record Way(String name, Bind bind, End end) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Way> ways() {
        return List.of(
            new Way("TcpListener.close", TcpListener::bind, (loop, source) -> source.close()),
            new Way("UdpSocket.close", UdpSocket::bind, (loop, source) -> source.close()),
            new Way("deregister, close", TcpListener::bind, (loop, source) -> {
                loop.poll.registry().deregister(source);
                source.close();
            }),
            new Way("detach, close", TcpListener::bind, (loop, source) -> NativeFds.close(source.detach())),
            new Way("reregister, close", TcpListener::bind, (loop, source) -> {
                loop.reregister(source, 3, R);
                source.close();
            }),
            new Way("close of a SourceFd, close", TcpListener::bind, (loop, source) -> {
                loop.poll.registry().deregister(source);
                SourceFd fd = new SourceFd(source.fd());
                loop.register(fd, 3, R);
                fd.close();
                source.close();
            }));
    }

    /** Polls until the Poll is closed, and counts the polls in {@code turns}. */
    private static Future<?> poller(Loop loop, AtomicInteger turns) throws IOException {
        Future<?> poller = start(PollTest.inTurn(() -> {
            Events events = Events.withCapacity(8);
            for (;;) {
                loop.poll.poll(events);
                turns.incrementAndGet();
            }
        }));
        PollTest.untilPolling(loop.poll);
        return poller;
    }

    /** Returns an address that no other process uses: the port could be assigned to another one in the meantime. */
    private static InetAddress ownAddress() throws IOException {
        long pid = ProcessHandle.current().pid();
        return InetAddress.getByAddress(
            new byte[] {127, (byte) (1 + (pid >> 16) % 200), (byte) (pid >> 8), (byte) pid});
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aPortIsFreeWhenItsSocketIsClosed(Way way) throws Exception {
        try (Loop loop = new Loop()) {
            AtomicInteger turns = new AtomicInteger();
            Future<?> poller = poller(loop, turns);
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 0));
            InetSocketAddress address;
            try (UdpSocket any = UdpSocket.bind(new InetSocketAddress(ownAddress(), 0))) {
                address = any.localAddress();
            }
            for (int i = 0; i < ROUNDS; i++) {
                IoSource source = way.bind.bind(address);
                loop.register(source, 1, R);
                if (i % 2 == 0) { // the poller waits for it
                    int before = turns.get();
                    waker.wake();
                    Loop.until("another poll", () -> turns.get() > before);
                    PollTest.untilPolling(loop.poll);
                }
                way.end.end(loop, source);
            }
            loop.poll.close();
            assertInstanceOf(ClosedSelectorException.class, failure(poller));
        }
    }

    @Test
    void manyThreadsMayCloseAtOnce() throws Exception {
        try (Loop loop = new Loop()) {
            Future<?> poller = poller(loop, new AtomicInteger());
            List<Future<?>> closers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                closers.add(start(() -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        EventFd source = new EventFd(i % 2);
                        loop.register(source, i, R);
                        source.close();
                    }
                    return null;
                }));
            }
            for (Future<?> closer : closers) {
                result(closer);
            }
            loop.poll.close();
            assertInstanceOf(ClosedSelectorException.class, failure(poller));
        }
    }

    @Test
    void thePollingThreadClosesWithoutWaiting() throws IOException {
        try (Loop loop = new Loop()) {
            long start = System.nanoTime();
            for (int i = 0; i < ROUNDS; i++) {
                EventFd source = new EventFd(1);
                loop.register(source, 1, R);
                assertEquals("r", loop.next(1));
                source.close();
            }
            assertTrue(System.nanoTime() - start < Loop.LONG.toNanos() / 2);
        }
    }

    @Test
    void aSourceMayBeClosedWhileItsPollIsClosed() throws Exception {
        for (int i = 0; i < 50; i++) {
            try (Loop loop = new Loop()) {
                EventFd source = loop.later(new EventFd(0));
                loop.register(source, 1, R);
                Future<?> poller = poller(loop, new AtomicInteger());
                Future<?> closer = start(() -> {
                    source.close();
                    return null;
                });
                loop.poll.close();
                result(closer);
                assertInstanceOf(ClosedSelectorException.class, failure(poller));
            }
        }
    }

    /** Between its polls, the poller acquires a lock that the closing thread holds. */
    @Test
    void aCloserMayHoldALockThatThePollerNeeds() throws Exception {
        try (Loop loop = new Loop()) {
            Object lock = new Object();
            Future<?> poller = start(PollTest.inTurn(() -> {
                Events events = Events.withCapacity(8);
                for (;;) {
                    loop.poll.poll(events);
                    synchronized (lock) {
                        assertEquals(events.isEmpty(), events.size() == 0);
                    }
                }
            }));
            PollTest.untilPolling(loop.poll);
            long start = System.nanoTime();
            for (int i = 0; i < ROUNDS; i++) {
                synchronized (lock) {
                    EventFd source = new EventFd(1);
                    loop.register(source, 1, R);
                    source.close();
                }
            }
            assertTrue(System.nanoTime() - start < Loop.LONG.toNanos() / 2);
            loop.poll.close();
            assertInstanceOf(ClosedSelectorException.class, failure(poller));
        }
    }

    @Test
    void anInterruptedThreadClosesAndStaysInterrupted() throws Exception {
        try (Loop loop = new Loop()) {
            Future<?> poller = poller(loop, new AtomicInteger());
            InetSocketAddress address = null;
            try {
                for (int i = 0; i < ROUNDS; i++) {
                    TcpListener listener = TcpListener.bind(i == 0 ? new InetSocketAddress(ownAddress(), 0) : address);
                    address = listener.localAddress();
                    loop.register(listener, 1, R);
                    Thread.currentThread().interrupt();
                    listener.close();
                    assertTrue(Thread.interrupted());
                }
            } finally {
                Thread.interrupted();
            }
            loop.poll.close();
            assertInstanceOf(ClosedSelectorException.class, failure(poller));
        }
    }

    /** On a system with completions, each source has a pending request, whose memory the system may still write to. */
    @Test
    void aPollWithAThousandSourcesIsClosedByAnotherThread() throws Exception {
        NativeFds.Opened opened = new NativeFds.Opened();
        int count = 1000;
        try (Loop loop = new Loop()) {
            for (int i = 0; i < count; i++) {
                loop.register(loop.later(UdpSocket.bind(new InetSocketAddress(Loop.V4, 0))), i, R);
            }
            assertEquals(0, loop.poll.pollNow(loop.events));
            Requests held = Requests.of(loop.poll);
            assertTrue(held.groups() == 0 || held.equals(new Requests(32, count, count)), held::toString);
            result(start(() -> {
                loop.poll.close();
                return null;
            }));
            assertEquals(new Requests(0, 0, 0), Requests.of(loop.poll), "all have completed");
            opened.expect(count);
        }
        opened.expect(0);
    }
}
