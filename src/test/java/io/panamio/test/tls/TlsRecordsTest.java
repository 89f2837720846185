package io.panamio.test.tls;

import static io.panamio.test.tls.TlsLoop.clientEngine;
import static io.panamio.test.tls.TlsLoop.serverEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoResult;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.Future;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How records are cut, where they are decrypted, and which are refused. */
class TlsRecordsTest {
    private static final byte[] HELLO = "hello".getBytes();

    // ---- pieces

    @ParameterizedTest
    @CsvSource({"TLSv1.2, 1", "TLSv1.3, 1", "TLSv1.3, 2", "TLSv1.2, 3", "TLSv1.3, 4", "TLSv1.3, 7", "TLSv1.3, 1021"})
    @Tag("any-selector")
    void recordsArriveInPieces(String protocol, int piece) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            Trickle[] below = Trickle.pair(piece);
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], serverEngine(protocol));
            byte[] there = Local.random(20_000);
            byte[] back = protocol.equals("TLSv1.3") ? Local.random(20_001) : new byte[0];
            MemorySegment room = Arena.ofAuto().allocate(3000);
            TlsLoop.Exchange a = new TlsLoop.Exchange(client, there, back, false, room);
            TlsLoop.Exchange b = new TlsLoop.Exchange(server, back, there, true, room);
            Loop.until("exchanged", () -> a.take() & b.take());
            assertEquals(0, tls.pool.acquired());
        }
    }

    /** Nothing but the handshake is called: what the stream below has not taken at once is written by later calls. */
    @ParameterizedTest
    @CsvSource({"TLSv1.2, 1", "TLSv1.3, 1", "TLSv1.2, 100000", "TLSv1.3, 100000"})
    @Tag("any-selector")
    void aHandshakeIsCompletedInPieces(String protocol, int piece) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            Trickle[] below = Trickle.pair(piece);
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], serverEngine(protocol));
            Loop.until("complete", () -> client.finishHandshake() & server.finishHandshake());
        }
    }

    /** Cuts what the client sends after the handshake at every place. */
    @Test
    @Tag("any-selector")
    void aRecordIsCutAtEveryByte() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            Recording recorded = new Recording(tls.loop.pair());
            TlsStream client = tls.client(recorded, clientEngine());
            TlsStream server = tls.server(below[1], serverEngine());
            // what one end writes is passed on by hand
            byte[] room = new byte[100_000];
            Loop.until("handshake", () -> {
                boolean done = client.finishHandshake() & server.finishHandshake();
                pass(recorded.other(), below[0], room);
                pass(below[0], recorded.other(), room);
                return done;
            });
            byte[] data = Local.random(60);
            byte[] got = new byte[60];
            int size = 0;
            for (int cut = 1; cut == 1 || cut < size; cut++) {
                assertEquals(60, client.write(data, 0, 60));
                byte[] record = new byte[room.length];
                size = (int) TlsLoop.await(() -> recorded.other().read(record, 0, record.length));
                assertTrue(size > 60, "a record");
                below[0].write(record, 0, cut);
                assertEquals(IoResult.WOULD_BLOCK, server.read(got, 0, 60));
                below[0].write(record, cut, size - cut);
                assertEquals(60, TlsLoop.await(() -> server.read(got, 0, 60)));
                assertArrayEquals(data, got);
            }
        }
    }

    private static void pass(TcpStream from, TcpStream to, byte[] room) throws IOException {
        long n = from.read(room, 0, room.length);
        if (n > 0) {
            assertEquals(n, to.write(room, 0, (int) n));
        }
    }

    /** The stream below is full at the very end of a segment: the next one must not take the place of the record. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4096})
    @Tag("any-selector")
    void aVectoredWriteEndsWhereTheStreamBelowIsFull(int size) throws IOException {
        try (TlsLoop tls = new TlsLoop(); Arena arena = Arena.ofConfined()) {
            Trickle[] below = Trickle.pair(1000);
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.server(below[1], serverEngine());
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake() & client.flush());
            byte[] bytes = Local.random(100_000);
            MemorySegment all = arena.allocate(bytes.length);
            all.copyFrom(MemorySegment.ofArray(bytes));
            int[] sent = new int[1];
            int[] received = new int[1];
            byte[] got = new byte[bytes.length];
            Loop.until("transferred", () -> {
                MemorySegment[] rest = new MemorySegment[(bytes.length - sent[0] + size - 1) / size];
                for (int i = 0; i < rest.length; i++) {
                    int off = sent[0] + i * size;
                    rest[i] = all.asSlice(off, Math.min(size, bytes.length - off));
                }
                sent[0] += (int) Math.max(client.writeVectored(rest), 0);
                client.flush();
                received[0] += (int) Math.max(server.read(got, received[0], got.length - received[0]), 0);
                return received[0] == bytes.length;
            });
            assertArrayEquals(bytes, got);
        }
    }

    // ---- memory

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void recordsAreDecryptedIntoTheMemoryOfTheCaller(String protocol) throws IOException {
        try (TlsLoop tls = new TlsLoop(); Arena arena = Arena.ofConfined()) {
            SpyEngine spy = new SpyEngine(serverEngine(protocol));
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], spy);
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            MemorySegment room = arena.allocate(16384);
            byte[] bytes = Local.random(16384);
            MemorySegment source = arena.allocate(16384);
            source.copyFrom(MemorySegment.ofArray(bytes));
            assertEquals(16384, client.write(source));
            assertEquals(16384, TlsLoop.await(() -> server.read(room)), "a full record");
            assertEquals(-1, source.mismatch(room));
            assertTrue(spy.unwrapped.contains(room.address()), "decrypted there: " + spy.unwrapped);
            assertEquals(16384, server.write(room));
            assertTrue(spy.wrapped.contains(room.address()), "encrypted from there: " + spy.wrapped);
            MemorySegment back = arena.allocate(16384);
            assertEquals(16384, TlsLoop.await(() -> client.read(back)));
            assertEquals(-1, source.mismatch(back));
        }
    }

    // ---- what is refused

    /** Sends bytes to a server that has seen nothing yet, and expects a fatal alert. */
    @ParameterizedTest
    @CsvSource({"'GET / HTTP/1.1', ''", "'', 16030142010000", "'', 160301ffff", "'', 170303000101",
        "'', 1603010005ff00000100", "'', 8080010301005700000020"})
    void whatIsNotAHandshakeIsRefused(String text, String hex) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            Loop.Pair pair = tls.loop.accepted();
            TlsStream server = tls.server(pair.stream(), serverEngine());
            byte[] bytes = text.isEmpty() ? HexFormat.of().parseHex(hex) : text.getBytes(StandardCharsets.US_ASCII);
            pair.peer().getOutputStream().write(bytes);
            assertThrows(SSLException.class, () -> Loop.until("refused", server::finishHandshake));
            assertThrows(SSLException.class, server::finishHandshake);
            byte[] alert = pair.peer().getInputStream().readNBytes(7);
            assertEquals(21, alert[0], "an alert");
            assertEquals(2, alert[5], "a fatal one");
        }
    }

    /** Sends bytes to one end of a connection, after the handshake, and expects that the other end gets an alert. */
    @ParameterizedTest
    @CsvSource({
        "TLSv1.2, 68656c6c6f20776f726c64, unexpected_message",
        "TLSv1.3, 68656c6c6f20776f726c64, unexpected_message",
        "TLSv1.2, 17030300200102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20, bad_record_mac",
        "TLSv1.3, 17030300200102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20, bad_record_mac",
        "TLSv1.3, 1703034101, unexpected_message",
        "TLSv1.2, 1703034141, unexpected_message",
        "TLSv1.3, 160303000401000000, .*",
        "TLSv1.2, 160303000401000000, unexpected_message"})
    void aRecordThatIsNotEncryptedIsRefused(String protocol, String hex, String alert) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], serverEngine(protocol));
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            byte[] bytes = HexFormat.of().parseHex(hex);
            below[0].write(bytes, 0, bytes.length);
            byte[] room = new byte[10];
            SSLException e =
                assertThrows(SSLException.class, () -> TlsLoop.await(() -> server.read(room, 0, 10)));
            assertThrows(SSLException.class, () -> server.write(room, 0, 10));
            SSLException thrown = assertThrows(SSLException.class, () -> TlsLoop.await(() -> client.read(room, 0, 10)));
            assertTrue(thrown.getMessage().matches(".*fatal alert: (" + alert + ").*"), thrown + ", after " + e);
            assertEquals(0, tls.pool.acquired());
        }
    }

    @Test
    void dataThatPrecedesARecordToRefuseIsRead() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.server(below[1], serverEngine());
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            tls.loop.register(server, 1, Loop.RW);
            client.write(HELLO, 0, 5);
            below[0].write("plain text".getBytes(), 0, 10);
            byte[] room = new byte[10];
            int[] got = new int[1];
            assertThrows(SSLException.class, () -> tls.drive(() -> { // one read for each event
                long n = server.read(room, got[0], 10 - got[0]);
                got[0] += (int) Math.max(n, 0);
                return false;
            }));
            assertEquals(5, got[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRenegotiationIsRefused(boolean ofClient) throws Exception {
        try (TlsLoop tls = new TlsLoop()) {
            Loop.Pair pair = ofClient ? tls.loop.accepted() : tls.loop.connected();
            TlsStream stream = ofClient ? tls.server(pair.stream(), serverEngine("TLSv1.2"))
                : tls.client(pair.stream(), clientEngine("TLSv1.2"));
            Future<?> peer = Background.start(() -> {
                SSLSocket socket = TlsPeers.over(pair.peer(), "TLSv1.2", ofClient);
                socket.getOutputStream().write(HELLO);
                socket.startHandshake(); // again
                socket.getInputStream().read();
                return null;
            });
            byte[] room = new byte[10];
            assertEquals(5, TlsLoop.await(() -> stream.read(room, 0, 10)));
            SSLException e = assertThrows(SSLException.class, () -> TlsLoop.await(() -> stream.read(room, 0, 10)));
            assertTrue(e.getMessage().contains("renegotiation"), e::toString);
            Throwable thrown = Background.failure(peer);
            assertTrue(thrown.getMessage().contains("fatal alert"), thrown::toString);
        }
    }

    /** A peer that sends records without data, here key updates, does not hold the loop. */
    @Test
    void recordsWithoutDataEndARead() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine("TLSv1.3"));
            SpyEngine spy = new SpyEngine(serverEngine("TLSv1.3"));
            TlsStream server = tls.server(below[1], spy);
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            tls.loop.register(server, 1, Loop.RW);
            int before = spy.unwraps;
            int updates = 500;
            ByteBuffer records = ByteBuffer.allocate(updates * 100 + 20_000);
            for (int i = 0; i < updates; i++) {
                client.engine().beginHandshake();
                client.engine().wrap(ByteBuffer.allocate(0), records);
            }
            assertEquals(records.position(), below[0].write(records.flip()));
            byte[] room = new byte[10];
            Loop.until("arrived", () -> server.read(room, 0, 10) == IoResult.WOULD_BLOCK && spy.unwraps > before);
            assertTrue(spy.unwraps - before <= 64, "records in one call: " + (spy.unwraps - before));
            tls.drive(() -> {
                assertEquals(IoResult.WOULD_BLOCK, server.read(room, 0, 10));
                return spy.unwraps - before == updates;
            });
            server.write(HELLO, 0, 5);
            assertEquals("hello", tls.read(client, 5), "after the answers");
        }
    }

    /** A peer that sends warnings without end, which the engine ignores, does not hold the loop in a handshake. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void recordsThatAreIgnoredEndACallOfTheHandshake(String protocol) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            Loop.Pair pair = tls.loop.accepted();
            SpyEngine spy = new SpyEngine(serverEngine(protocol));
            TlsStream server = tls.server(pair.stream(), spy);
            tls.loop.register(server, 1, Loop.RW);
            byte[] userCanceled = HexFormat.of().parseHex("1503030002015a");
            int count = 500;
            ByteBuffer records = ByteBuffer.allocate(count * userCanceled.length);
            while (records.hasRemaining()) {
                records.put(userCanceled);
            }
            pair.peer().getOutputStream().write(records.array());
            tls.drive(() -> {
                int before = spy.unwraps;
                assertFalse(server.finishHandshake());
                assertTrue(spy.unwraps - before <= 64, "records in one call: " + (spy.unwraps - before));
                return spy.unwraps == count;
            });
        }
    }

    @Test
    void smallRecordsEndARead() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.server(below[1], serverEngine());
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            tls.loop.register(server, 1, Loop.RW);
            int count = 500;
            for (int i = 0; i < count; i++) {
                assertEquals(1, client.write(HELLO, 0, 1));
            }
            byte[] room = new byte[count];
            int[] got = new int[1];
            tls.drive(() -> { // one read for each event
                long n = server.read(room, 0, count);
                assertTrue(n <= 64, "records in one call: " + n);
                got[0] += (int) Math.max(n, 0);
                return got[0] == count;
            });
        }
    }

    // ---- a peer that resets the connection

    /** The peer answers and closes, although not everything that was written to it has arrived: read the answer. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Tag("any-selector")
    void whatHasArrivedBeforeAWriteFailsIsRead(String protocol) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            Trickle[] below = Trickle.pair(1000);
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], serverEngine(protocol));
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake() & server.flush());
            Loop.until("held back", () -> client.write(new byte[50_000], 0, 50_000) > 0);
            Loop.until("answered", () -> server.write(HELLO, 0, 5) == 5);
            Loop.until("flushed", server::flush);
            IOException reset = new IOException("reset");
            below[0].failWrites(reset);
            assertEquals("hello", tls.read(client, 5));
            byte[] room = new byte[1];
            assertSame(reset, assertThrows(IOException.class, () -> TlsLoop.await(() -> client.read(room, 0, 1))));
            assertSame(reset, assertThrows(IOException.class, () -> client.write(room, 0, 1)));
        }
    }
}
