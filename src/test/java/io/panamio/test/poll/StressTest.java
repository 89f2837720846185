package io.panamio.test.poll;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.sys.windows.Requests;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Four threads register, reregister, deregister, close and wake, with data in flight, while a fifth one polls. Whatever
 * arrives must be reported, and nothing else may be read. {@code -Dpanamio.test.stress=600} runs for 600 seconds.
 */
class StressTest {
    private static final long SECONDS = Long.getLong("panamio.test.stress", 2);
    private static final int THREADS = 4;
    private static final int CONNECTIONS = 16;
    private static final int MAX_SIZE = 3000;
    private static final Interest[] INTERESTS = {R, RW, R.level()};
    private static final long OVER = -1;

    private final Map<Long, Semaphore> byToken = new ConcurrentHashMap<>();
    private final AtomicLong tokens = new AtomicLong();
    private final Semaphore[] wakes = new Semaphore[THREADS];
    private volatile boolean over;

    /** What a connection transfers: bytes that depend on it and on their position. */
    private static byte expected(long connection, long position) {
        long x = (connection * 0x9E3779B97F4A7C15L ^ position) * 0xBF58476D1CE4E5B9L;
        return (byte) (x >>> 40);
    }

    /** One connection at a time, of whose two streams one is registered. */
    private final class Connection implements AutoCloseable {
        private final Registry registry;
        private final Random random;
        private final Semaphore readable = new Semaphore(0);
        private final byte[] buffer = new byte[MAX_SIZE];
        private final byte[] late = new byte[1];
        private TcpStream stream;
        private TcpStream peer;
        private long id;
        private long token;
        private long sent;
        private long received;

        Connection(Registry registry, Random random) throws IOException {
            this.registry = registry;
            this.random = random;
            open();
        }

        private void open() throws IOException {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
                peer = TcpStream.connect(listener.localAddress());
                stream = Loop.accept(listener);
                Loop.finishConnect(peer);
            }
            id = tokens.incrementAndGet();
            sent = 0;
            received = 0;
            register();
        }

        private Interest interest() {
            return INTERESTS[random.nextInt(INTERESTS.length)];
        }

        private long newToken() {
            byToken.remove(token);
            token = tokens.incrementAndGet();
            byToken.put(token, readable);
            return token;
        }

        private void register() throws IOException {
            registry.register(stream, newToken(), interest());
        }

        private void send() throws IOException {
            int n = 1 + random.nextInt(MAX_SIZE);
            for (int i = 0; i < n; i++) {
                buffer[i] = expected(id, sent + i);
            }
            if (readable.drainPermits() > 0) { // an event that came late: it has no successor until a read would block
                assertEquals(WOULD_BLOCK, stream.read(late, 0, 1));
            }
            assertEquals(n, peer.write(buffer, 0, n));
            sent += n;
        }

        /** Reads all that was sent, at events only. */
        private void receive() throws Exception {
            while (received < sent) {
                assertTrue(readable.tryAcquire(Loop.LONG.toSeconds(), TimeUnit.SECONDS),
                    () -> "no event, " + (sent - received) + " bytes pending");
                for (long n; (n = stream.read(buffer, 0, 1 + random.nextInt(MAX_SIZE))) != WOULD_BLOCK;) {
                    assertTrue(n > 0, "result " + n);
                    for (int i = 0; i < n; i++) {
                        assertEquals(expected(id, received + i), buffer[i], "a byte of another connection");
                    }
                    received += n;
                }
            }
            assertEquals(sent, received);
        }

        void act() throws Exception {
            switch (random.nextInt(8)) {
                case 0 -> {
                    send();
                    registry.reregister(stream, newToken(), interest());
                    receive();
                }
                case 1 -> {
                    registry.deregister(stream);
                    send();
                    register();
                    receive();
                }
                case 2 -> {
                    send();
                    registry.deregister(stream);
                    register();
                    receive();
                }
                case 3 -> {
                    send();
                    close();
                    open();
                }
                default -> {
                    send();
                    receive();
                }
            }
        }

        @Override
        public void close() {
            byToken.remove(token);
            stream.close();
            peer.close();
        }
    }

    private void work(Loop loop, Waker waker, int number, Semaphore done) throws Exception {
        Random random = new Random(number);
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(new Connection(loop.poll.registry(), random));
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end && !over) {
                connections.get(random.nextInt(CONNECTIONS)).act();
                if (random.nextInt(4) == 0) {
                    wakes[number].drainPermits();
                    waker.wake();
                    assertTrue(wakes[number].tryAcquire(Loop.LONG.toSeconds(), TimeUnit.SECONDS), "a wake was lost");
                }
            }
        } finally {
            over = true;
            connections.forEach(Connection::close);
            done.release();
            waker.wake();
        }
    }

    /** Each thread may have closed some sources whose packets the next poll takes. */
    private static void expectFewRequests(Requests now) {
        int most = THREADS * (CONNECTIONS + 8);
        assertTrue(now.blocks() <= most && now.pending() <= most && now.groups() <= most / 32 + 1, now::toString);
    }

    @Test
    void whatArrivesIsReportedWhateverHappensMeanwhile() throws Exception {
        NativeFds.Opened opened = new NativeFds.Opened();
        try (Loop loop = new Loop()) {
            int ofPoll = opened.count();
            Waker waker = Waker.open(loop.poll.registry(), OVER);
            Semaphore done = new Semaphore(0);
            List<Future<Void>> workers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                wakes[i] = new Semaphore(0);
                workers.add(Background.start(() -> {
                    work(loop, waker, number, done);
                    return null;
                }));
            }
            while (done.availablePermits() < THREADS) {
                loop.poll.poll(loop.events, Loop.LONG);
                expectFewRequests(Requests.of(loop.poll));
                for (Event event : loop.events) {
                    if (event.token() == OVER) {
                        for (Semaphore wake : wakes) {
                            wake.release();
                        }
                    } else if (event.isReadable()) {
                        Semaphore readable = byToken.get(event.token());
                        if (readable != null) {
                            readable.release();
                        }
                    }
                }
            }
            for (Future<Void> worker : workers) {
                Background.result(worker);
            }
            loop.expectQuiet(); // after the last wakes
            Requests left = Requests.of(loop.poll);
            assertEquals(new Requests(Math.min(left.groups(), 1), 0, 0), left); // one group is kept
            assertTrue(opened.count() <= ofPoll + 1, opened.count() + " descriptors, once all sources are closed");
        }
        opened.expect(0);
    }
}
