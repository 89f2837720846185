package io.panamio.test.snippets;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.Waker;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of {@code io.panamio} and {@code io.panamio.memory} run and do what they show. */
class LoopExamplesTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static void awaitReadable(TcpStream stream) throws IOException {
        while (stream.peek(new byte[1], 0, 1) < 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void echoServerEchoesEveryConnection() throws Exception {
        AtomicBoolean running = new AtomicBoolean(true);
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(LOOPBACK, 0))) {
            Future<Void> server = start(() -> {
                new LoopSnippets.EchoServer(listener).run(running::get);
                return null;
            });
            int port = listener.localAddress().getPort();
            byte[] message = new byte[20_000]; // more than a buffer holds
            Arrays.fill(message, (byte) 'x');
            try (Socket first = new Socket(LOOPBACK, port); Socket second = new Socket(LOOPBACK, port)) {
                first.getOutputStream().write(message);
                second.getOutputStream().write('y');
                assertArrayEquals(message, first.getInputStream().readNBytes(message.length));
                assertEquals('y', second.getInputStream().read());
                first.shutdownOutput();
                assertEquals(-1, first.getInputStream().read());
                running.set(false);
                second.getOutputStream().write('z'); // an event, after which the server ends
                result(server);
            }
        }
    }

    /** A turn is at most two times 16 buffers of 4 KiB: for each event, and for the rest of the last turn. */
    @Test
    void echoServerLetsOthersHaveTheirTurnAndSurvivesAReset() throws Exception {
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicLong turns = new AtomicLong();
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(LOOPBACK, 0));
                Socket other = new Socket(LOOPBACK, listener.localAddress().getPort())) {
            SocketChannel one = SocketChannel.open(listener.localAddress());
            one.configureBlocking(false);
            long sent = 0;
            for (int n; (n = one.write(ByteBuffer.allocate(1 << 16))) > 0;) { // what the system queues, before any turn
                sent += n;
            }
            other.getOutputStream().write('y');
            Future<Void> server = start(() -> {
                new LoopSnippets.EchoServer(listener).run(() -> {
                    turns.incrementAndGet();
                    return running.get();
                });
                return null;
            });
            assertEquals('y', other.getInputStream().read());
            long received = 0;
            for (ByteBuffer buffer = ByteBuffer.allocate(1 << 16); received < sent;) {
                received += Math.max(one.read(buffer.clear()), 0);
            }
            int times = Loop.hasTwoEvents() ? 3 : 2;
            assertTrue(turns.get() >= sent / (times * 16 * 4096), sent + " bytes in " + turns + " turns");
            one.write(ByteBuffer.allocate(1));
            one.setOption(StandardSocketOptions.SO_LINGER, 0); // a reset
            one.close();
            other.getOutputStream().write('z');
            assertEquals('z', other.getInputStream().read());
            running.set(false);
            other.getOutputStream().write('z');
            result(server);
        }
    }

    @Test
    void fairLoopReadsEveryStreamToItsEnd() throws Exception {
        AtomicLong received = new AtomicLong();
        Connection.run((a, peerA) -> Connection.run((b, peerB) -> {
            peerA.getOutputStream().write(new byte[10_000]); // more than a turn of 16 buffers
            peerB.getOutputStream().write(1);
            peerA.shutdownOutput();
            peerB.shutdownOutput();
            try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
                LoopSnippets.Fair loop = new LoopSnippets.Fair(poll, arena.allocate(100), received::addAndGet);
                loop.add(a);
                loop.add(b);
                loop.run();
            }
            assertFalse(a.isOpen() || b.isOpen());
        }));
        assertEquals(10_001, received.get());
    }

    @Test
    void idleConnectionsAreClosedAndOthersNot() throws Exception {
        Connection.run((a, peerA) -> Connection.run((b, peerB) -> {
            peerB.getOutputStream().write(1);
            peerB.shutdownOutput();
            try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
                LoopSnippets.IdleCloser loop = new LoopSnippets.IdleCloser(poll, Duration.ofMillis(50),
                    arena.allocate(100));
                long start = System.nanoTime();
                loop.add(a);
                loop.add(b);
                loop.run();
                assertTrue(System.nanoTime() - start >= 50_000_000);
            }
            assertFalse(a.isOpen() || b.isOpen());
            assertEquals(-1, peerA.getInputStream().read());
        }));
    }

    @Test
    void eventsAreReadByIndexAndByIteration() throws Exception {
        Connection.run((stream, peer) -> {
            peer.getOutputStream().write(1);
            awaitReadable(stream);
            List<Long> read = new ArrayList<>();
            List<Long> written = new ArrayList<>();
            try (Poll poll = Poll.open()) {
                poll.registry().register(stream, 7, Interest.READABLE.add(Interest.WRITABLE));
                LoopSnippets.handle(poll, read::add, written::add);
            }
            assertEquals(List.of(7L), read);
            assertEquals(List.of(7L), written);
        });
    }

    @Test
    void oneShotInterestReportsOneEvent() throws Exception {
        Connection.run((stream, peer) -> {
            try (Poll poll = Poll.open()) {
                LoopSnippets.interests(poll.registry(), stream, 7);
                peer.getOutputStream().write(1);
                Events events = Events.withCapacity(1);
                assertEquals(1, poll.poll(events));
                assertTrue(events.isReadable(0) && !events.isWritable(0));
                peer.getOutputStream().write(1);
                assertEquals(0, poll.pollNow(events));
            }
        });
    }

    @Test
    void registeredStreamIsReadToItsEnd() throws Exception {
        Connection.run((stream, peer) -> {
            peer.getOutputStream().write(new byte[1000]);
            peer.shutdownOutput();
            try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
                assertEquals(1000, LoopSnippets.receive(poll, stream, arena.allocate(64)));
            }
        });
    }

    @Test
    void wakerRunsTheTaskInThePollingThread() throws IOException {
        Thread[] ran = new Thread[1];
        try (Poll poll = Poll.open()) {
            LoopSnippets.wake(poll, () -> ran[0] = Thread.currentThread());
        }
        assertSame(Thread.currentThread(), ran[0]);
    }

    @Test
    void slabFindsAStreamUntilItIsRemoved() throws Exception {
        Connection.run((stream, peer) -> {
            try (Poll poll = Poll.open()) {
                assertSame(stream, LoopSnippets.find(poll.registry(), stream, poll));
            }
            assertFalse(stream.isOpen());
        });
    }

    @Test
    void slabIsVisitedWhileObjectsAreRemoved() throws Exception {
        Connection.run((a, peerA) -> Connection.run((b, peerB) -> {
            Slab<TcpStream> streams = new Slab<>();
            long idle = streams.insert(a);
            streams.insert(b);
            assertEquals(1, LoopSnippets.closeIdle(streams, idle));
            assertTrue(!a.isOpen() && b.isOpen());
        }));
    }

    @Test
    void pollWatchesAnotherWhereThatIsAvailable() throws IOException {
        try (Poll outer = Poll.open(); Poll inner = Poll.open(); Waker waker = Waker.open(inner.registry(), 1)) {
            assertEquals(Feature.POLL_DESCRIPTOR.isAvailable(), LoopSnippets.watch(outer, inner));
            waker.wake();
        }
    }

    @Test
    void refusedConnectionIsRecognizedByItsError() throws IOException {
        int port;
        try (ServerSocket none = new ServerSocket(0, 1, LOOPBACK)) {
            port = none.getLocalPort();
        }
        try (TcpStream stream = TcpStream.connect(new InetSocketAddress(LOOPBACK, port))) {
            assertTrue(LoopSnippets.isRefused(stream));
        }
    }

    @Test
    void ownSourceReadsItsDescriptor() throws IOException {
        Loop.assume(Feature.PIPE_DESCRIPTORS);
        try (Pipe pipe = Pipe.open(); Arena arena = Arena.ofConfined();
                SourceSnippets.Device device = new SourceSnippets.Device(pipe.receiver().detach());
                Poll poll = Poll.open()) {
            poll.registry().register(device, 1, Interest.READABLE);
            pipe.sender().write(new byte[10], 0, 10);
            assertEquals(1, poll.poll(Events.withCapacity(1)));
            assertEquals(10, device.read(arena.allocate(64)));
            assertTrue(device.read(arena.allocate(64)) < 0);
        }
    }

    @Test
    void sourceFdLeavesItsDescriptorOpen() throws IOException {
        Loop.assume(Feature.PIPE_DESCRIPTORS);
        try (Pipe pipe = Pipe.open(); Arena arena = Arena.ofConfined(); Poll poll = Poll.open()) {
            pipe.sender().write(new byte[10], 0, 10);
            assertEquals(10, SourceSnippets.readPending(poll, pipe.receiver().fd(), arena.allocate(4)));
            pipe.sender().write(new byte[1], 0, 1);
            assertEquals(1, pipe.receiver().read(arena.allocate(4)));
        }
    }

    @Test
    void leaseHasASegmentOfTheNextLargerSize() throws Exception {
        Connection.run((stream, peer) -> {
            peer.getOutputStream().write(new byte[5000]);
            while (stream.peek(new byte[5000], 0, 5000) < 5000) {
                Thread.onSpinWait();
            }
            assertEquals(4096, MemorySnippets.read(stream));
        });
    }
}
