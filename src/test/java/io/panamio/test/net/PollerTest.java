package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Source;
import io.panamio.SourceFd;
import io.panamio.net.Pipe;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import io.panamio.test.support.UserStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads that wait for sources. */
class PollerTest {
    private static final Interest R = Loop.R;
    private static final Interest W = Loop.W;

    private Loop loop;
    private Poller poller;

    @BeforeEach
    void open() throws IOException {
        loop = new Loop();
        poller = loop.later(Poller.open());
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
    }

    /** A task in a thread of its own. */
    private record Waiter<T>(Thread thread, FutureTask<T> task) {
        static <T> Waiter<T> start(boolean virtual, Callable<T> task) {
            FutureTask<T> future = new FutureTask<>(task);
            return new Waiter<>(
                virtual ? Thread.startVirtualThread(future) : Thread.ofPlatform().daemon().start(future), future);
        }

        /** Returns once its thread is parked. */
        Waiter<T> parked() throws IOException {
            Loop.until("parked", () -> {
                assertFalse(task.isDone(), "it has not waited");
                return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
            });
            return this;
        }

        T result() throws Exception {
            return Background.result(task);
        }

        Throwable failure() {
            return Background.failure(task);
        }
    }

    /** An operation that may block: its result, or WOULD_BLOCK. */
    private interface Operation {
        long call() throws IOException;
    }

    private long repeat(Source source, Interest interest, Operation operation) throws IOException {
        long n;
        while ((n = operation.call()) == IoResult.WOULD_BLOCK) {
            poller.await(source, interest);
        }
        return n;
    }

    /** Starts the operation, which waits until the event has been caused. */
    private long awaited(Source source, Operation operation, Operation cause) throws Exception {
        Waiter<Long> waiter = Waiter.start(true, () -> repeat(source, R, operation)).parked();
        cause.call();
        return waiter.result();
    }

    private static long read(TcpStream stream) throws IOException {
        return stream.read(new byte[100], 0, 100);
    }

    // ---- what can be waited for

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReaderWaitsForBytesAndForTheEnd(boolean virtual) throws Exception {
        TcpStream[] pair = loop.pair();
        for (int i = 1; i <= 3; i++) {
            Waiter<Long> waiter = Waiter.start(virtual, () -> repeat(pair[0], R, () -> read(pair[0]))).parked();
            pair[1].write(new byte[i], 0, i);
            assertEquals(i, waiter.result());
        }
        Waiter<Long> waiter = Waiter.start(virtual, () -> repeat(pair[0], R, () -> read(pair[0]))).parked();
        pair[1].close();
        assertEquals(IoResult.EOF, waiter.result());
    }

