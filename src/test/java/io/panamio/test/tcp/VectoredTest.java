package io.panamio.test.tcp;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Pair;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scattering reads and gathering writes. */
class VectoredTest {
    private static final int N = 16 << 20;

    /** The seed, random by default. A failure reports it, and {@code -Dseed} repeats the run. */
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static MemorySegment heap(int length) {
        return MemorySegment.ofArray(new byte[length]);
    }

    private static MemorySegment heap(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    private static MemorySegment copy(Arena arena, String text) {
        return arena.allocate(text.length()).copyFrom(heap(text));
    }

    private static String text(MemorySegment segment) {
        return new String(segment.toArray(JAVA_BYTE));
    }

    /** Returns the segments without their first n bytes. */
    private static MemorySegment[] after(long n, MemorySegment... segments) {
        int i = 0;
        while (i < segments.length && n >= segments[i].byteSize()) {
            n -= segments[i++].byteSize();
        }
        MemorySegment[] rest = Arrays.copyOfRange(segments, i, segments.length);
        if (rest.length > 0) {
            rest[0] = rest[0].asSlice(n);
        }
        return rest;
    }

    /** Splits a size at random into segments of all kinds, some of them empty. */
    private MemorySegment[] split(Loop loop, int size) {
        Arena confined = loop.later(Arena.ofConfined());
        Arena shared = loop.later(Arena.ofShared());
        int max = 1 << random.nextInt(1, 17);
        boolean alike = random.nextBoolean(); // long runs of one kind, or a mix
        int kind = 0;
        MemorySegment[] segments = new MemorySegment[16];
        int count = 0;
        for (int left = size; left > 0 || random.nextBoolean();) {
            int length = random.nextInt(4) == 0 ? 0 : Math.min(left, 1 + random.nextInt(max));
            left -= length;
            kind = alike && random.nextInt(50) > 0 ? kind : random.nextInt(6);
            if (count == segments.length) {
                segments = Arrays.copyOf(segments, 2 * count);
            }
            segments[count++] = switch (kind) {
                case 0 -> confined.allocate(length);
                case 1 -> shared.allocate(length);
                case 2 -> Arena.ofAuto().allocate(length);
                case 3 -> heap(length + 5).asSlice(2, length);
                case 4 -> MemorySegment.ofArray(new long[length / 8 + 1]).asSlice(1 - length % 2, length);
                default -> MemorySegment.ofBuffer(ByteBuffer.allocateDirect(length));
            };
        }
        return Arrays.copyOf(segments, count);
    }

    private static void scatter(byte[] bytes, MemorySegment... segments) {
        long done = 0;
        for (MemorySegment segment : segments) {
            segment.copyFrom(MemorySegment.ofArray(bytes).asSlice(done, segment.byteSize()));
            done += segment.byteSize();
        }
    }

    private static byte[] gather(int size, MemorySegment... segments) {
        byte[] bytes = new byte[size];
        long done = 0;
        for (MemorySegment segment : segments) {
            MemorySegment.copy(segment, 0, MemorySegment.ofArray(bytes), done, segment.byteSize());
            done += segment.byteSize();
        }
        return bytes;
    }

    // ---- transfers

    @Test
    @Tag("any-selector")
    void segmentsAreFilledAndEmptiedInOrder() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            assertEquals(23, pair.stream().writeVectored(copy(arena, "hello world "), copy(arena, "second half")));
            byte[] echo = pair.peer().getInputStream().readNBytes(23);
            assertEquals("hello world second half", new String(echo));
            pair.peer().getOutputStream().write(echo);
            until("arrived", () -> pair.stream().peek(arena.allocate(23)) == 23);
            MemorySegment one = arena.allocate(12);
            MemorySegment two = arena.allocate(12).fill((byte) '!');
            assertEquals(23, pair.stream().readVectored(one, two));
            assertEquals("hello world ", text(one));
            assertEquals("second half!", text(two), "the last byte is not touched");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1023, 1024, 1025, 1500, 2048, 5000})
    @Tag("any-selector")
    void anyNumberOfSegmentsIsTransferredInOneCall(int count) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            byte[] bytes = randomBytes(count);
            MemorySegment[] segments = new MemorySegment[count];
            Arrays.setAll(segments, i -> arena.allocate(1).fill(bytes[i]));
            assertEquals(count, pair.stream().writeVectored(segments));
            assertArrayEquals(bytes, pair.peer().getInputStream().readNBytes(count));

            pair.peer().getOutputStream().write(bytes);
            until("arrived", () -> pair.stream().peek(arena.allocate(count)) == count);
            for (MemorySegment segment : segments) {
                segment.fill((byte) 0);
            }
            assertEquals(count, pair.stream().readVectored(segments));
            assertArrayEquals(bytes, gather(count, segments));
        }
    }

    @RepeatedTest(20)
    void anyMixIsGatheredLikeOnePiece() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            int size = 1 + random.nextInt(300_000);
            byte[] bytes = randomBytes(size);
            MemorySegment[] segments = split(loop, size);
            scatter(bytes, segments);
            Future<byte[]> received = threads.submit(() -> pair.peer().getInputStream().readNBytes(size));
            long[] done = new long[1];
            until("written", () -> {
                done[0] += Math.max(pair.stream().writeVectored(after(done[0], segments)), 0);
                return done[0] == size;
            });
            assertTrue(Arrays.equals(bytes, received.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS)),
                "with -Dseed=" + seed);
        }
    }

    @RepeatedTest(20)
    void anyMixIsScatteredLikeOnePiece() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            int size = 1 + random.nextInt(300_000);
            byte[] bytes = randomBytes(size);
            MemorySegment[] segments = split(loop, size);
            Future<?> writer = threads.submit(() -> {
                pair.peer().getOutputStream().write(bytes);
                return null;
            });
            long[] done = new long[1];
            until("read", () -> {
                done[0] += Math.max(pair.stream().readVectored(after(done[0], segments)), 0);
                return done[0] == size;
            });
            assertTrue(Arrays.equals(bytes, gather(size, segments)), "with -Dseed=" + seed);
            assertEquals(WOULD_BLOCK, pair.stream().readVectored(heap(1), heap(1)));
            writer.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void aLargeGatherIsShortAndContinuesAfterAnEvent() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop();
                Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, W);
            loop.expect(writable(1));
            byte[] bytes = randomBytes(N);
            MemorySegment[] segments = new MemorySegment[2000];
            int piece = N / 2000;
            for (int i = 0; i < 2000; i++) {
                int length = i < 1999 ? piece : N - 1999 * piece;
                segments[i] = i % 3 == 0 ? heap(length) : arena.allocate(length);
            }
            scatter(bytes, segments);
            long n = pair.stream().writeVectored(segments);
            assertTrue(n > 0 && n < N, n + " bytes");

            Future<byte[]> received = threads.submit(() -> pair.peer().getInputStream().readNBytes(N));
            for (MemorySegment[] rest = after(n, segments); rest.length > 0; rest = after(Math.max(n, 0), rest)) {
                loop.expect(writable(1));
                n = pair.stream().writeVectored(rest);
            }
            assertTrue(Arrays.equals(bytes, received.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS)));
        }
    }

    @Test
    void aLargeScatterContinuesAfterEvents() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop();
                Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            byte[] bytes = randomBytes(N);
            threads.submit(() -> {
                pair.peer().getOutputStream().write(bytes);
                return null;
            });
            byte[] got = new byte[N];
            MemorySegment[] segments = {arena.allocate(1000), heap(70_000), arena.allocate(3), arena.allocate(500)};
            int size = 71_503;
            for (int done = 0; done < N;) {
                loop.expect(readable(1));
                int n;
                do { // a short read means drained: no need to read until WOULD_BLOCK
                    n = (int) Math.max(pair.stream().readVectored(segments), 0);
                    System.arraycopy(gather(size, segments), 0, got, done, n);
                    done += n;
                } while (n == size);
            }
            assertTrue(Arrays.equals(bytes, got));
        }
    }

    @Test
    @Tag("any-selector")
    void nothingIsHeldBack() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            Pair pair = loop.connected();
            pair.stream().setNoDelay(true);
            MemorySegment some = copy(arena, "some");
            MemorySegment[][] lists = {{some, some}, {some, heap("more")}, {heap("more"), some},
                {some, copy(shared, "more")}, {some, heap("")}, {heap("more"), heap("")}, {some, arena.allocate(0)},
                {some, shared.allocate(0), heap("")}, {some, heap("more"), heap(""), some, heap("")}};
            for (int i = 0; i < lists.length; i++) {
                int n = (int) pair.stream().writeVectored(lists[i]);
                assertEquals(0, NativeFds.unsent(pair.stream().fd()), "list " + i);
                assertEquals(n, pair.peer().getInputStream().readNBytes(n).length);
            }
        }
    }

    // ---- results other than a number of bytes

    @Test
    @Tag("any-selector")
    void zeroBytesMakeNoCall() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write(1);
            until("arrived", () -> pair.stream().peek(heap(1)) == 1);
            MemorySegment[] empty = {arena.allocate(0), heap(0), MemorySegment.NULL};
            assertEquals(0, pair.stream().readVectored());
            assertEquals(0, pair.stream().readVectored(empty));
            assertEquals(0, pair.stream().writeVectored());
            assertEquals(0, pair.stream().writeVectored(empty));
            assertEquals(1, pair.stream().readVectored(heap(0), arena.allocate(0), heap(1)));
            pair.peer().shutdownOutput();
            until("ended", () -> pair.stream().peek(heap(1)) == EOF);
            assertEquals(0, pair.stream().readVectored(empty), "not the end");
            assertEquals(EOF, pair.stream().readVectored(heap(0), arena.allocate(1), heap(1)));
            assertEquals(EOF, pair.stream().readVectored(heap(1), arena.allocate(1)));
        }
    }

    @Test
    void aScatterWithoutDataWouldBlock() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            assertEquals(WOULD_BLOCK, pair.stream().readVectored(arena.allocate(4), arena.allocate(4)));
            assertEquals(WOULD_BLOCK, pair.stream().readVectored(heap(4), arena.allocate(4)));
            pair.peer().getOutputStream().write("abcde".getBytes());
            loop.expect(readable(1));
            MemorySegment one = heap(4);
            MemorySegment two = arena.allocate(4);
            assertEquals(5, pair.stream().readVectored(one, two));
            assertEquals("abcde", text(one) + (char) two.get(JAVA_BYTE, 0));
        }
    }

    @Test
    @Tag("any-selector")
    void aGatherWithoutRoomWouldBlock() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            TcpStream stream = loop.connected().stream();
            MemorySegment much = arena.allocate(1 << 20);
            until("full", () -> stream.writeVectored(much, much) == WOULD_BLOCK);
            until("full, including the data in transit", () -> stream.writeVectored(heap(10), much) == WOULD_BLOCK);
        }
    }

    @Test
    void failuresNameTheVectoredCalls() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            pair.stream().shutdown(Shutdown.WRITE);
            MemorySegment some = arena.allocate(4);
            assertFails(SocketException.class, "sendmsg", "EPIPE", () -> pair.stream().writeVectored(some, some));
            loop.register(pair.stream(), 1, R);
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            loop.expect(new Loop.Expected(1, "e"));
            assertFails(SocketException.class, "recvmsg", "ECONNRESET", () -> pair.stream().readVectored(some, some));
            assertEquals(EOF, pair.stream().readVectored(some, some));
        }
    }

    @Test
    void aResetIsThrownAfterTheBytesThatArrived() throws IOException {
        Behaviour.RESETS_DISCARD_UNREAD_BYTES.skip();
        try (Loop loop = new Loop(); Arena arena = Arena.ofShared()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(heap(3)) == 3);
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            loop.expect(new Loop.Expected(1, "e"));
            MemorySegment[] segments = {arena.allocate(3), heap(3), arena.allocate(3)}; // one system call each
            assertEquals(3, pair.stream().readVectored(segments));
            assertFails(SocketException.class, "recv", "ECONNRESET", () -> pair.stream().readVectored(segments));
        }
    }

    // ---- rejected arguments: no byte is transferred

    @Test
    @Tag("any-selector")
    void readOnlySegmentsAreNotReadInto() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(heap(3)) == 3);
            for (MemorySegment bad : new MemorySegment[] {arena.allocate(1).asReadOnly(), heap(1).asReadOnly()}) {
                assertThrows(IllegalArgumentException.class, () -> pair.stream().readVectored(heap(1), bad));
                assertThrows(IllegalArgumentException.class, () -> pair.stream().readVectored(arena.allocate(1), bad));
            }
            assertArrayEquals("abc".getBytes(), Loop.readFully(pair.stream(), 3));
        }
    }

    @Test
    @Tag("any-selector")
    void segmentsOfAClosedArenaAreRefused() throws IOException {
        MemorySegment confined;
        MemorySegment shared;
        try (Arena one = Arena.ofConfined(); Arena two = Arena.ofShared()) {
            confined = one.allocate(1);
            shared = two.allocate(1);
        }
        refused(IllegalStateException.class, confined);
        refused(IllegalStateException.class, shared);
    }

    @Test
    @Tag("any-selector")
    void segmentsOfAnotherThreadAreRefused() throws IOException {
        refused(WrongThreadException.class, CompletableFuture.supplyAsync(() -> Arena.ofConfined().allocate(1)).join());
    }

    /** Passes an unusable segment in lists whose other segments are usable. */
    private static void refused(Class<? extends Exception> kind, MemorySegment bad) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(heap(3)) == 3);
            MemorySegment[] many = new MemorySegment[1501];
            Arrays.setAll(many, i -> i < 1500 ? arena.allocate(1) : bad);
            MemorySegment[][] lists = {{bad}, {bad, heap(1)}, {arena.allocate(1), bad}, {heap(1), bad},
                {shared.allocate(1), bad}, {heap(1), arena.allocate(1), bad, arena.allocate(1)}, many};
            for (int i = 0; i < lists.length; i++) {
                MemorySegment[] list = lists[i];
                assertThrows(kind, () -> pair.stream().writeVectored(list), "list " + i);
                assertThrows(kind, () -> pair.stream().readVectored(list), "list " + i);
                assertEquals(3, pair.stream().peek(heap(4)), "received with list " + i);
            }
            assertEquals("abc", new String(Loop.readFully(pair.stream(), 3)));
            pair.stream().close();
            assertEquals(-1, pair.peer().getInputStream().read(), "sent something");
        }
    }
}
