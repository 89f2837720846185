package io.panamio.test.tcp;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.SourceFd;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Urgent (out-of-band) bytes in a stream. The system ends a receive at each of them; a reader that stops at short
 * reads, as the documentation allows, still receives all other bytes.
 */
class UrgentDataTest {
    enum Kind {
        TCP,
        UNIX;

        /** The end under test, and its peer. */
        StreamSocket<?>[] open(Loop loop) throws IOException {
            if (this == UNIX) {
                Behaviour.UNIX_SOCKETS_LACK_URGENT_DATA.skip();
                UnixStream[] pair = Local.pair(loop);
                return pair;
            }
            TcpStream[] pair = loop.pair();
            pair[1].setNoDelay(true);
            return pair;
        }
    }

    /** What a peer sends: {@code !} is an urgent byte, {@code .} the end, a space a chance to read in between. */
    private static final List<String> HISTORIES = List.of("aaaa!bbbb", "!bbbb", "aaaa!", "aaaa!bbbb.", "aaaa!.", "!.",
        "a!b!c", "a!!b", "!!", "aaaa!bbbb!cccc.", "a!b!c!d!e.", "!a!b.");

    /** Every history, with every choice of the moments at which it is read. */
    static Stream<Arguments> histories() {
        return Stream.of(Kind.values()).flatMap(kind -> HISTORIES.stream().map(h -> Arguments.of(kind, h)));
    }

    private static Stream<String> timings(String history) {
        int places = Math.min(history.length(), 6);
        return IntStream.range(0, 1 << places).mapToObj(bits -> {
            StringBuilder s = new StringBuilder();
            for (int i = 0; i < history.length(); i++) {
                s.append(history.charAt(i)).append(i < places && (bits & 1 << i) != 0 ? " " : "");
            }
            return s.toString();
        });
    }

    /** Sends a part of a history. */
    static void send(StreamSocket<?> peer, char what) throws IOException {
        switch (what) {
            case '!' -> assertEquals(1, NativeCalls.sendUrgent(peer.fd(), (byte) '!'));
            case '.' -> peer.shutdown(Shutdown.WRITE);
            default -> assertEquals(1, peer.write(new byte[] {(byte) what}, 0, 1));
        }
    }

    /** Reads as documented: a short read means drained, unless the event reports urgent data. */
    private static final class Reader {
        final Loop loop;
        final StreamSocket<?> stream;
        final byte[] buffer = new byte[64];
        final StringBuilder got = new StringBuilder();
        boolean ended;
        int events;

        Reader(Loop loop, StreamSocket<?> stream) {
            this.loop = loop;
            this.stream = stream;
        }

        void turn(Duration timeout) throws IOException {
            loop.poll.poll(loop.events, timeout);
            for (int i = 0; i < loop.events.size(); i++) {
                events++;
                boolean all = loop.events.isReadClosed(i) || loop.events.isError(i) || loop.events.isPriority(i);
                long n;
                do {
                    n = stream.read(buffer, 0, buffer.length);
                    got.append(new String(buffer, 0, (int) Math.max(n, 0)));
                } while (n > 0 && (all || n == buffer.length));
                ended |= n == EOF;
            }
        }

        /**
         * Returns what was received, without urgent bytes superseded by a later one, which the system leaves in the
         * stream.
         */
        String text() {
            return got.toString().replace("!", "");
        }
    }

