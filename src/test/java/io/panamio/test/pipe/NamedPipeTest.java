package io.panamio.test.pipe;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFailure;
import static io.panamio.test.support.Local.fill;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.GatherList;
import io.panamio.net.NamedPipe;
import io.panamio.net.NamedPipe.Mode;
import io.panamio.sys.windows.Requests;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Requires(Feature.NAMED_PIPES)
class NamedPipeTest {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static String name() {
        return "\\\\.\\pipe\\panamio-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + "-"
            + COUNT.incrementAndGet();
    }

    /** A server and its client, registered for both directions with the tokens 1 and 2, and connected. */
    private static final class Pair {
        final Loop loop;
        final String name = name();
        final NamedPipe server;
        NamedPipe client;

        Pair(Loop loop, Mode mode) throws IOException {
            this.loop = loop;
            server = loop.later(NamedPipe.create(name, mode));
            loop.register(server, 1, RW);
            client(mode);
        }

        void client(Mode mode) throws IOException {
            server.connect(); // after a disconnect, nobody can open the pipe before
            client = loop.later(NamedPipe.open(name, mode));
            loop.register(client, 2, RW);
            until("connected", () -> {
                loop.poll.poll(loop.events, Duration.ZERO);
                return server.connect();
            });
        }

        /** Writes all, as events permit. */
        void write(NamedPipe to, byte[] bytes) throws IOException {
            int[] done = new int[1];
            until("written", () -> {
                loop.poll.poll(loop.events, Duration.ZERO);
                done[0] += (int) Math.max(0, to.write(bytes, done[0], bytes.length - done[0]));
                return done[0] == bytes.length;
            });
        }

        /** Reads until bytes or the end have arrived; returns the text, or "EOF". */
        String read(NamedPipe from) throws IOException {
            return read(from, 1000);
        }

        String read(NamedPipe from, int size) throws IOException {
            byte[] bytes = new byte[size];
            long[] n = new long[1];
            until("read", () -> {
                loop.poll.poll(loop.events, Duration.ZERO);
                n[0] = from.read(bytes, 0, size);
                return n[0] != WOULD_BLOCK;
            });
            return n[0] == EOF ? "EOF" : new String(bytes, 0, (int) n[0], US_ASCII);
        }

        byte[] readFully(NamedPipe from, int length) throws IOException {
            byte[] all = new byte[length];
            int[] got = new int[1];
            until(length + " bytes", () -> {
                loop.poll.poll(loop.events, Duration.ZERO);
                long n = from.read(all, got[0], length - got[0]);
                assertTrue(n != EOF, () -> "end after " + got[0]);
                got[0] += (int) Math.max(0, n);
                return got[0] == length;
            });
            return all;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    private static long write(NamedPipe to, String text) throws IOException {
        return to.write(ascii(text), 0, text.length());
    }

    // ---- mio's tests

    @Test
    void bothEndsAreWritableOnceRegistered() throws IOException { // T169
        try (Loop loop = new Loop()) {
            NamedPipe server = loop.later(NamedPipe.create(name(), Mode.BYTES));
            loop.register(server, 1, RW);
            loop.expect(writable(1));
            Pair pair = new Pair(loop, Mode.BYTES);
            loop.reregister(pair.server, 1, RW);
            loop.reregister(pair.client, 2, RW);
            loop.expect(writable(1), writable(2));
        }
    }

    @ParameterizedTest
    @EnumSource
    void writtenBytesAreRead(Mode mode) throws IOException { // T170
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, mode);
            assertTrue(NativeFds.isCloseOnExec(pair.client.fd()) && NativeFds.isCloseOnExec(pair.server.fd()));
            assertEquals(WOULD_BLOCK, pair.server.read(new byte[10], 0, 10));
            loop.expectQuiet();
            assertEquals(4, write(pair.client, "1234"));
            loop.expect(readable(1));
            assertEquals("1234", pair.read(pair.server));
            assertEquals(WOULD_BLOCK, pair.server.read(new byte[10], 0, 10));
            assertEquals(3, write(pair.server, "567"));
            loop.expect(readable(2));
            assertEquals("567", pair.read(pair.client));
            assertEquals(WOULD_BLOCK, pair.client.read(new byte[10], 0, 10));
            loop.expectQuiet();
        }
    }

