package io.panamio.test.tcp;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.until;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.TcpStream;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Pair;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads, peeks and writes on memory of every kind. */
@Tag("any-selector")
class BuffersTest {
    private static final int GUARD = 13;
    private static final int[] LENGTHS = {1, 2, 64, 4095, 65535, 65536, 65537, 200_000, 1 << 20};

    /** An operation of a stream, with all its overloads. */
    enum Op {
        READ {
            @Override
            long segment(TcpStream stream, MemorySegment segment) throws IOException {
                return stream.read(segment);
            }

            @Override
            long part(TcpStream stream, MemorySegment segment, long off, long len) throws IOException {
                return stream.read(segment, off, len);
            }

            @Override
            long buffer(TcpStream stream, ByteBuffer buffer) throws IOException {
                return stream.read(buffer);
            }

            @Override
            long array(TcpStream stream, byte[] array, int off, int len) throws IOException {
                return stream.read(array, off, len);
            }
        },
        PEEK {
            @Override
            long segment(TcpStream stream, MemorySegment segment) throws IOException {
                return stream.peek(segment);
            }

            @Override
            long buffer(TcpStream stream, ByteBuffer buffer) throws IOException {
                return stream.peek(buffer);
            }

            @Override
            long array(TcpStream stream, byte[] array, int off, int len) throws IOException {
                return stream.peek(array, off, len);
            }
        },
        WRITE {
            @Override
            long segment(TcpStream stream, MemorySegment segment) throws IOException {
                return stream.write(segment);
            }

            @Override
            long part(TcpStream stream, MemorySegment segment, long off, long len) throws IOException {
                return stream.write(segment, off, len);
            }

            @Override
            long buffer(TcpStream stream, ByteBuffer buffer) throws IOException {
                return stream.write(buffer);
            }

            @Override
            long array(TcpStream stream, byte[] array, int off, int len) throws IOException {
                return stream.write(array, off, len);
            }
        };

        abstract long segment(TcpStream stream, MemorySegment segment) throws IOException;

        /** Peek has no such overload. */
        long part(TcpStream stream, MemorySegment segment, long off, long len) throws IOException {
            return segment(stream, segment.asSlice(off, len));
        }

        abstract long buffer(TcpStream stream, ByteBuffer buffer) throws IOException;

        abstract long array(TcpStream stream, byte[] array, int off, int len) throws IOException;
    }

    /** Applies an operation to a range of bytes of a piece of memory. */
    interface Mover {
        long move(Op op, TcpStream stream, int from, int to) throws IOException;
    }

    /** A piece of memory, and how to pass parts of it to a stream. */
    record Memory(MemorySegment whole, Mover mover) {
        static Memory of(MemorySegment whole) {
            return new Memory(whole, (op, stream, from, to) -> op.segment(stream, whole.asSlice(from, to - from)));
        }

        static Memory partOf(MemorySegment whole) {
            return new Memory(whole, (op, stream, from, to) -> op.part(stream, whole, from, to - from));
        }

        static Memory of(ByteBuffer buffer) {
            return new Memory(MemorySegment.ofBuffer(buffer), (op, stream, from, to) -> {
                buffer.limit(to).position(from);
                long n = op.buffer(stream, buffer);
                assertEquals(from + Math.max(n, 0), buffer.position());
                assertEquals(to, buffer.limit());
                return n;
            });
        }

        static Memory of(byte[] array) {
            return new Memory(MemorySegment.ofArray(array),
                (op, stream, from, to) -> op.array(stream, array, from, to - from));
        }
    }

    /** Allocates memory of at least a size; the loop releases it. */
    interface Maker {
        Memory make(Loop loop, int size);
    }

