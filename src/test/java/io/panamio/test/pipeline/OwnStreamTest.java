package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.net.DuplexStream;
import io.panamio.net.GatherList;
import io.panamio.net.Pipe;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.pipeline.Splice;
import io.panamio.test.support.Background;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** User-defined streams, used with everything that accepts a stream. */
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

    // ---- default methods

    @Test
    @Tag("any-selector")
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
    @Tag("any-selector")
    void aScatterStopsWhereTheInputEnds() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] three = segments(arena, 2, 0, 3, 4);
            Scripted whole = Scripted.reading("abcdefghi", 2, 3, 4);
            assertEquals(9, whole.readVectored(three));
            assertEquals("ab|cde|fghi", text(three[0]) + "|" + text(three[2]) + "|" + text(three[3]));
            assertEquals(List.of(2L, 3L, 4L), List.copyOf(whole.asked));

            Scripted partial = Scripted.reading("abc", 2, 1, 4);
            assertEquals(3, partial.readVectored(three));
            assertEquals(2, partial.asked.size(), "after less than was requested");
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
    @Tag("any-selector")
    void aGatherStopsWhereTheRoomEnds() throws IOException {
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

    /** Wherever in the list it is: what was read before it would be lost with the exception. */
    @Test
    @Tag("any-selector")
    void nothingIsTransferredIfASegmentCannotBeUsed() throws Exception {
        MemorySegment good = text("abc");
        MemorySegment gone;
        GatherList list;
        try (Arena arena = Arena.ofConfined()) {
            gone = arena.allocate(3);
            list = GatherList.of(good, gone);
        }
        Scripted in = Scripted.reading("abc", 3);
        Scripted out = Scripted.writing(3);
        assertThrows(IllegalStateException.class, () -> in.readVectored(good, gone));
        assertThrows(IllegalStateException.class, () -> out.writeVectored(good, gone));
        assertThrows(IllegalStateException.class, () -> out.write(list));
        assertThrows(NullPointerException.class, () -> in.readVectored(good, null));
        assertThrows(NullPointerException.class, () -> out.writeVectored(good, null));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment foreign = arena.allocate(3);
            for (Callable<Long> call : List.<Callable<Long>>of(() -> in.readVectored(good, foreign),
                    () -> out.writeVectored(good, foreign))) {
                assertEquals(WrongThreadException.class, Background.failure(Background.start(call)).getClass());
            }
        }
        assertEquals(0, in.asked.size() + out.asked.size());
        assertEquals(6, list.remaining());
    }

    @Test
    @Tag("any-selector")
    void aGatherListIsWrittenAndResumed() throws IOException {
        GatherList list = GatherList.of(text("ab"), MemorySegment.NULL, text("cde"), text("fghi"));
        Scripted out = Scripted.writing(2, 1, WOULD_BLOCK, 2, BROKEN, 3, 1);
        assertEquals(3, out.write(list));
        assertEquals(6, list.remaining());
        assertEquals(WOULD_BLOCK, out.write(list));
        assertEquals(2, out.write(list), "what was accepted before the failure");
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
    void eventsAreThoseOfTheStreamBelow() throws IOException {
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

    // ---- files

    /** A user-defined stream over one of the library. */
    enum Own {
        PLAIN {
            @Override
            DuplexStream over(Loop loop, StreamSocket<?> below) {
                return new Xored(below);
            }
        },
        OVER_A_DESCRIPTOR {
            @Override
            DuplexStream over(Loop loop, StreamSocket<?> below) throws IOException {
                return loop.later(new Xored.OverDescriptor(new Xored(below)));
            }
        };

        abstract DuplexStream over(Loop loop, StreamSocket<?> below) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsSentToAnOwnStream(Own kind, @TempDir Path directory) throws IOException {
        byte[] bytes = Local.random(1_000_003);
        Path path = Files.write(directory.resolve("file"), bytes);
        try (Loop loop = new Loop(); FileSource file = FileSource.open(path);
             FileChannel channel = FileChannel.open(path)) {
            for (boolean asChannel : new boolean[] {false, true}) {
                TcpStream[] pair = loop.pair();
                DuplexStream own = kind.over(loop, pair[0]);
                loop.register(pair[0], 1, Loop.RW);
                byte[] part = Arrays.copyOfRange(bytes, 5, bytes.length);
                Pipelines.Expected expected = new Pipelines.Expected(Xored.xored(part));
                long position = 5;
                while (position < bytes.length) {
                    long left = Long.MAX_VALUE - position;
                    long n = asChannel ? FileSource.transfer(channel, position, left, own)
                        : file.transferTo(position, left, own);
                    if (n > 0) {
                        position += n;
                    } else {
                        assertEquals(WOULD_BLOCK, n);
                        expected.read(pair[1]);
                        loop.expect(Loop.writable(1));
                    }
                }
                assertEquals(EOF, asChannel ? FileSource.transfer(channel, position, 1, own)
                    : file.transferTo(position, 1, own));
                Loop.until("all", () -> {
                    expected.read(pair[1]);
                    return expected.isComplete();
                });
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aFileResumesAfterAShortOrFailedWrite(@TempDir Path directory) throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "x".repeat(65536) + "abc");
        try (FileSource file = FileSource.open(path)) {
            Scripted out = Scripted.writing(WOULD_BLOCK, BROKEN, 65536, WOULD_BLOCK, 65536, BROKEN, 65536, 2, 1);
            assertEquals(WOULD_BLOCK, file.transferTo(0, 70000, out));
            assertSame(BROKEN, assertThrows(IOException.class, () -> file.transferTo(0, 70000, out)));
            assertEquals(65536, file.transferTo(0, 70000, out), "would block then");
            assertEquals(65536, file.transferTo(0, 70000, out), "fails then");
            assertEquals(65538, file.transferTo(0, 70000, out), "accepts less then");
            assertEquals(1, file.transferTo(65538, Long.MAX_VALUE, out));
            assertEquals("xabc", out.written.toString().substring(3 * 65536 - 1));
            assertEquals(EOF, file.transferTo(65539, 1, out));
            assertEquals(EOF, file.transferTo(Long.MAX_VALUE, Long.MAX_VALUE, out));
            assertEquals(0, file.transferTo(0, 0, out));
            assertThrows(IllegalArgumentException.class, () -> file.transferTo(-1, 1, out));
            assertThrows(NullPointerException.class, () -> file.transferTo(0, 1, null));
            out.close();
            assertThrows(ClosedChannelException.class, () -> file.transferTo(0, 1, out));
            assertThrows(ClosedChannelException.class, () -> file.transferTo(0, 0, out));
            FileSource closed = FileSource.open(path);
            closed.close();
            assertThrows(ClosedChannelException.class, () -> closed.transferTo(0, 1, Scripted.writing(1)));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPE_DESCRIPTORS)
    void filesThatSendfileCannotSendAreCopied(@TempDir Path directory) throws IOException {
        Proc.require("self/status"); // whose length is 0
        Path log = Files.writeString(directory.resolve("log"), "first\n");
        Path path = Files.writeString(directory.resolve("file"), "second\n");
        try (Loop loop = new Loop(); FileSource file = FileSource.open(path);
             FileSource status = FileSource.open(Path.of("/proc/self/status"))) {
            int fd = NativeFds.append(log);
            IoSource.makeNonBlocking(fd);
            Pipe.Sender appending = loop.later(Pipe.Sender.fromFd(fd));
            assertEquals(7, file.transferTo(0, 100, appending));
            assertEquals("first\nsecond\n", Files.readString(log));
            Pipe pipe = loop.later(Pipe.open());
            long n = status.transferTo(0, 5, pipe.sender());
            assertEquals("Name:", new String(Local.readFully(pipe.receiver(), (int) n)));
        }
    }

    // ---- splices and relays

    /** The ends that are user-defined. */
    enum Ends {
        SOURCE, SINK, BOTH
    }

    static Stream<Arguments> kindsAndEnds() {
        return Stream.of(Own.values()).flatMap(kind -> Stream.of(Ends.values()).map(ends -> arguments(kind, ends)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndEnds")
    void aSpliceTransfersThroughAnOwnStream(Own kind, Ends ends) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool(64 << 10, 4)) {
            TcpStream[] in = loop.pair();
            TcpStream[] out = loop.pair();
            DuplexStream source = ends == Ends.SINK ? in[1] : kind.over(loop, in[1]);
            DuplexStream sink = ends == Ends.SOURCE ? out[0] : kind.over(loop, out[0]);
            loop.register(in[1], 1, Loop.RW);
            loop.register(out[0], 2, Loop.RW);
            loop.register(in[0], 3, Loop.RW);
            loop.register(out[1], 4, Loop.RW);
            byte[] sent = Local.random(2 << 20);
            Pipelines.Output output = new Pipelines.Output(sent);
            Pipelines.Expected expected =
                new Pipelines.Expected(ends == Ends.BOTH ? sent : Xored.xored(sent)); // or transformed twice
            NativeFds.Opened opened = new NativeFds.Opened();
            try (Splice splice = new Splice(source, sink, pool)) {
                long n = WOULD_BLOCK;
                while (n != EOF) {
                    if (output.write(in[0])) {
                        in[0].shutdown(Shutdown.WRITE);
                    }
                    while ((n = splice.transfer()) > 0) {
                        assertTrue(splice.transferred() <= output.done());
                    }
                    expected.read(out[1]);
                    if (n != EOF) {
                        loop.poll.poll(loop.events, Loop.LONG);
                        assertFalse(loop.events.isEmpty(), "no more events");
                    }
                }
                assertEquals(sent.length, splice.transferred());
                assertEquals(0, splice.buffered());
                assertEquals(EOF, splice.transfer());
            }
            opened.expect(0);
            Loop.until("all", () -> {
                expected.read(out[1]);
                return expected.isComplete();
            });
        }
    }

    @Test
    @Tag("any-selector")
    void aSpliceKeepsBytesThatTheSinkDoesNotAccept() throws IOException {
        try (PipePool pool = new PipePool(4, 4)) {
            Scripted source = Scripted.reading("abcdefghij", 4, 3, WOULD_BLOCK, 3, EOF);
            Scripted sink = Scripted.writing(1, WOULD_BLOCK, 2, 1, 3, WOULD_BLOCK, 3);
            Splice splice = new Splice(source, sink, pool);
            assertEquals(1, splice.transfer());
            assertEquals(3, splice.buffered());
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertEquals(2, splice.transfer());
            assertEquals(1, source.asked.size(), "nothing is read while something waits for the sink");
            assertEquals(4, splice.transfer());
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertEquals(WOULD_BLOCK, splice.transfer(2), "read, and not taken");
            assertEquals(2L, source.asked.getLast());
            assertEquals(2, splice.buffered());
            assertEquals(2, splice.transfer(), "the end is reported later");
            assertEquals("abcdefghi", sink.written.toString());
            splice.close();
            assertThrows(ClosedChannelException.class, splice::transfer);
        }
    }

    @Test
    @Tag("any-selector")
    void aFailureOfEitherEndClosesTheSplice() throws IOException {
        try (PipePool pool = new PipePool()) {
            Splice in = new Splice(Scripted.reading("", BROKEN), Scripted.writing(), pool);
            assertSame(BROKEN, assertThrows(IOException.class, in::transfer));
            assertThrows(ClosedChannelException.class, in::transfer);
            Splice out = new Splice(Scripted.reading("abc", 3), Scripted.writing(BROKEN), pool);
            assertSame(BROKEN, assertThrows(IOException.class, out::transfer));
            assertThrows(ClosedChannelException.class, out::transfer);
            assertThrows(NullPointerException.class, () -> new Splice(null, Scripted.writing(), pool));
            assertThrows(NullPointerException.class, () -> new Splice(Scripted.writing(), null, pool));
        }
    }

    @Test
    @Tag("any-selector")
    void aStreamWithoutMemoryLosesNothing() throws IOException {
        IOException exhausted = new ResourceExhaustedException("read: no memory (ENOMEM)",
            new SystemError.Failure("read", 12, "ENOMEM"));
        Scripted sink = Scripted.writing(exhausted, 3);
        try (PipePool pool = new PipePool()) {
            Splice splice = new Splice(Scripted.reading("abc", exhausted, 3), sink, pool);
            for (int buffered : new int[] {0, 3}) {
                IOException e = Failures.assertFails(IOException.class, "read", "ENOMEM", splice::transfer);
                assertFalse(e instanceof ResourceExhaustedException, e::toString); // which is thrown for lack of a pipe
                assertEquals(buffered, splice.buffered());
            }
            assertEquals(3, splice.transfer());
            assertEquals("abc", sink.written.toString());
        }
    }

    @Test
    @Requires(Feature.PIPE_DESCRIPTORS)
    void bytesThatSpliceCannotMoveAreCopied(@TempDir Path directory) throws IOException {
        Path log = Files.writeString(directory.resolve("log"), "first ");
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            TcpStream[] pair = loop.pair();
            int fd = NativeFds.append(log);
            IoSource.makeNonBlocking(fd);
            Pipe.Sender sink = loop.later(Pipe.Sender.fromFd(fd));
            Splice splice = loop.later(new Splice(pair[1], sink, pool));
            for (String text : List.of("second ", "third")) {
                pair[0].write(text.getBytes(), 0, text.length());
                Loop.until("moved", () -> splice.transfer() == text.length());
            }
            assertEquals("first second third", Files.readString(log));
            pair[0].shutdown(Shutdown.WRITE);
            Loop.until("the end", () -> splice.transfer() == EOF);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRelayJoinsAnOwnStreamWithAnother(Own kind) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            TcpStream[] client = loop.pair();
            TcpStream[] server = loop.pair();
            DuplexStream own = kind.over(loop, server[0]);
            loop.register(client[1], 1, Loop.RW);
            loop.register(server[0], 2, Loop.RW);
            loop.register(client[0], 3, Loop.RW);
            loop.register(server[1], 4, Loop.RW);
            byte[] request = Local.random(700_001);
            byte[] answer = Local.random(900_001);
            Pipelines.Output requests = new Pipelines.Output(request);
            Pipelines.Output answers = new Pipelines.Output(Xored.xored(answer));
            Pipelines.Expected requested = new Pipelines.Expected(Xored.xored(request));
            Pipelines.Expected answered = new Pipelines.Expected(answer);
            try (Relay relay = new Relay(client[1], own, pool)) {
                boolean ended = false;
                while (!ended) {
                    if (requests.write(client[0])) {
                        client[0].shutdown(Shutdown.WRITE);
                    }
                    requested.read(server[1]);
                    if (requested.isComplete() && answers.write(server[1])) {
                        server[1].shutdown(Shutdown.WRITE);
                    }
                    answered.read(client[0]);
                    for (DuplexStream stream : List.of(client[1], own)) {
                        long n;
                        while ((n = relay.transfer(stream)) > 0) {
                            Thread.onSpinWait();
                        }
                        ended |= n == EOF;
                    }
                    if (!ended) {
                        loop.poll.poll(loop.events, Loop.LONG);
                        assertFalse(loop.events.isEmpty(), "no more events");
                    }
                }
            }
            Loop.until("all", () -> {
                answered.read(client[0]);
                return answered.isComplete();
            });
            assertFalse(client[1].isOpen());
            assertFalse(own instanceof IoSource source ? source.isOpen() : server[0].isOpen());
        }
    }
}
