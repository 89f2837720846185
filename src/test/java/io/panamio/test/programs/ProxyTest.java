package io.panamio.test.programs;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Failures.assertReset;
import static io.panamio.test.support.Proxying.number;
import static io.panamio.test.support.Proxying.pass;
import static io.panamio.test.support.Proxying.reset;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.proxy.Mode;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proxying;
import io.panamio.test.support.Proxying.Joined;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The event loop of the example proxy, between sockets of the JDK. */
class ProxyTest {
    private static final int MUCH = 300_000; // more than a buffer, a ring or a pipe of the proxy holds

    private static byte[] random(long seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    // ---- bytes and ends

    @ParameterizedTest
    @EnumSource
    void anEndIsPassedOnAfterTheLastByteAndTheOtherDirectionContinues(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            for (boolean clientFirst : new boolean[] {true, false}) {
                Joined j = p.join();
                Socket one = clientFirst ? j.client() : j.server();
                Socket two = clientFirst ? j.server() : j.client();
                byte[] bytes = random(1, MUCH);
                Future<byte[]> all = start(() -> two.getInputStream().readAllBytes());
                one.getOutputStream().write(bytes);
                one.shutdownOutput();
                assertArrayEquals(bytes, result(all));
                pass(two, one, 10);
                pass(two, one, MUCH);
                two.shutdownOutput();
                assertEquals(-1, one.getInputStream().read());
                p.awaitConnections(0);
            }
            String report = p.report();
            assertEquals(2, number(report, "total"), report);
            assertEquals(0, number(report, "failed"), report);
            p.assertNothingWaits();
        }
    }