    @Test
    void aServerWaitsForAClient() throws IOException { // T171
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            loop.register(server, 1, RW);
            assertFalse(server.connect());
            assertFalse(server.connect(), "one request at a time");
            assertEquals(WOULD_BLOCK, write(server, "x"));
            assertEquals(WOULD_BLOCK, server.read(new byte[1], 0, 1));
            loop.expectQuiet();
            loop.later(NamedPipe.open(name, Mode.BYTES));
            loop.expect(writable(1));
            assertTrue(server.connect());
            assertTrue(server.connect());
        }
    }

    @Test
    void aClientMayComeBeforeItIsWaitedFor() throws IOException { // T172
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            NamedPipe client = loop.later(NamedPipe.open(name, Mode.BYTES));
            loop.register(server, 1, RW);
            loop.register(client, 2, RW);
            assertTrue(server.connect());
            assertEquals(1, write(client, "x"));
            loop.expect(readable(1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatWasWrittenBeforeTheCloseIsRead(Mode mode) throws IOException { // T174
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, mode);
            assertEquals(4, write(pair.client, "1234"));
            pair.client.close();
            assertEquals("1234", pair.read(pair.server));
            until("read-closed", () -> loop.next(1).contains("rc"));
            for (int i = 0; i < 3; i++) {
                assertEquals("EOF", pair.read(pair.server));
            }
            IOException e = assertThrows(IOException.class, () -> write(pair.server, "x"));
            assertFailure("WriteFile", "EPIPE", e);
        }
    }

    @Test
    void onlyARegisteredPipeCanBeReregistered() throws IOException { // T176
        try (Loop loop = new Loop()) {
            NamedPipe server = loop.later(NamedPipe.create(name(), Mode.BYTES));
            assertThrows(IllegalStateException.class, () -> loop.reregister(server, 1, R));
            assertThrows(IllegalStateException.class, () -> loop.poll.registry().deregister(server));
        }
    }

    @Test
    void manySmallReadsGetEverything() throws IOException { // T179
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            byte[] bytes = random(10_000);
            pair.write(pair.client, bytes);
            byte[] got = new byte[bytes.length];
            for (int done = 0; done < got.length;) {
                byte[] some = pair.readFully(pair.server, Math.min(128, got.length - done));
                System.arraycopy(some, 0, got, done, some.length);
                done += some.length;
            }
            assertArrayEquals(bytes, got);
        }
    }

    @Test
    void severalSegmentsAreWrittenAndReadAtOnce() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            MemorySegment[] parts = {MemorySegment.ofArray(ascii("foo")), arena.allocateFrom("bar").asSlice(0, 3),
                MemorySegment.ofArray(ascii("baz"))};
            assertEquals(9, pair.client.writeVectored(parts));
            MemorySegment[] to = {arena.allocate(3), MemorySegment.ofArray(new byte[3]), arena.allocate(3)};
            long[] n = new long[1];
            until("readable", () -> {
                loop.poll.pollNow(loop.events);
                return (n[0] = pair.server.readVectored(to)) != WOULD_BLOCK;
            });
            assertEquals(9, n[0]);
            for (int i = 0; i < to.length; i++) {
                assertArrayEquals(parts[i].toArray(JAVA_BYTE), to[i].toArray(JAVA_BYTE));
            }
        }
    }

    // ---- registration

    @Test
    void everythingWouldBlockBeforeTheRegistration() throws IOException {
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            NamedPipe client = loop.later(NamedPipe.open(name, Mode.BYTES));
            assertFalse(server.connect());
            assertTrue(client.connect());
            assertEquals(WOULD_BLOCK, write(server, "x"));
            assertEquals(WOULD_BLOCK, write(client, "x"));
            assertEquals(WOULD_BLOCK, server.read(new byte[1], 0, 1));
            assertEquals(WOULD_BLOCK, client.read(new byte[1], 0, 1));
            assertEquals(0, client.read(new byte[1], 0, 0));
            assertThrows(UnsupportedOperationException.class, client::detach);
        }
    }

    @Test
    void aPipeBelongsToItsFirstPoll() throws IOException { // T177
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            assertThrows(IllegalStateException.class, () -> other.register(pair.client, 3, W));
            assertThrows(IllegalStateException.class, () -> other.reregister(pair.client, 3, W));
            assertThrows(IllegalStateException.class, () -> other.poll.registry().deregister(pair.client));
            loop.poll.registry().deregister(pair.client);
            assertThrows(IllegalStateException.class, () -> other.register(pair.client, 3, W));
            loop.expectQuiet();
            write(pair.server, "x");
            loop.expectNothing();
            loop.register(pair.client, 4, R);
            loop.expect(readable(4));
            assertEquals("x", pair.read(pair.client));
        }
    }

    @Test
    void interestsAreAsOfADescriptor() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            loop.reregister(pair.client, 2, W);
            loop.reregister(pair.server, 1, R.level());
            loop.expectQuiet();
            write(pair.client, "ab");
            for (int i = 0; i < 3; i++) {
                assertEquals("r", loop.next(1));
            }
            assertEquals("a", pair.read(pair.server, 1));
            assertEquals("r", loop.next(1));
            assertEquals("b", pair.read(pair.server));
            loop.expectNothing();
            loop.reregister(pair.server, 1, R.oneShot());
            write(pair.client, "c");
            assertEquals("r", loop.next(1));
            assertEquals("c", pair.read(pair.server));
            write(pair.client, "d");
            loop.expectNothing();
            loop.reregister(pair.server, 5, R);
            assertEquals("r", loop.next(5));
        }
    }

    // ---- clients that do not use this library

    @Test
    void aFileOfTheJdkIsAClient() throws Exception {
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            loop.register(server, 1, RW);
            assertFalse(server.connect());
            Future<String> client = Background.start(() -> {
                try (RandomAccessFile file = new RandomAccessFile(name, "rw")) {
                    file.write(ascii("question"));
                    byte[] answer = new byte[6];
                    file.readFully(answer);
                    return new String(answer, US_ASCII);
                }
            });
            byte[] bytes = new byte[100];
            until("connected", () -> loop.next(1).contains("w") && server.connect());
            long n;
            while ((n = server.read(bytes, 0, 100)) == WOULD_BLOCK) {
                loop.poll.poll(loop.events, Loop.LONG);
            }
            assertEquals("question", new String(bytes, 0, (int) n, US_ASCII));
            assertEquals(6, write(server, "answer"));
            assertEquals("answer", Background.result(client));
            until("end", () -> {
                loop.poll.poll(loop.events, Duration.ofMillis(100));
                return server.read(bytes, 0, 100) == EOF;
            });
        }
    }

    @Test
    void manyBytesToAndFromAChannelNeedOnlyEvents() throws Exception {
        byte[] there = random(3 << 20);
        byte[] back = random(2 << 20);
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            loop.register(server, 1, RW);
            assertFalse(server.connect());
            Future<byte[]> client = Background.start(() -> {
                try (FileChannel channel =
                    FileChannel.open(Path.of(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    ByteBuffer out = ByteBuffer.wrap(there);
                    while (out.hasRemaining()) {
                        channel.write(out);
                    }
                    ByteBuffer in = ByteBuffer.allocate(back.length);
                    while (in.hasRemaining() && channel.read(in) >= 0) {
                        continue;
                    }
                    return in.array();
                }
            });
            byte[] got = new byte[there.length];
            int read = 0;
            int written = 0;
            while (read < got.length || written < back.length) {
                assertTrue(loop.poll.poll(loop.events, Loop.LONG) > 0, "after " + read + " and " + written);
                if (!server.connect()) {
                    continue;
                }
                long n;
                while (read < got.length && (n = server.read(got, read, Math.min(100_000, got.length - read))) > 0) {
                    read += (int) n;
                }
                while (written < back.length && (n = server.write(back, written, back.length - written)) > 0) {
                    written += (int) n;
                }
            }
            assertArrayEquals(there, got);
            assertArrayEquals(back, Background.result(client));
        }
    }

    // ---- a peer that vanishes

    private interface Call {
        void make(Loop loop, NamedPipe server, NamedPipe client) throws IOException;
    }

    private static final Call POLL = (loop, server, client) -> loop.poll.poll(loop.events, Loop.SHORT);

    /** A conversation, from the moment at which a client has opened the pipe. */
    private static final List<Call> CALLS = List.of(
        POLL,
        (loop, server, client) -> server.connect(),
        (loop, server, client) -> loop.register(client, 2, RW),
        (loop, server, client) -> write(client, "request"),
        POLL,
        (loop, server, client) -> server.read(new byte[9], 0, 3),
        (loop, server, client) -> server.isPartial(),
        (loop, server, client) -> server.read(new byte[9], 0, 9),
        (loop, server, client) -> write(server, "answer"),
        POLL,
        (loop, server, client) -> client.read(new byte[9], 0, 9),
        (loop, server, client) -> fill(server),
        (loop, server, client) -> fill(client),
        (loop, server, client) -> loop.reregister(server, 1, R),
        (loop, server, client) -> loop.poll.registry().deregister(server),
        (loop, server, client) -> loop.register(server, 1, RW),
        (loop, server, client) -> server.connect(),
        (loop, server, client) -> server.disconnect(),
        POLL);

    /** Makes the calls, before one of which an end is closed: they may fail then. */
    private static void converse(Loop loop, NamedPipe server, NamedPipe client, NamedPipe leaving, int at) {
        for (int i = 0; i < CALLS.size(); i++) {
            if (i == at) {
                leaving.close();
            }
            try {
                CALLS.get(i).make(loop, server, client);
            } catch (IOException e) { // closed, or broken
                assertTrue(i >= at, () -> "before the end: " + e);
            } catch (IllegalStateException e) { // not registered
                assertFalse(leaving.isOpen(), e::toString);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientMayVanishBetweenAnyTwoCalls(Mode mode) throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, mode);
            for (int i = 0; i <= CALLS.size(); i++) {
                pair.client.close();
                pair.server.disconnect();
                assertFalse(pair.server.connect());
                NamedPipe client = loop.later(NamedPipe.open(pair.name, mode));
                converse(loop, pair.server, client, client, i);
                client.close();
                pair.server.disconnect();
                pair.client(mode);
                pair.write(pair.client, ascii("new"));
                assertEquals("new", pair.read(pair.server), "after " + i);
                pair.write(pair.server, ascii("answer"));
                assertEquals("answer", pair.read(pair.client), "after " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerMayVanishBetweenAnyTwoCalls(Mode mode) throws IOException {
        for (int i = 0; i < CALLS.size(); i++) {
            try (Loop loop = new Loop()) {
                String name = name();
                NamedPipe server = loop.later(NamedPipe.create(name, mode));
                loop.register(server, 1, RW);
                assertFalse(server.connect());
                NamedPipe client = loop.later(NamedPipe.open(name, mode));
                converse(loop, server, client, server, i);
                if (i > 2) { // the client was registered
                    until("the end", () -> {
                        loop.poll.poll(loop.events, Duration.ZERO);
                        return client.read(new byte[4096], 0, 4096) == EOF;
                    });
                }
            }
        }
    }

    // ---- one client after the other

    /** What the last client leaves behind. */
    private enum Leftover {
        NOTHING {
            @Override
            void make(Pair pair) throws IOException {
                pair.client.close();
            }
        },
        AN_END_THAT_WAS_NOT_READ {
            @Override
            void make(Pair pair) throws IOException {
                pair.client.close();
                until("read-closed", () -> pair.loop.next(1).contains("rc"));
            }
        },
        A_READ_THAT_IS_PENDING {
            @Override
            void make(Pair pair) {
                // the server's, while the client stays
            }
        },
        BYTES_THAT_WERE_NOT_READ {
            @Override
            void make(Pair pair) throws IOException {
                NamedPipeTest.write(pair.client, "old");
                pair.loop.expect(readable(1));
            }
        },
        BYTES_THAT_HAVE_NOT_ARRIVED {
            @Override
            void make(Pair pair) throws IOException {
                NamedPipeTest.write(pair.client, "old");
            }
        },
        A_WRITE_IN_FLIGHT {
            @Override
            void make(Pair pair) throws IOException {
                fill(pair.server);
            }
        },
        A_WRITE_THAT_FAILS {
            @Override
            void make(Pair pair) throws IOException {
                fill(pair.server);
                pair.client.close();
            }
        };

        abstract void make(Pair pair) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void nothingOfAClientIsLeftForTheNext(Leftover leftover) throws IOException { // T175
        for (Mode mode : Mode.values()) {
            try (Loop loop = new Loop()) {
                Pair pair = new Pair(loop, mode);
                for (int i = 0; i < 3; i++) {
                    NamedPipe last = pair.client;
                    leftover.make(pair);
                    pair.server.disconnect();
                    assertEquals(WOULD_BLOCK, pair.server.read(new byte[9], 0, 9));
                    assertEquals(WOULD_BLOCK, write(pair.server, "x"));
                    loop.poll.registry().deregister(pair.server);
                    loop.register(pair.server, 1, R);
                    if (last.isOpen()) {
                        until("end", () -> {
                            loop.poll.poll(loop.events, Duration.ZERO);
                            assertFalse(loop.events.toString().contains("token 1"), loop.events::toString);
                            return last.read(new byte[4096], 0, 4096) == EOF;
                        });
                        last.close();
                    }
                    pair.client(mode);
                    loop.expectQuiet();
                    assertEquals(WOULD_BLOCK, pair.server.read(new byte[9], 0, 9));
                    pair.write(pair.client, ascii("new"));
                    assertEquals("r", loop.next(1));
                    assertEquals("new", pair.read(pair.server));
                    pair.write(pair.server, ascii("answer"));
                    assertEquals("answer", pair.read(pair.client));
                    loop.reregister(pair.server, 1, RW);
                }
            }
        }
    }

    @Test
    void aWaitThatWasEndedLeavesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            loop.register(server, 1, RW);
            for (int i = 0; i < 3; i++) {
                assertFalse(server.connect());
                server.disconnect();
                server.disconnect();
                loop.expectQuiet();
            }
            assertFalse(server.connect());
            NamedPipe client = loop.later(NamedPipe.open(name, Mode.BYTES));
            loop.expect(writable(1));
            assertTrue(server.connect());
            loop.register(client, 2, RW);
            write(client, "x");
            loop.expect(readable(1));
            assertThrows(UnsupportedOperationException.class, client::disconnect);
        }
    }

    @Test
    void everyClientHasAnInstance() throws IOException {
        try (Loop loop = new Loop()) {
            Pair first = new Pair(loop, Mode.BYTES);
            IOException busy = assertThrows(IOException.class, () -> NamedPipe.open(first.name, Mode.BYTES));
            assertFailure("CreateFileW", "EBUSY", busy);
            NamedPipe another = loop.later(first.server.another());
            loop.register(another, 3, RW);
            assertFalse(another.connect());
            NamedPipe client = loop.later(NamedPipe.open(first.name, Mode.BYTES));
            loop.register(client, 4, RW);
            loop.expect(writable(3));
            assertTrue(another.connect());
            write(client, "second");
            write(first.client, "first");
            assertEquals("second", first.read(another));
            assertEquals("first", first.read(first.server));
        }
    }

    // ---- messages

    @Test
    void messagesKeepTheirBoundaries() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = new Pair(loop, Mode.MESSAGES);
            NamedPipe client = pair.client;
            NamedPipe server = pair.server;
            MemorySegment[] parts = {MemorySegment.ofArray(ascii("ve")), arena.allocate(0),
                MemorySegment.ofArray(ascii("ctored"))};
            assertEquals(3, write(client, "one"));
            assertEquals(0, write(client, ""));
            assertEquals(8, client.writeVectored(parts));
            GatherList list = GatherList.of(arena.allocateFrom("gat").asSlice(0, 3),
                arena.allocateFrom("hered").asSlice(0, 5));
            assertEquals(8, client.write(list));
            assertTrue(list.isDone());
            assertEquals(5, write(client, "three"));

            assertEquals("one", pair.read(server));
            assertFalse(server.isPartial());
            assertEquals("", pair.read(server));
            assertEquals("vec", pair.read(server, 3));
            assertTrue(server.isPartial());
            assertEquals("tored", pair.read(server));
            assertFalse(server.isPartial());
            MemorySegment[] to = {arena.allocate(3), MemorySegment.ofArray(new byte[2]), arena.allocate(10)};
            assertEquals(8, server.readVectored(to));
            assertEquals("gat", new String(to[0].toArray(JAVA_BYTE), US_ASCII));
            assertEquals("three", pair.read(server));
            assertEquals(WOULD_BLOCK, server.read(new byte[1], 0, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 65536, 300_000})
    void messagesMayHaveAnySize(int size) throws IOException { // T178
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.MESSAGES);
            byte[] message = random(size);
            assertEquals(size, pair.client.write(message, 0, size));
            assertArrayEquals(message, pair.readFully(pair.server, size));
            assertFalse(pair.server.isPartial());
            pair.write(pair.client, ascii("next"));
            assertEquals("next", pair.read(pair.server));
        }
    }

    @Test
    void messagesCanBeReadAsBytes() throws IOException {
        try (Loop loop = new Loop()) {
            String name = name();
            NamedPipe server = loop.later(NamedPipe.create(name, Mode.BYTES));
            assertThrows(IOException.class, () -> NamedPipe.open(name, Mode.MESSAGES));
            server.close();
            Pair pair = new Pair(loop, Mode.MESSAGES);
            pair.client.close();
            pair.server.disconnect();
            pair.client(Mode.BYTES);
            write(pair.server, "one");
            write(pair.server, "two");
            assertEquals("onetwo", new String(pair.readFully(pair.client, 6), US_ASCII));
        }
    }

    // ---- close

    @Test
    void aFullPipeIsWritableAgain() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            int written = (int) fill(pair.client);
            assertTrue(written >= 65536, written + " bytes");
            loop.expectQuiet();
            assertEquals(written, pair.readFully(pair.server, written).length);
            loop.expect(writable(2));
            assertEquals(1, write(pair.client, "x"));
        }
    }

    @Test
    void whatIsOnItsWayArrivesAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            int written = (int) fill(pair.client);
            int handle = pair.client.fd();
            pair.client.close();
            assertTrue(NativeFds.isOpen(handle), "until everything has arrived");
            assertEquals(written, pair.readFully(pair.server, written).length);
            assertEquals("EOF", pair.read(pair.server));
            until("closed", () -> {
                loop.poll.poll(loop.events, Duration.ZERO);
                return !NativeFds.isOpen(handle);
            });
        }
    }

    @Test
    void aWriteThrowsOnceItsReaderIsClosed() throws IOException { // T173
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            fill(pair.client);
            loop.reregister(pair.client, 2, W);
            loop.expectQuiet();
            pair.server.close();
            until("write-closed", () -> loop.next(2).contains("wc"));
            assertThrows(IOException.class, () -> write(pair.client, "x"));
            assertEquals("EOF", pair.read(pair.client));
        }
    }

    @Test
    void aCloseCancelsWhatIsPending() throws IOException {
        try (Loop loop = new Loop()) {
            String name = name();
            for (int i = 0; i < 20; i++) {
                NamedPipe server = NamedPipe.create(name, Mode.BYTES);
                loop.register(server, 1, RW);
                assertFalse(server.connect());
                int handle = server.fd();
                if (i % 2 == 0) {
                    loop.later(NamedPipe.open(name, Mode.BYTES));
                }
                server.close();
                assertFalse(NativeFds.isOpen(handle));
                assertThrows(ClosedChannelException.class, server::connect);
                assertThrows(ClosedChannelException.class, server::disconnect);
                assertThrows(ClosedChannelException.class, server::another);
                assertThrows(ClosedChannelException.class, () -> write(server, "x"));
            }
            loop.expectQuiet();
            assertEquals("x", echo(new Pair(loop, Mode.BYTES)));
        }
    }

    private static String echo(Pair pair) throws IOException {
        write(pair.client, "x");
        return pair.read(pair.server);
    }

    @Test
    void aPollWithAThousandRequestsCanBeClosed() throws Exception {
        NativeFds.Opened opened = new NativeFds.Opened();
        List<NamedPipe> pipes = new ArrayList<>();
        Loop loop = new Loop();
        for (int i = 0; i < 500; i++) {
            String name = name();
            NamedPipe server = NamedPipe.create(name, Mode.BYTES);
            pipes.add(server);
            loop.register(server, i, RW);
            if (i % 2 == 0) {
                assertFalse(server.connect());
            } else {
                NamedPipe client = NamedPipe.open(name, Mode.BYTES);
                pipes.add(client);
                loop.register(client, i, RW);
                assertTrue(server.connect());
                fill(server);
            }
        }
        for (int i = 0; i < pipes.size(); i += 3) {
            pipes.get(i).close();
        }
        assertTrue(Requests.of(loop.poll).pending() >= 250, "at least one of each server that is open");
        loop.poll.close();
        assertEquals(new Requests(0, 0, 0), Requests.of(loop.poll), "all have completed");
        for (NamedPipe pipe : pipes) {
            if (pipe.isOpen()) {
                assertEquals(WOULD_BLOCK, write(pipe, "x"));
                assertThrows(ClosedSelectorException.class, () -> loop.register(pipe, 1, R));
                pipe.close();
            }
        }
        opened.expect(0);
    }

    @Test
    void aPollerIsWokenByAPipe() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            loop.expectQuiet();
            for (int i = 0; i < 100; i++) {
                Future<String> poller = Background.start(() -> loop.next(1));
                write(pair.client, "x");
                assertTrue(Background.result(poller).contains("r"));
                assertEquals("x", pair.read(pair.server));
                assertEquals(WOULD_BLOCK, pair.server.read(new byte[1], 0, 1));
            }
        }
    }

    // ---- arguments

    @Test
    void namesAreChecked() {
        for (String name : Arrays.asList("", "pipe", "\\\\.\\pipe\\", "\\\\.\\pipe\\a\\b", "\\\\host\\pipe\\a",
            "\\\\.\\pipe\\" + "a".repeat(300), "\\\\.\\pipe\\a\0b")) {
            assertThrows(IllegalArgumentException.class, () -> NamedPipe.create(name, Mode.BYTES), name);
            assertThrows(IllegalArgumentException.class, () -> NamedPipe.open(name, Mode.BYTES), name);
        }
        assertThrows(NoSuchFileException.class, () -> NamedPipe.open(name(), Mode.BYTES));
    }

    // ---- memory

    @Test
    void transfersAllocateNothing() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = new Pair(loop, Mode.BYTES);
            loop.reregister(pair.client, 2, R);
            loop.reregister(pair.server, 1, R);
            loop.expectQuiet();
            MemorySegment segment = arena.allocate(64);
            byte[] array = new byte[64];
            Allocations.assertAtMost(0, () -> {
                pair.client.write(segment, 0, 64);
                await(loop, pair.server, array);
                pair.server.write(array, 0, 64);
                await(loop, pair.client, array);
            });
        }
    }

    private static void await(Loop loop, NamedPipe from, byte[] array) throws IOException {
        while (from.read(array, 0, 64) == WOULD_BLOCK) {
            loop.poll.poll(loop.events, Loop.LONG);
        }
    }
}
