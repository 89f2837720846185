package io.panamio.test.net;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.writable;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.memory.SegmentPool;
import io.panamio.net.GatherList;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of {@code GatherList}. */
class GatherListTest {
    /** A stream to write a list to, and its other end. */
    enum Kind {
        TCP {
            @Override
            Ends open(Loop loop) throws IOException {
                TcpStream[] pair = loop.pair();
                return new Ends(pair[0], pair[0], pair[1]);
            }
        },
        UNIX {
            @Override
            Ends open(Loop loop) throws IOException {
                UnixStream[] pair = Local.pair(loop);
                return new Ends(pair[0], pair[0], pair[1]);
            }
        },
        PIPE {
            @Override
            Ends open(Loop loop) throws IOException {
                Loop.assume(Feature.PIPES);
                Pipe pipe = loop.later(Pipe.open());
                return new Ends(pipe.sender(), pipe.sender(), pipe.receiver());
            }
        };

        abstract Ends open(Loop loop) throws IOException;
    }

    private record Ends(WritableStream out, IoSource source, ReadableStream in) {
    }

    private static MemorySegment copy(Arena arena, byte[] bytes) {
        return arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
    }

    private static MemorySegment copy(Arena arena, String text) {
        return copy(arena, text.getBytes());
    }

    private static String readText(ReadableStream in, int length) throws IOException {
        return new String(Local.readFully(in, length));
    }