    /** A read and a splice stop at an urgent byte, wherever it is; splice(2) then returns 0 as at the end. */
    @ParameterizedTest
    @EnumSource
    void bytesAfterUrgentBytesArePassedOn(Mode mode) throws Exception {
        byte[] bytes = random(1, MUCH);
        try (Proxying p = new Proxying(mode)) {
            for (int at : new int[] {0, 1, 10, 4096, 65_536, 100_000, MUCH - 1, MUCH}) {
                for (boolean clientFirst : new boolean[] {true, false}) {
                    Joined j = p.join();
                    Socket one = clientFirst ? j.client() : j.server();
                    Socket two = clientFirst ? j.server() : j.client();
                    Future<byte[]> all = start(() -> two.getInputStream().readAllBytes());
                    one.getOutputStream().write(bytes, 0, at);
                    one.sendUrgentData('!');
                    one.getOutputStream().write(bytes, at, MUCH - at);
                    one.shutdownOutput();
                    assertArrayEquals(bytes, result(all), "at " + at);
                    pass(two, one, 10);
                    j.close();
                    p.awaitConnections(0);
                }
            }
            assertEquals(0, number(p.report(), "failed"));
            p.assertNothingWaits();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEndWithoutBytesIsPassedOn(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            Socket client = p.connect();
            client.shutdownOutput(); // perhaps before the proxy is connected to the server
            Socket server = p.accept();
            assertEquals(-1, server.getInputStream().read());
            server.close();
            assertEquals(-1, client.getInputStream().read());
            p.awaitConnections(0);
        }
    }

    /** Sizes close to those of the buffers, in pieces of all kinds, over many connections at the same time. */
    @ParameterizedTest
    @EnumSource
    void manyConnectionsAtOnceGetTheirBytes(Mode mode) throws Exception {
        int connections = 60;
        int[] sizes = {0, 1, 100, 16384, 32767, 32768, 32769, 65536, 65537, 100_000, 262_144, 1_000_000};
        try (Proxying p = new Proxying(mode)) {
            Future<?> echoes = start(() -> {
                for (int i = 0; i < connections; i++) {
                    Socket s = p.accept();
                    Background.startVirtual(() -> {
                        try (s) {
                            s.getInputStream().transferTo(s.getOutputStream());
                        }
                        return null;
                    });
                }
                return null;
            });
            List<Future<?>> clients = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                byte[] bytes = random(i, sizes[i % sizes.length]);
                Socket client = p.connect();
                int seed = i;
                clients.add(Background.startVirtual(() -> {
                    Future<byte[]> back = Background.startVirtual(() -> client.getInputStream().readAllBytes());
                    writeInPieces(client.getOutputStream(), bytes, new Random(seed));
                    client.shutdownOutput();
                    assertArrayEquals(bytes, result(back));
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                result(client);
            }
            result(echoes);
            p.assertNothingWaits();
            String report = p.report();
            assertEquals(connections, number(report, "total"), report);
            assertEquals(0, number(report, "failed"), report);
        }
    }

    private static void writeInPieces(OutputStream to, byte[] bytes, Random random) throws IOException {
        for (int done = 0, n; done < bytes.length; done += n) {
            n = Math.min(1 + random.nextInt(1 << random.nextInt(19)), bytes.length - done);
            to.write(bytes, done, n);
        }
    }

    // ---- back-pressure

    /** Sends until nothing more is accepted, and returns the number of bytes sent. */
    private static long fill(SocketChannel channel, Proxying p, Joined others) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(1 << 16);
        long[] sent = new long[2];
        channel.configureBlocking(false);
        Loop.until("stopped", () -> {
            sent[1] = sent[0];
            for (int i = 0; i < 100; i++) {
                sent[0] += channel.write(piece.rewind());
                p.report(); // lets the proxy run
            }
            pass(others.client(), others.server(), 1000);
            return sent[0] == sent[1];
        });
        return sent[0];
    }

    @ParameterizedTest
    @EnumSource
    void aSinkThatDoesNotReadStopsTheSource(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            Joined others = p.join();
            SocketChannel source = p.connectChannel();
            Socket sink = p.accept();
            long sent = fill(source, p, others);
            String report = p.report();
            assertTrue(number(report, "bytes of buffers") <= 1 << 16, report);
            assertTrue(number(report, "rings") <= 1, report);
            source.shutdownOutput();
            long[] got = new long[1];
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = sink.getInputStream().read(buffer)) > 0;) {
                got[0] += n;
            }
            assertEquals(sent, got[0]);
            sink.close();
            others.close();
            p.assertNothingWaits();
        }
    }

    /** A turn is bounded however much is pending, so that a client with little traffic does not wait for long. */
    @ParameterizedTest
    @EnumSource
    void aTurnMovesABoundedNumberOfBytes(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            SocketChannel source = p.connectChannel();
            Socket sink = p.accept();
            Future<Long> all = start(() -> sink.getInputStream().transferTo(OutputStream.nullOutputStream()));
            ByteBuffer bytes = ByteBuffer.allocateDirect(32_000_000);
            while (bytes.hasRemaining()) {
                source.write(bytes); // the socket buffers grow
            }
            source.configureBlocking(false);
            long max = 0;
            for (int round = 0; round < 10; round++) {
                String before = p.report();
                p.inLoop(() -> fill(source, bytes));
                String after = p.report();
                max = Math.max(max, (number(after, "bytes,") - number(before, "bytes,"))
                    / (number(after, "polls") - number(before, "polls")));
            }
            source.close();
            result(all);
            sink.close();
            p.assertNothingWaits();
            assertTrue(max <= 2 << 20, max + " bytes a turn");
        }
    }

    /** Sends until nothing more is accepted for a while. */
    private static void fill(SocketChannel source, ByteBuffer bytes) {
        try {
            long[] last = {System.nanoTime()};
            Loop.until("full", () -> {
                if (source.write(bytes.clear()) > 0) {
                    last[0] = System.nanoTime();
                }
                return System.nanoTime() - last[0] > 5_000_000;
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- failures

    @ParameterizedTest
    @EnumSource
    void aResetIsPassedOn(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            for (boolean ofClient : new boolean[] {true, false}) {
                Joined j = p.join();
                pass(j.client(), j.server(), 10);
                reset(ofClient ? j.client() : j.server());
                assertReset(ofClient ? j.server() : j.client());
            }
            p.assertNothingWaits();
            assertEquals(2, number(p.report(), "failed"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetAfterAnEndIsPassedOn(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            Joined j = p.join();
            j.client().shutdownOutput();
            assertEquals(-1, j.server().getInputStream().read());
            reset(j.client());
            p.assertNothingWaits();
            assertEquals(1, number(p.report(), "failed"));
            assertThrows(SocketException.class, () -> j.server().getOutputStream().write(1)); // a read no longer does
        }
    }

    /** The source is not read then, as the sink accepts nothing. */
    @ParameterizedTest
    @EnumSource
    void aResetIsPassedOnWhileBytesWait(Mode mode) throws Exception {
        Behaviour.RESETS_WAIT_FOR_UNSENT_BYTES.skip();
        try (Proxying p = new Proxying(mode)) {
            Joined others = p.join();
            for (boolean ofSource : new boolean[] {true, false}) {
                SocketChannel source = p.connectChannel();
                Socket sink = p.accept();
                fill(source, p, others);
                if (ofSource) {
                    reset(source.socket());
                    p.awaitConnections(1);
                    assertReset(sink);
                } else {
                    reset(sink);
                    p.awaitConnections(1);
                    assertThrows(IOException.class, () -> source.write(ByteBuffer.allocate(1)));
                }
            }
            others.close();
            p.assertNothingWaits();
            assertEquals(2, number(p.report(), "failed"));
        }
    }

    /** More bytes are pending than are transferred in the turn of the event, and the sink accepts some of them. */
    @ParameterizedTest
    @EnumSource
    void aResetIsPassedOnAfterMoreThanOneTurn(Mode mode) throws Exception {
        Behaviour.RESETS_WAIT_FOR_UNSENT_BYTES.skip();
        try (Proxying p = new Proxying(mode)) {
            Joined others = p.join();
            for (int round = 1; round <= 3; round++) {
                SocketChannel source = p.connectChannel();
                Socket sink = p.accept();
                ByteBuffer bytes = ByteBuffer.allocate(32_000_000);
                Future<?> all = start(() -> sink.getInputStream().readNBytes(bytes.limit())); // the socket buffers grow
                while (bytes.hasRemaining()) {
                    source.write(bytes);
                }
                result(all);
                fill(source, p, others);
                int some = round * 700_000;
                p.inLoop(() -> {
                    try {
                        sink.getInputStream().readNBytes(some);
                        reset(source.socket());
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                p.awaitConnections(1);
                sink.close();
            }
            others.close();
            p.assertNothingWaits();
        }
    }

    @Test
    void anAbsentServerResetsTheClient() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO)) {
            p.server.close();
            assertReset(p.connect());
            Socket client = p.connect();
            assertBreaks(client);
            p.assertNothingWaits();
            String report = p.report();
            assertEquals(2, number(report, "total"), report);
            assertEquals(2, number(report, "refused"), report);
            assertEquals(0, number(report, "failed"), report);
        }
    }

    private static void assertBreaks(Socket client) throws IOException {
        try {
            client.getOutputStream().write(new byte[1000]);
        } catch (SocketException e) {
            return; // it was reset before
        }
        assertReset(client);
    }

    /** Either side is closed while many bytes are in transit. */
    @ParameterizedTest
    @EnumSource
    void nothingLeaksWhenConnectionsBreak(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            NativeFds.Opened opened = new NativeFds.Opened();
            for (int round = 0; round < 30; round++) {
                SocketChannel source = p.connectChannel();
                Socket sink = p.accept();
                source.configureBlocking(false);
                while (source.write(ByteBuffer.allocate(1 << 17)) > 0) {
                    Thread.onSpinWait();
                }
                sink.getInputStream().readNBytes(1000 * round);
                switch (round % (Behaviour.RESETS_WAIT_FOR_UNSENT_BYTES.isHere() ? 3 : 4)) {
                    case 0 -> reset(sink);
                    case 1 -> sink.close(); // with unread bytes: a reset, too
                    case 2 -> {
                        source.shutdownOutput();
                        reset(sink);
                    }
                    default -> reset(source.socket());
                }
                p.awaitConnections(0);
                source.close();
                sink.close();
            }
            p.assertNothingWaits();
            Loop.until("nothing but idle pipes", () -> opened.count() == 2 * number(p.report(), "idle pipes"));
        }
    }
}
