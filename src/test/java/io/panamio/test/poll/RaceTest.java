package io.panamio.test.poll;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.sys.Delivery;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Races between threads, each in many short rounds. */
@SuppressWarnings("try") // resources without a reference: they are running threads
class RaceTest {
    private static final ExecutorService THREADS =
        Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("race-", 0).factory());

    /** A part of a race, run in a thread of its own. */
    private interface Part {
        void run() throws Exception;
    }

    /** One round of a race; {@code n} counts them. */
    private interface Round {
        void run(int n) throws Exception;
    }

    /** Repeats a round for about half a second. */
    private static void rounds(Round round) throws Exception {
        long end = System.nanoTime() + 500_000_000L;
        for (int n = 0; n < 10 || System.nanoTime() < end; n++) {
            round.run(n);
        }
    }

    /** Starts all parts at the same moment, waits for their end, and passes on what they throw. */
    private static void together(Part... parts) throws Exception {
        CyclicBarrier start = new CyclicBarrier(parts.length);
        List<Future<?>> running = new ArrayList<>();
        for (Part part : parts) {
            running.add(THREADS.submit(() -> {
                start.await();
                part.run();
                return null;
            }));
        }
        await(running);
    }

    private static void await(List<Future<?>> running) {
        Throwable failure = null;
        for (Future<?> r : running) {
            try {
                r.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                failure = join(failure, e.getCause());
            } catch (TimeoutException e) {
                failure = join(failure, new AssertionError("a thread hangs"));
            } catch (InterruptedException e) {
                failure = join(failure, e);
            }
        }
        if (failure != null) {
            throw new AssertionError(failure);
        }
    }

    private static Throwable join(Throwable first, Throwable other) {
        if (first != null) {
            first.addSuppressed(other);
        }
        return first == null ? other : first;
    }

    /** Spins for a short time, which differs from round to round. */
    private static void spin(int n) {
        for (int i = n % 50 * 40; i > 0; i--) {
            Thread.onSpinWait();
        }
    }

    // ---- reuse of descriptors

    /**
     * Threads that keep opening connections, so that a descriptor's number is reused soon after it was closed. Each
     * connection transfers a unique message both ways, and must receive all of it and nothing else, which reveals a
     * read, a write or a close on the wrong descriptor.
     */
    private static final class Recycling implements AutoCloseable {
        private static final AtomicLong TAGS = new AtomicLong();
        private static final int TIMES = 8;

        private final List<Future<?>> running = new ArrayList<>();
        private volatile boolean over;

        Recycling() {
            running.add(THREADS.submit(() -> {
                ofTheJdk();
                return null;
            }));
            running.add(THREADS.submit(() -> {
                ofPanamio();
                return null;
            }));
        }

        /** Returns eight bytes that no other connection sends. */
        static byte[] tag() {
            return ByteBuffer.allocate(Long.BYTES).putLong(0x7a67_0000_0000_0000L | TAGS.incrementAndGet()).array();
        }

        private static byte[] message() {
            byte[] tag = tag();
            byte[] message = new byte[TIMES * tag.length];
            for (int i = 0; i < message.length; i++) {
                message[i] = tag[i % tag.length];
            }
            return message;
        }

        private void ofTheJdk() throws IOException {
            try (ServerSocket server = new ServerSocket(0, 50, V4)) {
                while (!over) {
                    try (Socket a = new Socket(V4, server.getLocalPort()); Socket b = server.accept()) {
                        send(a, b);
                        send(b, a);
                    }
                }
            }
        }

        private static void send(Socket from, Socket to) throws IOException {
            byte[] message = message();
            from.getOutputStream().write(message);
            to.setSoTimeout((int) Loop.LONG.toMillis());
            assertArrayEquals(message, to.getInputStream().readNBytes(message.length));
        }

        private void ofPanamio() throws IOException {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
                while (!over) {
                    try (TcpStream a = TcpStream.connect(listener.localAddress());
                            TcpStream b = Loop.accept(listener)) {
                        Loop.finishConnect(a);
                        send(a, b);
                        send(b, a);
                    }
                }
            }
        }

        private static void send(TcpStream from, TcpStream to) throws IOException {
            byte[] message = message();
            assertEquals(message.length, from.write(message, 0, message.length));
            assertArrayEquals(message, Loop.readFully(to, message.length));
        }

        @Override
        public void close() {
            over = true;
            await(running);
        }
    }

    /** Reads until the stream is closed, and asserts that all bytes are repetitions of {@code tag}. */
    private static void readUntilClosed(TcpStream stream, byte[] tag) throws IOException {
        byte[] got = new byte[tag.length];
        for (long at = 0;;) {
            long n;
            try {
                n = stream.read(got, 0, got.length);
            } catch (ClosedChannelException e) {
                return;
            }
            assertTrue(n > 0 || n == IoResult.WOULD_BLOCK, "read " + n + " from an open connection");
            for (int i = 0; i < n; i++) {
                assertEquals(tag[(int) (at++ % tag.length)], got[i], "a foreign byte");
            }
        }
    }

    /** Writes repetitions of {@code tag} until the stream is closed. */
    private static void writeUntilClosed(TcpStream stream, byte[] tag) throws IOException {
        for (int at = 0;;) {
            try {
                at += (int) Math.max(0, stream.write(tag, at, tag.length - at));
                at %= tag.length;
            } catch (ClosedChannelException e) {
                return;
            }
        }
    }

    /** Reads to the end of the connection, and asserts that all bytes are repetitions of {@code tag}. */
    private static void drain(Socket peer, byte[] tag) throws IOException {
        peer.setSoTimeout((int) Loop.LONG.toMillis());
        byte[] got = peer.getInputStream().readAllBytes();
        for (int i = 0; i < got.length; i++) {
            assertEquals(tag[i % tag.length], got[i], "a foreign byte");
        }
    }

    // ---- streams

    @Test
    void aCloseDuringReadsAndWritesSendsNoByteToAnotherConnection() throws Exception {
        try (Recycling recycling = new Recycling(); ServerSocket server = new ServerSocket(0, 50, V4)) {
            rounds(n -> {
                TcpStream stream = TcpStream.connect(new InetSocketAddress(V4, server.getLocalPort()));
                try (stream; Socket peer = server.accept()) {
                    Loop.finishConnect(stream);
                    byte[] in = Recycling.tag();
                    byte[] out = Recycling.tag();
                    together(
                        () -> readUntilClosed(stream, in),
                        () -> writeUntilClosed(stream, out),
                        () -> {
                            spin(n);
                            stream.close();
                        });
                    drain(peer, out);
                }
            });
        }
    }

    @Test
    void aStreamReadAndClosedByFourThreadsIsClosedOnce() throws Exception {
        try (Recycling recycling = new Recycling(); ServerSocket server = new ServerSocket(0, 50, V4)) {
            rounds(n -> {
                TcpStream stream = TcpStream.connect(new InetSocketAddress(V4, server.getLocalPort()));
                try (Socket peer = server.accept()) {
                    Loop.finishConnect(stream);
                    byte[] tag = Recycling.tag();
                    together(stream::close, stream::close,
                        () -> readUntilClosed(stream, tag),
                        () -> readUntilClosed(stream, tag));
                    assertEquals(-1, peer.getInputStream().read());
                    assertThrows(ClosedChannelException.class, stream::fd);
                }
            });
        }
    }

    @Test
    void detachAndCloseHaveOneWinner() throws Exception {
        try (Recycling recycling = new Recycling(); ServerSocket server = new ServerSocket(0, 50, V4)) {
            rounds(n -> {
                TcpStream stream = TcpStream.connect(new InetSocketAddress(V4, server.getLocalPort()));
                try (Socket peer = server.accept()) {
                    Loop.finishConnect(stream);
                    InetSocketAddress local = stream.localAddress();
                    byte[] tag = Recycling.tag();
                    AtomicInteger fd = new AtomicInteger(-1);
                    together(
                        () -> fd.set(detachOrFindClosed(stream)),
                        () -> {
                            if (n == 0) { // once, detach wins in any case
                                Loop.until("detached", () -> fd.get() >= 0);
                            }
                            spin(n);
                            stream.close();
                        },
                        () -> readUntilClosed(stream, tag));
                    if (fd.get() >= 0) { // still open, and still of this connection
                        try (TcpStream again = TcpStream.fromFd(fd.get())) {
                            assertEquals(local, again.localAddress());
                            assertEquals(IoResult.WOULD_BLOCK, again.read(new byte[1], 0, 1));
                        }
                    }
                    assertEquals(-1, peer.getInputStream().read());
                }
            });
        }
    }

    private static int detachOrFindClosed(TcpStream stream) {
        for (;;) {
            try {
                return stream.detach();
            } catch (IllegalStateException e) {
                Thread.onSpinWait(); // the reader is inside
            } catch (ClosedChannelException e) {
                return -1;
            }
        }
    }

    // ---- closing a Poll

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseAlwaysEndsAPoll(boolean withWaker) throws Exception {
        rounds(n -> {
            Poll poll = Poll.open();
            if (withWaker) {
                Waker.open(poll.registry(), 1);
            }
            Events events = Events.withCapacity(1);
            together(
                () -> assertThrows(ClosedSelectorException.class, () -> fail("polled " + poll.poll(events))),
                () -> {
                    spin(n);
                    poll.close();
                });
            assertTrue(events.isEmpty());
            assertThrows(ClosedSelectorException.class, () -> poll.pollNow(events));
        });
    }

    @Test
    void aCloseEndsAPollWithATimeoutOrReadySourcesToo() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            rounds(n -> {
                Poll poll = Poll.open();
                Events events = Events.withCapacity(1);
                together(
                    () -> assertThrows(ClosedSelectorException.class, () -> {
                        for (;;) {
                            poll.registry().register(stream, 1, RW);
                            poll.poll(events, Duration.ofDays(1));
                            poll.registry().deregister(stream);
                        }
                    }),
                    () -> {
                        spin(n);
                        poll.close();
                    },
                    poll::close);
            });
        }
    }

    @Test
    void aRegistryUsedDuringTheCloseWorksOrThrows() throws Exception {
        try (Recycling recycling = new Recycling(); Loop loop = new Loop()) {
            TcpStream[] streams = {loop.connected().stream(), loop.connected().stream()};
            rounds(n -> {
                Poll poll = Poll.open();
                Events events = Events.withCapacity(8);
                together(
                    () -> registerUntilClosed(poll, streams[0]),
                    () -> registerUntilClosed(poll, streams[1]),
                    () -> assertThrows(ClosedSelectorException.class, () -> {
                        for (;;) {
                            poll.poll(events);
                        }
                    }),
                    () -> {
                        spin(n);
                        poll.close();
                    });
                loop.register(streams[n % 2], n, W); // sources of a closed Poll can be registered elsewhere
                loop.expect(Loop.writable(n));
                loop.poll.registry().deregister(streams[n % 2]);
            });
        }
    }

    private static void registerUntilClosed(Poll poll, TcpStream stream) throws IOException {
        try {
            for (;;) {
                poll.registry().register(stream, 1, RW);
                poll.registry().reregister(stream, 2, R);
                poll.registry().deregister(stream);
            }
        } catch (ClosedSelectorException e) {
            // documented
        }
    }

    // ---- wakers

    @Test
    void wakesDuringTheCloseOfPollAndWakerDoNoHarm() throws Exception {
        try (Recycling recycling = new Recycling()) {
            rounds(n -> {
                Poll poll = Poll.open();
                Waker waker = Waker.open(poll.registry(), 1);
                Events events = Events.withCapacity(1);
                Part wakes = () -> {
                    for (int i = 0; i < 200; i++) {
                        waker.wake();
                    }
                };
                Part closes = () -> {
                    spin(n);
                    waker.close();
                };
                together(wakes, wakes, closes,
                    () -> assertThrows(ClosedSelectorException.class, () -> {
                        for (;;) {
                            poll.poll(events);
                        }
                    }),
                    () -> {
                        spin(n * 7);
                        poll.close();
                    });
                waker.wake();
                waker.close();
            });
        }
    }

    @Test
    void aWakeAfterTheCloseOfItsPollOrItselfReportsNothing() throws Exception {
        try (Loop loop = new Loop()) {
            Waker waker = Waker.open(loop.poll.registry(), 1);
            waker.close();
            waker.wake();
            loop.expectNothing();

            Poll other = Poll.open();
            Waker orphan = Waker.open(other.registry(), 2);
            other.close();
            orphan.wake();
            orphan.close();
            orphan.wake();
        }
    }

    @Test
    void noWakeIsLostHoweverManyThreadsWake() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        try (Loop loop = new Loop(); Poller poller = new Poller(loop.poll, () -> {
            seen.set(asked.get());
            return event -> { };
        })) {
            Part asks = () -> rounds(n -> {
                spin(n);
                int mine = asked.incrementAndGet();
                poller.waker.wake();
                Loop.until("seen after the wake", () -> seen.get() >= mine);
            });
            together(asks, asks, asks);
        }
    }

    @Test
    void aWakeIsOneEventWhetherThePollerSleepsOrNot() throws Exception {
        AtomicInteger wakes = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 1));
            Future<?> poller = THREADS.submit(() -> {
                Events events = Events.withCapacity(4);
                while (!over.get()) {
                    spin(seen.get() % 50); // so that some wakes precede the poll, and some come while it begins
                    loop.poll.poll(events);
                    seen.addAndGet(events.size());
                }
                return null;
            });
            rounds(n -> {
                int mine = wakes.incrementAndGet();
                spin(n % 70);
                waker.wake();
                Loop.until("seen after the wake", () -> seen.get() >= mine);
                assertEquals(mine, seen.get());
            });
            over.set(true);
            waker.wake();
            await(List.of(poller));
        }
    }

    /** A selector whose notifications arrive in the next wait. */
    private static final class Recorder extends Selector {
        int notifications;
        boolean refused;

        @Override
        protected void sendNotification() {
            notifications++;
            if (refused) {
                notificationFailed();
            }
        }

        @Override
        protected int await(EventBuffer events, int max, long nanos) {
            if (isNotified()) {
                notificationArrived();
            }
            return 0;
        }

        @Override
        protected void destroy() {
        }

        @Override
        public void rearm(int fd, int interest) {
        }

        @Override
        public boolean deregistersOnClose() {
            return true;
        }

        @Override
        protected int fd() {
            return -1;
        }

        @Override
        protected void add(int fd, long token, int interest) {
        }

        @Override
        protected void modify(int fd, long token, int interest) {
        }

        @Override
        protected void remove(int fd) {
        }
    }

    @Test
    void aLateWakeWhileTheNextWakerOpensDoesNotSilenceIt() throws Exception {
        Recorder selector = new Recorder();
        EventBuffer events = Platform.current().newEvents(2);
        selector.descriptor(); // so that each wake notifies
        selector.wake(); // a wake of the waker that was closed
        selector.openWaker(1);
        assertEquals(0, selector.select(events, 0));
        selector.wake();
        assertEquals(1, selector.select(events, 0));
        assertEquals(1, events.token(0));
        assertEquals(2, selector.notifications);
    }

    @Test
    void oneNotificationIsPendingAtATime() throws Exception {
        Recorder selector = new Recorder();
        EventBuffer events = Platform.current().newEvents(2);
        selector.descriptor();
        selector.openWaker(1);
        selector.wake();
        Delivery delivery = new Delivery();
        delivery.register(selector, 2, Readiness.READABLE);
        delivery.deliver(Readiness.READABLE);
        assertEquals(1, selector.notifications);
        assertEquals(2, selector.select(events, 0));
        assertEquals(List.of(1L, 2L), List.of(events.token(0), events.token(1)));
        delivery.deliver(Readiness.READABLE);
        assertEquals(2, selector.notifications);
    }

    @Test
    void aNotificationThatTheSystemRefusesIsNotPending() throws Exception {
        Recorder selector = new Recorder();
        EventBuffer events = Platform.current().newEvents(2);
        selector.descriptor();
        selector.openWaker(1);
        selector.refused = true;
        selector.wake();
        selector.refused = false;
        selector.wake();
        assertEquals(2, selector.notifications);
        assertEquals(1, selector.select(events, 0));
    }

    // ---- registration during a poll

    /** Polls in its own thread until stopped, and passes each batch of events to a check. */
    private static final class Poller implements AutoCloseable {
        private final Poll poll;
        private final Events events = Events.withCapacity(16);
        private final Waker waker;
        private final Future<?> running;
        private volatile boolean over;

        /** Makes a check for the events of the poll that comes next. */
        interface Checks {
            Check beforePoll();
        }

        /** Checks an event. */
        interface Check {
            void check(Event event) throws IOException;
        }

        Poller(Poll poll, Checks checks) throws IOException {
            this.poll = poll;
            waker = Waker.open(poll.registry(), Long.MIN_VALUE);
            running = THREADS.submit(() -> {
                while (!over) {
                    Check check = checks.beforePoll();
                    poll.poll(events);
                    for (Event event : events) {
                        if (event.token() != Long.MIN_VALUE) {
                            check.check(event);
                        }
                    }
                }
                return null;
            });
        }

        @Override
        public void close() {
            over = true;
            waker.wake();
            await(List.of(running));
            waker.close();
        }
    }

    @Test
    void theFinalStateOfASourceWinsAfterChangesFromManyThreads() throws Exception {
        try (Loop loop = new Loop()) {
            Loop.Pair[] pairs = {loop.connected(), loop.connected(), loop.connected()};
            rounds(n -> {
                try (Poller poller = new Poller(loop.poll, () -> event -> { })) {
                    together(
                        () -> change(loop, pairs[0].stream(), n, true),
                        () -> change(loop, pairs[1].stream(), n + 1, true),
                        () -> change(loop, pairs[2].stream(), n + 2, false));
                }
                loop.poll.pollNow(loop.events); // events that have not been handled yet
                for (Loop.Pair pair : pairs) {
                    pair.peer().getOutputStream().write(7);
                }
                loop.expect(Loop.readable(n), Loop.readable(n + 1));
                loop.poll.pollNow(loop.events);
                for (Event event : loop.events) {
                    assertTrue(event.token() != n + 2 && event.token() < 1L << 40, "an event of the past: " + event);
                }
                for (Loop.Pair pair : pairs) {
                    Loop.readFully(pair.stream(), 1);
                }
                loop.poll.registry().deregister(pairs[0].stream());
                loop.poll.registry().deregister(pairs[1].stream());
            });
        }
    }

    /**
     * Changes the registration of {@code stream} a few times, and leaves it registered with {@code token} or not at
     * all.
     */
    private static void change(Loop loop, TcpStream stream, long token, boolean registered) throws IOException {
        long past = 1L << 40;
        for (int i = 0; i < 5; i++) {
            loop.register(stream, past + i, RW);
            loop.reregister(stream, past + i, W);
            loop.poll.registry().deregister(stream);
        }
        loop.register(stream, past, W);
        if (registered) {
            loop.reregister(stream, token, R);
        } else {
            loop.poll.registry().deregister(stream);
        }
    }

    @Test
    void threadsThatShareASourceAgreeOnWhetherItIsRegistered() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            rounds(n -> {
                AtomicInteger registered = new AtomicInteger();
                Part changes = () -> {
                    for (int i = 0; i < 5; i++) {
                        count(registered, 1, () -> loop.register(stream, n, RW));
                        count(registered, 0, () -> loop.reregister(stream, n, W));
                        count(registered, -1, () -> loop.poll.registry().deregister(stream));
                    }
                };
                try (Poller poller = new Poller(loop.poll, () -> event -> { })) {
                    together(changes, changes, changes);
                }
                switch (registered.get()) {
                    case 0 -> assertThrows(IllegalStateException.class, () -> loop.poll.registry().deregister(stream));
                    case 1 -> loop.poll.registry().deregister(stream);
                    default -> fail("registered " + registered + " times");
                }
            });
        }
    }

    private static void count(AtomicInteger registered, int by, Part change) throws Exception {
        try {
            change.run();
            registered.addAndGet(by);
        } catch (IllegalStateException e) {
            // rejected: another thread was first
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noPollThatBeginsAfterADeregisterOrCloseReportsTheToken(boolean close) throws Exception {
        AtomicLong gone = new AtomicLong(-1);
        AtomicInteger seen = new AtomicInteger();
        try (Recycling recycling = new Recycling(); Loop loop = new Loop();
                ServerSocket server = new ServerSocket(0, 50, V4);
                Poller poller = new Poller(loop.poll, () -> {
                    long before = gone.get();
                    return event -> {
                        seen.incrementAndGet();
                        assertTrue(event.token() > before, event + " was gone since " + before);
                    };
                })) {
            TcpStream[] stream = {null};
            rounds(n -> {
                if (n == 0 || close) {
                    stream[0] = TcpStream.connect(new InetSocketAddress(V4, server.getLocalPort()));
                    server.accept().close();
                }
                loop.register(stream[0], n, RW);
                if (n == 0) {
                    Loop.until("an event", () -> seen.get() > 0);
                }
                spin(n);
                if (close) {
                    stream[0].close();
                } else {
                    loop.poll.registry().deregister(stream[0]);
                }
                gone.set(n);
            });
            stream[0].close();
        }
    }

    @Test
    void anEventBeforeRegisterReturnsIsNotTheLast() throws Exception {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            TcpStream stream = pair.stream();
            byte[] buffer = new byte[16];
            AtomicInteger got = new AtomicInteger();
            try (Poller poller = new Poller(loop.poll, () -> event -> {
                long n = stream.read(buffer, 0, buffer.length);
                got.addAndGet((int) Math.max(0, n));
            })) {
                rounds(n -> {
                    got.set(0);
                    pair.peer().getOutputStream().write(1);
                    loop.register(stream, n, R);
                    Loop.until("read the first byte", () -> got.get() == 1);
                    pair.peer().getOutputStream().write(2);
                    Loop.until("read the second byte", () -> got.get() == 2);
                    loop.poll.registry().deregister(stream);
                });
            }
        }
    }

    // ---- leftovers of a close

    @Test
    void thePeerReadsTheEndWhileAnotherThreadPolls() throws Exception {
        try (Loop loop = new Loop(); Poller poller = new Poller(loop.poll, () -> event -> { })) {
            rounds(n -> {
                Loop.Pair pair = loop.connected();
                loop.register(pair.stream(), n, R);
                spin(n);
                pair.stream().close();
                pair.peer().setSoTimeout((int) Loop.LONG.toMillis());
                assertEquals(-1, pair.peer().getInputStream().read());
                pair.peer().close();
            });
        }
    }

    @Test
    void aClosedStreamWithALivingDuplicateHasNoEventsAnyMore() throws Exception {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            loop.expect(Loop.writable(1));
            int duplicate = NativeFds.dup(pair.stream().fd());
            try {
                pair.stream().close();
                pair.peer().getOutputStream().write(1);
                try (TcpStream alive = TcpStream.fromFd(NativeFds.dup(duplicate))) {
                    assertArrayEquals(new byte[] {1}, Loop.readFully(alive, 1));
                }
                pair.peer().getOutputStream().write(2);
                loop.expectNothing();
            } finally {
                NativeFds.close(duplicate);
            }
        }
    }
}