    @Test
    void aListenerAndAConnectAreWaitedFor() throws Exception {
        TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(Loop.V4, 0)));
        List<TcpStream> accepted = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            awaited(listener, () -> {
                TcpStream stream = listener.accept();
                return stream == null ? IoResult.WOULD_BLOCK : accepted.add(loop.later(stream)) ? 1 : 0;
            }, () -> {
                TcpStream client = loop.later(TcpStream.connect(listener.localAddress()));
                return repeat(client, W, () -> client.finishConnect() ? 1 : IoResult.WOULD_BLOCK);
            });
        }
        assertEquals(2, accepted.size());
    }

    @Test
    void datagramsAreWaitedFor() throws Exception {
        UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(Loop.V4, 0)));
        UdpSocket peer = loop.later(UdpSocket.bind(new InetSocketAddress(Loop.V4, 0)));
        peer.connect(socket.localAddress());
        for (int i = 1; i <= 2; i++) {
            int size = i;
            assertEquals(size, awaited(socket, () -> socket.recv(new byte[9], 0, 9),
                () -> peer.send(new byte[size], 0, size)));
        }
    }

    @Test
    @Requires(Feature.UNIX_DATAGRAMS)
    void unixDatagramsAreWaitedFor() throws Exception {
        UnixDatagram[] pair = UnixDatagram.pair();
        loop.later(pair[0]);
        loop.later(pair[1]);
        assertEquals(3, awaited(pair[0], () -> pair[0].recv(new byte[9], 0, 9), () -> pair[1].send(new byte[3], 0, 3)));
    }

    @Test
    @Requires(Feature.PIPE_DESCRIPTORS)
    void anyDescriptorIsWaitedFor() throws Exception {
        Pipe pipe = loop.later(Pipe.open());
        SourceFd source = loop.later(new SourceFd(pipe.receiver().fd()));
        for (int i = 1; i <= 2; i++) {
            int size = i;
            assertEquals(size, awaited(source,
                () -> source.tryIo(R, fd -> pipe.receiver().read(new byte[9], 0, 9)),
                () -> pipe.sender().write(new byte[size], 0, size)));
        }
    }

    @Test
    @Requires(Feature.PIPES)
    void aPipeIsWaitedForInBothDirections() throws Exception {
        Pipe pipe = loop.later(Pipe.open());
        byte[] sent = new byte[300_000];
        Waiter<byte[]> reader = Waiter.start(true, () -> poller.inputStream(pipe.receiver()).readAllBytes()).parked();
        Waiter.start(true, () -> {
            try (var out = poller.outputStream(pipe.sender())) {
                out.write(sent);
            }
            return null;
        }).result();
        assertArrayEquals(sent, reader.result());
    }

    @Test
    void severalDirectionsAreWaitedForAtOnce() throws Exception {
        TcpStream[] pair = loop.pair();
        poller.await(pair[0], Loop.RW); // writable from the beginning
        assertFalse(poller.await(pair[0], R, Duration.ZERO));
        fill(pair[0]);
        Waiter<Void> waiter = Waiter.<Void>start(true, () -> {
            poller.await(pair[0], Loop.RW);
            return null;
        });
        pair[1].write(new byte[1], 0, 1);
        waiter.result();
    }

    private void fill(TcpStream stream) throws IOException {
        while (stream.write(new byte[100_000], 0, 100_000) != IoResult.WOULD_BLOCK) {
            // more
        }
    }

    @Test
    void aSourceOfTheUserIsReadyForEverythingAtAnyEvent() throws Exception {
        TcpStream[] pair = loop.pair();
        UserStream stream = new UserStream(pair[0]);
        fill(pair[0]);
        Waiter<Long> reader =
            Waiter.start(true, () -> repeat(stream, R, () -> stream.read(new byte[9], 0, 9))).parked();
        Waiter<Void> writer = Waiter.<Void>start(true, () -> {
            poller.await(stream, W);
            return null;
        }).parked();
        pair[1].write(new byte[1], 0, 1);
        assertEquals(1, reader.result());
        writer.result();
    }

    // ---- what ends a wait

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTimeoutEndsTheWaitNotBefore(boolean virtual) throws Exception {
        TcpStream[] pair = loop.pair();
        Waiter<Long> waiter = Waiter.start(virtual, () -> {
            long start = System.nanoTime();
            assertFalse(poller.await(pair[0], R, Loop.SHORT));
            assertFalse(poller.await(pair[0], R, Duration.ZERO));
            return System.nanoTime() - start;
        });
        assertTrue(waiter.result() >= Loop.SHORT.toNanos());
        pair[1].write(new byte[1], 0, 1);
        assertTrue(poller.await(pair[0], R, Duration.ofSeconds(Long.MAX_VALUE)));
        assertEquals(1, read(pair[0]));
    }

    @Test
    void anEventBeforeTheWaitIsNotLost() throws Exception {
        TcpStream[] pair = loop.pair();
        assertFalse(poller.await(pair[0], R, Duration.ZERO)); // registers
        pair[1].write(new byte[1], 0, 1);
        Loop.until("permitted", () -> poller.await(pair[0], R, Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptEndsTheWaitAndNotTheStream(boolean virtual) throws Exception {
        TcpStream[] pair = loop.pair();
        Waiter<Void> waiter = Waiter.<Void>start(virtual, () -> {
            assertThrows(InterruptedIOException.class, () -> poller.await(pair[0], R));
            assertTrue(Thread.currentThread().isInterrupted());
            assertThrows(InterruptedIOException.class, () -> poller.await(pair[0], R)); // still interrupted
            assertTrue(Thread.interrupted());
            assertEquals(1, repeat(pair[0], R, () -> read(pair[0])));
            return null;
        }).parked();
        waiter.thread.interrupt();
        Loop.until("handled", () -> !waiter.thread.isInterrupted());
        waiter.parked();
        pair[1].write(new byte[1], 0, 1);
        waiter.result();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseOfTheSourceEndsTheWait(boolean virtual) throws Exception {
        TcpStream[] pair = loop.pair();
        Waiter<?> reader = Waiter.start(virtual, () -> repeat(pair[0], R, () -> read(pair[0]))).parked();
        pair[0].close();
        assertInstanceOf(AsynchronousCloseException.class, reader.failure());
        assertSame(ClosedChannelException.class,
            assertThrows(ClosedChannelException.class, () -> poller.await(pair[0], R)).getClass());
        UserStream wrapper = new UserStream(pair[1]);
        reader = Waiter.start(virtual, () -> {
            poller.await(wrapper, R, Loop.LONG); // the end of the peer
            poller.await(wrapper, R);
            return null;
        }).parked();
        wrapper.close();
        assertInstanceOf(AsynchronousCloseException.class, reader.failure());
        assertThrows(ClosedChannelException.class, () -> poller.await(wrapper, R));
    }

    @Test
    void aSourceThatWasNeverWaitedForAndIsClosedIsRefused() throws IOException {
        TcpStream stream = loop.pair()[0];
        stream.close();
        assertThrows(ClosedChannelException.class, () -> poller.await(stream, R));
        assertThrows(ClosedChannelException.class, () -> poller.await(new UserStream(stream), R));
    }

    @Test
    void aDetachEndsTheWaitAndTheRegistration() throws Exception {
        TcpStream[] pair = loop.pair();
        Waiter<?> reader = Waiter.start(true, () -> repeat(pair[0], R, () -> read(pair[0]))).parked();
        TcpStream same = loop.later(TcpStream.fromFd(pair[0].detach()));
        assertInstanceOf(AsynchronousCloseException.class, reader.failure());
        assertEquals(2, awaited(same, () -> read(same), () -> pair[1].write(new byte[2], 0, 2)));
    }

    @Test
    void aCloseOfThePollerEndsAllWaitsAndNoSource() throws Exception {
        TcpStream[] pair = loop.pair();
        List<Waiter<?>> waiters = new ArrayList<>();
        for (TcpStream stream : pair) {
            waiters.add(Waiter.start(true, () -> repeat(stream, R, () -> read(stream))).parked());
        }
        assertTrue(poller.isOpen());
        poller.close();
        poller.close();
        assertFalse(poller.isOpen());
        for (Waiter<?> waiter : waiters) {
            assertInstanceOf(ClosedSelectorException.class, waiter.failure());
        }
        assertThrows(ClosedSelectorException.class, () -> poller.await(pair[0], R));
        assertThrows(ClosedSelectorException.class, () -> poller.await(loop.pair()[0], R));
        loop.register(pair[0], 1, R);
        pair[1].write(new byte[1], 0, 1);
        loop.expect(Loop.readable(1));
    }

    // ---- who may wait

    @Test
    void aSecondWaiterForADirectionIsRefused() throws Exception {
        TcpStream[] pair = loop.pair();
        Waiter<Long> reader = Waiter.start(true, () -> repeat(pair[0], R, () -> read(pair[0]))).parked();
        assertThrows(IllegalStateException.class, () -> poller.await(pair[0], R));
        assertThrows(IllegalStateException.class, () -> poller.await(pair[0], Loop.RW));
        assertTrue(poller.await(pair[0], W, Loop.LONG));
        pair[1].write(new byte[1], 0, 1);
        assertEquals(1, reader.result());
    }

    @Test
    void aSourceBelongsToOnePoller() throws Exception {
        TcpStream[] pair = loop.pair();
        assertFalse(poller.await(pair[0], R, Duration.ZERO));
        assertThrows(IllegalStateException.class, () -> loop.register(pair[0], 1, R));
        Poller other = loop.later(Poller.open());
        assertThrows(IllegalStateException.class, () -> other.await(pair[0], R));
        loop.register(pair[1], 1, R);
        assertThrows(IllegalStateException.class, () -> poller.await(pair[1], R));
        loop.poll.registry().deregister(pair[1]);
        assertFalse(poller.await(pair[1], R, Duration.ZERO));
        poller.close();
        assertFalse(other.await(pair[0], R, Duration.ZERO));
    }

    @Test
    void argumentsAreChecked() throws IOException {
        TcpStream stream = loop.pair()[0];
        for (Interest interest : List.of(Interest.HANG_UP, R.add(Interest.HANG_UP), R.level(), R.oneShot(),
                R.exclusive())) {
            assertThrows(IllegalArgumentException.class, () -> poller.await(stream, interest));
        }
        assertThrows(IllegalArgumentException.class, () -> poller.await(stream, R, Duration.ofNanos(-1)));
        assertThrows(NullPointerException.class, () -> poller.await(null, R));
        assertThrows(NullPointerException.class, () -> poller.await(stream, null));
        assertThrows(NullPointerException.class, () -> poller.await(stream, R, null));
        assertThrows(NullPointerException.class, () -> poller.channel((TcpStream) null));
        assertThrows(NullPointerException.class, () -> poller.reading(null));
        assertThrows(NullPointerException.class, () -> poller.writing(null));
        assertThrows(NullPointerException.class, () -> poller.inputStream(null));
        assertThrows(NullPointerException.class, () -> poller.outputStream(null));
        assertThrows(IllegalArgumentException.class, () -> poller.reading((dst, off, len) -> 0));
        assertThrows(IllegalArgumentException.class, () -> poller.writing((src, off, len) -> 0));
        assertThrows(IllegalArgumentException.class, () -> poller.inputStream((dst, off, len) -> 0));
        assertThrows(IllegalArgumentException.class, () -> poller.outputStream((src, off, len) -> 0));
        loop.register(stream, 1, R); // nothing was registered
    }

    @Test
    void aSourceThatIsDroppedIsNotKept() throws Exception {
        TcpStream[] pair = loop.pair();
        UserStream wrapper = new UserStream(pair[0]);
        assertFalse(poller.await(wrapper, R, Duration.ZERO));
        WeakReference<UserStream> closed = new WeakReference<>(wrapper);
        wrapper.close();
        wrapper = null;
        WeakReference<TcpStream> dropped = new WeakReference<>(await(TcpStream.connect(peer())));
        Loop.untilCollected("collected", () -> closed.get() == null && dropped.get() == null);
    }

    private InetSocketAddress peer() throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(Loop.V4, 0))).localAddress();
    }

    private TcpStream await(TcpStream stream) throws IOException {
        assertTrue(poller.await(stream, W, Loop.LONG));
        return stream;
    }
}
