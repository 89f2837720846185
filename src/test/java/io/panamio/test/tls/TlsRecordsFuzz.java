package io.panamio.test.tls;

import static io.panamio.test.tls.TlsLoop.clientEngine;
import static io.panamio.test.tls.TlsLoop.serverEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoResult;
import io.panamio.memory.SegmentPool;
import io.panamio.net.Shutdown;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import javax.net.ssl.SSLException;

/**
 * Records of TLS that a peer, or someone on the way, sends: before the handshake, or among the records of a connection.
 * What is read is what the peer has written, from its start; anything else is an {@link SSLException}, for good, and no
 * buffer is left.
 */
public final class TlsRecordsFuzz {
    private static final int PIECE = 70_000;
    private static final byte[] DATA = "what the peer has written, in records of any size".getBytes();
    private static final int LIMIT = 10_000;

    private final SegmentPool pool;
    private final byte[] input;
    private int at;
    private final Trickle[] below = Trickle.pair(PIECE);
    private final byte[] room;
    private long read;
    private long written;
    private boolean tampered;

    private TlsRecordsFuzz(SegmentPool pool, byte[] input) {
        this.pool = pool;
        this.input = input;
        room = new byte[(input[0] >> 2 & 63) + 1];
    }

    /**
     * The first byte chooses the protocol, whether the handshake is complete, and how much is read at once. Then each
     * byte is a step: a write of the peer, with its length; or the number of bytes that are sent as they follow; or a
     * change of what the peer has written, or a cut.
     */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        try (SegmentPool pool = SegmentPool.open()) {
            new TlsRecordsFuzz(pool, input).run();
            assertEquals(0, pool.acquired(), "buffers that were not released");
        }
    }

    private int next() {
        return at < input.length ? Byte.toUnsignedInt(input[at++]) : 0;
    }

    private void run() throws IOException {
        String protocol = (next() & 1) == 0 ? "TLSv1.3" : "TLSv1.2";
        try (TlsStream client = TlsStream.client(below[0], clientEngine(protocol), pool, TlsLoop.LONG);
                TlsStream server = TlsStream.server(below[1], serverEngine(protocol), pool, TlsLoop.LONG)) {
            if (shaken()) {
                handshake(client, server);
            } else {
                client.finishHandshake(); // its first record may be changed, too
            }
            try {
                while (at < input.length) {
                    step(client);
                    receive(server);
                }
                for (int i = 0; !tampered && read < written; i++) {
                    assertTrue(i < LIMIT, "read " + read + " of " + written);
                    client.flush();
                    receive(server);
                }
            } catch (SSLException e) {
                assertTrue(tampered, e::toString);
                refused(server);
            }
        }
    }

    private static void handshake(TlsStream client, TlsStream server) throws IOException {
        for (int i = 0; !(client.finishHandshake() & server.finishHandshake() & client.flush() & server.flush()); i++) {
            assertTrue(i < LIMIT, "the handshake does not end");
        }
    }

    private void step(TlsStream client) throws IOException {
        int step = next();
        tampered |= (step & 3) != 0;
        switch (step & 3) {
            case 0 -> {
                if (shaken()) {
                    int from = (int) (written % DATA.length);
                    written += Math.max(client.write(DATA, from, Math.min(step >> 2, DATA.length - from)), 0);
                    client.flush();
                }
            }
            case 1 -> {
                byte[] raw = new byte[step >> 2];
                for (int i = 0; i < raw.length; i++) {
                    raw[i] = (byte) next();
                }
                send(raw);
            }
            case 2 -> below[1].change(next() << 8 | next(), (byte) (step >> 2));
            default -> {
                below[1].cut(step >> 2);
                if (step >> 2 == 63) {
                    below[0].shutdown(Shutdown.WRITE);
                }
            }
        }
    }

    private boolean shaken() {
        return (input[0] & 2) == 0;
    }

    private void send(byte[] raw) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment m = arena.allocate(Math.max(raw.length, 1));
            MemorySegment.copy(MemorySegment.ofArray(raw), 0, m, 0, raw.length);
            if (below[0].write(m, 0, raw.length) == IoResult.WOULD_BLOCK) {
                below[0].write(m, 0, raw.length);
            }
        }
    }

    /** Has the server take what has arrived. */
    private void receive(TlsStream server) throws IOException {
        for (int i = 0; i < 4; i++) {
            if (!shaken()) {
                server.finishHandshake();
                continue;
            }
            long n = server.read(room, 0, room.length);
            assertTrue(n > 0 || n == IoResult.WOULD_BLOCK, "read " + n);
            for (int j = 0; j < n; j++) {
                assertEquals(DATA[(int) (read++ % DATA.length)], room[j], "a foreign byte");
            }
            assertTrue(read <= written, "read " + read + " of " + written);
        }
    }

    private void refused(TlsStream server) {
        assertThrows(SSLException.class, () -> server.read(room, 0, 1));
        assertThrows(SSLException.class, () -> server.write(room, 0, 1));
        assertThrows(SSLException.class, server::finishHandshake);
    }
}
