package io.panamio.test.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.IoResult;
import io.panamio.Source;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Loop;
import io.panamio.tls.TlsOptions;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** A loop for encrypted streams, with the pool of their buffers. */
final class TlsLoop implements AutoCloseable {
    static final TlsOptions LONG = TlsOptions.DEFAULT.handshakeTimeout(Loop.LONG.multipliedBy(2));
    private static final SSLContext SERVER = Certificates.context(Certificates.ALPHA);
    private static final SSLContext CLIENT = Certificates.context();

    final Loop loop = new Loop();
    final SegmentPool pool = SegmentPool.open();

    TlsLoop() throws IOException {
    }

    @Override
    public void close() throws IOException {
        loop.close();
        assertEquals(0, pool.acquired(), "buffers that were not released");
        pool.close();
    }

    // ---- streams

    static SSLEngine serverEngine(String... protocols) {
        return engine(SERVER.createSSLEngine(), protocols);
    }

    static SSLEngine clientEngine(String... protocols) {
        return engine(CLIENT.createSSLEngine("localhost", 1), protocols);
    }

    /** Returns the engine, with the given protocols if there are any. */
    static SSLEngine engine(SSLEngine engine, String... protocols) {
        if (protocols.length > 0) {
            engine.setEnabledProtocols(protocols);
        }
        return engine;
    }

    static SSLEngine with(SSLEngine engine, Consumer<SSLParameters> change) {
        SSLParameters parameters = engine.getSSLParameters();
        change.accept(parameters);
        engine.setSSLParameters(parameters);
        return engine;
    }

    <S extends DuplexStream & Source> TlsStream client(S stream, SSLEngine engine) {
        return loop.later(TlsStream.client(stream, engine, pool, LONG));
    }

    <S extends DuplexStream & Source> TlsStream server(S stream, SSLEngine engine) {
        return loop.later(TlsStream.server(stream, engine, pool, LONG));
    }

    /** Returns a client and a server over a TCP connection, with tokens 1 and 2. */
    TlsStream[] pair(SSLEngine clientEngine, SSLEngine serverEngine) throws IOException {
        TcpStream[] below = loop.pair();
        TlsStream[] pair = {client(below[0], clientEngine), server(below[1], serverEngine)};
        loop.register(pair[0], 1, Loop.RW);
        loop.register(pair[1], 2, Loop.RW);
        return pair;
    }

    /** Returns a client and a server that have completed their handshake. */
    TlsStream[] connected(String... protocols) throws IOException {
        TlsStream[] pair = pair(clientEngine(protocols), serverEngine(protocols));
        drive(pair[0]::finishHandshake, pair[1]::finishHandshake);
        return pair;
    }

    // ---- events

    /** What the program wants to do with a stream; returns whether it is done, and may be called again then. */
    interface Turn {
        boolean take() throws IOException;
    }

    /** Takes each turn once, and again at events of its token, 1 for the first one, until all are done. */
    void drive(Turn... turns) throws IOException {
        boolean[] due = new boolean[turns.length];
        boolean[] done = new boolean[turns.length];
        Arrays.fill(due, true);
        for (;;) {
            boolean all = true;
            for (int i = 0; i < turns.length; i++) {
                if (due[i]) {
                    due[i] = false;
                    done[i] = turns[i].take();
                }
                all &= done[i];
            }
            if (all) {
                return;
            }
            loop.poll.poll(loop.events, Loop.LONG);
            assertTrue(!loop.events.isEmpty(), "no more events; done: " + Arrays.toString(done));
            for (Event event : loop.events) {
                due[(int) event.token() - 1] = true;
            }
        }
    }

    /** Writes bytes and the end, and reads what is expected and the end. */
    static final class Exchange implements Turn {
        private final TlsStream stream;
        private final byte[] output;
        private final byte[] expected;
        private final MemorySegment buffer;
        private final boolean answers;
        private int sent;
        private int got;
        private boolean shut;
        private boolean ended;

        /**
         * Prepares an exchange.
         *
         * @param answers whether to write only when the other end has finished
         * @param buffer what to read into
         */
        Exchange(TlsStream stream, byte[] output, byte[] expected, boolean answers, MemorySegment buffer) {
            this.stream = stream;
            this.output = output;
            this.expected = expected;
            this.answers = answers;
            this.buffer = buffer;
        }

        @Override
        public boolean take() throws IOException {
            if (!ended) {
                long n;
                while ((n = stream.read(buffer)) > 0) {
                    assertTrue(n <= expected.length - got, "more than was sent");
                    assertEquals(-1, MemorySegment.ofArray(expected).asSlice(got, n).mismatch(buffer.asSlice(0, n)),
                        "other bytes than were sent, after " + got);
                    got += (int) n;
                }
                if (n == IoResult.EOF) {
                    assertEquals(expected.length, got);
                    ended = true;
                }
            }
            if (ended || !answers) {
                long n;
                while (sent < output.length && (n = stream.write(output, sent, output.length - sent)) > 0) {
                    sent += (int) n;
                }
                if (sent == output.length && !shut) {
                    stream.shutdown(Shutdown.WRITE);
                    shut = true;
                }
            }
            return ended && shut && stream.flush();
        }
    }

    /** Reads one piece of data, which must arrive. */
    String read(TlsStream stream, int length) throws IOException {
        return new String(readBytes(stream, length));
    }

    byte[] readBytes(TlsStream stream, int length) throws IOException {
        byte[] bytes = new byte[length];
        int[] got = new int[1];
        Loop.until("read", () -> {
            long n = stream.read(bytes, got[0], length - got[0]);
            assertTrue(n != IoResult.EOF, "the end after " + got[0]);
            got[0] += (int) Math.max(n, 0);
            return got[0] == length;
        });
        return bytes;
    }

    /** Returns the result of a read that does not block. */
    static long await(Read read) throws IOException {
        long[] n = new long[1];
        Loop.until("ready", () -> (n[0] = read.read()) != IoResult.WOULD_BLOCK);
        return n[0];
    }

    /** A read. */
    interface Read {
        long read() throws IOException;
    }
}
