package io.panamio.test.memory;

import static io.panamio.test.support.Loop.until;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoResult;
import io.panamio.net.TcpStream;
import io.panamio.sys.SourceArena;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Pair;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code IoSource.arena}, the memory of a source. */
@Tag("any-selector")
class SourceArenaTest {
    /** Runs a task in a thread that has terminated when this returns. */
    private static <T> T elsewhere(Callable<T> task) throws Exception {
        FutureTask<T> future = new FutureTask<>(task);
        Thread thread = new Thread(future);
        thread.start();
        T result = future.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
        thread.join();
        return result;
    }

    private static void closeElsewhere(TcpStream stream) throws Exception {
        elsewhere(() -> {
            stream.close();
            return null;
        });
    }

    private static void assertDead(MemorySegment segment) {
        assertFalse(segment.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, () -> segment.set(JAVA_BYTE, 0, (byte) 1));
    }

    private static void assertAlive(MemorySegment segment) {
        segment.set(JAVA_BYTE, 0, (byte) 42);
        assertEquals(42, segment.get(JAVA_BYTE, 0));
    }

    @Test
    void readsAndWritesUseTheMemory() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            MemorySegment memory = pair.stream().arena().allocate(64);
            memory.copyFrom(MemorySegment.ofArray("hello".getBytes()));
            assertEquals(5, pair.stream().write(memory.asSlice(0, 5)));
            assertArrayEquals("hello".getBytes(), pair.peer().getInputStream().readNBytes(5));
            pair.peer().getOutputStream().write("HELLO!".getBytes());
            long[] n = new long[1];
            until("read", () -> (n[0] = pair.stream().read(memory.asSlice(32))) != IoResult.WOULD_BLOCK);
            assertArrayEquals("HELLO!".getBytes(), memory.asSlice(32, n[0]).toArray(JAVA_BYTE));
            assertEquals(5, pair.stream().writeVectored(memory.asSlice(0, 2), memory.asSlice(2, 3)));
            assertArrayEquals("hello".getBytes(), pair.peer().getInputStream().readNBytes(5));
        }
    }

    @Test
    void memoryIsZeroedAlignedAndDisjoint() throws IOException {
        for (int round = 0; round < 3; round++) { // later rounds reuse memory that earlier ones have written to
            try (Loop loop = new Loop()) {
                Arena arena = loop.connected().stream().arena();
                for (long alignment = 1; alignment <= 8192; alignment *= 2) {
                    for (long size : new long[] {0, 1, 15, 16, 1000, 65536}) {
                        MemorySegment segment = arena.allocate(size, alignment);
                        assertEquals(size, segment.byteSize());
                        assertEquals(0, segment.address() % alignment, size + " bytes aligned to " + alignment);
                        assertEquals(-1, segment.mismatch(MemorySegment.ofArray(new byte[(int) size])), "zero");
                        segment.fill((byte) 0xff);
                    }
                }
                MemorySegment longs = arena.allocate(JAVA_LONG, 3);
                assertEquals(24, longs.byteSize());
                assertEquals(0, longs.getAtIndex(JAVA_LONG, 2));
            }
        }
    }

    @Test
    void badSizesAndAlignmentsAreRefused() throws IOException {
        try (Loop loop = new Loop()) {
            Arena arena = loop.connected().stream().arena();
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(-1));
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, 0));
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, 3));
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, -8));
            assertAlive(arena.allocate(8));
        }
    }

    @Test
    void aStreamHasOneArena() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            assertSame(pair[0].arena(), pair[0].arena());
            MemorySegment other = pair[1].arena().allocate(8);
            pair[0].close();
            assertAlive(other);
        }
    }

    @Test
    void memoryIsInvalidAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            Arena arena = stream.arena();
            MemorySegment segment = arena.allocate(8);
            MemorySegment slice = segment.asSlice(4);
            assertAlive(segment);
            stream.close();
            assertDead(segment);
            assertDead(slice);
            assertFalse(arena.scope().isAlive());
            assertThrows(IllegalStateException.class, () -> arena.allocate(8));
            assertThrows(IllegalStateException.class, stream::arena);
            TcpStream other = loop.connected().stream();
            assertThrows(IllegalStateException.class, () -> other.read(segment));
            assertThrows(IllegalStateException.class, () -> other.write(segment));
        }
    }

    @Test
    void memoryIsInvalidAfterADetach() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            MemorySegment segment = stream.arena().allocate(8);
            NativeFds.close(stream.detach());
            assertDead(segment);
        }
    }

    @Test
    void theArenaCannotBeClosedByTheUser() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            Arena arena = stream.arena();
            MemorySegment segment = arena.allocate(8);
            assertThrows(UnsupportedOperationException.class, arena::close);
            assertAlive(segment);
            assertAlive(arena.allocate(8));
        }
    }

    @Test
    void aClosedStreamHasNoArena() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            stream.close();
            assertThrows(IllegalStateException.class, stream::arena);
        }
    }

    @Test
    void anotherThreadCannotUseTheMemory() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            Arena arena = pair.stream().arena();
            MemorySegment segment = arena.allocate(8);
            elsewhere(() -> {
                assertSame(arena, pair.stream().arena());
                assertThrows(WrongThreadException.class, () -> arena.allocate(8));
                assertThrows(WrongThreadException.class, () -> segment.get(JAVA_BYTE, 0));
                assertThrows(WrongThreadException.class, () -> pair.stream().write(segment));
                assertThrows(WrongThreadException.class, () -> pair.stream().writeVectored(segment, segment));
                return null;
            });
            assertAlive(segment);
        }
    }

    @Test
    void memoryOfAStreamClosedByAnotherThreadIsFreedWhenTheOwnerPolls() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            MemorySegment segment = stream.arena().allocate(8);
            closeElsewhere(stream);
            assertAlive(segment); // the owner may still be using it
            loop.poll.pollNow(loop.events);
            assertDead(segment);
        }
    }

    @Test
    void memoryOfAStreamClosedByAnotherThreadIsFreedWhenTheOwnerOpensAnotherArena() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            MemorySegment segment = stream.arena().allocate(8);
            closeElsewhere(stream);
            assertAlive(segment);
            assertAlive(loop.connected().stream().arena().allocate(8));
            assertDead(segment);
        }
    }

    @Test
    void memoryOfAStreamClosedByAnotherThreadIsFreedWhenTheOwnerClosesAnotherArena() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            TcpStream other = loop.connected().stream();
            other.arena();
            MemorySegment segment = stream.arena().allocate(8);
            closeElsewhere(stream);
            assertAlive(segment);
            other.close();
            assertDead(segment);
        }
    }

    @Test
    void aPollOfAnotherThreadDoesNotFreeTheMemory() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            MemorySegment segment = stream.arena().allocate(8);
            closeElsewhere(stream);
            elsewhere(() -> loop.poll.pollNow(loop.events));
            assertAlive(segment);
        }
    }

    /** An arena that is freed at the second try. */
    private static final class Failing extends SourceArena {
        int tries;

        @Override
        protected MemorySegment take(long byteSize, long byteAlignment) {
            throw new OutOfMemoryError();
        }

        @Override
        protected void releaseMemory() {
            if (++tries == 1) {
                throw new OutOfMemoryError();
            }
        }
    }

    private static void endElsewhere(Failing arena) throws Exception {
        elsewhere(() -> {
            arena.end();
            return null;
        });
    }

    @Test
    void anErrorOfASweepLosesNoMemory() throws Exception {
        Failing arena = new Failing();
        endElsewhere(arena);
        assertThrows(OutOfMemoryError.class, SourceArena::sweep);
        SourceArena.sweep();
        assertEquals(2, arena.tries);
        SourceArena.sweep();
        assertEquals(2, arena.tries);
    }

    @Test
    void anErrorOfASweepForADeadOwnerLosesNoMemory() throws Exception {
        Failing arena = elsewhere(() -> {
            Failing made = new Failing();
            endElsewhere(made);
            return made;
        });
        assertThrows(OutOfMemoryError.class, Failing::new);
        new Failing();
        assertEquals(2, arena.tries);
        new Failing();
        assertEquals(2, arena.tries);
    }

    @Test
    void memoryOfADeadOwnerIsFreedByTheClose() throws Exception {
        long size = 64L << 20;
        long before = Proc.residentBytes();
        for (int i = 0; i < 16; i++) {
            try (Loop loop = new Loop()) {
                Pair pair = loop.connected();
                MemorySegment segment = elsewhere(() -> pair.stream().arena().allocate(size).fill((byte) 1));
                assertThrows(WrongThreadException.class, () -> segment.get(JAVA_BYTE, 0));
                pair.stream().close();
                assertEquals(-1, pair.peer().getInputStream().read());
            }
        }
        long grown = Proc.residentBytes() - before;
        assertTrue(grown < 8 * size, "grown by " + grown + " bytes");
    }

    @Test
    void memoryOfAThreadThatDiesAfterTheCloseIsFreedByTheNextSweep() throws Exception {
        long size = 64L << 20;
        long before = Proc.residentBytes();
        try (Loop loop = new Loop()) {
            for (int i = 0; i < 16; i++) {
                TcpStream stream = loop.connected().stream();
                elsewhere(() -> {
                    stream.arena().allocate(size).fill((byte) 1);
                    closeElsewhere(stream); // while the owner is alive and has not freed it yet
                    return null;
                });
            }
            loop.poll.pollNow(loop.events);
        }
        long grown = Proc.residentBytes() - before;
        assertTrue(grown < 8 * size, "grown by " + grown + " bytes");
    }
}
