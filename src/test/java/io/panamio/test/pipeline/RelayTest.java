package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.until;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.test.pipeline.Pipelines.Expected;
import io.panamio.test.pipeline.Pipelines.Output;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import io.panamio.test.support.UserStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RelayTest {
    private static final long A = 1;
    private static final long B = 2;

    /** A relay, and the streams of the test at its far ends. */
    private static final class Proxy implements AutoCloseable {
        final Loop loop;
        final StreamSocket<?> left;
        final StreamSocket<?> a;
        final StreamSocket<?> b;
        final StreamSocket<?> right;
        final Relay relay;
        boolean done;

        Proxy(Loop loop, boolean tcp, PipePool pool) throws IOException {
            this.loop = loop;
            StreamSocket<?>[] one = tcp ? loop.pair() : Local.pair(loop);
            StreamSocket<?>[] two = tcp ? loop.pair() : Local.pair(loop);
            left = one[0];
            a = one[1];
            b = two[0];
            right = two[1];
            relay = new Relay(a, b, pool);
            loop.register(a, A, RW);
            loop.register(b, B, RW);
        }

        /** Handles the pending events. */
        void turn() throws IOException {
            loop.poll.poll(loop.events, Duration.ofMillis(1));
            for (int i = 0; i < loop.events.size(); i++) {
                handle(loop.events.token(i) == A ? a : b);
            }
        }

        private void handle(StreamSocket<?> ready) throws IOException {
            long n;
            do {
                n = relay.transfer(ready);
            } while (n > 0);
            done |= n == EOF;
        }

        @Override
        public void close() {
            relay.close();
            left.close();
            right.close();
        }
    }

    private static void reset(StreamSocket<?> stream) throws IOException {
        stream.setOption(StandardSocketOptions.SO_LINGER, 0);
        stream.close();
    }

    // ---- both ways

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothDirectionsAreMovedAtOnce(boolean tcp) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, tcp, pool)) {
            byte[] forth = random(9 << 20);
            byte[] back = random(5 << 20);
            Output out = new Output(forth);
            Output answer = new Output(back);
            Expected arriving = new Expected(forth);
            Expected answered = new Expected(back);
            until("all arrived", () -> {
                out.write(proxy.left);
                answer.write(proxy.right);
                proxy.turn();
                arriving.read(proxy.right);
                answered.read(proxy.left);
                return arriving.isComplete() && answered.isComplete();
            });
            assertFalse(proxy.done);
            assertEquals(forth.length + back.length, proxy.relay.transferred());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEndIsPassedOnAndTheOtherDirectionContinues(boolean leftFirst) throws IOException {
        for (boolean tcp : new boolean[] {true, false}) {
            try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, tcp, pool)) {
                StreamSocket<?> first = leftFirst ? proxy.left : proxy.right;
                StreamSocket<?> second = leftFirst ? proxy.right : proxy.left;
                byte[] bytes = random(700_000);
                Output out = new Output(bytes);
                Expected arriving = new Expected(bytes);
                boolean[] ended = new boolean[1];
                until("all arrived", () -> {
                    if (!ended[0] && out.write(first)) {
                        first.shutdown(Shutdown.WRITE);
                        ended[0] = true;
                    }
                    proxy.turn();
                    arriving.read(second);
                    return arriving.isComplete();
                });
                until("the end is passed on", () -> {
                    proxy.turn();
                    return second.read(new byte[1], 0, 1) == EOF;
                });
                assertFalse(proxy.done);

                Output answer = new Output(bytes);
                Expected answered = new Expected(bytes);
                until("answered", () -> {
                    answer.write(second);
                    proxy.turn();
                    answered.read(first);
                    return answered.isComplete();
                });
                second.shutdown(Shutdown.WRITE);
                until("done", () -> {
                    proxy.turn();
                    return proxy.done;
                });
                Pipelines.expectEnd(first);
                assertEquals(EOF, proxy.relay.transfer(proxy.a));
                assertEquals(EOF, proxy.relay.transfer(proxy.b));
            }
        }
    }

    @Test
    void dataThatArrivesWithTheEndIsPassedOn() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, true, pool)) {
            for (int i = 0; i < 5; i++) {
                proxy.turn();
            }
            assertEquals(3, proxy.left.write("abc".getBytes(), 0, 3));
            proxy.left.shutdown(Shutdown.WRITE);
            assertEquals(3, proxy.right.write("def".getBytes(), 0, 3));
            proxy.right.shutdown(Shutdown.WRITE);
            until("done", () -> {
                proxy.turn();
                return proxy.done;
            });
            assertArrayEquals("abc".getBytes(), Local.readFully(proxy.right, 3));
            assertArrayEquals("def".getBytes(), Local.readFully(proxy.left, 3));
            Pipelines.expectEnd(proxy.left);
            Pipelines.expectEnd(proxy.right);
        }
    }

    // ---- back-pressure and fairness

    @Test
    void aReceiverThatDoesNotReadStopsTheSender() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, true, pool)) {
            byte[] bytes = random(64 << 20);
            Output out = new Output(bytes);
            int[] quiet = new int[1];
            int[] before = new int[1];
            until("stopped", () -> {
                out.write(proxy.left);
                proxy.turn();
                quiet[0] = out.done() == before[0] && loop.events.isEmpty() ? quiet[0] + 1 : 0;
                before[0] = out.done();
                return quiet[0] > 20;
            });
            assertTrue(out.done() < bytes.length, "it took everything");
            loop.expectQuiet(); // no busy loop
            Expected arriving = new Expected(bytes);
            until("all arrived", () -> {
                out.write(proxy.left);
                proxy.turn();
                arriving.read(proxy.right);
                return arriving.isComplete();
            });
        }
    }

    @Test
    void oneCallTransfersABoundedNumberOfBytes() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(4096, 4);
                Proxy proxy = new Proxy(loop, false, pool)) {
            byte[] bytes = random(150_000);
            assertTrue(new Output(bytes).write(proxy.left));
            Expected arriving = new Expected(bytes);
            long n = proxy.relay.transfer(proxy.a);
            assertTrue(n > 0 && n <= 16 * 4096, n + " bytes");
            int calls = 0;
            for (; (n = proxy.relay.transfer(calls % 2 == 0 ? proxy.b : proxy.a)) > 0; calls++) { // either one will do
                arriving.read(proxy.right);
            }
            assertEquals(WOULD_BLOCK, n);
            arriving.read(proxy.right);
            until("all arrived", () -> {
                proxy.turn();
                arriving.read(proxy.right);
                return arriving.isComplete();
            });
            assertTrue(calls > 0);
        }
    }

    // ---- failures

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBrokenConnectionLeavesNothing(boolean leftDies) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            loop.register(loop.pair()[0], 9, Loop.R); // a Poll may open and keep a descriptor for its first source
            NativeFds.Opened opened = new NativeFds.Opened();
            int rounds = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 3 : 50;
            for (int i = 0; i < rounds; i++) {
                try (Proxy proxy = new Proxy(loop, true, pool)) {
                    StreamSocket<?> dying = leftDies ? proxy.left : proxy.right;
                    StreamSocket<?> other = leftDies ? proxy.right : proxy.left;
                    long[] written = new long[2];
                    for (int turn = 0; turn < 20; turn++) { // until both directions are full
                        written[0] += Local.fill(proxy.left);
                        written[1] += Local.fill(proxy.right);
                        proxy.turn();
                    }
                    reset(dying);
                    IOException e = assertThrows(IOException.class, () -> until("failed", () -> {
                        proxy.turn();
                        return other.read(new byte[1 << 20], 0, 1 << 20) == EOF;
                    }));
                    if (Feature.SPLICE.support() == Support.SUPPORTED) {
                        assertTrue(e.getMessage().contains("from the source")
                            || e.getMessage().contains("to the sink"), e::toString);
                    }
                    proxy.relay.close();
                    assertThrows(ClosedChannelException.class, () -> proxy.relay.transfer(proxy.a));
                    assertThrows(IOException.class, () -> until("reported", () -> {
                        if (other.read(new byte[1 << 20], 0, 1 << 20) == EOF) {
                            throw new IOException("ended");
                        }
                        return false;
                    }));
                }
                opened.expect(2 * pool.idle());
            }
        }
    }

    /** The end of the side that dies has been passed on, and nothing arrives that would be written to it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aResetIsReportedAfterTheEnd(boolean leftDies) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, true, pool)) {
            StreamSocket<?> dying = leftDies ? proxy.left : proxy.right;
            StreamSocket<?> other = leftDies ? proxy.right : proxy.left;
            dying.shutdown(Shutdown.WRITE);
            until("the end is passed on", () -> {
                proxy.turn();
                return other.read(new byte[1], 0, 1) == EOF;
            });
            reset(dying);
            assertThrows(IOException.class, () -> until("failed", () -> {
                proxy.turn();
                return false;
            }));
        }
    }

    @Test
    void aRefusalByTheServerReachesTheClient() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            TcpStream[] client = loop.pair();
            TcpStream server = TcpStream.connect(Loop.nobody());
            Relay relay = loop.later(new Relay(client[1], server, pool));
            loop.register(client[1], A, RW);
            loop.register(server, B, RW);
            assertThrows(IOException.class, () -> until("refused", () -> {
                loop.poll.poll(loop.events, Loop.SHORT);
                for (int i = 0; i < loop.events.size(); i++) {
                    relay.transfer(loop.events.token(i) == A ? client[1] : server);
                }
                return false;
            }));
            relay.close();
            Pipelines.expectEnd(client[0]);
        }
    }

    /** A user-defined stream that may be connecting. */
    private static final class Wrapped extends UserStream {
        private final TcpStream stream;

        Wrapped(TcpStream stream) {
            super(stream);
            this.stream = stream;
        }

        @Override
        public boolean finishConnect() throws IOException {
            return stream.finishConnect();
        }
    }

    /** A connect to a listener whose queue is full is delayed by a second, during which the client already ends. */
    @ParameterizedTest
    @CsvSource({"'', false", "abc, false", "'', true", "abc, true"})
    void anEndBeforeTheConnectIsDoneIsPassedOnAfterIt(String text, boolean wrapped) throws Exception {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); ServerSocket full = new ServerSocket(0, 1, V4)) {
            InetSocketAddress address = new InetSocketAddress(V4, full.getLocalPort());
            loop.later(new Socket(V4, full.getLocalPort()));
            loop.later(new Socket(V4, full.getLocalPort()));
            TcpStream[] client = loop.pair();
            TcpStream server = TcpStream.connect(address);
            assumeFalse(server.finishConnect(), "this system lets more connections queue");
            DuplexStream sink = wrapped ? new Wrapped(server) : server;
            Relay relay = loop.later(new Relay(client[1], sink, pool));
            loop.register(client[1], A, RW);
            loop.register(server, B, RW);
            assertEquals(text.length(), client[0].write(text.getBytes(), 0, text.length()));
            client[0].shutdown(Shutdown.WRITE);
            assertFails(SocketException.class, "getpeername", "ENOTCONN", () -> server.shutdown(Shutdown.WRITE));
            for (int i = 0; i < 3; i++) {
                loop.poll.poll(loop.events, Loop.SHORT);
                assertEquals(WOULD_BLOCK, relay.transfer(client[1]));
                assertEquals(WOULD_BLOCK, relay.transfer(sink));
            }
            assertFalse(server.finishConnect());
            for (int i = 0; i < 2; i++) {
                loop.later(full.accept());
            }
            full.setSoTimeout((int) Loop.LONG.toMillis());
            Future<String> received = Background.start(() -> {
                try (Socket peer = full.accept()) {
                    peer.setSoTimeout((int) Loop.LONG.toMillis());
                    String all = new String(peer.getInputStream().readAllBytes());
                    peer.getOutputStream().write("answer".getBytes());
                    return all;
                }
            });
            until("done", () -> {
                loop.poll.poll(loop.events, Loop.SHORT);
                boolean done = false;
                for (int i = 0; i < loop.events.size(); i++) {
                    done |= relay.transfer(loop.events.token(i) == A ? client[1] : sink) == EOF;
                }
                return done;
            });
            assertEquals(text, Background.result(received));
            assertEquals("answer", new String(Loop.readFully(client[0], 6)));
            Pipelines.expectEnd(client[0]);
        }
    }

    @Test
    void aStreamOfAnotherRelayIsRefused() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(); Proxy proxy = new Proxy(loop, false, pool)) {
            assertThrows(IllegalArgumentException.class, () -> proxy.relay.transfer(proxy.left));
        }
    }

    @Test
    void closingClosesBothStreamsAndTheirPipes() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            NativeFds.Opened opened = new NativeFds.Opened();
            Proxy proxy = new Proxy(loop, false, pool);
            for (int turn = 0; turn < 10; turn++) {
                Local.fill(proxy.left);
                Local.fill(proxy.right);
                proxy.turn();
            }
            opened.expect(Feature.SPLICE.support() == Support.SUPPORTED ? 4 + 2 * 2 : 4); // streams, pipes with bytes
            proxy.relay.close();
            proxy.relay.close();
            assertThrows(ClosedChannelException.class, proxy.a::fd);
            assertThrows(ClosedChannelException.class, proxy.b::fd);
            opened.expect(2);
            proxy.close();
        }
    }

    // ---- many

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aThousandRelaysWorkAtOnce() throws IOException {
        int count = 1000;
        try (Loop loop = new Loop(); PipePool pool = new PipePool(64 << 10, 16)) {
            NativeFds.Opened opened = new NativeFds.Opened();
            List<StreamSocket<?>> streams = new ArrayList<>();
            List<Relay> relays = new ArrayList<>();
            List<StreamSocket<?>[]> ends = new ArrayList<>();
            List<Output> outputs = new ArrayList<>();
            List<Expected> expected = new ArrayList<>();
            Events events = Events.withCapacity(256);
            for (int i = 0; i < count; i++) {
                UnixStream[] one = UnixStream.pair();
                UnixStream[] two = UnixStream.pair();
                ends.add(new StreamSocket<?>[] {one[0], two[1]});
                relays.add(new Relay(one[1], two[0], pool));
                loop.register(one[1], streams.size(), RW);
                streams.add(one[1]);
                loop.register(two[0], streams.size(), RW);
                streams.add(two[0]);
                byte[] bytes = random(1000 + 37 * i);
                outputs.add(new Output(bytes));
                expected.add(i < 8 ? new Expected(bytes) : null); // larger buffers
            }
            boolean[] ended = new boolean[count];
            boolean[] shut = new boolean[count];
            boolean[] done = new boolean[count];
            byte[] buffer = new byte[64 << 10];
            int[] left = {count};
            until("all done", () -> {
                for (int i = 0; i < count; i++) {
                    StreamSocket<?>[] end = ends.get(i);
                    if (!ended[i] && outputs.get(i).write(end[0])) {
                        end[0].shutdown(Shutdown.WRITE);
                        ended[i] = true;
                    }
                    if (expected.get(i) != null) {
                        expected.get(i).read(end[1]);
                    }
                    long n;
                    do {
                        n = shut[i] ? WOULD_BLOCK : end[1].read(buffer, 0, buffer.length);
                    } while (n > 0);
                    if (n == EOF) {
                        end[1].shutdown(Shutdown.WRITE);
                        shut[i] = true;
                    }
                }
                loop.poll.poll(events, Duration.ofMillis(1));
                for (int i = 0; i < events.size(); i++) {
                    int at = (int) events.token(i);
                    long n;
                    do {
                        n = relays.get(at / 2).transfer(streams.get(at));
                    } while (n > 0);
                    if (n == EOF && !done[at / 2]) {
                        done[at / 2] = true;
                        left[0]--;
                    }
                }
                return left[0] == 0;
            });
            for (int i = 0; i < count; i++) {
                assertEquals(1000 + 37 * i, relays.get(i).transferred());
                assertTrue(expected.get(i) == null || expected.get(i).isComplete());
                relays.get(i).close();
                ends.get(i)[0].close();
                ends.get(i)[1].close();
            }
            opened.expect(2 * pool.idle());
        }
    }

    // ---- real peers

    /** A client of the JDK, a relay from TCP to a Unix socket, and socat with cat behind it. */
    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aRelayConnectsAJdkSocketWithSocat() throws Exception {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            Path path = Local.path(loop);
            Process socat = Local.start(loop, "socat", "-t", "10", "UNIX-LISTEN:" + path, "EXEC:cat");
            until("socat listens", () -> Files.exists(path) && isListening(path));
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(Loop.V4, 0)));
            Socket client = loop.later(new Socket(Loop.V4, listener.localAddress().getPort()));
            TcpStream a = Loop.accept(listener);
            UnixStream b = UnixStream.connect(UnixAddress.ofPath(path));
            Relay relay = loop.later(new Relay(a, b, pool));
            byte[] bytes = random(3 << 20);
            Future<byte[]> received = Background.start(() -> client.getInputStream().readAllBytes());
            Future<Void> sent = Background.start(() -> {
                client.getOutputStream().write(bytes);
                client.shutdownOutput();
                return null;
            });
            loop.register(a, A, RW);
            loop.register(b, B, RW);
            long n = 0;
            while (n != EOF) {
                assertTrue(loop.poll.poll(loop.events, Loop.LONG) > 0, "no event");
                for (int i = 0; i < loop.events.size() && n != EOF; i++) {
                    do {
                        n = relay.transfer(loop.events.token(i) == A ? a : b);
                    } while (n > 0);
                }
            }
            relay.close();
            Background.result(sent);
            assertArrayEquals(bytes, Background.result(received));
            assertEquals(0, socat.waitFor());
        }
    }

    /** {@return whether a Unix socket listens, according to the flags in its line} */
    private static boolean isListening(Path path) throws IOException {
        return Proc.lines("net/unix").stream()
            .anyMatch(line -> line.endsWith(" " + path) && line.contains(" 00010000 "));
    }
}
