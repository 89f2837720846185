package io.panamio.test.net;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.StreamChannel;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.test.support.Loop;
import io.panamio.test.support.UserStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams as channels, used by code that is written for channels. */
class StreamChannelTest {
    /** The streams of the library: each writes to one that is read from. */
    enum Kind {
        TCP {
            @Override
            Connected open(Loop loop) throws IOException {
                TcpStream[] pair = loop.pair();
                return new Connected(pair[0], pair[1], StreamChannel.of(pair[0]), StreamChannel.of(pair[1]));
            }
        },
        UNIX {
            @Override
            Connected open(Loop loop) throws IOException {
                Loop.assume(Feature.UNIX_STREAMS);
                UnixStream[] pair = UnixStream.pair();
                loop.later(pair[0]);
                loop.later(pair[1]);
                return new Connected(pair[0], pair[1], StreamChannel.of(pair[0]), StreamChannel.of(pair[1]));
            }
        },
        PIPE {
            @Override
            Connected open(Loop loop) throws IOException {
                Loop.assume(Feature.PIPES);
                Pipe pipe = loop.later(Pipe.open());
                return new Connected(pipe.sender(), pipe.receiver(), StreamChannel.writing(pipe.sender()),
                    StreamChannel.reading(pipe.receiver()));
            }
        };

        abstract Connected open(Loop loop) throws IOException;
    }

    /** Two connected streams and their channels. */
    private record Connected(IoSource sender, IoSource receiver, GatheringByteChannel out, ScatteringByteChannel in) {
    }

    private static ByteBuffer buffer(boolean direct, String text) {
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(text.length()) : ByteBuffer.allocate(text.length());
        return buffer.put(text.getBytes()).flip();
    }

    private static String text(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return new String(bytes);
    }

    // ---- code for channels