    /** A second registration of a descriptor is refused, and the first reports urgent data as before. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Requires({Feature.PRIORITY, Feature.DESCRIPTORS})
    void aRefusedRegistrationOfTheSameDescriptorChangesNothing(boolean readable) throws IOException {
        try (Loop loop = new Loop()) {
            StreamSocket<?>[] pair = Kind.TCP.open(loop);
            loop.register(pair[0], 1, readable ? R.add(Interest.PRIORITY) : Interest.PRIORITY);
            SourceFd second = loop.later(new SourceFd(pair[0].fd()));
            assertThrows(IOException.class, () -> loop.register(second, 2, R));
            send(pair[1], '!');
            loop.expect(new Loop.Expected(1, "p"));
        }
    }

    @ParameterizedTest
    @MethodSource("histories")
    @Requires(Feature.PRIORITY)
    void aReaderThatStopsAtShortReadsMissesNothing(Kind kind, String history) throws IOException {
        String wanted = history.replaceAll("[!.]", "");
        try (Loop loop = new Loop()) {
            for (String timing : (Iterable<String>) timings(history)::iterator) {
                StreamSocket<?>[] pair = kind.open(loop);
                loop.register(pair[0], 1, R);
                Reader reader = new Reader(loop, pair[0]);
                for (char what : timing.toCharArray()) {
                    if (what == ' ') {
                        reader.turn(Duration.ZERO);
                    } else {
                        send(pair[1], what);
                    }
                }
                long deadline = System.nanoTime() + Loop.LONG.toNanos();
                while (!reader.text().equals(wanted) || reader.ended != history.endsWith(".")) {
                    assertTrue(System.nanoTime() < deadline, () -> timing + ": " + reader.got);
                    reader.turn(Duration.ofSeconds(1));
                }
                assertTrue(reader.events < 100, () -> timing + ": " + reader.events + " events");
                pair[0].close();
                pair[1].close();
            }
        }
    }

    /** A splice stops at urgent data; once the stream has ended, it reports the urgent data as the end. */
    @ParameterizedTest
    @MethodSource("histories")
    @Requires(Feature.PRIORITY)
    void aRelayPassesOnBytesAfterUrgentData(Kind kind, String history) throws IOException {
        String wanted = history.replaceAll("[!.]", "");
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            for (String timing : (Iterable<String>) timings(history)::iterator) {
                StreamSocket<?>[] in = kind.open(loop);
                StreamSocket<?>[] out = kind.open(loop);
                Relay relay = new Relay(in[0], out[0], pool);
                loop.register(in[0], 0, RW);
                loop.register(out[0], 1, RW);
                int[] events = new int[1];
                StringBuilder got = new StringBuilder();
                boolean[] ended = new boolean[1];
                Turn turn = () -> {
                    loop.poll.poll(loop.events, Duration.ofMillis(1));
                    for (int i = 0; i < loop.events.size(); i++) {
                        events[0]++;
                        relay.transfer(loop.events.token(i) == 0 ? in[0] : out[0]);
                    }
                    byte[] buffer = new byte[64];
                    long n;
                    while ((n = out[1].read(buffer, 0, 64)) > 0) {
                        got.append(new String(buffer, 0, (int) n).replace("!", ""));
                    }
                    ended[0] |= n == EOF;
                };
                for (char what : timing.toCharArray()) {
                    if (what == ' ') {
                        turn.run();
                    } else {
                        send(in[1], what);
                    }
                }
                until(timing, () -> {
                    turn.run();
                    assertTrue(!ended[0] || got.toString().equals(wanted), () -> timing + ": an end after " + got);
                    return got.toString().equals(wanted) && ended[0] == history.endsWith(".");
                });
                for (int i = 0; i < 3; i++) {
                    turn.run();
                }
                assertTrue(events[0] < 100, () -> timing + ": " + events[0] + " events");
                relay.close();
                in[1].close();
                out[1].close();
            }
        }
    }

    private interface Turn {
        void run() throws IOException;
    }

    /** Many bytes of all kinds, so that urgent marks fall anywhere in what a splice transfers. */
    @ParameterizedTest
    @EnumSource
    void urgentBytesAmongManyDoNotEndARelay(Kind kind) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            StreamSocket<?>[] in = kind.open(loop);
            StreamSocket<?>[] out = kind.open(loop);
            Relay relay = loop.later(new Relay(in[0], out[0], pool));
            loop.register(in[0], 0, RW);
            loop.register(out[0], 1, RW);
            Random random = new Random(1);
            int pieces = 200;
            byte[] piece = new byte[40_000];
            Arrays.fill(piece, (byte) 'x');
            long[] all = new long[3]; // sent, received, size of the piece
            byte[] buffer = new byte[1 << 16];
            until("all arrived", () -> {
                if (all[2] < pieces) {
                    long n = in[1].write(piece, 0, 1 + random.nextInt(piece.length));
                    all[0] += Math.max(n, 0);
                    if (n > 0 && NativeCalls.sendUrgent(in[1].fd(), (byte) '!') == 1 && ++all[2] == pieces) {
                        in[1].shutdown(Shutdown.WRITE);
                    }
                }
                loop.poll.pollNow(loop.events);
                for (int i = 0; i < loop.events.size(); i++) {
                    while (relay.transfer(loop.events.token(i) == 0 ? in[0] : out[0]) > 0) {
                        Thread.onSpinWait();
                    }
                }
                long n;
                while ((n = out[1].read(buffer, 0, buffer.length)) > 0) {
                    for (int i = 0; i < n; i++) {
                        all[1] += buffer[i] == 'x' ? 1 : 0;
                    }
                }
                return n == EOF;
            });
            assertEquals(all[0], all[1]);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PRIORITY)
    void aLoneUrgentByteIsOneEvent(Kind kind) throws IOException {
        for (Interest interest : new Interest[] {R, R.add(Interest.PRIORITY), RW.level(), R.oneShot()}) {
            try (Loop loop = new Loop()) {
                StreamSocket<?>[] pair = kind.open(loop);
                loop.register(pair[0], 1, interest);
                loop.poll.pollNow(loop.events);
                send(pair[1], '!');
                String event = loop.next(1);
                assertTrue(event.contains("p"), event);
                assertEquals(WOULD_BLOCK, pair[0].read(new byte[8], 0, 8)); // skips the urgent byte
                loop.reregister(pair[0], 1, R);
                loop.expectNothing();
                send(pair[1], 'a');
                assertEquals("r", loop.next(1));
            }
        }
    }

    /** Peeking does not skip an urgent byte; on a Unix socket poll(2) continues to report it as readable. */
    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PRIORITY)
    void aPeekAtAnUrgentByteDoesNotSpin(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            StreamSocket<?>[] pair = kind.open(loop);
            loop.register(pair[0], 1, R);
            send(pair[1], '!');
            loop.next(1);
            int events = 0;
            assertEquals(WOULD_BLOCK, pair[0].peek(new byte[8], 0, 8));
            for (int i = 0; i < 20; i++) {
                events += loop.poll.poll(loop.events, Duration.ofMillis(5));
                assertEquals(WOULD_BLOCK, pair[0].peek(new byte[8], 0, 8));
            }
            assertTrue(events < 5 || kind == Kind.UNIX && !Loop.hasEdges(), events + " events");
            send(pair[1], 'a');
            loop.expect(Loop.readable(1));
            until("seen", () -> pair[0].peek(new byte[8], 0, 8) == 1);
        }
    }

    /** EPOLLPRI cannot be combined with EPOLLEXCLUSIVE. */
    @ParameterizedTest
    @EnumSource
    @Requires(Feature.EXCLUSIVE)
    void exclusiveInterestIsUnchanged(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            StreamSocket<?>[] pair = kind.open(loop);
            loop.register(pair[0], 1, R.exclusive());
            for (char what : "aa!bb".toCharArray()) {
                send(pair[1], what);
            }
            assertEquals("r", loop.next(1));
            byte[] buffer = new byte[8];
            assertEquals(2, pair[0].read(buffer, 0, 8));
            assertEquals(2, pair[0].read(buffer, 0, 8));
            assertEquals("bb", new String(Arrays.copyOf(buffer, 2)));
            assertEquals(WOULD_BLOCK, pair[0].read(buffer, 0, 8));
        }
    }

    /** A source registered only for writing does not report input. */
    @ParameterizedTest
    @EnumSource
    void writableInterestDoesNotReportUrgentBytes(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            StreamSocket<?>[] pair = kind.open(loop);
            loop.register(pair[0], 1, Loop.W);
            assertEquals("w", loop.next(1));
            send(pair[1], '!');
            loop.poll.poll(loop.events, Loop.SHORT);
            assertFalse(loop.events.size() > 0 && loop.events.isPriority(0), loop.events::toString);
        }
    }
}