    enum Kind {
        CONFINED((loop, size) -> Memory.of(loop.later(Arena.ofConfined()).allocate(size))),
        CONFINED_PART((loop, size) -> Memory.partOf(loop.later(Arena.ofConfined()).allocate(size))),
        SHARED_PART((loop, size) -> Memory.partOf(loop.later(Arena.ofShared()).allocate(size))),
        HEAP_PART((loop, size) -> Memory.partOf(MemorySegment.ofArray(new long[size / 8 + 1]))),
        SHARED((loop, size) -> Memory.of(loop.later(Arena.ofShared()).allocate(size))),
        AUTOMATIC((loop, size) -> Memory.of(Arena.ofAuto().allocate(size))),
        GLOBAL((loop, size) -> Memory.of(Arena.global().allocate(size))),
        HEAP_BYTES((loop, size) -> Memory.of(MemorySegment.ofArray(new byte[size]))),
        HEAP_INTS((loop, size) -> Memory.of(MemorySegment.ofArray(new int[size / 4 + 1]))),
        HEAP_LONGS((loop, size) -> Memory.of(MemorySegment.ofArray(new long[size / 8 + 1]))),
        HEAP_SLICE((loop, size) -> Memory.of(MemorySegment.ofArray(new byte[size + 9]).asSlice(5, size))),
        DIRECT_BUFFER((loop, size) -> Memory.of(ByteBuffer.allocateDirect(size))),
        DIRECT_BUFFER_SLICE((loop, size) -> Memory.of(ByteBuffer.allocateDirect(size + 9).slice(5, size))),
        HEAP_BUFFER((loop, size) -> Memory.of(ByteBuffer.allocate(size))),
        HEAP_BUFFER_SLICE((loop, size) -> Memory.of(ByteBuffer.allocate(size + 9).slice(5, size))),
        BUFFER_OF_A_SEGMENT((loop, size) -> Memory.of(loop.later(Arena.ofConfined()).allocate(size).asByteBuffer())),
        SEGMENT_OF_A_BUFFER((loop, size) -> Memory.of(MemorySegment.ofBuffer(ByteBuffer.allocateDirect(size)))),
        ARRAY((loop, size) -> Memory.of(new byte[size]));

        final Maker maker;

        Kind(Maker maker) {
            this.maker = maker;
        }
    }

    /** The seed, random by default. A failure reports it, and {@code -Dseed} repeats the run. */
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    private byte[] randomBytes(long length) {
        byte[] bytes = new byte[(int) length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Returns a random end of the next piece: the end of the memory, or before. */
    private int pieceEnd(int from, int end) {
        return random.nextBoolean() ? end : from + 1 + random.nextInt(end - from);
    }

    @ParameterizedTest
    @EnumSource
    void everyKindOfMemoryCanBeReadInto(Kind kind) throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            for (int length : LENGTHS) {
                String what = kind + " of " + length + " with -Dseed=" + seed;
                Memory memory = kind.maker.make(loop, GUARD + length + GUARD);
                byte[] expected = randomBytes(memory.whole.byteSize());
                memory.whole.copyFrom(MemorySegment.ofArray(expected));
                byte[] sent = randomBytes(length);
                Future<?> writer = threads.submit(() -> {
                    pair.peer().getOutputStream().write(sent);
                    return null;
                });
                for (int done = 0; done < length;) {
                    int from = GUARD + done;
                    int to = pieceEnd(from, GUARD + length);
                    long[] n = new long[1];
                    until("readable", () -> {
                        n[0] = memory.mover.move(Op.PEEK, pair.stream(), from, to);
                        return n[0] != WOULD_BLOCK;
                    });
                    assertTrue(n[0] > 0 && n[0] <= to - from, what);
                    System.arraycopy(sent, done, expected, from, (int) n[0]);
                    assertHolds(expected, memory, what);
                    memory.whole.asSlice(from, n[0]).fill((byte) 0); // the read must restore these bytes
                    n[0] = memory.mover.move(Op.READ, pair.stream(), from, to);
                    assertTrue(n[0] > 0 && n[0] <= to - from, what);
                    System.arraycopy(sent, done, expected, from, (int) n[0]);
                    assertHolds(expected, memory, what);
                    done += (int) n[0];
                }
                assertEquals(WOULD_BLOCK, memory.mover.move(Op.READ, pair.stream(), GUARD, GUARD + length), what);
                assertEquals(WOULD_BLOCK, memory.mover.move(Op.PEEK, pair.stream(), GUARD, GUARD + length), what);
                assertHolds(expected, memory, what);
                writer.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyKindOfMemoryCanBeWritten(Kind kind) throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            for (int length : LENGTHS) {
                String what = kind + " of " + length + " with -Dseed=" + seed;
                Memory memory = kind.maker.make(loop, GUARD + length + GUARD);
                byte[] bytes = randomBytes(memory.whole.byteSize());
                memory.whole.copyFrom(MemorySegment.ofArray(bytes));
                Future<byte[]> received = threads.submit(() -> pair.peer().getInputStream().readNBytes(length));
                int[] done = new int[1];
                until("written", () -> {
                    int from = GUARD + done[0];
                    int to = pieceEnd(from, GUARD + length);
                    long n = memory.mover.move(Op.WRITE, pair.stream(), from, to);
                    assertTrue(n == WOULD_BLOCK || n > 0 && n <= to - from, what);
                    done[0] += (int) Math.max(n, 0);
                    return done[0] == length;
                });
                byte[] sent = Arrays.copyOfRange(bytes, GUARD, GUARD + length);
                assertTrue(Arrays.equals(sent, received.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS)), what);
                assertHolds(bytes, memory, what);
            }
        }
    }