    /** The loop of every proxy that is written for channels. Returns whether the end was reached. */
    private static boolean copy(ReadableByteChannel from, WritableByteChannel to, ByteBuffer buffer)
            throws IOException {
        for (;;) {
            int read = from.read(buffer);
            buffer.flip();
            int written = to.write(buffer);
            buffer.compact();
            if (read < 0 && buffer.position() == 0) {
                return true;
            }
            if (read <= 0 && written == 0) {
                return false;
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void codeForChannelsCopiesAStreamIntoAFile(Kind kind, @TempDir Path directory) throws IOException {
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        Path source = Files.write(directory.resolve("source"), bytes);
        Path target = directory.resolve("target");
        for (boolean direct : new boolean[] {true, false}) {
            try (Loop loop = new Loop(); FileChannel file = FileChannel.open(source);
                    FileChannel copy = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
                Connected c = kind.open(loop);
                loop.register(c.sender, 1, Loop.W);
                loop.register(c.receiver, 2, R);
                ByteBuffer out = direct ? ByteBuffer.allocateDirect(5000) : ByteBuffer.allocate(5000);
                ByteBuffer in = direct ? ByteBuffer.allocateDirect(7000) : ByteBuffer.allocate(7000);
                boolean sent = false;
                for (boolean received = false; !received;) { // only events continue it
                    loop.poll.poll(loop.events);
                    if (!sent && copy(file, c.out, out)) {
                        sent = true;
                        c.out.close();
                    }
                    received = copy(c.in, copy, in);
                }
                assertTrue(sent);
            }
            assertArrayEquals(bytes, Files.readAllBytes(target));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileChannelTransfersToAndFromAStream(Kind kind, @TempDir Path directory) throws IOException {
        byte[] bytes = new byte[1_000_000];
        new Random(2).nextBytes(bytes);
        Path source = Files.write(directory.resolve("source"), bytes);
        Path target = directory.resolve("target");
        try (Loop loop = new Loop(); FileChannel file = FileChannel.open(source);
                FileChannel copy = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Connected c = kind.open(loop);
            loop.register(c.sender, 1, Loop.W);
            loop.register(c.receiver, 2, R);
            long sent = 0;
            long received = 0;
            while (received < bytes.length) {
                loop.poll.poll(loop.events);
                for (long n; (n = file.transferTo(sent, bytes.length - sent, c.out)) > 0;) {
                    sent += n;
                }
                for (long n; (n = copy.transferFrom(c.in, received, bytes.length - received)) > 0;) {
                    received += n;
                }
            }
        }
        assertArrayEquals(bytes, Files.readAllBytes(target));
    }

    // ---- results

    @ParameterizedTest
    @EnumSource
    void aReadThatWouldBlockIsZeroAndAnEventFollows(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = kind.open(loop);
            loop.register(c.receiver, 1, R);
            for (boolean direct : new boolean[] {true, false}) {
                ByteBuffer dst = direct ? ByteBuffer.allocateDirect(10) : ByteBuffer.allocate(10);
                assertEquals(0, c.in.read(dst));
                assertEquals(0, c.in.read(new ByteBuffer[] {dst}));
                assertEquals(0, dst.position());
                loop.expectQuiet();
                assertEquals(3, c.out.write(buffer(direct, "abc")));
                loop.expect(readable(1));
                assertEquals(3, c.in.read(dst));
                assertEquals("abc", text(dst));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriteThatWouldBlockIsZeroAndAnEventFollows(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = kind.open(loop);
            loop.register(c.sender, 1, Loop.W);
            ByteBuffer src = ByteBuffer.allocateDirect(1 << 16);
            long[] sent = {0};
            until("full", () -> {
                int n = c.out.write(src);
                assertEquals(Math.max(n, 0), src.position());
                sent[0] += src.position();
                src.clear();
                if (n > 0) {
                    return false;
                }
                loop.expectQuiet();
                long more = c.out.write(new ByteBuffer[] {src, ByteBuffer.allocate(1)});
                assertEquals(Math.min(more, src.capacity()), src.position());
                sent[0] += more;
                src.clear();
                return more == 0; // the buffers of TCP grow, and empty late
            });
            long[] received = {0};
            until("empty", () -> {
                received[0] += Math.max(c.in.read(src.clear()), 0);
                return received[0] == sent[0];
            });
            loop.expect(writable(1));
            assertTrue(c.out.write(src.clear()) > 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theEndIsMinusOne(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = kind.open(loop);
            c.out.write(buffer(true, "x"));
            c.out.close();
            ByteBuffer dst = ByteBuffer.allocate(10);
            until("the end", () -> c.in.read(dst) < 0);
            assertEquals("x", text(dst));
            assertEquals(-1, c.in.read(dst.clear()));
            assertEquals(-1, c.in.read(ByteBuffer.allocateDirect(1)));
            assertEquals(-1, c.in.read(new ByteBuffer[] {dst, ByteBuffer.allocate(1)}));
            assertEquals(0, dst.position());
        }
    }

    // ---- buffers

    @Test
    @Tag("any-selector")
    void onlyTheRestOfABufferIsTransferred() throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = Kind.TCP.open(loop);
            for (boolean direct : new boolean[] {true, false}) {
                ByteBuffer all = buffer(direct, "0123456789");
                ByteBuffer src = all.slice(1, 8).position(2).limit(6); // "3456"
                assertEquals(4, c.out.write(src));
                assertEquals(6, src.position());
                assertEquals(6, src.limit());
                assertEquals(0, c.out.write(src));
                assertEquals(4, c.out.write(src.asReadOnlyBuffer().position(2)));
                ByteBuffer dst = buffer(direct, "..........").slice(1, 8).position(1).limit(7);
                until("received", () -> c.in.read(dst) >= 0 && !dst.hasRemaining());
                assertEquals(0, c.in.read(dst), "no bytes remain");
                assertEquals(".345634.", text(dst.clear().position(8)));
                assertEquals("56", new String(Loop.readFully((TcpStream) c.receiver, 2)));
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aDirectBufferMayBeUsedAgainOrReplaced() throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = Kind.TCP.open(loop);
            ByteBuffer[] buffers = {ByteBuffer.allocateDirect(3), ByteBuffer.allocateDirect(3)};
            for (int i : new int[] {0, 0, 1, 0, 1, 1}) {
                buffers[i].clear().put(("<" + i + ">").getBytes()).flip();
                assertEquals(3, c.out.write(buffers[i]));
                ByteBuffer dst = buffers[1 - i].clear();
                until("received", () -> c.in.read(dst) >= 0 && !dst.hasRemaining());
                assertEquals("<" + i + ">", text(dst));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void buffersAreGatheredAndScattered(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = kind.open(loop);
            ByteBuffer[] srcs = {buffer(true, "no"), buffer(true, "abc"), buffer(false, ""), buffer(false, "defgh"),
                buffer(true, "ij").asReadOnlyBuffer(), buffer(true, "no")};
            assertEquals(10, c.out.write(srcs, 1, 4));
            assertEquals(List.of(2, 0, 0, 0, 0, 2), Arrays.stream(srcs).map(ByteBuffer::remaining).toList());
            assertEquals(0, c.out.write(srcs, 1, 4));
            assertEquals(0, c.out.write(srcs, 6, 0));
            ByteBuffer[] dsts = {ByteBuffer.allocate(4), ByteBuffer.allocateDirect(4).position(3),
                ByteBuffer.allocate(0), ByteBuffer.allocateDirect(9)};
            long[] n = {0};
            until("received", () -> {
                n[0] += c.in.read(dsts);
                return n[0] == 10;
            });
            assertEquals("abcd", text(dsts[0]));
            assertEquals('e', dsts[1].get(3));
            assertEquals("fghij", text(dsts[3]));
        }
    }

    /** Such as a separator. Channels of the JDK permit it. */
    @Test
    @Tag("any-selector")
    void aBufferMayBeGatheredAndScatteredTwice() throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = Kind.TCP.open(loop);
            ByteBuffer separator = buffer(true, "--, ").position(2);
            ByteBuffer[] srcs = {buffer(false, "a"), separator, buffer(false, "b"), separator, buffer(true, "c")};
            assertEquals(7, c.out.write(srcs));
            assertEquals(List.of(0, 0, 0, 0, 0), Arrays.stream(srcs).map(ByteBuffer::remaining).toList());
            assertEquals("a, b, c", new String(Loop.readFully((TcpStream) c.receiver, 7)));
            ByteBuffer dst = ByteBuffer.allocate(5).position(2);
            c.out.write(buffer(true, "abcdefg").limit(6));
            long[] n = {0};
            until("received", () -> {
                n[0] += c.in.read(new ByteBuffer[] {dst, dst});
                return n[0] > 0 && dst.position() == 5;
            });
            assertTrue(n[0] == 6 || n[0] == 3, "a segment or two");
        }
    }

    @Test
    @Tag("any-selector")
    void invalidArgumentsAreRefusedAndNothingIsTransferred() throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = Kind.TCP.open(loop);
            ByteBuffer good = ByteBuffer.allocate(5);
            ByteBuffer[] some = {good, ByteBuffer.allocate(3)};
            c.out.write(buffer(true, "abc"));
            for (ByteBuffer readOnly : List.of(ByteBuffer.allocate(1).asReadOnlyBuffer(),
                    ByteBuffer.allocateDirect(1).asReadOnlyBuffer())) {
                assertThrows(IllegalArgumentException.class, () -> c.in.read(readOnly));
                assertThrows(IllegalArgumentException.class, () -> c.in.read(new ByteBuffer[] {good, readOnly}));
            }
            assertThrows(NullPointerException.class, () -> c.in.read((ByteBuffer) null));
            assertThrows(NullPointerException.class, () -> c.in.read(new ByteBuffer[] {good, null}));
            assertThrows(NullPointerException.class, () -> c.out.write((ByteBuffer) null));
            assertThrows(NullPointerException.class, () -> c.out.write(new ByteBuffer[] {good, null}));
            for (int[] range : new int[][] {{-1, 1}, {0, 3}, {2, 1}, {1, -1}, {1, Integer.MAX_VALUE}}) {
                assertThrows(IndexOutOfBoundsException.class, () -> c.in.read(some, range[0], range[1]));
                assertThrows(IndexOutOfBoundsException.class, () -> c.out.write(some, range[0], range[1]));
            }
            assertThrows(NullPointerException.class, () -> StreamChannel.of((TcpStream) null));
            assertThrows(NullPointerException.class, () -> StreamChannel.reading(null));
            assertThrows(NullPointerException.class, () -> StreamChannel.writing(null));
            assertEquals(0, good.position());
            assertEquals("abc", new String(Loop.readFully((TcpStream) c.receiver, 3)));
        }
    }

    @Test
    @Tag("any-selector")
    void aChannelInOneDirectionRefusesTheOther() throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = Kind.PIPE.open(loop);
            ByteBuffer buffer = ByteBuffer.allocate(1);
            StreamChannel in = (StreamChannel) c.in;
            StreamChannel out = (StreamChannel) c.out;
            assertThrows(NonWritableChannelException.class, () -> in.write(buffer));
            assertThrows(NonWritableChannelException.class, () -> in.write(new ByteBuffer[] {buffer}));
            assertThrows(NonReadableChannelException.class, () -> out.read(buffer));
            assertThrows(NonReadableChannelException.class, () -> out.read(new ByteBuffer[] {buffer}));
        }
    }

    @Test
    @Tag("any-platform")
    void noSelectorAcceptsAStreamChannel() {
        assertFalse(SelectableChannel.class.isAssignableFrom(StreamChannel.class));
    }

    // ---- closing

    @ParameterizedTest
    @EnumSource
    void aCloseClosesTheStream(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Connected c = kind.open(loop);
            assertTrue(c.in.isOpen() && c.out.isOpen());
            c.in.close();
            c.in.close();
            assertFalse(c.in.isOpen());
            assertFalse(c.receiver.isOpen());
            assertThrows(ClosedChannelException.class, () -> c.in.read(ByteBuffer.allocate(1)));
            assertThrows(ClosedChannelException.class, () -> c.in.read(ByteBuffer.allocateDirect(0)));
            c.sender.close();
            assertFalse(c.out.isOpen());
            assertThrows(ClosedChannelException.class, () -> c.out.write(ByteBuffer.allocateDirect(1)));
            assertThrows(ClosedChannelException.class, () -> c.out.write(new ByteBuffer[] {ByteBuffer.allocate(1)}));
        }
    }

    @Test
    void aUsersStreamIsAChannelAsWell() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            UserStream own = new UserStream(pair[0]);
            StreamChannel channel = StreamChannel.of(own);
            StreamChannel peer = StreamChannel.of(pair[1]);
            loop.register(own, 1, RW);
            assertEquals(6, channel.write(new ByteBuffer[] {buffer(true, "abc"), buffer(false, "def")}));
            ByteBuffer dst = ByteBuffer.allocate(9);
            until("received", () -> peer.read(dst) >= 0 && dst.position() == 6);
            peer.write(dst.flip());
            ByteBuffer back = ByteBuffer.allocateDirect(9);
            for (int n; (n = channel.read(back)) >= 0 && back.position() < 6;) {
                if (n == 0) {
                    loop.expect(readable(1));
                }
            }
            assertEquals("abcdef", text(back));
            assertTrue(channel.isOpen());
            channel.close();
            assertFalse(channel.isOpen() || pair[0].isOpen());
        }
    }

