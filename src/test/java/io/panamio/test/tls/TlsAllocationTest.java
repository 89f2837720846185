package io.panamio.test.tls;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Allocations;
import io.panamio.test.support.Loop;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is allocated for a record is the engine's: a stream allocates as much as two engines that pass buffers. */
class TlsAllocationTest {
    private static final int SIZE = 100;
    /** Less than an object in a record. */
    private static final long FEW = Allocations.ROUNDS;

    /** Two engines of the JDK, without a stream. */
    private static final class Engines implements Allocations.Round {
        private final SSLEngine[] engines = {TlsLoop.clientEngine(), TlsLoop.serverEngine()};
        private final ByteBuffer data = ByteBuffer.allocateDirect(1 << 15);
        private final ByteBuffer record = ByteBuffer.allocateDirect(1 << 16);
        private final ByteBuffer[] into = {ByteBuffer.allocateDirect(1 << 15)};

        Engines() throws IOException {
            engines[0].setUseClientMode(true);
            engines[1].setUseClientMode(false);
            ByteBuffer[] net = {ByteBuffer.allocate(1 << 17), ByteBuffer.allocate(1 << 17)};
            boolean more = true;
            for (int idle = 0; idle < 4; idle = more ? 0 : idle + 1) {
                more = false;
                for (int i = 0; i < 2; i++) {
                    SSLEngine engine = engines[i];
                    if (idle == 0 && engine.getSession().getProtocol().equals("NONE")) {
                        engine.beginHandshake();
                    }
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        task.run();
                        more = true;
                    }
                    while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                        engine.wrap(ByteBuffer.allocate(0), net[i]);
                        more = true;
                    }
                    net[1 - i].flip();
                    more |= engine.unwrap(net[1 - i], into[0].clear()).bytesConsumed() > 0;
                    net[1 - i].compact();
                }
            }
        }

        @Override
        public void run() throws IOException {
            pass(engines[0], engines[1]);
            pass(engines[1], engines[0]);
        }

        private void pass(SSLEngine from, SSLEngine to) throws IOException {
            from.wrap(data.clear().limit(SIZE), record.clear());
            to.unwrap(record.flip(), into, 0, 1);
            assertTrue(into[0].position() >= SIZE);
            into[0].clear();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyTheEngineAllocates(boolean array) throws IOException {
        Engines engines = new Engines();
        try (TlsLoop tls = new TlsLoop(); Arena arena = Arena.ofConfined()) {
            TlsStream[] pair = tls.connected();
            MemorySegment segment = arena.allocate(1 << 15);
            byte[] bytes = new byte[1 << 15];
            Allocations.Round round = () -> {
                pass(pair[0], pair[1], array ? bytes : null, segment);
                pass(pair[1], pair[0], array ? bytes : null, segment);
            };
            long bare;
            long ours;
            long deadline = System.nanoTime() + Loop.LONG.toNanos();
            do {
                bare = Allocations.of(engines);
                ours = Allocations.of(round);
            } while (ours > bare + FEW && System.nanoTime() < deadline);
            assertTrue(ours <= bare + FEW, ours + " bytes of the streams, " + bare + " of the engines");
        }
    }

    private static void pass(TlsStream from, TlsStream to, byte[] array, MemorySegment segment) throws IOException {
        long n = array == null ? from.write(segment, 0, SIZE) : from.write(array, 0, SIZE);
        assertTrue(n == SIZE);
        do {
            n = array == null ? to.read(segment, 0, segment.byteSize()) : to.read(array, 0, array.length);
        } while (n < 0);
        assertTrue(n == SIZE);
    }
}