    // ---- writing

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aHeaderAndItsBodiesAreWrittenInOrder(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Ends ends = kind.open(loop);
            GatherList list = GatherList.of(copy(arena, "header "), copy(arena, "body"));
            assertEquals(2, list.capacity());
            assertEquals(11, list.size());
            assertEquals(11, list.remaining());
            assertFalse(list.isDone());
            assertEquals("GatherList[0 of 11 bytes]", list.toString());
            assertEquals(11, ends.out.write(list));
            assertTrue(list.isDone());
            assertEquals(0, list.remaining());
            assertEquals("GatherList[11 of 11 bytes]", list.toString());
            assertEquals("header body", readText(ends.in, 11));
            assertEquals(0, ends.out.write(list), "nothing remained");

            list.set(1, copy(arena, "an other body"), 3, 10); // starts over
            assertEquals(17, list.remaining());
            assertEquals(17, ends.out.write(list));
            assertEquals("header other body", readText(ends.in, 17));

            list.rewind();
            assertEquals(17, ends.out.write(list));
            assertEquals("header other body", readText(ends.in, 17));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aPartlyWrittenListResumesWhereItStopped(Kind kind) throws IOException {
        Random random = new Random(5);
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Ends ends = kind.open(loop);
            MemorySegment[] segments = new MemorySegment[3000];
            Arrays.setAll(segments, i -> arena.allocate(random.nextInt(4) == 0 ? 0 : random.nextInt(8000)));
            int size = Arrays.stream(segments).mapToInt(s -> (int) s.byteSize()).sum();
            byte[] bytes = Local.random(size);
            int at = 0;
            for (MemorySegment segment : segments) {
                segment.copyFrom(MemorySegment.ofArray(bytes).asSlice(at, segment.byteSize()));
                at += (int) segment.byteSize();
            }
            GatherList list = GatherList.of(segments);
            for (int turn = 0; turn < 3; turn++) { // later turns reuse changed vectors
                list.rewind();
                byte[] got = new byte[size];
                int done = 0;
                int calls = 0;
                while (!list.isDone() || done < size) {
                    long before = list.remaining();
                    long n = ends.out.write(list);
                    assertEquals(before - Math.max(n, 0), list.remaining());
                    calls += n > 0 ? 1 : 0;
                    long piece = 1 + random.nextInt(500_000);
                    for (long m; piece > 0 && done < size; piece -= m, done += (int) m) {
                        m = ends.in.read(got, done, (int) Math.min(piece, size - done));
                        if (m == WOULD_BLOCK) {
                            break;
                        }
                    }
                }
                assertArrayEquals(bytes, got, "turn " + turn);
                assertTrue(calls > 1, "all at once");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aShortWriteIsFollowedByAnEvent(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Ends ends = kind.open(loop);
            loop.register(ends.source, 1, W);
            loop.expect(writable(1));
            byte[] bytes = Local.random(16 << 20);
            MemorySegment much = copy(arena, bytes);
            GatherList list = GatherList.of(much.asSlice(0, 100), much.asSlice(100));
            byte[] got = new byte[bytes.length];
            int done = 0;
            while (!list.isDone()) {
                ends.out.write(list);
                while (!list.isDone()) {
                    long n = ends.in.read(got, done, got.length - done);
                    if (n == WOULD_BLOCK) {
                        break;
                    }
                    done += (int) n;
                }
                if (!list.isDone()) {
                    loop.expect(writable(1));
                }
            }
            byte[] rest = Local.readFully(ends.in, got.length - done);
            System.arraycopy(rest, 0, got, done, rest.length);
            assertArrayEquals(bytes, got);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriteWithoutRoomWouldBlockAndIsFollowedByAnEvent(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Ends ends = kind.open(loop);
            loop.register(ends.source, 1, W);
            loop.expect(writable(1));
            long filled = 0;
            GatherList list;
            long n;
            do { // a peer's window may have grown meanwhile
                filled += Local.fill(ends.out);
                list = GatherList.of(copy(arena, "header "), copy(arena, "body"));
                n = ends.out.write(list);
                filled += Math.max(n, 0);
            } while (n != WOULD_BLOCK);
            assertEquals(11, list.remaining());
            Local.readFully(ends.in, (int) filled);
            loop.expect(writable(1));
            assertEquals(11, ends.out.write(list));
            assertEquals("header body", readText(ends.in, 11));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1023, 1024, 1025, 2048, 5000})
    @Tag("any-selector")
    void anyNumberOfSegmentsIsWrittenInOneCall(int count) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            for (Kind kind : Kind.values()) {
                Ends ends = kind.open(loop);
                byte[] bytes = Local.random(count);
                MemorySegment all = copy(arena, bytes);
                GatherList list = GatherList.withCapacity(count);
                for (int i = 0; i < count; i++) {
                    list.set(i, all, i, 1);
                }
                assertEquals(count, ends.out.write(list));
                assertArrayEquals(bytes, Local.readFully(ends.in, count));
            }
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void segmentsMayBeEmptyAnywhere() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment none = arena.allocate(0);
            MemorySegment some = copy(arena, "some");
            GatherList list = GatherList.of(none, MemorySegment.NULL, some, none, none, some, none);
            for (int i = 0; i < 3; i++) {
                assertEquals(8, pair[0].write(list));
                assertTrue(list.isDone());
                assertEquals("somesome", readText(pair[1], 8));
                list.rewind();
            }
            GatherList sparse = GatherList.withCapacity(2000);
            assertTrue(sparse.isDone());
            assertEquals(0, pair[0].write(sparse));
            sparse.set(1999, some);
            assertEquals(4, pair[0].write(sparse));
            assertEquals("some", readText(pair[1], 4));
            sparse.set(3, some);
            assertEquals(8, pair[0].write(sparse));
            assertEquals("somesome", readText(pair[1], 8));
            GatherList empty = GatherList.of(none, none);
            assertTrue(empty.isDone());
            assertEquals(0, pair[0].write(empty));
            assertEquals(WOULD_BLOCK, pair[1].read(new byte[1], 0, 1));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void aClearedListIsLikeNew() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            GatherList list = GatherList.of(arena.allocate(10), arena.allocate(16 << 20), arena.allocate(10));
            long n = pair[0].write(list);
            assertTrue(n > 10 && !list.isDone(), n + " bytes");
            list.clear();
            assertEquals(0, list.size());
            assertTrue(list.isDone());
            assertEquals(0, pair[0].write(list));
            Local.readFully(pair[1], (int) n);
            list.set(2, copy(arena, "new"));
            assertEquals(3, list.size());
            assertEquals(3, pair[0].write(list));
            assertEquals("new", readText(pair[1], 3));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void aPartlyWrittenListCannotBeModified() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment other = copy(arena, "other");
            GatherList list = GatherList.of(copy(arena, "header"), arena.allocate(16 << 20));
            int n = (int) pair[0].write(list);
            assertEquals("partly written: " + n + " of " + ((16 << 20) + 6) + " bytes",
                assertThrows(IllegalStateException.class, () -> list.set(0, other)).getMessage());
            assertThrows(IllegalStateException.class, () -> list.set(1, other));
            assertEquals((16 << 20) + 6 - n, list.remaining());
            assertEquals("header", new String(Local.readFully(pair[1], n), 0, 6));
            list.rewind();
            list.set(1, other);
            assertEquals(11, pair[0].write(list));
            assertEquals("headerother", readText(pair[1], 11));
        }
    }

    @Test
    @Tag("any-selector")
    void nothingIsHeldBack() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            TcpStream[] pair = loop.pair();
            pair[0].setNoDelay(true);
            MemorySegment some = copy(arena, "some");
            MemorySegment[] many = new MemorySegment[1500];
            Arrays.setAll(many, i -> i < 1024 ? some : MemorySegment.NULL);
            for (MemorySegment[] segments : List.of(new MemorySegment[] {some}, new MemorySegment[] {some, some},
                    new MemorySegment[] {some, some, MemorySegment.NULL}, many)) {
                GatherList list = GatherList.of(segments);
                int n = (int) list.size();
                assertEquals(n, pair[0].write(list));
                assertEquals(0, NativeFds.unsent(pair[0].fd()), segments.length + " segments");
                Local.readFully(pair[1], n);
            }
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void memoryOfManyKindsIsAccepted() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment buffer = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(1).put(0, (byte) 'd'));
            GatherList list = GatherList.of(copy(arena, "a").asReadOnly(), copy(Arena.ofAuto(), "b"),
                copy(Arena.global(), "c"), buffer, copy(pair[0].arena(), "e"));
            assertEquals(5, pair[0].write(list));
            assertEquals("abcde", readText(pair[1], 5));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void theListKeepsAutomaticMemoryReachableAndWritesItsChanges() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            GatherList list = GatherList.of(copy(Arena.ofAuto(), "first "), copy(Arena.ofAuto(), "second"));
            MemorySegment third = copy(Arena.ofAuto(), "x");
            list.set(0, third);
            third.set(JAVA_BYTE, 0, (byte) '-');
            System.gc();
            for (int i = 0; i < 100; i++) {
                Arena.ofAuto().allocate(6).fill((byte) '?');
            }
            assertEquals(7, pair[0].write(list));
            assertEquals("-second", readText(pair[1], 7));
        }
    }

    // ---- support for user-defined streams

    @Test
    @Tag("any-selector")
    void theSegmentsAndTheUnwrittenRestAreReadable() {
        MemorySegment a = copy(Arena.ofAuto(), "abcd");
        MemorySegment b = copy(Arena.ofAuto(), "0123456789");
        GatherList list = GatherList.withCapacity(4);
        list.set(0, a);
        list.set(3, b, 2, 5);
        assertLeft(list, "4 of abcd at 0", "none", "none", "5 of 0123456789 at 2");
        list.advance(3);
        assertLeft(list, "1 of abcd at 3", "none", "none", "5 of 0123456789 at 2");
        list.advance(1);
        assertLeft(list, "0 of abcd at 4", "none", "none", "5 of 0123456789 at 2");
        list.advance(2);
        assertEquals(3, list.remaining());
        assertLeft(list, "0 of abcd at 4", "none", "none", "3 of 0123456789 at 4");
        list.advance(0);
        assertThrows(IndexOutOfBoundsException.class, () -> list.advance(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> list.advance(4));
        assertLeft(list, "0 of abcd at 4", "none", "none", "3 of 0123456789 at 4");
        list.advance(3);
        assertTrue(list.isDone());
        assertLeft(list, "0 of abcd at 4", "none", "none", "0 of 0123456789 at 7");
        list.rewind();
        assertLeft(list, "4 of abcd at 0", "none", "none", "5 of 0123456789 at 2");
        for (int i : new int[] {-1, 4}) {
            assertThrows(IndexOutOfBoundsException.class, () -> list.segment(i));
            assertThrows(IndexOutOfBoundsException.class, () -> list.offset(i));
            assertThrows(IndexOutOfBoundsException.class, () -> list.remaining(i));
        }
    }

    private static void assertLeft(GatherList list, String... expected) {
        for (int i = 0; i < expected.length; i++) {
            MemorySegment segment = list.segment(i);
            assertEquals(expected[i], segment.equals(MemorySegment.NULL) ? "none"
                : list.remaining(i) + " of " + new String(segment.toArray(JAVA_BYTE)) + " at " + list.offset(i));
        }
    }

    // ---- rejected arguments

    @Test
    @Tag("any-selector")
    void badIndexesAndPartsAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment some = arena.allocate(4);
            GatherList list = GatherList.of(some, some);
            assertThrows(IndexOutOfBoundsException.class, () -> list.set(-1, some));
            assertThrows(IndexOutOfBoundsException.class, () -> list.set(2, some));
            assertThrows(IndexOutOfBoundsException.class, () -> list.set(0, some, 0, 5));
            assertThrows(IndexOutOfBoundsException.class, () -> list.set(0, some, 4, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> list.set(0, some, -1, 1));
            assertThrows(NullPointerException.class, () -> list.set(0, null));
            assertEquals(8, list.size());
            assertThrows(IllegalArgumentException.class, () -> GatherList.withCapacity(0));
            assertThrows(IllegalArgumentException.class, () -> GatherList.of());
        }
    }

    @Test
    @SuppressWarnings("restricted")
    @Tag("any-selector")
    void aTotalSizeBeyondALongIsRefused() {
        MemorySegment half = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        GatherList list = GatherList.of(half, MemorySegment.NULL);
        assertThrows(IllegalArgumentException.class, () -> list.set(1, half, 0, 1));
        list.set(0, half, 0, Long.MAX_VALUE - 1);
        list.set(1, half, 0, 1);
        assertEquals(Long.MAX_VALUE, list.size());
    }

    @Test
    @Tag("any-selector")
    void unsuitableMemoryIsRefusedWithTheReason() throws IOException {
        GatherList list = GatherList.withCapacity(1);
        assertRefused(IllegalArgumentException.class, "heap", list, MemorySegment.ofArray(new byte[4]));
        try (Arena shared = Arena.ofShared()) {
            assertRefused(IllegalArgumentException.class, "another thread", list, shared.allocate(4));
        }
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(4);
        }
        assertRefused(IllegalStateException.class, "closed", list, closed);
        MemorySegment foreign = CompletableFuture.supplyAsync(() -> Arena.ofConfined().allocate(4)).join();
        assertRefused(WrongThreadException.class, "another thread", list, foreign);
        assertEquals(0, list.size());
    }

    private static void assertRefused(Class<? extends Exception> kind, String reason, GatherList list,
            MemorySegment bad) {
        Exception e = assertThrows(kind, () -> list.set(0, bad));
        assertTrue(e.getMessage().contains(reason), e.getMessage());
        assertThrows(kind, () -> GatherList.of(bad));
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void memoryOfAClosedArenaIsDetectedBeforeTheCall(Kind kind) throws Exception {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Ends ends = kind.open(loop);
            Arena ended = Arena.ofConfined();
            GatherList list = GatherList.of(copy(arena, "a"), copy(ended, "b"));
            GatherList one = GatherList.of(copy(ended, "b"));
            Throwable elsewhere = Background.failure(Background.start(() -> ends.out.write(list)));
            assertEquals(WrongThreadException.class, elsewhere.getClass());
            ended.close();
            assertThrows(IllegalStateException.class, () -> ends.out.write(list));
            assertThrows(IllegalStateException.class, () -> ends.out.write(one));
            assertEquals(WOULD_BLOCK, ends.in.read(new byte[1], 0, 1), "sent something");
            assertEquals(2, list.remaining());
            list.set(1, copy(arena, "c"));
            assertEquals(2, ends.out.write(list));
            assertEquals("ac", readText(ends.in, 2));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void memoryMayBeFreedAfterItWasWritten() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            Arena header = Arena.ofConfined();
            GatherList list = GatherList.of(header.allocate(10), arena.allocate(1 << 20));
            int done = (int) pair[0].write(list);
            assertTrue(done > 10);
            header.close();
            for (; !list.isDone(); done += (int) Math.max(pair[0].write(list), 0)) {
                Local.readFully(pair[1], done);
                done = 0;
            }
            Local.readFully(pair[1], done);
            list.rewind();
            assertThrows(IllegalStateException.class, () -> pair[0].write(list));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPES)
    void failuresNameTheCallAndLeaveTheListUnchanged() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            GatherList list = GatherList.of(copy(arena, "a"), copy(arena, "b"));
            TcpStream tcp = loop.connected().stream();
            tcp.shutdown(Shutdown.WRITE);
            assertFails(SocketException.class, "sendmsg", "EPIPE", () -> tcp.write(list));
            tcp.close();
            assertThrows(ClosedChannelException.class, () -> tcp.write(list));
            Pipe pipe = loop.later(Pipe.open());
            pipe.receiver().close();
            assertFails(IOException.class, "writev", "EPIPE", () -> pipe.sender().write(list));
            pipe.close();
            assertThrows(ClosedChannelException.class, () -> pipe.sender().write(list));
            assertThrows(NullPointerException.class, () -> tcp.write((GatherList) null));
            assertEquals(2, list.remaining());
        }
    }

    // ---- large lists

    /** Writes a list to a peer that drains it, and checks only the last bytes, as checking all would take too long. */
    private static void assertArrives(GatherList list, MemorySegment end) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment sink = arena.allocate(1 << 20);
            long before = list.size() - end.byteSize();
            long sent = 0;
            for (long got = 0; got < list.size();) {
                sent += Math.max(pair[0].write(list), 0);
                assertEquals(list.size() - sent, list.remaining());
                long n;
                while ((n = pair[1].read(sink, 0, Math.min(got < before ? before - got : 4096, 1 << 20))) > 0) {
                    if (got >= before) {
                        assertEquals(-1, sink.asSlice(0, n).mismatch(end.asSlice(got - before, n)));
                    }
                    got += n;
                }
            }
            assertTrue(list.isDone());
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void segmentsOfMoreThan2GbInAllAreWritten() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment piece = arena.allocate(64 << 20);
            MemorySegment last = copy(arena, Local.random(10_000));
            GatherList list = GatherList.withCapacity(34);
            for (int i = 0; i < 33; i++) {
                list.set(i, piece);
            }
            list.set(33, last);
            assertTrue(list.size() > 1L << 31);
            assertArrives(list, last);
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void aSegmentOfMoreThan2GbIsWritten() throws IOException {
        long size = (1L << 31) + 5000;
        try (SegmentPool pool = SegmentPool.open()) {
            MemorySegment segment = pool.acquire(size).segment(); // backed by the zero page
            MemorySegment end = segment.asSlice(size - 10_000);
            end.copyFrom(MemorySegment.ofArray(Local.random(10_000)));
            assertArrives(GatherList.of(segment), end);
            assertArrives(GatherList.of(segment.asSlice(0, 10), segment.asSlice(10)), end);
        }
    }
}