    private static void assertHolds(byte[] expected, Memory memory, String what) {
        assertEquals(-1, memory.whole.mismatch(MemorySegment.ofArray(expected)), what);
    }

    @Test
    void segmentsMayBeLargerThanAnInt() throws IOException {
        Path file = Files.createTempFile("panamio", null);
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(file, READ, WRITE, DELETE_ON_CLOSE)) {
            Pair pair = loop.connected();
            MemorySegment holes = channel.map(MapMode.READ_WRITE, 0, 5L << 30, arena); // a sparse file
            holes.set(JAVA_BYTE, 4L << 30, (byte) 42);
            assertTrue(pair.stream().write(holes.asSlice(4L << 30)) > 0);
            assertEquals(42, pair.peer().getInputStream().read());
            until("full", () -> pair.stream().write(holes) == WOULD_BLOCK);
            assertEquals(WOULD_BLOCK, pair.stream().writeVectored(holes, holes));

            pair.peer().getOutputStream().write("abcdef".getBytes());
            until("arrived", () -> pair.stream().peek(holes) == 6);
            assertEquals('f', holes.get(JAVA_BYTE, 5));
            MemorySegment end = holes.asSlice((5L << 30) - 3);
            assertEquals(6, pair.stream().readVectored(end, holes));
            assertEquals("abc", new String(end.toArray(JAVA_BYTE)));
            assertEquals('d', holes.get(JAVA_BYTE, 0));
            assertEquals(WOULD_BLOCK, pair.stream().read(holes));
        }
    }

    // ---- system calls for the heap

    @Test
    void oneLargeReadToTheHeapDrainsTheStream() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            int length = 100_000;
            byte[] sent = randomBytes(length);
            byte[] got = new byte[length + 1];
            try (Arena arena = Arena.ofConfined()) {
                pair.peer().getOutputStream().write(sent);
                MemorySegment all = arena.allocate(length);
                until("arrived", () -> pair.stream().peek(all) == length);
            }
            assertEquals(65536, pair.stream().peek(got, 0, got.length), "a peek does not continue");
            assertEquals(length, pair.stream().read(got, 0, got.length));
            assertArrayEquals(sent, Arrays.copyOf(got, length));
        }
    }

    @Test
    void aLargeWriteFromTheHeapFillsTheSendBuffer() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            byte[] sent = randomBytes(100_000);
            assertEquals(100_000, pair.stream().write(sent, 0, 100_000));
            assertArrayEquals(sent, pair.peer().getInputStream().readNBytes(100_000));
        }
    }

    // ---- rejected arguments

    @Test
    void readOnlyMemoryIsNotReadInto() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(new byte[3], 0, 3) == 3);
            ByteBuffer[] buffers = {ByteBuffer.allocate(8).asReadOnlyBuffer(),
                ByteBuffer.allocateDirect(8).asReadOnlyBuffer(), ByteBuffer.allocate(0).asReadOnlyBuffer()};
            for (ByteBuffer buffer : buffers) {
                assertThrows(ReadOnlyBufferException.class, () -> pair.stream().read(buffer));
                assertThrows(ReadOnlyBufferException.class, () -> pair.stream().peek(buffer));
                assertEquals(0, buffer.position());
            }
            MemorySegment[] segments = {arena.allocate(8).asReadOnly(),
                MemorySegment.ofArray(new byte[8]).asReadOnly(), MemorySegment.NULL.asReadOnly()};
            for (MemorySegment segment : segments) {
                assertThrows(IllegalArgumentException.class, () -> pair.stream().read(segment));
                assertThrows(IllegalArgumentException.class, () -> pair.stream().peek(segment));
            }
            assertArrayEquals("abc".getBytes(), Loop.readFully(pair.stream(), 3));
        }
    }

    @Test
    void readOnlyMemoryCanBeSent() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            ByteBuffer direct = ByteBuffer.allocateDirect(3).put("abc".getBytes()).flip();
            ByteBuffer[] buffers = {ByteBuffer.wrap("abc".getBytes()).asReadOnlyBuffer(), direct.asReadOnlyBuffer()};
            for (ByteBuffer buffer : buffers) {
                assertEquals(3, pair.stream().write(buffer));
                assertEquals(3, buffer.position());
                assertEquals("abc", new String(pair.peer().getInputStream().readNBytes(3)));
            }
            MemorySegment heap = MemorySegment.ofArray("abc".getBytes()).asReadOnly();
            MemorySegment nativeMemory = arena.allocate(3).copyFrom(heap).asReadOnly();
            for (MemorySegment segment : new MemorySegment[] {heap, nativeMemory}) {
                assertEquals(3, pair.stream().write(segment));
                assertEquals(6, pair.stream().writeVectored(segment, segment));
                assertEquals("abcabcabc", new String(pair.peer().getInputStream().readNBytes(9)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void partsOutsideTheArrayAreRefused(Op op) throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(new byte[3], 0, 3) == 3);
            byte[] array = new byte[8];
            int[][] parts = {{-1, 1}, {0, 9}, {8, 1}, {9, 0}, {1, -1}, {1, Integer.MAX_VALUE},
                {Integer.MAX_VALUE, 1}, {Integer.MIN_VALUE, Integer.MIN_VALUE}};
            for (int[] part : parts) {
                assertThrows(IndexOutOfBoundsException.class, () -> op.array(pair.stream(), array, part[0], part[1]),
                    Arrays.toString(part));
                for (MemorySegment segment : List.of(Arena.ofAuto().allocate(8), MemorySegment.ofArray(array))) {
                    assertThrows(IndexOutOfBoundsException.class,
                        () -> op.part(pair.stream(), segment, part[0], part[1]), Arrays.toString(part));
                    assertThrows(IndexOutOfBoundsException.class,
                        () -> op.part(pair.stream(), segment, Long.MAX_VALUE, Long.MAX_VALUE));
                }
            }
            assertArrayEquals(new byte[8], array);
            assertArrayEquals("abc".getBytes(), Loop.readFully(pair.stream(), 3));
            pair.stream().close();
            assertEquals(-1, pair.peer().getInputStream().read(), "nothing was written");
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryOfAClosedArenaIsRefused(Op op) throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(new byte[3], 0, 3) == 3);
            MemorySegment confined;
            MemorySegment shared;
            try (Arena one = Arena.ofConfined(); Arena two = Arena.ofShared()) {
                confined = one.allocate(8);
                shared = two.allocate(8);
            }
            ByteBuffer buffer = confined.asByteBuffer();
            assertThrows(IllegalStateException.class, () -> op.segment(pair.stream(), confined));
            assertThrows(IllegalStateException.class, () -> op.segment(pair.stream(), shared));
            assertThrows(IllegalStateException.class, () -> op.part(pair.stream(), confined, 1, 2));
            assertThrows(IllegalStateException.class, () -> op.part(pair.stream(), shared, 1, 2));
            assertThrows(IllegalStateException.class, () -> op.buffer(pair.stream(), buffer));
            assertEquals(0, buffer.position());
            assertArrayEquals("abc".getBytes(), Loop.readFully(pair.stream(), 3));
            pair.stream().close();
            assertEquals(-1, pair.peer().getInputStream().read(), "nothing was written");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anotherThreadsMemoryIsRefused(Op op) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("abc".getBytes());
            until("arrived", () -> pair.stream().peek(new byte[3], 0, 3) == 3);
            MemorySegment segment = arena.allocate(8);
            ByteBuffer buffer = segment.asByteBuffer();
            CompletableFuture.runAsync(() -> {
                assertThrows(WrongThreadException.class, () -> op.segment(pair.stream(), segment));
                assertThrows(WrongThreadException.class, () -> op.part(pair.stream(), segment, 1, 2));
                assertThrows(WrongThreadException.class, () -> op.buffer(pair.stream(), buffer));
            }).join();
            assertArrayEquals(new byte[8], segment.toArray(JAVA_BYTE));
            assertArrayEquals("abc".getBytes(), Loop.readFully(pair.stream(), 3));
            pair.stream().close();
            assertEquals(-1, pair.peer().getInputStream().read(), "nothing was written");
        }
    }
}
