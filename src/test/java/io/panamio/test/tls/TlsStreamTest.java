package io.panamio.test.tls;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.tls.TlsLoop.clientEngine;
import static io.panamio.test.tls.TlsLoop.engine;
import static io.panamio.test.tls.TlsLoop.serverEngine;
import static io.panamio.test.tls.TlsLoop.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Waker;
import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.GatherList;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.test.support.Background;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Memories;
import io.panamio.tls.TlsOptions;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted streams with each other, in one loop. */
class TlsStreamTest {
    private static final byte[] HELLO = "hello".getBytes();

    private static String peerName(TlsStream stream) throws SSLPeerUnverifiedException {
        return ((X509Certificate) stream.engine().getSession().getPeerCertificates()[0]).getSubjectX500Principal()
            .getName();
    }

    // ---- transfers

    @ParameterizedTest
    @CsvSource({"TLSv1.2, 3000001, 65536, true", "TLSv1.3, 3000001, 65536, false", "TLSv1.3, 400001, 1000, false",
        "TLSv1.2, 400001, 1000, true", "TLSv1.3, 1000001, 16384, true", "TLSv1.3, 0, 10, true"})
    void bothWaysAreTransferredAtOnce(String protocol, int size, int room, boolean answers) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(clientEngine(protocol), serverEngine(protocol));
            byte[] there = Local.random(size);
            byte[] back = protocol.equals("TLSv1.3") ? Local.random(size + 5) : new byte[0];
            Arena arena = Arena.ofAuto();
            tls.drive(new TlsLoop.Exchange(pair[0], there, back, false, arena.allocate(room)),
                new TlsLoop.Exchange(pair[1], back, there, answers, arena.allocate(room)));
            assertEquals(protocol, pair[0].engine().getSession().getProtocol());
            assertEquals(0, tls.pool.acquired());
        }
    }

    @Test
    void tls12IsTransferredBothWays() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected("TLSv1.2");
            byte[] bytes = Local.random(1_000_003);
            for (int i = 0; i < 2; i++) {
                TlsStream from = pair[i];
                TlsStream to = pair[1 - i];
                int[] done = new int[2];
                byte[] received = new byte[bytes.length];
                TlsLoop.Turn write = () -> {
                    long n;
                    while (done[0] < bytes.length && (n = from.write(bytes, done[0], bytes.length - done[0])) > 0) {
                        done[0] += (int) n;
                    }
                    return done[0] == bytes.length && from.flush();
                };
                TlsLoop.Turn read = () -> {
                    long n;
                    while (done[1] < bytes.length && (n = to.read(received, done[1], bytes.length - done[1])) > 0) {
                        done[1] += (int) n;
                    }
                    return done[1] == bytes.length;
                };
                tls.drive(i == 0 ? write : read, i == 0 ? read : write);
                assertArrayEquals(bytes, received);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyKindOfMemoryIsReadAndWritten(Memories memory) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected();
            byte[] sent = Local.random(40_000);
            byte[] received = new byte[40_000];
            long n = memory.run(new Memories.Operation(s -> pair[0].write(s), b -> pair[0].write(b),
                (a, off, len) -> pair[0].write(a, off, len)), sent.clone());
            assertEquals(40_000, n);
            int got = 0;
            while (got < 40_000) {
                byte[] part = new byte[40_000 - got];
                n = memory.run(new Memories.Operation(s -> TlsLoop.await(() -> pair[1].read(s)),
                    b -> TlsLoop.await(() -> pair[1].read(b)),
                    (a, off, len) -> TlsLoop.await(() -> pair[1].read(a, off, len))), part);
                System.arraycopy(part, 0, received, got, (int) n);
                got += (int) n;
            }
            assertArrayEquals(sent, received);
        }
    }

    @Test
    void aReadGoesOnUntilItsMemoryIsFull() throws IOException {
        try (TlsLoop tls = new TlsLoop(); Arena arena = Arena.ofConfined()) {
            TlsStream[] pair = tls.connected();
            for (int i = 0; i < 10; i++) {
                assertEquals(1, pair[0].write(new byte[] {(byte) i}, 0, 1)); // records of their own
            }
            assertTrue(pair[0].flush());
            MemorySegment room = arena.allocate(100);
            byte[] got = new byte[10];
            int[] n = new int[1];
            Loop.until("all", () -> {
                long more = pair[1].read(room, n[0], 10 - n[0]);
                n[0] += (int) Math.max(more, 0);
                return n[0] == 10;
            });
            MemorySegment.copy(room, ValueLayout.JAVA_BYTE, 0, got, 0, 10);
            assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got);
        }
    }

    @Test
    void aVectoredWriteFillsRecords() throws IOException {
        try (TlsLoop tls = new TlsLoop(); Arena arena = Arena.ofConfined()) {
            Recording below = new Recording(tls.loop.pair());
            TlsStream server = tls.server(below.other(), serverEngine());
            TlsStream client = tls.client(below, clientEngine());
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            Loop.until("tickets", () -> client.read(new byte[1], 0, 1) == WOULD_BLOCK);
            byte[] bytes = Local.random(70_000);
            MemorySegment all = arena.allocate(bytes.length);
            all.copyFrom(MemorySegment.ofArray(bytes));
            MemorySegment[] parts = {all.asSlice(0, 300), MemorySegment.NULL, all.asSlice(300, 200),
                all.asSlice(500, 40_000), all.asSlice(40_500, 29_499), all.asSlice(69_999, 1)};
            for (boolean asList : new boolean[] {false, true}) {
                below.written.clear();
                if (asList) {
                    GatherList list = GatherList.of(parts);
                    assertEquals(70_000, client.write(list));
                    assertTrue(list.isDone());
                    assertEquals(0, client.write(list));
                } else {
                    assertEquals(70_000, client.writeVectored(parts));
                }
                assertTrue(client.flush());
                assertEquals(5, below.records(), "full records: " + below.written);
                assertArrayEquals(bytes, tls.readBytes(server, 70_000));
            }
            below.written.clear();
            assertEquals(500, client.writeVectored(parts[0], parts[2]));
            assertEquals(1, below.records());
            assertEquals(0, client.writeVectored(MemorySegment.NULL));
        }
    }

    @Test
    void whatTheStreamBelowDoesNotTakeIsHeldBack() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected();
            byte[] bytes = Local.random(1 << 20);
            int sent = 0;
            long n;
            while ((n = pair[0].write(bytes, sent % bytes.length, bytes.length - sent % bytes.length)) > 0) {
                sent += (int) n;
            }
            assertEquals(WOULD_BLOCK, n);
            assertFalse(pair[0].flush());
            assertTrue(tls.pool.acquired() <= 65536, tls.pool::toString);
            int total = sent;
            int[] got = new int[1];
            byte[] room = new byte[100_000];
            tls.drive(pair[0]::flush, () -> {
                long r;
                while ((r = pair[1].read(room, 0, room.length)) > 0) {
                    for (int i = 0; i < r; i++) {
                        if (room[i] != bytes[(got[0] + i) % bytes.length]) {
                            throw new AssertionError("other bytes after " + got[0] + i);
                        }
                    }
                    got[0] += (int) r;
                }
                return got[0] == total;
            });
            assertEquals(0, tls.pool.acquired());
        }
    }

    @Test
    void aRelayJoinsAnEncryptedStreamWithAPlainOne() throws IOException {
        try (TlsLoop tls = new TlsLoop(); PipePool pipes = new PipePool()) {
            TlsStream[] pair = tls.pair(clientEngine(), serverEngine());
            TcpStream[] plain = tls.loop.pair();
            tls.loop.register(plain[0], 3, Loop.RW);
            tls.loop.register(plain[1], 4, Loop.RW);
            byte[] request = Local.random(1_000_003);
            byte[] answer = Local.random(1_500_003);
            byte[] got = new byte[request.length + 1];
            int[] done = new int[2];
            boolean[] ended = new boolean[2];
            Relay relay = tls.loop.later(new Relay(pair[1], plain[0], pipes));
            tls.drive(new TlsLoop.Exchange(pair[0], request, answer, false, Arena.ofAuto().allocate(50_000)),
                () -> {
                    ended[0] |= transfer(relay, pair[1]);
                    return true; // it is the others that have something to do
                }, () -> {
                    ended[0] |= transfer(relay, plain[0]);
                    return true;
                }, () -> {
                    long n;
                    while ((n = plain[1].read(got, done[0], got.length - done[0])) > 0) {
                        done[0] += (int) n;
                    }
                    while (done[0] == request.length && done[1] < answer.length
                            && (n = plain[1].write(answer, done[1], answer.length - done[1])) > 0) {
                        done[1] += (int) n;
                    }
                    if (done[1] == answer.length && !ended[1]) {
                        plain[1].shutdown(Shutdown.WRITE);
                        ended[1] = true;
                    }
                    return ended[1];
                });
            assertArrayEquals(request, Arrays.copyOf(got, request.length));
            assertTrue(ended[0]);
        }
    }

    /** Returns whether both ends have ended. */
    private static boolean transfer(Relay relay, DuplexStream ready) throws IOException {
        long n;
        do {
            n = relay.transfer(ready);
        } while (n > 0);
        return n == EOF;
    }

    // ---- the end

    @ParameterizedTest
    @CsvSource({"TLSv1.2, 0", "TLSv1.2, 1", "TLSv1.3, 0", "TLSv1.3, 1"})
    void eitherEndClosesFirst(String protocol, int first) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected(protocol);
            pair[first].write(HELLO, 0, 5);
            pair[first].close();
            TlsStream other = pair[1 - first];
            assertEquals("hello", tls.read(other, 5));
            byte[] one = new byte[1];
            assertEquals(EOF, TlsLoop.await(() -> other.read(one, 0, 1)));
            assertEquals(EOF, other.read(one, 0, 1));
            assertThrows(ClosedChannelException.class, () -> pair[first].read(one, 0, 1));
            assertThrows(ClosedChannelException.class, pair[first]::flush);
            assertFalse(pair[first].isOpen());
            other.close();
            other.close();
            assertEquals(0, tls.pool.acquired());
        }
    }

    @Test
    void tls13CanBeReadAfterItsWriteHalfIsShutDown() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected("TLSv1.3");
            pair[0].shutdown(Shutdown.WRITE);
            assertTrue(pair[0].flush());
            byte[] one = new byte[1];
            assertEquals(EOF, TlsLoop.await(() -> pair[1].read(one, 0, 1)));
            assertEquals(5, pair[1].write(HELLO, 0, 5));
            assertEquals("hello", tls.read(pair[0], 5));
            assertThrows(IOException.class, () -> pair[0].write(HELLO, 0, 5));
            pair[1].shutdown(Shutdown.BOTH);
            assertEquals(EOF, TlsLoop.await(() -> pair[0].read(one, 0, 1)));
            pair[0].shutdown(Shutdown.WRITE);
        }
    }

    @Test
    void tls12EndsBothWays() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected("TLSv1.2");
            pair[0].shutdown(Shutdown.WRITE);
            byte[] one = new byte[1];
            assertEquals(EOF, TlsLoop.await(() -> pair[1].read(one, 0, 1)));
            assertThrows(IOException.class, () -> pair[1].write(HELLO, 0, 5));
            assertEquals(EOF, pair[1].read(one, 0, 1));
            assertEquals(EOF, TlsLoop.await(() -> pair[0].read(one, 0, 1)), "the answer");
        }
    }

    @Test
    void anEndThatArrivesWithDataHasAnEvent() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected("TLSv1.3");
            pair[0].write(HELLO, 0, 5);
            pair[0].shutdown(Shutdown.WRITE);
            byte[] room = new byte[100];
            int[] got = new int[1];
            tls.drive(() -> true, () -> { // one read for each event: a short read has drained the stream
                long n = pair[1].read(room, got[0], 100 - got[0]);
                got[0] += (int) Math.max(n, 0);
                return n == EOF;
            });
            assertEquals(5, got[0]);
        }
    }

    @Test
    void aShutdownDuringTheHandshakeFollowsIt() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(clientEngine(), serverEngine());
            pair[0].shutdown(Shutdown.WRITE);
            assertThrows(IOException.class, () -> pair[0].write(HELLO, 0, 5));
            byte[] one = new byte[1];
            tls.drive(pair[0]::flush, () -> pair[1].read(one, 0, 1) == EOF);
            pair[1].write(HELLO, 0, 5);
            assertEquals("hello", tls.read(pair[0], 5));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void anEndWithoutCloseNotifyIsATruncation(String protocol) throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine(protocol));
            TlsStream server = tls.server(below[1], serverEngine(protocol));
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            client.write(HELLO, 0, 5);
            below[0].shutdown(Shutdown.WRITE);
            byte[] room = new byte[10];
            long n = TlsLoop.await(() -> server.read(room, 0, 10));
            assertEquals(5, n, "the data before the end");
            SSLException e = assertThrows(SSLException.class, () -> TlsLoop.await(() -> server.read(room, 0, 10)));
            assertTrue(e.getMessage().contains("truncated"), e::toString);
            assertSame(e, assertThrows(SSLException.class, () -> server.write(room, 0, 10)), "every later call");
            assertNull(server.takeError(), "it was thrown");
        }
    }

    @Test
    void anEndDuringTheHandshakeIsATruncation() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream server = tls.server(below[1], serverEngine());
            below[0].close();
            SSLHandshakeException e = assertThrows(SSLHandshakeException.class,
                () -> Loop.until("the end", server::finishHandshake));
            assertTrue(e.getMessage().contains("truncated"), e::toString);
        }
    }

    // ---- the handshake

    @Test
    void theApplicationProtocolIsNegotiated() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(
                with(clientEngine(), p -> p.setApplicationProtocols(new String[] {"h2", "http/1.1"})),
                with(serverEngine(), p -> p.setApplicationProtocols(new String[] {"http/1.1"})));
            tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
            assertEquals("http/1.1", pair[0].engine().getApplicationProtocol());
            assertEquals("http/1.1", pair[1].engine().getApplicationProtocol());
        }
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(
                with(clientEngine(), p -> p.setApplicationProtocols(new String[] {"h2"})),
                with(serverEngine(), p -> p.setApplicationProtocols(new String[] {"http/1.1"})));
            assertThrows(SSLHandshakeException.class,
                () -> tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake));
        }
    }

    @ParameterizedTest
    @CsvSource({"alpha.test, CN=alpha", "beta.test, CN=beta", "localhost, CN=alpha"})
    void theServerChoosesItsCertificateByName(String host, String expected) throws IOException {
        SSLContext both = Certificates.context(Certificates.ALPHA, Certificates.BETA);
        try (TlsLoop tls = new TlsLoop()) {
            SSLEngine client = Certificates.context().createSSLEngine("127.0.0.1", 1);
            TlsStream[] pair = tls.pair(with(client, p -> p.setServerNames(List.of(new SNIHostName(host)))),
                both.createSSLEngine());
            tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
            assertEquals(expected, peerName(pair[0]));
        }
    }

    @Test
    void aCertificateForAnotherHostIsRefused() throws IOException {
        SSLContext client = Certificates.context();
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(client.createSSLEngine("elsewhere.test", 1), serverEngine());
            SSLHandshakeException e = assertThrows(SSLHandshakeException.class,
                () -> tls.drive(pair[0]::finishHandshake, () -> pair[1].finishHandshake() && false));
            assertTrue(e.getMessage().contains("elsewhere.test"), e::toString);
            SSLException alert = assertThrows(SSLException.class,
                () -> TlsLoop.await(() -> pair[1].read(new byte[1], 0, 1)));
            assertTrue(alert.getMessage().contains("certificate"), alert::toString);
        }
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(
                with(client.createSSLEngine("elsewhere.test", 1), p -> p.setEndpointIdentificationAlgorithm("")),
                serverEngine());
            tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
        }
    }

    @Test
    void aCertificateThatIsNotTrustedIsRefused() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(Certificates.trusting(Certificates.BETA).createSSLEngine("localhost", 1),
                serverEngine());
            assertThrows(SSLHandshakeException.class,
                () -> tls.drive(pair[0]::finishHandshake, () -> pair[1].finishHandshake() && false));
            assertThrows(SSLHandshakeException.class, pair[0]::finishHandshake);
            assertThrows(SSLException.class, () -> TlsLoop.await(() -> pair[1].read(new byte[1], 0, 1)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aClientHasACertificate(String protocol) throws IOException {
        SSLContext known = Certificates.context(Certificates.BETA);
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.pair(engine(known.createSSLEngine("localhost", 1), protocol),
                with(serverEngine(protocol), p -> p.setNeedClientAuth(true)));
            tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
            assertEquals("CN=beta", peerName(pair[1]));
        }
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair =
                tls.pair(clientEngine(protocol), with(serverEngine(protocol), p -> p.setNeedClientAuth(true)));
            assertThrows(SSLException.class, () -> tls.drive(() -> pair[0].read(new byte[1], 0, 1) == EOF,
                () -> pair[1].finishHandshake() && false));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aSessionIsResumed(String protocol) throws IOException {
        SSLContext server = Certificates.context(Certificates.ALPHA);
        SSLContext client = Certificates.context();
        long[] created = new long[2];
        for (int i = 0; i < 2; i++) {
            try (TlsLoop tls = new TlsLoop()) {
                TlsStream[] pair = tls.pair(engine(client.createSSLEngine("localhost", 1), protocol),
                    engine(server.createSSLEngine(), protocol));
                tls.drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
                pair[1].write(HELLO, 0, 5);
                assertEquals("hello", tls.read(pair[0], 5)); // with TLS 1.3, after the ticket
                created[i] = pair[0].engine().getSession().getCreationTime();
            }
            long then = created[0];
            Loop.until("another millisecond", () -> System.currentTimeMillis() > then);
        }
        assertEquals(created[0], created[1]);
    }

    @Test
    void certificatesAreReplacedWhileConnectionsRun() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] before = tls.connected();
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], Certificates.context().createSSLEngine("beta.test", 1));
            TlsStream server = tls.server(below[1], Certificates.context(Certificates.BETA).createSSLEngine());
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            assertEquals("CN=beta", peerName(client));
            before[0].write(HELLO, 0, 5);
            assertEquals("hello", tls.read(before[1], 5));
            assertEquals("CN=alpha", peerName(before[0]));
        }
    }

    @Test
    void tasksRunOnAnExecutorAndEndWithAnEvent() throws IOException {
        try (TlsLoop tls = new TlsLoop(); ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Thread[] ran = new Thread[1];
            TlsOptions options = TlsLoop.LONG.tasks(task -> executor.execute(() -> {
                ran[0] = Thread.currentThread();
                task.run();
            }));
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.loop.later(TlsStream.client(below[0], clientEngine(), tls.pool, options));
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool, options));
            tls.loop.register(client, 1, Loop.R);
            tls.loop.register(server, 2, Loop.W);
            tls.drive(client::finishHandshake, server::finishHandshake);
            assertTrue(ran[0] != null && ran[0] != Thread.currentThread());
            client.write(HELLO, 0, 5);
            assertEquals("hello", tls.read(server, 5));
        }
    }

    /** Polls until there are events, which must all have this token. */
    private static void expectOnly(Loop loop, long token) throws IOException {
        assertTrue(loop.poll.poll(loop.events, Loop.LONG) > 0, "no event");
        assertTokens(loop, token);
    }

    /** Polls until there are no events; all must have this token. */
    private static void expectQuiet(Loop loop, long token) throws IOException {
        while (loop.poll.poll(loop.events, Loop.SHORT) > 0) {
            assertTokens(loop, token);
        }
    }

    private static void assertTokens(Loop loop, long token) {
        for (Event event : loop.events) {
            assertEquals(token, event.token(), loop.events::toString);
        }
    }

    /** While tasks run in another thread, the waker of the Poll and all tokens but the stream's belong to the user. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void otherTokensAndTheWakerAreTheUsers(int own) throws Exception {
        long[] tokens = {Long.MIN_VALUE, Long.MIN_VALUE + 1, -1, 0, Long.MAX_VALUE - 1, Long.MAX_VALUE};
        try (TlsLoop tls = new TlsLoop()) {
            Loop loop = tls.loop;
            Deque<Runnable> tasks = new ArrayDeque<>();
            TcpStream[] below = loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = loop.later(TlsStream.server(below[1], serverEngine(), tls.pool,
                TlsLoop.LONG.tasks(tasks::add)));
            TcpStream[][] others = new TcpStream[tokens.length][];
            long wake = tokens[(own + 1) % tokens.length];
            Waker waker = loop.later(Waker.open(loop.poll.registry(), wake));
            loop.register(server, tokens[own], Loop.R);
            for (int i = 0; i < tokens.length; i++) {
                if (i != own && tokens[i] != wake) {
                    others[i] = loop.pair();
                    loop.register(others[i][0], tokens[i], Loop.R);
                }
            }
            int ran = 0;
            while (!(server.finishHandshake() & client.finishHandshake())) { // the client is not registered
                Runnable task = tasks.poll();
                if (task == null) {
                    loop.poll.poll(loop.events, Loop.SHORT);
                    assertTokens(loop, tokens[own]);
                    continue;
                }
                expectQuiet(loop, tokens[own]); // after what had arrived before
                waker.wake();
                expectOnly(loop, wake);
                for (int i = 0; i < tokens.length; i++) {
                    if (others[i] != null) {
                        others[i][1].write(HELLO, 0, 5);
                        expectOnly(loop, tokens[i]);
                        Loop.readFully(others[i][0], 5);
                    }
                }
                Background.result(Background.start(Executors.callable(task)));
                expectOnly(loop, tokens[own]);
                ran++;
            }
            assertTrue(ran > 0);
            expectQuiet(loop, tokens[own]);
            waker.wake();
            expectOnly(loop, wake);
            client.write(HELLO, 0, 5);
            assertEquals("hello", tls.read(server, 5));
        }
    }

    @Test
    void anExecutorThatFailsIsAskedAgain() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsOptions failing = TlsLoop.LONG.tasks(task -> {
                throw new IllegalStateException("no thread");
            });
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool, failing));
            client.finishHandshake();
            assertThrows(IllegalStateException.class, () -> Loop.until("a task", server::finishHandshake));
            assertThrows(IllegalStateException.class, server::finishHandshake, "not as if a task were running");
        }
    }

    @Test
    void aTaskThatFailsFailsTheHandshake() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsOptions options = TlsLoop.LONG.tasks(task -> {
                throw new RejectedExecutionException("no");
            });
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool, options));
            client.finishHandshake();
            IOException e = assertThrows(IOException.class, () -> Loop.until("failed", server::finishHandshake));
            assertTrue(e.getMessage().contains("executor"), e::toString);
        }
    }

    @Test
    void aStreamCanBeClosedWhileATaskRuns() throws Exception {
        try (TlsLoop tls = new TlsLoop()) {
            Runnable[] task = new Runnable[1];
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool,
                TlsLoop.LONG.tasks(t -> task[0] = t)));
            tls.loop.register(server, 2, Loop.RW);
            client.finishHandshake();
            tls.drive(() -> true, () -> server.finishHandshake() || task[0] != null);
            assertEquals(WOULD_BLOCK, server.read(new byte[1], 0, 1));
            assertEquals(WOULD_BLOCK, server.write(new byte[1], 0, 1));
            assertTrue(server.flush(), "nothing was accepted");
            server.close();
            task[0].run();
            tls.loop.expectNothing();
        }
    }

    @Test
    void theDeadlineOfTheHandshakeIsAnEvent() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool,
                TlsOptions.DEFAULT.handshakeTimeout(Duration.ofMillis(20))));
            tls.loop.register(server, 1, Loop.R);
            SocketTimeoutException e = assertThrows(SocketTimeoutException.class,
                () -> tls.drive(server::finishHandshake));
            assertTrue(e.getMessage().contains("PT0.02S"), e::toString);
            assertSame(e, assertThrows(IOException.class, () -> server.read(new byte[1], 0, 1)));
        }
    }

    @Test
    void aRefusedConnectIsThrown() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream client = tls.client(TcpStream.connect(Loop.nobody()), clientEngine());
            tls.loop.register(client, 1, Loop.RW);
            assertThrows(ConnectException.class, () -> tls.drive(client::finishHandshake));
            assertThrows(ConnectException.class, client::finishHandshake);
        }
    }

    // ---- buffers, threads, arguments

    @Test
    void anIdleConnectionHoldsNoBuffer() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected();
            assertEquals(WOULD_BLOCK, pair[0].read(new byte[10], 0, 10));
            assertEquals(0, tls.pool.acquired());
            pair[0].write(HELLO, 0, 5);
            assertEquals(0, tls.pool.acquired());
            assertEquals("hel", tls.read(pair[1], 3));
            assertEquals(32768, tls.pool.acquired(), "for the rest of the data");
            assertEquals("lo", tls.read(pair[1], 2));
            assertEquals(0, tls.pool.acquired());
        }
    }

    @Test
    void whatIsHeldIsReportedAgainAfterARegistration() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected();
            pair[0].write(HELLO, 0, 5);
            assertEquals("hel", tls.read(pair[1], 3));
            tls.loop.expectQuiet();
            tls.loop.reregister(pair[1], 7, Loop.R);
            tls.loop.expect(Loop.readable(7));
            tls.loop.poll.registry().deregister(pair[1]);
            pair[0].write(HELLO, 0, 5);
            tls.loop.expectQuiet();
            tls.loop.register(pair[1], 8, Loop.R);
            tls.loop.expect(Loop.readable(8));
            assertEquals("lohello", tls.read(pair[1], 7));
        }
    }

    @Test
    void aPoolWithoutBuffersLosesNothing() throws IOException {
        try (Loop loop = new Loop();
             SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.sizes(65536).limit(65536 * 4))) {
            TcpStream[] below = loop.pair();
            TlsStream client = loop.later(TlsStream.client(below[0], clientEngine(), pool));
            TlsStream server = loop.later(TlsStream.server(below[1], serverEngine(), pool));
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            Loop.until("tickets", () -> client.read(new byte[1], 0, 1) == WOULD_BLOCK);
            client.write(HELLO, 0, 5);
            Lease[] all = new Lease[4];
            Arrays.setAll(all, i -> pool.acquire(1));
            assertThrows(ResourceExhaustedException.class, () -> server.read(new byte[10], 0, 10));
            assertThrows(ResourceExhaustedException.class, () -> server.write(HELLO, 0, 5));
            for (Lease lease : all) {
                lease.release();
            }
            byte[] got = new byte[5];
            assertEquals(5, TlsLoop.await(() -> server.read(got, 0, 5)));
            assertArrayEquals(HELLO, got);
        }
    }

    /** The pool has one buffer left, which a vectored write takes to gather; none is left for the record. */
    @ParameterizedTest
    @CsvSource({"300, 200", "300, 40000", "16384, 100"})
    void aWriteForWhichThePoolEndsIsAcceptedOnce(int first, int second) throws IOException {
        try (Loop loop = new Loop();
             SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.sizes(65536).limit(65536 * 4));
             Arena arena = Arena.ofConfined()) {
            TcpStream[] below = loop.pair();
            TlsStream client = loop.later(TlsStream.client(below[0], clientEngine(), pool, TlsLoop.LONG));
            TlsStream server = loop.later(TlsStream.server(below[1], serverEngine(), pool, TlsLoop.LONG));
            Loop.until("handshake", () -> client.finishHandshake() & server.finishHandshake());
            loop.register(client, 1, Loop.RW);
            loop.expectQuiet();
            byte[] bytes = Local.random(first + second);
            MemorySegment all = arena.allocate(bytes.length);
            all.copyFrom(MemorySegment.ofArray(bytes));
            GatherList list = GatherList.of(all.asSlice(0, first), all.asSlice(first));
            Lease[] taken = new Lease[3];
            Arrays.setAll(taken, i -> pool.acquire(1));
            long sent = client.write(list);
            assertTrue(sent > 0, "accepted");
            assertEquals(list.size() - list.remaining(), sent);
            loop.expect(Loop.writable(1));
            for (Lease lease : taken) {
                lease.release();
            }
            while (!list.isDone()) {
                assertTrue(client.write(list) > 0);
            }
            assertTrue(client.flush());
            byte[] got = new byte[bytes.length];
            int[] n = new int[1];
            Loop.until("all", () -> {
                n[0] += (int) Math.max(server.read(got, n[0], got.length - n[0]), 0);
                return n[0] == got.length;
            });
            assertArrayEquals(bytes, got);
            assertEquals(WOULD_BLOCK, server.read(got, 0, 1), "nothing twice");
        }
    }

    @Test
    void invalidArgumentsChangeNothing() throws Exception {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            SSLContext context = Certificates.context();
            SSLContext datagrams = SSLContext.getInstance("DTLS");
            datagrams.init(null, null, null);
            assertThrows(IllegalArgumentException.class,
                () -> TlsStream.client(below[0], context.createSSLEngine(), tls.pool), "no host to check");
            assertThrows(IllegalArgumentException.class,
                () -> TlsStream.server(below[0], datagrams.createSSLEngine(), tls.pool));
            assertThrows(IllegalArgumentException.class, () -> TlsOptions.DEFAULT.handshakeTimeout(Duration.ZERO));
            assertThrows(NullPointerException.class, () -> TlsOptions.DEFAULT.tasks(null));
            assertThrows(NullPointerException.class, () -> TlsStream.server(null, serverEngine(), tls.pool));
            assertTrue(below[0].isOpen());
            TlsStream[] pair = tls.connected();
            for (Interest interest : List.of(Loop.RW.level(), Loop.R.oneShot(), Interest.PRIORITY,
                    Loop.R.exclusive())) {
                assertThrows(IllegalArgumentException.class, () -> tls.loop.reregister(pair[0], 1, interest));
            }
            byte[] five = new byte[5];
            assertThrows(IndexOutOfBoundsException.class, () -> pair[0].read(five, 1, 5));
            assertThrows(IndexOutOfBoundsException.class, () -> pair[0].write(five, -1, 5));
            MemorySegment segment = MemorySegment.ofArray(five);
            assertThrows(IndexOutOfBoundsException.class, () -> pair[0].read(segment, 1, 5));
            assertThrows(IllegalArgumentException.class, () -> pair[0].read(segment.asReadOnly()));
            MemorySegment gone;
            try (Arena arena = Arena.ofConfined()) {
                gone = arena.allocate(5);
            }
            assertThrows(IllegalStateException.class, () -> pair[0].read(gone));
            assertThrows(IllegalStateException.class, () -> pair[0].write(gone));
            assertThrows(IllegalStateException.class, () -> pair[0].writeVectored(segment, gone));
            assertEquals(0, pair[0].read(five, 0, 0));
            assertEquals(0, pair[0].write(five, 0, 0));
            assertEquals(5, pair[0].write(segment.asReadOnly()));
            assertEquals(5, tls.read(pair[1], 5).length());
            assertEquals(WrongThreadException.class, Background.failure(Background.start(() -> {
                pair[0].close();
                return null;
            })).getClass());
            assertEquals(WrongThreadException.class,
                Background.failure(Background.start(() -> pair[0].read(five, 0, 5))).getClass());
            assertTrue(pair[0].toString().contains("TLSv1.3"), pair[0]::toString);
        }
    }

    /** Neither the engine nor the stream below is changed, and both can still be used. */
    @Test
    void invalidArgumentsOfACreationChangeNothing() throws Exception {
        try (TlsLoop tls = new TlsLoop()) {
            TcpStream[] below = tls.loop.pair();
            SSLEngine engine = clientEngine();
            SSLEngine begun = engine(clientEngine());
            begun.setUseClientMode(true);
            begun.beginHandshake();
            TlsOptions options = TlsLoop.LONG;
            for (boolean client : new boolean[] {true, false}) {
                Creation creation = client ? TlsStream::client : TlsStream::server;
                assertThrows(NullPointerException.class, () -> creation.create(null, engine, tls.pool, options));
                assertThrows(NullPointerException.class, () -> creation.create(below[0], null, tls.pool, options));
                assertThrows(NullPointerException.class, () -> creation.create(below[0], engine, null, options));
                assertThrows(NullPointerException.class, () -> creation.create(below[0], engine, tls.pool, null));
                assertThrows(IllegalArgumentException.class,
                    () -> creation.create(below[0], begun, tls.pool, options));
                assertEquals(WrongThreadException.class, Background.failure(
                    Background.start(() -> creation.create(below[0], engine, tls.pool, options))).getClass());
            }
            SSLEngine hostless = Certificates.context().createSSLEngine();
            assertThrows(IllegalArgumentException.class,
                () -> TlsStream.client(below[0], hostless, tls.pool, options));
            for (SSLEngine unchanged : List.of(engine, hostless)) {
                assertFalse(unchanged.getUseClientMode());
                assertNull(unchanged.getSSLParameters().getEndpointIdentificationAlgorithm());
            }
            assertThrows(NullPointerException.class, () -> options.handshakeTimeout(null));
            assertThrows(IllegalArgumentException.class, () -> options.handshakeTimeout(Duration.ofNanos(-1)));
            TlsStream stream = tls.client(below[0], engine);
            TlsStream peer = tls.server(below[1], serverEngine());
            Loop.until("handshake", () -> stream.finishHandshake() & peer.finishHandshake());
        }
    }

    /** One of the methods that create a stream. */
    private interface Creation {
        TlsStream create(TcpStream stream, SSLEngine engine, SegmentPool pool, TlsOptions options);
    }

    /** A registration that is refused, or not there, leaves the present one as it is, with its own events. */
    @Test
    void misusedRegistrationsChangeNothing() throws Exception {
        try (TlsLoop tls = new TlsLoop(); Loop other = new Loop()) {
            Deque<Runnable> tasks = new ArrayDeque<>();
            TcpStream[] below = tls.loop.pair();
            TlsStream client = tls.client(below[0], clientEngine());
            TlsStream server = tls.loop.later(TlsStream.server(below[1], serverEngine(), tls.pool,
                TlsLoop.LONG.tasks(tasks::add)));
            Poll closed = Poll.open();
            closed.close();
            assertThrows(ClosedSelectorException.class, () -> closed.registry().register(server, 1, Loop.R));
            assertThrows(IllegalStateException.class, () -> tls.loop.reregister(server, 1, Loop.R));
            assertThrows(IllegalStateException.class, () -> tls.loop.poll.registry().deregister(server));
            assertThrows(NullPointerException.class, () -> tls.loop.register(server, 1, null));
            tls.loop.register(server, 1, Loop.R);
            client.finishHandshake();
            tls.drive(() -> server.finishHandshake() || !tasks.isEmpty());
            tls.loop.expectQuiet();
            assertThrows(IllegalStateException.class, () -> tls.loop.register(server, 2, Loop.R));
            assertThrows(IllegalStateException.class, () -> other.register(server, 2, Loop.R));
            assertThrows(IllegalStateException.class, () -> other.reregister(server, 2, Loop.R));
            assertThrows(IllegalStateException.class, () -> other.poll.registry().deregister(server));
            assertEquals(WrongThreadException.class, Background.failure(Background.start(() -> {
                tls.loop.poll.registry().deregister(server);
                return null;
            })).getClass());
            tasks.remove().run();
            expectOnly(tls.loop, 1);
        }
    }

    /** Bad memory is refused before anything is read, written or encrypted, by every method. */
    @Test
    void invalidMemoryTransfersNothing() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] pair = tls.connected();
            MemorySegment good = MemorySegment.ofArray(new byte[5]);
            MemorySegment gone;
            try (Arena arena = Arena.ofConfined()) {
                gone = arena.allocate(5);
            }
            pair[1].write(HELLO, 0, 5);
            TlsStream stream = pair[0];
            assertThrows(NullPointerException.class, () -> stream.read((byte[]) null, 0, 0));
            assertThrows(NullPointerException.class, () -> stream.read((MemorySegment) null));
            assertThrows(NullPointerException.class, () -> stream.read((ByteBuffer) null));
            assertThrows(NullPointerException.class, () -> stream.readVectored(good, null));
            assertThrows(NullPointerException.class, () -> stream.write((byte[]) null, 0, 0));
            assertThrows(NullPointerException.class, () -> stream.write((MemorySegment) null));
            assertThrows(NullPointerException.class, () -> stream.write((ByteBuffer) null));
            assertThrows(NullPointerException.class, () -> stream.write((GatherList) null));
            assertThrows(NullPointerException.class, () -> stream.writeVectored(good, null));
            assertThrows(NullPointerException.class, () -> stream.shutdown(null));
            for (long[] range : new long[][] {{-1, 1}, {0, 6}, {6, 0}, {1, -1}, {1, Long.MAX_VALUE}}) {
                assertThrows(IndexOutOfBoundsException.class, () -> stream.read(good, range[0], range[1]));
                assertThrows(IndexOutOfBoundsException.class, () -> stream.write(good, range[0], range[1]));
            }
            assertThrows(ReadOnlyBufferException.class,
                () -> stream.read(ByteBuffer.allocateDirect(5).asReadOnlyBuffer()));
            assertThrows(IllegalArgumentException.class, () -> stream.readVectored(good, good.asReadOnly()));
            assertThrows(IllegalStateException.class, () -> stream.readVectored(good, gone));
            assertThrows(IllegalStateException.class, () -> stream.writeVectored(good, gone));
            GatherList list;
            try (Arena arena = Arena.ofConfined()) {
                list = GatherList.of(Arena.ofAuto().allocate(5), arena.allocate(5));
            }
            assertThrows(IllegalStateException.class, () -> stream.write(list));
            assertEquals(10, list.remaining());
            assertTrue(stream.flush());
            stream.write(HELLO, 0, 5);
            assertEquals("hello", tls.read(pair[1], 5), "and nothing before it");
            assertEquals("hello", tls.read(stream, 5), "nothing was read");
        }
    }

    @Test
    void aStreamOfTlsCanBeBelowAnother() throws IOException {
        try (TlsLoop tls = new TlsLoop()) {
            TlsStream[] outer = tls.connected();
            TlsStream client = tls.client(outer[0], clientEngine());
            TlsStream server = tls.server(outer[1], serverEngine());
            tls.drive(client::finishHandshake, server::finishHandshake);
            client.write(HELLO, 0, 5);
            assertEquals("hello", tls.read(server, 5));
        }
    }
}
