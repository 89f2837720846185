package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Fixtures of the pipeline tests: streams of every kind, and senders and receivers of many bytes. */
final class Pipelines {

    private Pipelines() {
    }

    /** The kinds of connections that bytes can go through. */
    enum Kind {
        TCP,
        UNIX,
        PIPE;

        Way open(Loop loop) throws IOException {
            switch (this) {
                case TCP -> {
                    TcpStream[] pair = loop.pair();
                    return new Way(pair[0], pair[1]);
                }
                case UNIX -> {
                    UnixStream[] pair = Local.pair(loop);
                    return new Way(pair[0], pair[1]);
                }
                default -> {
                    Loop.assume(Feature.PIPES);
                    Pipe pipe = loop.later(Pipe.open());
                    return new Way(pipe.sender(), pipe.receiver());
                }
            }
        }
    }

    /** A connection: what is written to {@code in} can be read from {@code out}. */
    record Way(WritableStream in, ReadableStream out) {
    }

    /** Reads an expected number of bytes and compares them with what they must be. */
    static final class Expected {
        private final byte[] expected;
        private final byte[] buffer = new byte[256 << 10];
        private int got;

        Expected(byte[] expected) {
            this.expected = expected;
        }

        /** Reads the pending bytes. */
        void read(ReadableStream from) throws IOException {
            long n;
            while ((n = from.read(buffer, 0, buffer.length)) > 0) {
                assertTrue(n <= expected.length - got, "more than was sent");
                long at = MemorySegment.ofArray(expected).asSlice(got, n)
                    .mismatch(MemorySegment.ofArray(buffer).asSlice(0, n));
                assertEquals(-1, at, "other bytes than were sent, after " + got);
                got += (int) n;
            }
            assertTrue(n == WOULD_BLOCK || got == expected.length, "the end after " + got);
        }

        boolean isComplete() {
            return got == expected.length;
        }

        int got() {
            return got;
        }
    }

    /** Writes bytes whenever there is room. */
    static final class Output {
        private final byte[] bytes;
        private int done;

        Output(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Writes as many bytes as there is room for, and returns whether all are written. */
        boolean write(WritableStream to) throws IOException {
            long n;
            while (done < bytes.length && (n = to.write(bytes, done, bytes.length - done)) > 0) {
                done += (int) n;
            }
            return done == bytes.length;
        }

        int done() {
            return done;
        }
    }

    /** Waits for the end of a stream, before which nothing may arrive. */
    static void expectEnd(ReadableStream from) throws IOException {
        byte[] one = new byte[1];
        long[] n = new long[1];
        Loop.until("the end", () -> (n[0] = from.read(one, 0, 1)) != WOULD_BLOCK);
        assertEquals(EOF, n[0]);
    }
}
