package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.IoResult;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Two hosts, a wire between them, and a loop for sockets of both. */
final class Hosts implements AutoCloseable {
    static final long A = 0;
    static final long B = 1;

    final Loop loop;
    final Host a;
    final Host b;
    final Wire wire;

    Hosts() throws IOException {
        Host first = new Host(1); // skips the test where there are no such hosts
        loop = new Loop();
        a = loop.later(first);
        b = loop.later(new Host(2));
        wire = loop.later(new Wire(a, b));
    }

    /** Returns a listener on the second host. */
    TcpListener listen(boolean six) throws IOException {
        return loop.later(b.call(() -> TcpListener.bind(new InetSocketAddress(b.address(six), 0))));
    }

    /** Returns two connected streams, unregistered: the one of the first host, which connected, is the first. */
    TcpStream[] connect(boolean six) throws IOException {
        return connect(six, ConnectOptions.DEFAULT);
    }

    TcpStream[] connect(boolean six, ConnectOptions options) throws IOException {
        TcpListener listener = listen(six);
        TcpStream first = loop.later(a.call(() -> TcpStream.connect(listener.localAddress(), options)));
        TcpStream[] second = new TcpStream[1];
        Loop.until("accepted", () -> (second[0] = listener.accept()) != null);
        Loop.until("connected", first::finishConnect);
        return new TcpStream[] {first, loop.later(second[0])};
    }

    /** A stream that sends and receives random bytes, until the end in both directions. */
    private static final class Side {
        final TcpStream stream;
        final byte[] out;
        final byte[] in;
        private final byte[] piece = new byte[16_384];
        private int sent;
        private int received;
        boolean ended;

        Side(TcpStream stream, int out, int in) {
            this.stream = stream;
            this.out = Local.random(out);
            this.in = new byte[in];
        }

        /** Sends and receives until both would block. */
        void turn() throws IOException {
            while (sent < out.length) {
                long n = stream.write(out, sent, out.length - sent);
                if (n == IoResult.WOULD_BLOCK) {
                    break;
                }
                sent += (int) n;
                if (sent == out.length) {
                    stream.shutdown(Shutdown.WRITE);
                }
            }
            while (!ended) {
                long n = stream.read(piece, 0, piece.length);
                if (n == IoResult.WOULD_BLOCK) {
                    break;
                }
                ended = n == IoResult.EOF;
                if (!ended) {
                    assertTrue(received + n <= in.length, "more bytes than were sent");
                    System.arraycopy(piece, 0, in, received, (int) n);
                    received += (int) n;
                }
            }
        }
    }

    /** Sends bytes in both directions at once, driven by events alone, and compares what has arrived on both sides. */
    void exchange(TcpStream[] pair, int fromA, int fromB) throws IOException {
        Side[] sides = {new Side(pair[0], fromA, fromB), new Side(pair[1], fromB, fromA)};
        loop.register(pair[0], A, Loop.RW);
        loop.register(pair[1], B, Loop.RW);
        long lastEvent = System.nanoTime();
        while (!sides[0].ended || !sides[1].ended) {
            if (loop.poll.poll(loop.events, Duration.ofSeconds(1)) > 0) {
                lastEvent = System.nanoTime();
            }
            assertTrue(System.nanoTime() - lastEvent < Loop.LONG.toNanos(),
                () -> "no end: " + progress(sides[0]) + "; " + progress(sides[1]));
            for (Event event : loop.events) {
                sides[(int) event.token()].turn();
            }
        }
        assertEquals(fromA, sides[1].received);
        assertEquals(fromB, sides[0].received);
        assertArrayEquals(sides[0].out, sides[1].in);
        assertArrayEquals(sides[1].out, sides[0].in);
        loop.poll.registry().deregister(pair[0]);
        loop.poll.registry().deregister(pair[1]);
    }

    private static String progress(Side side) {
        return "sent " + side.sent + ", received " + side.received;
    }

    @Override
    public void close() throws IOException {
        loop.close();
    }
}
