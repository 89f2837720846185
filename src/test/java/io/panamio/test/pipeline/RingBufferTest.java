package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.memory.SegmentPool;
import io.panamio.net.GatherList;
import io.panamio.net.Pipe;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.RingBuffer;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import io.panamio.test.support.RingMappings;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ring buffers of both kinds, mapped and plain. */
class RingBufferTest {
    private static final int PAGE = 64 * 1024; // a multiple of the page size of every processor

    /** The kinds of ring buffers, and how each is allocated. */
    enum Kind {
        MAPPED, PLAIN;

        RingBuffer allocate(Arena arena, long capacity) {
            RingBuffer ring = with(name().toLowerCase(), () -> RingBuffer.allocate(arena, capacity));
            String kind = ", " + name().toLowerCase() + "]";
            assertTrue(ring.toString().endsWith(kind), () -> ring + " is not" + kind);
            return ring;
        }
    }

    private interface Allocation {
        RingBuffer allocate();
    }

    private static RingBuffer with(String property, Allocation allocation) {
        System.setProperty("panamio.ring", property);
        try {
            return allocation.allocate();
        } finally {
            System.clearProperty("panamio.ring");
        }
    }

    private static byte[] bytes(MemorySegment segment) {
        return segment.toArray(JAVA_BYTE);
    }

    private static void put(RingBuffer ring, byte[] bytes, int off, int len) {
        MemorySegment.copy(bytes, off, ring.writable(), JAVA_BYTE, 0, len);
        ring.advanceWrite(len);
    }

    /** Moves the write position, without the ring becoming empty anywhere but at its beginning. */
    private static void moveTo(RingBuffer ring, long offset) {
        while (ring.readOffset() != offset) {
            long n = Math.min(ring.capacity() - 1, Math.floorMod(offset - ring.readOffset(), ring.capacity()));
            ring.advanceWrite(n + 1 - ring.readableBytes());
            ring.advanceRead(n);
        }
    }

