package io.panamio.test.pipe;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.fill;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Local.readFully;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Memories;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Requires(Feature.PIPES)
class PipeTest {
    private static final int PAGE = 4096;

    private static Pipe open(Loop loop) throws IOException {
        return loop.later(Pipe.open());
    }

    private static long write(Pipe pipe, String text) throws IOException {
        return pipe.sender().write(text.getBytes(), 0, text.length());
    }

    /** Asserts the flags of an event for an end: all of them, or, where an end makes ready as well, at least some. */
    private static void assertEnd(String all, String some, String flags) {
        if (Behaviour.ENDED_PIPES_ARE_READY.isHere()) {
            assertTrue(List.of(flags.split(" ")).containsAll(List.of(some.split(" "))), flags);
        } else {
            assertEquals(all, flags);
        }
    }

    // ---- transfers

    @Test
    void writtenBytesAreRead() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            assertSame(pipe.sender(), pipe.sender());
            assertSame(pipe.receiver(), pipe.receiver());
            for (int fd : new int[] {pipe.sender().fd(), pipe.receiver().fd()}) {
                assertTrue(NativeFds.isNonBlocking(fd));
                assertTrue(NativeFds.isCloseOnExec(fd));
            }
            assertEquals(WOULD_BLOCK, pipe.receiver().read(new byte[20], 0, 20));
            loop.register(pipe.receiver(), 1, R);
            loop.register(pipe.sender(), 2, W);
            loop.expect(writable(2));
            assertEquals(5, write(pipe, "hello"));
            loop.expect(readable(1));
            assertArrayEquals("hello".getBytes(), readFully(pipe.receiver(), 5));
            assertEquals(WOULD_BLOCK, pipe.receiver().read(new byte[20], 0, 20));
        }
    }

    @Test
    void aLargeTransferNeedsOnlyEvents() throws Exception {
        int n = 16 << 20;
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            loop.register(pipe.receiver(), 1, R);
            Future<Void> sender = Background.start(() -> {
                try (Loop other = new Loop()) {
                    other.register(pipe.sender(), 1, W);
                    byte[] bytes = random(n);
                    for (int done = 0; done < n;) {
                        other.expect(writable(1));
                        long w;
                        while (done < n && (w = pipe.sender().write(bytes, done, n - done)) > 0) {
                            done += (int) w;
                        }
                    }
                    pipe.sender().close();
                }
                return null;
            });
            byte[] got = new byte[n + 1];
            long r = 0;
            for (int done = 0; r != EOF;) {
                assertTrue(loop.next(1).contains("r"));
                while ((r = pipe.receiver().read(got, done, got.length - done)) > 0) {
                    done += (int) r;
                }
                assertTrue(r == WOULD_BLOCK || done == n);
            }
            assertEquals(-1, MemorySegment.ofArray(got).asSlice(0, n).mismatch(MemorySegment.ofArray(random(n))));
            Background.result(sender);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void everyKindOfMemoryCanBeReadIntoAndWritten(Memories memory) throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            Pipe.Sender s = pipe.sender();
            Pipe.Receiver r = pipe.receiver();
            Memories.Operation write = new Memories.Operation(s::write, s::write, s::write);
            Memories.Operation read = new Memories.Operation(r::read, r::read, r::read);
            for (int length : new int[] {1, PAGE, 65536}) {
                byte[] bytes = random(length);
                assertEquals(length, memory.run(write, bytes));
                assertArrayEquals(random(length), bytes);
                byte[] got = new byte[length];
                assertEquals(length, memory.run(read, got));
                assertArrayEquals(bytes, got);
                assertEquals(WOULD_BLOCK, memory.run(read, got));
            }
            assertEquals(65536, memory.run(write, random(100_000)), "as much as there is room for");
            assertEquals(WOULD_BLOCK, memory.run(write, random(100_000)));
            assertEquals(65536, memory.run(read, new byte[100_000]), "all pending bytes");
            assertEquals(0, memory.run(read, new byte[0]));
            assertEquals(0, memory.run(write, new byte[0]));
            pipe.sender().close();
            assertEquals(EOF, memory.run(read, new byte[100_000]));
        }
    }

    @Test
    @Tag("any-selector")
    void scattersAndGathers() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            Pipe pipe = open(loop);
            MemorySegment[] segments = {arena.allocate(10), MemorySegment.ofArray(new byte[20_000]),
                arena.allocate(0), shared.allocate(5_000), arena.allocate(3), arena.allocate(10_000)};
            byte[] bytes = random(35_013);
            int done = 0;
            for (MemorySegment segment : segments) {
                segment.copyFrom(MemorySegment.ofArray(bytes).asSlice(done, segment.byteSize()));
                done += (int) segment.byteSize();
            }
            assertEquals(bytes.length, pipe.sender().writeVectored(segments));
            byte[] got = new byte[0];
            for (MemorySegment segment : segments) {
                segment.fill((byte) 0);
            }
            assertEquals(bytes.length, pipe.receiver().readVectored(segments));
            for (MemorySegment segment : segments) {
                byte[] more = segment.toArray(JAVA_BYTE);
                byte[] all = Arrays.copyOf(got, got.length + more.length);
                System.arraycopy(more, 0, all, got.length, more.length);
                got = all;
            }
            assertArrayEquals(bytes, got);
            assertEquals(WOULD_BLOCK, pipe.receiver().readVectored(segments));
            assertEquals(0, pipe.receiver().readVectored());
            assertEquals(0, pipe.sender().writeVectored());
            pipe.sender().close();
            assertEquals(EOF, pipe.receiver().readVectored(segments));
        }
    }

    // ---- capacity

    @Test
    void aPipeIsWritableOnceAPageIsFree() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            loop.register(pipe.sender(), 1, W);
            loop.expect(writable(1));
            assertEquals(65536, fill(pipe.sender()));
            loop.expectNothing();
            readFully(pipe.receiver(), 100);
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, write(pipe, "x"));
            readFully(pipe.receiver(), PAGE - 100);
            loop.expect(writable(1));
            assertEquals(PAGE, pipe.sender().write(new byte[2 * PAGE], 0, 2 * PAGE));
            assertEquals(WOULD_BLOCK, write(pipe, "x"));
        }
    }

    // ---- end of stream

    @Test
    void theLastSendersCloseIsOneEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            loop.register(pipe.receiver(), 1, R);
            write(pipe, "x");
            loop.expect(readable(1));
            readFully(pipe.receiver(), 1);
            assertEquals(WOULD_BLOCK, pipe.receiver().read(new byte[1], 0, 1));
            pipe.sender().close();
            assertEnd("rc wc", "rc", loop.next(1));
            loop.expectNothing();
            for (int i = 0; i < 3; i++) {
                assertEquals(EOF, pipe.receiver().read(new byte[1], 0, 1));
            }
        }
    }

    @Test
    void bytesWrittenBeforeTheEndAreRead() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            write(pipe, "hello");
            pipe.sender().close();
            loop.register(pipe.receiver(), 1, R);
            assertEnd("r rc wc", "r rc", loop.next(1));
            assertArrayEquals("hello".getBytes(), readFully(pipe.receiver(), 5));
            assertEquals(EOF, pipe.receiver().read(new byte[1], 0, 1));
        }
    }

    @Test
    void theLastReceiversCloseIsAnErrorOfTheSender() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            loop.register(pipe.sender(), 1, W);
            loop.expect(writable(1));
            fill(pipe.sender());
            pipe.receiver().close();
            assertEnd("wc e", "wc", loop.next(1));
            MemorySegment one = Arena.ofAuto().allocate(1);
            assertFails(IOException.class, "write", "EPIPE", () -> write(pipe, "x"));
            assertFails(IOException.class, "write", "EPIPE", () -> pipe.sender().write(one));
            assertFails(IOException.class, "writev", "EPIPE", () -> pipe.sender().writeVectored(one, one));
        }
    }

    /** FreeBSD itself removes the filter of a sender when it has reported the end. */
    @Test
    void aSenderIsRegisteredAnewAfterItsReceiversClose() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            loop.register(pipe.sender(), 1, W);
            loop.expect(writable(1));
            pipe.receiver().close();
            loop.expect(new Loop.Expected(1, "wc"));
            loop.reregister(pipe.sender(), 2, Interest.HANG_UP);
            loop.reregister(pipe.sender(), 3, W);
            loop.expect(new Loop.Expected(3, "wc"));
            loop.poll.registry().deregister(pipe.sender());
            loop.register(pipe.sender(), 4, W);
            loop.expect(new Loop.Expected(4, "wc"));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPE_REDIRECTS)
    void aCloseOfThePipeClosesBothEnds() throws IOException {
        Pipe pipe = Pipe.open();
        int[] fds = {pipe.sender().fd(), pipe.receiver().fd()};
        pipe.close();
        pipe.close();
        assertFalse(NativeFds.isOpen(fds[0]) || NativeFds.isOpen(fds[1]));
        MemorySegment segment = MemorySegment.ofArray(new byte[4]);
        List<Executable> operations = List.of(() -> pipe.sender().write(segment),
            () -> pipe.sender().write(new byte[1], 0, 0), () -> pipe.sender().writeVectored(segment),
            () -> pipe.sender().setNonBlocking(true), () -> pipe.sender().redirect(), () -> pipe.sender().fd(),
            () -> pipe.receiver().read(segment), () -> pipe.receiver().read(new byte[1], 0, 1),
            () -> pipe.receiver().readVectored(segment), () -> pipe.receiver().setNonBlocking(false),
            () -> pipe.receiver().redirect(), () -> pipe.receiver().detach());
        for (int i = 0; i < operations.size(); i++) {
            assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
        }
    }

    // ---- modes and descriptors

    @Test
    @Tag("any-selector")
    void theModeIsSetBothWays() throws Exception {
        try (Loop loop = new Loop()) {
            Pipe pipe = open(loop);
            pipe.receiver().setNonBlocking(true);
            if (Feature.PIPES.support() == Support.EMULATED) {
                assertThrows(UnsupportedOperationException.class, () -> pipe.receiver().setNonBlocking(false));
                return;
            }
            pipe.receiver().setNonBlocking(false);
            assertFalse(NativeFds.isNonBlocking(pipe.receiver().fd()));
            assertTrue(NativeFds.isNonBlocking(pipe.sender().fd()), "the other end has its own");
            Future<byte[]> reader = Background.start(() -> {
                byte[] bytes = new byte[5];
                assertEquals(5, pipe.receiver().read(bytes, 0, 5)); // blocks
                return bytes;
            });
            write(pipe, "hello");
            assertArrayEquals("hello".getBytes(), Background.result(reader));
            pipe.receiver().setNonBlocking(true);
            assertEquals(WOULD_BLOCK, pipe.receiver().read(new byte[1], 0, 1));

            pipe.sender().setNonBlocking(false);
            Future<Long> writer = Background.start(() -> pipe.sender().write(random(1 << 20), 0, 1 << 20)); // blocks
            assertArrayEquals(random(1 << 20), readFully(pipe.receiver(), 1 << 20));
            assertEquals(1 << 20, Background.result(writer));
            pipe.sender().setNonBlocking(true);
            fill(pipe.sender());
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPE_DESCRIPTORS)
    void aBlockingDescriptorIsRefusedOrChanged() throws IOException {
        try (Loop loop = new Loop()) {
            int[] ends = NativeCalls.pipe();
            assertThrows(IllegalArgumentException.class, () -> Pipe.Receiver.fromFd(ends[0]));
            assertThrows(IllegalArgumentException.class, () -> Pipe.Sender.fromFd(ends[1]));
            assertFalse(NativeFds.isNonBlocking(ends[0]) || NativeFds.isNonBlocking(ends[1]));
            IoSource.makeNonBlocking(ends[0]);
            Pipe.Receiver receiver = loop.later(Pipe.Receiver.fromFd(ends[0]));
            IoSource.makeNonBlocking(ends[1]);
            Pipe.Sender sender = loop.later(Pipe.Sender.fromFd(ends[1]));
            assertTrue(NativeFds.isNonBlocking(ends[0]) && NativeFds.isNonBlocking(ends[1]));
            assertEquals(WOULD_BLOCK, receiver.read(new byte[1], 0, 1));
            fill(sender);
            assertEquals(ends[0], receiver.detach());
            assertEquals(PAGE, loop.later(Pipe.Receiver.fromFd(ends[0])).read(new byte[PAGE], 0, PAGE));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPE_DESCRIPTORS)
    void theWrongEndIsRefused() throws IOException {
        int[] ends = NativeCalls.pipe();
        assertThrows(IllegalArgumentException.class, () -> Pipe.Receiver.fromFd(ends[1]));
        assertThrows(IllegalArgumentException.class, () -> Pipe.Sender.fromFd(ends[0]));
        assertFalse(NativeFds.isNonBlocking(ends[0]) || NativeFds.isNonBlocking(ends[1]), "and not changed");
        NativeFds.close(ends[0]);
        NativeFds.close(ends[1]);
        assertFails(IOException.class, "fcntl", "EBADF", () -> Pipe.Receiver.fromFd(1 << 20));
        assertFails(IOException.class, "fcntl", "EBADF", () -> IoSource.makeNonBlocking(1 << 20));
    }

    @Test
    @Tag("any-selector")
    void aDescriptorForBothDirectionsCanBeEitherEnd() throws IOException {
        try (Loop loop = new Loop()) {
            int[] fds = NativeCalls.unixPair(1);
            Pipe.Sender sender = loop.later(Pipe.Sender.fromFd(fds[0]));
            Pipe.Receiver receiver = loop.later(Pipe.Receiver.fromFd(fds[1]));
            sender.write("x".getBytes(), 0, 1);
            readFully(receiver, 1);
        }
    }

    // ---- child processes

    @Test
    @Requires(Feature.PIPE_REDIRECTS)
    void aChildReadsFromAndWritesToPipes() throws Exception {
        try (Loop loop = new Loop(); Pipe in = Pipe.open(); Pipe out = Pipe.open()) {
            Process cat = new ProcessBuilder("cat")
                .redirectInput(in.receiver().redirect()).redirectOutput(out.sender().redirect()).start();
            assertTrue(NativeFds.isNonBlocking(in.receiver().fd()), "the child has a mode of its own");
            assertTrue(NativeFds.isNonBlocking(out.sender().fd()));
            in.receiver().close();
            out.sender().close();
            loop.register(in.sender(), 1, W);
            loop.register(out.receiver(), 2, R);
            assertEquals(WOULD_BLOCK, out.receiver().read(new byte[1], 0, 1));

            byte[] bytes = random(1 << 20);
            byte[] got = new byte[bytes.length];
            int written = 0;
            int read = 0;
            while (read < bytes.length) {
                loop.poll.poll(loop.events, Loop.LONG);
                assertFalse(loop.events.isEmpty());
                if (written < bytes.length) {
                    written += (int) Math.max(0, in.sender().write(bytes, written, bytes.length - written));
                }
                read += (int) Math.max(0, out.receiver().read(got, read, bytes.length - read));
            }
            assertArrayEquals(bytes, got);
            in.sender().close();
            until("read-closed", () -> loop.next(2).contains("rc"));
            assertEquals(EOF, out.receiver().read(got, 0, 1));
            assertTrue(cat.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
            assertEquals(0, cat.exitValue());
        }
    }

    @Test
    @Requires(Feature.PIPE_REDIRECTS)
    void aChildsErrorsComeThroughAPipeToo() throws Exception {
        try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
            Process sh = new ProcessBuilder("sh", "-c", "echo hello; echo error >&2")
                .redirectOutput(Redirect.DISCARD).redirectError(pipe.sender().redirect()).start();
            pipe.sender().close();
            loop.register(pipe.receiver(), 1, R);
            until("written", () -> loop.next(1).contains("r"));
            assertArrayEquals("error\n".getBytes(), readFully(pipe.receiver(), 6));
            assertTrue(sh.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    @Requires(Feature.PIPE_REDIRECTS)
    void aChildThatDoesNotReadIsAnError() throws Exception {
        try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
            Process child = new ProcessBuilder("true").redirectInput(pipe.receiver().redirect()).start();
            pipe.receiver().close();
            loop.register(pipe.sender(), 1, W);
            until("error", () -> loop.next(1).contains("e"));
            assertFails(IOException.class, "write", "EPIPE", () -> write(pipe, "x"));
            assertTrue(child.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
        }
    }
}
