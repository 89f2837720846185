package io.panamio.test;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.GatherList;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Streams that users make, through everything that takes a stream. */
class OwnStreamTest {
    private static final IOException BROKEN = new IOException("broken");

    private static MemorySegment[] segments(Arena arena, int... sizes) {
        MemorySegment[] segments = new MemorySegment[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            segments[i] = arena.allocate(sizes[i]);
        }
        return segments;
    }

    private static MemorySegment text(String text) {
        return Arena.ofAuto().allocateFrom(text).asSlice(0, text.length());
    }

    private static String text(MemorySegment segment) {
        return new String(segment.toArray(ValueLayout.JAVA_BYTE));
    }

    // ---- what is given to those who write the least

    @Test
    @Tag("any-back-end")
    void arraysAndBuffersAreReadAndWritten() throws IOException {
        Scripted in = Scripted.reading("abcdefgh", 3, 2, WOULD_BLOCK, 3, EOF);
        byte[] array = new byte[5];
        assertEquals(3, in.read(array, 1, 4));
        assertArrayEquals("\0abc\0".getBytes(), array);
        ByteBuffer buffer = ByteBuffer.allocate(4).position(1);
        assertEquals(2, in.read(buffer));
        assertEquals(WOULD_BLOCK, in.read(buffer));
        assertEquals(3, buffer.position());
        assertArrayEquals("\0de\0".getBytes(), buffer.array());
        ByteBuffer direct = ByteBuffer.allocateDirect(9);
        assertEquals(3, in.read(direct));
        assertEquals('f', direct.get(0));
        assertEquals(EOF, in.read(direct));
        assertThrows(ReadOnlyBufferException.class, () -> in.read(direct.asReadOnlyBuffer()));
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(array, 2, 4));

        Scripted out = Scripted.writing(3, 1, WOULD_BLOCK);
        assertEquals(3, out.write("xabcde".getBytes(), 1, 5));
        ByteBuffer src = ByteBuffer.wrap("xde".getBytes()).position(1);
        assertEquals(1, out.write(src));
        assertEquals(WOULD_BLOCK, out.write(src));
        assertEquals(1, src.remaining());
        assertEquals("abcd", out.written.toString());
    }

    @Test
    @Tag("any-back-end")
    void manySegmentsAreReadIntoAsFarAsThereIsSomething() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] three = segments(arena, 2, 0, 3, 4);
            Scripted whole = Scripted.reading("abcdefghi", 2, 3, 4);
            assertEquals(9, whole.readVectored(three));
            assertEquals("ab|cde|fghi", text(three[0]) + "|" + text(three[2]) + "|" + text(three[3]));
            assertEquals(List.of(2L, 3L, 4L), List.copyOf(whole.asked));

            Scripted partial = Scripted.reading("abc", 2, 1, 4);
            assertEquals(3, partial.readVectored(three));
            assertEquals(2, partial.asked.size(), "after less than was asked for");
            assertEquals(2, Scripted.reading("ab", 2, WOULD_BLOCK).readVectored(three));
            assertEquals(WOULD_BLOCK, Scripted.reading("", WOULD_BLOCK).readVectored(three));
            Scripted ends = Scripted.reading("ab", 2, EOF, EOF);
            assertEquals(2, ends.readVectored(three));
            assertEquals(EOF, ends.readVectored(three));
            Scripted fails = Scripted.reading("ab", 2, BROKEN, BROKEN);
            assertEquals(2, fails.readVectored(three), "what came before the failure");
            assertSame(BROKEN, assertThrows(IOException.class, () -> fails.readVectored(three)));
            assertEquals(0, Scripted.reading("").readVectored(segments(arena, 0, 0)));
            Scripted untouched = Scripted.reading("ab", 2);
            assertThrows(IllegalArgumentException.class,
                () -> untouched.readVectored(three[0], three[2].asReadOnly()));
            assertEquals(List.of(), List.copyOf(untouched.asked));
        }
    }

    @Test
    @Tag("any-back-end")
    void manySegmentsAreWrittenAsFarAsThereIsRoom() throws IOException {
        MemorySegment[] three = {text("ab"), MemorySegment.NULL, text("cde"), text("fghi")};
        Scripted whole = Scripted.writing(2, 3, 4);
        assertEquals(9, whole.writeVectored(three));
        assertEquals("abcdefghi", whole.written.toString());
        Scripted partial = Scripted.writing(2, 1, 4);
        assertEquals(3, partial.writeVectored(three));
        assertEquals("abc", partial.written.toString());
        assertEquals(2, Scripted.writing(2, WOULD_BLOCK).writeVectored(three));
        assertEquals(WOULD_BLOCK, Scripted.writing(WOULD_BLOCK).writeVectored(three));
        Scripted fails = Scripted.writing(2, BROKEN, BROKEN);
        assertEquals(2, fails.writeVectored(three));
        assertSame(BROKEN, assertThrows(IOException.class, () -> fails.writeVectored(three)));
    }

    @Test
    @Tag("any-back-end")
    void aGatherListIsWrittenAndResumed() throws IOException {
        GatherList list = GatherList.of(text("ab"), MemorySegment.NULL, text("cde"), text("fghi"));
        Scripted out = Scripted.writing(2, 1, WOULD_BLOCK, 2, BROKEN, 3, 1);
        assertEquals(3, out.write(list));
        assertEquals(6, list.remaining());
        assertEquals(WOULD_BLOCK, out.write(list));
        assertEquals(2, out.write(list), "what was taken before the failure");
        assertEquals(4, list.remaining());
        assertEquals(3, out.write(list));
        assertEquals(1, out.write(list));
        assertTrue(list.isDone());
        assertEquals(0, out.write(list));
        assertEquals("abcdefghi", out.written.toString());
        list.rewind();
        out.close();
        assertThrows(ClosedChannelException.class, () -> out.write(list));
        assertEquals(9, list.remaining());
    }

    // ---- a stream over another

    @Test
    void itsEventsAreThoseOfTheStreamBelow() throws IOException {
        try (Loop loop = new Loop()) {
            var pair = loop.pair();
            Xored own = new Xored(pair[0]);
            loop.register(own, 1, Loop.RW);
            byte[] sent = Local.random(3 << 20);
            Pipelines.Output out = new Pipelines.Output(sent);
            Pipelines.Expected expected = new Pipelines.Expected(Xored.xored(sent));
            while (!out.write(own)) {
                expected.read(pair[1]);
                loop.expect(Loop.writable(1));
            }
            Loop.until("all", () -> {
                expected.read(pair[1]);
                return expected.isComplete();
            });

            byte[] back = Local.random(100_000);
            Pipelines.Output answer = new Pipelines.Output(Xored.xored(back));
            Pipelines.Expected plain = new Pipelines.Expected(back);
            while (!plain.isComplete()) {
                answer.write(pair[1]);
                loop.expect(Loop.readable(1));
                plain.read(own);
            }
        }
    }
}