    @Test
    @Tag("any-platform")
    void aStreamThatCannotBeClosedIsOpenUntilItsChannelIsClosed() throws IOException {
        ReadableStream stream = (dst, off, len) -> IoResult.WOULD_BLOCK;
        ScatteringByteChannel channel = StreamChannel.reading(stream);
        assertEquals(0, channel.read(ByteBuffer.allocate(1)));
        assertTrue(channel.isOpen());
        channel.close();
        assertFalse(channel.isOpen());
        assertThrows(ClosedChannelException.class, () -> channel.read(ByteBuffer.allocate(1)));
        assertThrows(ClosedChannelException.class, () -> channel.read(new ByteBuffer[] {ByteBuffer.allocate(1)}));
        WritableStream sink = (src, off, len) -> len;
        GatheringByteChannel out = StreamChannel.writing(sink);
        assertEquals(1, out.write(ByteBuffer.allocate(1)));
        out.close();
        assertThrows(ClosedChannelException.class, () -> out.write(ByteBuffer.allocate(1)));
        assertThrows(ClosedChannelException.class, () -> out.write(new ByteBuffer[] {ByteBuffer.allocate(1)}));
    }

    @Test
    @Tag("any-platform")
    void aSecondCloseHasNoEffect() throws IOException {
        /** Counts, as AutoCloseable need not be idempotent. */
        final class Counting implements WritableStream, AutoCloseable {
            int closes;

            @Override
            public long write(MemorySegment src, long off, long len) {
                return len;
            }

            @Override
            public void close() {
                closes++;
            }
        }
        Counting stream = new Counting();
        GatheringByteChannel channel = StreamChannel.writing(stream);
        channel.close();
        channel.close();
        assertEquals(1, stream.closes);
    }

    @Test
    @Tag("any-platform")
    void anExceptionOfACloseIsAnIOException() {
        /** Fails to close. */
        final class Broken implements WritableStream, AutoCloseable {
            @Override
            public long write(MemorySegment src, long off, long len) {
                return IoResult.WOULD_BLOCK;
            }

            @Override
            public void close() throws ReflectiveOperationException {
                throw new ReflectiveOperationException("broken");
            }
        }
        IOException e = assertThrows(IOException.class, () -> StreamChannel.writing(new Broken()).close());
        assertEquals("broken", e.getCause().getMessage());
    }

    // ---- memory
}