    // ---- the regions

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void theCapacityIsInWholePages(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            long page = kind.allocate(arena, 1).capacity();
            assertTrue(page >= 4096 && PAGE % page == 0, page + " bytes");
            assertEquals(page, kind.allocate(arena, page).capacity());
            assertEquals(2 * page, kind.allocate(arena, page + 1).capacity());
            assertEquals(25 * page, kind.allocate(arena, 25 * page - 7).capacity());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aNewRingIsEmpty(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            assertEquals(0, ring.readableBytes());
            assertEquals(PAGE, ring.writableBytes());
            assertEquals(2 * PAGE, ring.memory().byteSize());
            assertSame(ring.memory(), ring.memory());
            assertEquals(0, ring.readable().byteSize());
            assertEquals(PAGE, ring.writable().byteSize());
            assertEquals(-1, ring.writable().mismatch(MemorySegment.ofArray(new byte[PAGE])), "zero");
            ring.advanceWrite(PAGE);
            assertEquals(PAGE, ring.readableBytes());
            assertEquals(0, ring.writableBytes());
            assertEquals(0, ring.writable().byteSize());
            assertEquals("RingBuffer[65536 of 65536 bytes, " + kind.name().toLowerCase() + "]", ring.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void bothRegionsAreContiguousAcrossTheEnd(Kind kind) {
        byte[] some = Local.random(PAGE);
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            for (int offset : new int[] {0, 1, PAGE / 2, PAGE - 1, 5}) {
                moveTo(ring, offset);
                int before = (int) ring.readableBytes();
                assertEquals(offset, ring.readOffset());
                assertEquals(PAGE - before, ring.writable().byteSize());
                put(ring, some, 0, PAGE - before);
                assertEquals(0, ring.writableBytes());
                MemorySegment all = ring.readable().asSlice(before);
                assertArrayEquals(Arrays.copyOf(some, PAGE - before), bytes(all));
                ring.advanceRead(before + 1);
                assertArrayEquals(Arrays.copyOfRange(some, 1, PAGE - before), bytes(ring.readable()), "from " + offset);
                ring.advanceRead(ring.readableBytes() - 1);
                assertArrayEquals(new byte[] {some[PAGE - before - 1]}, bytes(ring.readable()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void bytesComeOutInOrder(Kind kind) {
        Random random = new Random(1);
        byte[] bytes = Local.random(20 * PAGE);
        try (Arena arena = Arena.ofConfined()) {
            for (int size : new int[] {100, PAGE / 2, PAGE}) { // the number of bytes transferred at a time
                RingBuffer ring = kind.allocate(arena, PAGE);
                int in = 0;
                int out = 0;
                while (out < bytes.length) {
                    int n = Math.min(random.nextInt(size + 1), Math.min((int) ring.writableBytes(), bytes.length - in));
                    put(ring, bytes, in, n);
                    in += n;
                    assertEquals(in - out, ring.readableBytes());
                    assertEquals(PAGE - (in - out), ring.writableBytes());
                    assertEquals(ring.readOffset() + ring.readableBytes(), ring.writeOffset());
                    n = random.nextInt(Math.min(size, in - out) + 1);
                    assertEquals(-1, ring.readable().mismatch(MemorySegment.ofArray(bytes).asSlice(out, in - out)));
                    ring.advanceRead(n);
                    out += n;
                }
                assertEquals(0, ring.readableBytes());
                assertEquals(0, ring.readOffset(), "an empty ring begins at its start");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aClearedRingIsEmpty(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            moveTo(ring, PAGE - 5);
            ring.clear();
            assertEquals(0, ring.readableBytes());
            assertEquals(PAGE, ring.writableBytes());
            put(ring, "abc".getBytes(), 0, 3);
            assertArrayEquals("abc".getBytes(), bytes(ring.readable()));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void advancesOutOfTheRegionsAreRefused(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            ring.advanceWrite(10);
            for (long n : new long[] {-1, PAGE - 9, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThrows(IndexOutOfBoundsException.class, () -> ring.advanceWrite(n));
            }
            for (long n : new long[] {-1, 11, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThrows(IndexOutOfBoundsException.class, () -> ring.advanceRead(n));
            }
            assertEquals(10, ring.readableBytes());
            ring.advanceRead(10);
            ring.advanceWrite(PAGE);
            assertEquals(PAGE, ring.readableBytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void impossibleCapacitiesAreRefused(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            for (long capacity : new long[] {0, -1, Long.MIN_VALUE, (1L << 46) + 1, Long.MAX_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> kind.allocate(arena, capacity));
            }
        }
    }

    // ---- streams

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void anEchoThroughARingIsUnchanged(Kind kind) throws IOException {
        byte[] bytes = Local.random(4 << 20);
        Random random = new Random(2);
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            TcpStream[] pair = loop.pair();
            RingBuffer ring = kind.allocate(arena, PAGE);
            byte[] got = new byte[bytes.length];
            int[] done = {0, 0};
            until("echoed", () -> {
                done[0] += (int) Math.max(pair[0].write(bytes, done[0], Math.min(bytes.length - done[0],
                    random.nextInt(100_000))), 0);
                ring.readFrom(pair[1]);
                ring.writeTo(pair[1]);
                done[1] += (int) Math.max(pair[0].read(got, done[1], Math.min(got.length - done[1],
                    random.nextInt(100_000))), 0);
                return done[1] == got.length;
            });
            assertArrayEquals(bytes, got);
            assertEquals(0, ring.readableBytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PIPES)
    void resultsAreThoseOfTheStreams(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pipe pipe = loop.later(Pipe.open());
            RingBuffer ring = kind.allocate(arena, PAGE);
            loop.register(pipe.receiver(), 1, R);
            assertEquals(WOULD_BLOCK, ring.readFrom(pipe.receiver()));
            assertEquals(0, ring.writeTo(pipe.sender()), "empty");
            assertEquals(5, pipe.sender().write("hello".getBytes(), 0, 5));
            loop.expect(readable(1));
            assertEquals(5, ring.readFrom(pipe.receiver()));
            assertArrayEquals("hello".getBytes(), bytes(ring.readable()));
            assertEquals(5, ring.writeTo(pipe.sender()));
            assertEquals(0, ring.readableBytes());

            ring.advanceWrite(PAGE);
            assertEquals(0, ring.readFrom(pipe.receiver()), "full");
            ring.advanceRead(PAGE - 3);
            ring.advanceWrite(PAGE - 5);
            assertEquals(2, ring.readFrom(pipe.receiver()), "as much as there is room");
            assertEquals(0, ring.readFrom(pipe.receiver()));
            ring.advanceRead(PAGE - 2);
            assertEquals(3, ring.readFrom(pipe.receiver()));
            assertArrayEquals("hello".getBytes(), bytes(ring.readable()));

            pipe.sender().close();
            assertEquals(EOF, ring.readFrom(pipe.receiver()));
            assertEquals(5, ring.readableBytes());
            pipe.close();
            assertThrows(ClosedChannelException.class, () -> ring.readFrom(pipe.receiver()));
            assertThrows(ClosedChannelException.class, () -> ring.writeTo(pipe.sender()));
            assertEquals(5, ring.readableBytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.PIPES)
    void aWriteWithoutRoomLeavesTheRest(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pipe pipe = loop.later(Pipe.open());
            byte[] bytes = Local.random(16 * PAGE);
            RingBuffer ring = kind.allocate(arena, bytes.length);
            put(ring, bytes, 0, bytes.length);
            int n = (int) ring.writeTo(pipe.sender());
            assertTrue(n > 0 && n < bytes.length, n + " bytes");
            assertEquals(bytes.length - n, ring.readableBytes());
            assertEquals(WOULD_BLOCK, ring.writeTo(pipe.sender()));
            byte[] got = Arrays.copyOf(Local.readFully(pipe.receiver(), n), bytes.length);
            while (ring.readableBytes() > 0) {
                int m = (int) ring.writeTo(pipe.sender());
                System.arraycopy(Local.readFully(pipe.receiver(), m), 0, got, n, m);
                n += m;
            }
            assertArrayEquals(bytes, got);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void aPartOfTheRingIsGathered(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            RingBuffer ring = kind.allocate(arena, PAGE);
            moveTo(ring, PAGE - 2);
            ring.advanceRead(ring.readableBytes() - 1);
            put(ring, "body".getBytes(), 0, 4);
            ring.advanceRead(1);
            MemorySegment header = arena.allocateFrom("header");
            GatherList list = GatherList.of(header, header);
            list.set(1, ring.memory(), ring.readOffset(), ring.readableBytes());
            assertEquals(11, pair[0].write(list));
            assertEquals("header\0body", new String(Local.readFully(pair[1], 11)));
        }
    }

    // ---- bytes

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void bytesArePutAndTakenAcrossTheEnd(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            moveTo(ring, PAGE - 5);
            assertEquals(1, ring.readableBytes());
            ring.put((byte) 'a');
            ring.put("-bcdef-".getBytes(), 1, 5);
            ring.put(arena.allocateFrom("-ghi"), 1, 3);
            byte[] got = new byte[11];
            ring.get(got, 1, 6);
            assertEquals("abcde", new String(got, 2, 5));
            ring.get(got, 1, 4);
            assertEquals("fghi", new String(got, 1, 4));
            assertEquals(0, ring.readableBytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void bytesWithoutRoomAreNotPutAtAll(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            ring.advanceWrite(PAGE - 2);
            byte[] three = "abc".getBytes();
            assertThrows(IndexOutOfBoundsException.class, () -> ring.put(three, 0, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> ring.put(MemorySegment.ofArray(three), 0, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> ring.put(three, 2, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> ring.put(MemorySegment.ofArray(three), -1, 2));
            assertEquals(2, ring.writableBytes());
            ring.put(three, 0, 2);
            assertThrows(IndexOutOfBoundsException.class, () -> ring.put((byte) 1));
            assertThrows(IndexOutOfBoundsException.class, () -> ring.get(three, 1, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> ring.get(new byte[2 * PAGE], 0, PAGE + 1));
            assertEquals(PAGE, ring.readableBytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aByteIsFoundAtItsFirstOccurrence(Kind kind) {
        Random random = new Random(7);
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = kind.allocate(arena, PAGE);
            ring.memory().fill((byte) 3); // bytes that are not readable must not be found
            byte[] values = {0, 1, 2, 3, 127, -128, -1};
            for (int round = 0; round < 2000; round++) {
                byte[] bytes = new byte[random.nextInt(40)];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = values[random.nextInt(values.length)];
                }
                ring.advanceWrite(PAGE - 20); // at the end, and across it
                ring.put(bytes, 0, Math.min(20, bytes.length));
                ring.advanceRead(PAGE - 20);
                int there = Math.min(20, bytes.length);
                if (bytes.length > 20) {
                    ring.put(bytes, 20, bytes.length - 20);
                    there = bytes.length;
                }
                int from = random.nextInt(there + 1);
                for (byte b : values) {
                    assertEquals(indexOf(bytes, b, 0), ring.indexOf(b));
                    assertEquals(indexOf(bytes, b, from), ring.indexOf(b, from));
                }
                assertThrows(IndexOutOfBoundsException.class, () -> ring.indexOf((byte) 1, -1));
                assertThrows(IndexOutOfBoundsException.class, () -> ring.indexOf((byte) 1, ring.readableBytes() + 1));
                ring.advanceRead(ring.readableBytes());
            }
        }
    }

    private static int indexOf(byte[] bytes, byte b, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == b) {
                return i;
            }
        }
        return -1;
    }

    // ---- the memory

    @Test
    @Tag("any-selector")
    void theSecondHalfOfAMappedRingMirrorsTheFirst() {
        try (Arena arena = Arena.ofConfined()) {
            RingBuffer ring = Kind.MAPPED.allocate(arena, PAGE);
            ring.memory().set(JAVA_BYTE, 3, (byte) 42);
            assertEquals(42, ring.memory().get(JAVA_BYTE, PAGE + 3));
            ring.memory().set(JAVA_BYTE, 2 * PAGE - 1, (byte) 43);
            assertEquals(43, ring.memory().get(JAVA_BYTE, PAGE - 1));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void theMemoryEndsWithItsArena(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            Arena arena = Arena.ofConfined();
            RingBuffer ring = kind.allocate(arena, PAGE);
            ring.advanceWrite(10);
            MemorySegment region = ring.readable();
            arena.close();
            assertThrows(IllegalStateException.class, () -> region.get(JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, () -> ring.readFrom(pair[0]));
            assertThrows(IllegalStateException.class, () -> ring.writeTo(pair[0]));
            assertThrows(IllegalStateException.class, () -> kind.allocate(arena, PAGE));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void theMemoryMayBelongToASourceOrAPool(Kind kind) throws IOException {
        try (Loop loop = new Loop(); SegmentPool pool = SegmentPool.open()) {
            UnixStream[] pair = Local.pair(loop);
            int before = RingMappings.count();
            RingBuffer ring = kind.allocate(pair[0].arena(), PAGE);
            RingBuffer other = kind.allocate(pair[1].arena(pool), PAGE);
            put(ring, "abc".getBytes(), 0, 3);
            assertEquals(3, ring.writeTo(pair[0]));
            assertEquals(3, other.readFrom(pair[1]));
            assertArrayEquals("abc".getBytes(), bytes(other.readable()));
            pair[0].close();
            pair[1].close();
            assertFalse(ring.memory().scope().isAlive());
            assertFalse(other.memory().scope().isAlive());
            assertEquals(before, RingMappings.count());
            assertEquals(0, pool.acquired());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void onlyTheThreadsOfTheArenaCanUseTheRing(Kind kind) throws Exception {
        try (Loop loop = new Loop(); Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            UnixStream[] pair = Local.pair(loop);
            RingBuffer mine = kind.allocate(confined, PAGE);
            assertEquals(WrongThreadException.class,
                Background.failure(Background.start(() -> mine.readFrom(pair[0]))).getClass());
            assertEquals(WrongThreadException.class,
                Background.failure(Background.start(() -> kind.allocate(confined, PAGE))).getClass());
            RingBuffer ours = kind.allocate(shared, PAGE);
            put(ours, "abc".getBytes(), 0, 3);
            assertEquals(3, Background.result(Background.start(() -> ours.writeTo(pair[0]))));
            assertEquals("abc", new String(Local.readFully(pair[1], 3)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void neitherDescriptorsNorMappingsAreLeft(Kind kind) throws IOException {
        int mappings = RingMappings.count();
        try (Arena arena = Arena.ofConfined()) {
            kind.allocate(arena, PAGE);
            assertEquals(mappings + (kind == Kind.MAPPED && RingMappings.areListed() ? 2 : 0), RingMappings.count());
        }
        assertEquals(mappings, RingMappings.count());
        NativeFds.Opened opened = new NativeFds.Opened();
        for (int i = 0; i < 1000; i++) {
            try (Arena arena = Arena.ofConfined()) {
                kind.allocate(arena, PAGE).writable().fill((byte) 1);
            }
            Arena closed = Arena.ofConfined();
            closed.close();
            assertThrows(IllegalStateException.class, () -> kind.allocate(closed, PAGE));
        }
        opened.expect(0);
        assertEquals(mappings, RingMappings.count());
    }

    // ---- failing mappings

    @Test
    @Tag("any-selector")
    void withoutADescriptorTheRingIsPlain() {
        try (Arena arena = Arena.ofConfined()) {
            Kind.MAPPED.allocate(arena, PAGE); // loads all classes
            RingBuffer ring;
            try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
                ring = RingBuffer.allocate(arena, PAGE);
                exhaustion.end();
            }
            assertTrue(ring.toString().endsWith("plain]"), ring::toString);
        }
    }

    @Test
    void withoutAddressesForTwoTheRingIsPlain() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            NativeFds.Opened opened = new NativeFds.Opened();
            assertThrows(OutOfMemoryError.class, () -> RingBuffer.allocate(arena, 1L << 46), "2^47 bytes");
            opened.expect(0);
        }
    }

    @Test
    @Tag("any-selector")
    void anUnknownKindIsRefusedWithTheChoices() {
        try (Arena arena = Arena.ofConfined()) {
            Exception e = assertThrows(UnsupportedOperationException.class,
                () -> with("nonsense", () -> RingBuffer.allocate(arena, PAGE)));
            for (String word : new String[] {"nonsense", "panamio.ring", "mapped", "plain"}) {
                assertTrue(e.getMessage().contains(word), e.getMessage());
            }
        }
    }

    /**
     * A program that allocates a ring while there is no memory to map twice: of memfd_create(2), by which the doubles
     * open the shared memory objects of their systems. The argument is the errno.
     */
    static final class Sandboxed {
        private Sandboxed() {
        }

        public static void main(String[] args) {
            try (Arena arena = Arena.ofConfined()) {
                Seccomp.refuse(SystemCall.MEMFD_CREATE, Integer.parseInt(args[0]));
                System.out.print(RingBuffer.allocate(arena, PAGE));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 38}) // EPERM, ENOSYS
    void withoutSharedMemoryTheRingIsPlain(int errno) throws Exception {
        Seccomp.require();
        String output = new Child().with("--enable-native-access=io.panamio,ALL-UNNAMED")
            .run(Sandboxed.class, Integer.toString(errno)).ok();
        assertEquals("RingBuffer[0 of 65536 bytes, plain]", output);
    }

    /** A program that allocates more rings than there can be mappings, closes them, and allocates another one. */
    static final class Many {
        private static final int RINGS = 34_000;

        private Many() {
        }

        public static void main(String[] args) throws Exception {
            int mapped = 0;
            long mappings;
            try (Arena arena = Arena.ofConfined()) {
                for (int i = 0; i < RINGS; i++) {
                    RingBuffer ring = RingBuffer.allocate(arena, 1);
                    mapped += ring.toString().contains("mapped") ? 1 : 0;
                    ring.memory().set(JAVA_BYTE, 0, (byte) 1);
                }
                mappings = mappings();
            }
            long maxMappings = Long.parseLong(maxMappings());
            System.out.println(mapped > 1000 && mappings < maxMappings / 2 ? "ok" : mapped + " rings, " + mappings
                + " of " + maxMappings + " mappings");
            try (Arena arena = Arena.ofConfined()) {
                System.out.println(RingBuffer.allocate(arena, 1).toString().contains("mapped"));
            }
        }

        private static String maxMappings() throws IOException {
            try (InputStream number = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
                return new String(number.readNBytes(20)).trim(); // by one read(2), as a second one would return 0
            }
        }

        private static long mappings() throws IOException {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.count();
            }
        }
    }

    @Test
    @Tag("any-platform")
    void ringsLeaveMappingsForOthers() throws Exception {
        Proc.require("sys/vm/max_map_count");
        Qemu.lacks("mappings that are merged with their neighbours");
        assertEquals("ok\ntrue\n", new Child().with("-XX:MaxDirectMemorySize=2g").run(Many.class).ok());
    }

    // ---- large buffers

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void offsetsGoBeyond2Gb(Kind kind) throws IOException {
        long capacity = 3L << 30; // only a few pages are ever used
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            RingBuffer ring = kind.allocate(pair[0].arena(), capacity); // memory that is not zeroed first
            ring.advanceWrite(capacity);
            ring.advanceRead(capacity - 6);
            assertEquals(capacity - 6, ring.readOffset());
            assertEquals(capacity - 6, ring.writableBytes());
            assertEquals(capacity - 6, ring.writable().byteSize());
            assertEquals(8, pair[1].write("abcdefgh".getBytes(), 0, 8));
            assertEquals(8, ring.readFrom(pair[0]), "over the seam");
            ring.advanceRead(5);
            ring.readable().set(JAVA_BYTE, 0, (byte) '>');
            ring.advanceRead(0);
            assertEquals(9, ring.writeTo(pair[0]));
            assertEquals(">abcdefgh", new String(Local.readFully(pair[1], 9)));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void moreThan4GbPassThrough(Kind kind) throws IOException {
        long total = (1L << 32) + (1 << 20);
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment source = arena.allocate(1 << 20).copyFrom(MemorySegment.ofArray(Local.random(1 << 20)));
            RingBuffer ring = kind.allocate(arena, 1 << 18);
            ring.advanceWrite(1); // never empty, so that it wraps around all the time
            long sent = 0;
            long got = 0;
            while (got < total) {
                long from = sent % source.byteSize();
                sent += Math.max(pair[0].write(source, from, Math.min(source.byteSize() - from, total - sent)), 0);
                long n = Math.max(ring.readFrom(pair[1]), 0);
                if (n > 0 && (got >> 20 & 63) == 0) { // not each time, as comparing takes time
                    long at = got % source.byteSize();
                    long same = Math.min(n, source.byteSize() - at);
                    assertEquals(-1, MemorySegment.mismatch(ring.memory(), ring.readOffset() + 1,
                        ring.readOffset() + 1 + same, source, at, at + same));
                }
                got += n;
                ring.advanceRead(n);
                assertEquals(1, ring.readableBytes());
            }
            assertEquals(total, got);
        }
    }
}
