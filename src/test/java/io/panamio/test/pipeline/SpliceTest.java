package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFailure;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.untilCollected;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.ResourceExhaustedException;
import io.panamio.Source;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.test.pipeline.Pipelines.Expected;
import io.panamio.test.pipeline.Pipelines.Kind;
import io.panamio.test.pipeline.Pipelines.Output;
import io.panamio.test.pipeline.Pipelines.Way;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpliceTest {
    private static final int PAGE = 4096;

    private static Stream<Arguments> kinds() {
        return Stream.of(Kind.values()).flatMap(a -> Stream.of(Kind.values()).map(b -> Arguments.of(a, b)));
    }

    /** Whether the system transfers bytes through pipes; otherwise they are copied. */
    private static final boolean SPLICES = Feature.SPLICE.support() == Support.SUPPORTED;

    private static void assumePipes() {
        assumeTrue(SPLICES, "bytes are copied, not spliced");
    }

    private static PipePool pool(Loop loop) {
        return loop.later(new PipePool());
    }

    private interface Progress {
        long bytes() throws IOException;
    }

    /** Repeats until there is no more progress, and returns the sum: TCP makes room until its last delayed ACK. */
    private static long exhaust(Progress progress) throws IOException {
        long[] sum = new long[1];
        long[] last = {System.nanoTime()};
        until("no more progress", () -> {
            long n = progress.bytes();
            sum[0] += n;
            if (n > 0) {
                last[0] = System.nanoTime();
            }
            return System.nanoTime() - last[0] > 100_000_000;
        });
        return sum[0];
    }

    private static void end(WritableStream stream) throws IOException {
        if (stream instanceof StreamSocket<?> socket) {
            socket.shutdown(Shutdown.WRITE);
        } else {
            close(stream);
        }
    }

    private static void close(Object stream) throws IOException {
        try {
            ((AutoCloseable) stream).close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Breaks a stream by a reset, instead of ending it. */
    private static void reset(TcpStream stream) throws IOException {
        stream.setOption(StandardSocketOptions.SO_LINGER, 0);
        stream.close();
    }

    // ---- system calls

    /** Only the calls of this thread are counted, so the peers run in another one. */
    @Test
    @Tag("any-platform")
    void aBurstTakesThreeSystemCalls(@TempDir Path directory) throws Exception {
        assumePipes();
        Programs.require("strace");
        Proc.require("thread-self");
        try (Loop loop = new Loop(); Programs programs = new Programs(directory)) {
            TcpStream[] in = loop.pair();
            TcpStream[] out = loop.pair();
            Splice splice = loop.later(new Splice(in[1], out[0], pool(loop)));
            String thread = Path.of("/proc/thread-self").toRealPath().getFileName().toString();
            Programs.Program strace = programs.start("strace", "-p", thread, "-e", "trace=" + Programs.MOVES,
                "-e", "signal=none");
            strace.awaitOutput("attached");
            for (int size : new int[] {100, 16_000, 60_000, 100}) {
                byte[] bytes = random(size);
                assertEquals(size, Background.result(Background.start(() -> in[0].write(bytes, 0, size))));
                int fd = in[1].fd();
                until("all arrived", () -> NativeCalls.available(fd) == size);
                int before = strace.output().length();
                assertEquals(size, splice.transfer());
                assertEquals(WOULD_BLOCK, splice.transfer());
                Programs.assertOneBurst(size, strace.output().substring(before));
                assertArrayEquals(bytes, Background.result(Background.start(() -> Loop.readFully(out[1], size))));
            }
            strace.process().destroy();
            strace.end();
        }
    }

    // ---- transfers

    @ParameterizedTest
    @MethodSource("kinds")
    void everyByteArrives(Kind from, Kind to) throws IOException {
        try (Loop loop = new Loop()) {
            for (int size : new int[] {1, PAGE - 1, PAGE + 1, 65535, 65537, (256 << 10) + 1, (5 << 20) + 7}) {
                Way in = from.open(loop);
                Way out = to.open(loop);
                Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
                byte[] bytes = random(size);
                Output output = new Output(bytes);
                Expected expected = new Expected(bytes);
                long[] total = new long[1];
                until("passed on", () -> {
                    output.write(in.in());
                    for (long n; (n = splice.transfer()) > 0;) {
                        total[0] += n;
                    }
                    expected.read(out.out());
                    return expected.isComplete();
                });
                assertEquals(size, total[0]);
                assertEquals(size, splice.transferred());
                assertEquals(0, splice.buffered());
                assertEquals(WOULD_BLOCK, splice.transfer());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, PAGE, 64 << 10, 1 << 20, Integer.MAX_VALUE})
    void aPipeOfAnySizeWorks(int pipeBytes) throws IOException {
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice =
                loop.later(new Splice(in.out(), out.in(), loop.later(new PipePool(pipeBytes, 1))));
            byte[] bytes = random(300_000);
            Output output = new Output(bytes);
            Expected expected = new Expected(bytes);
            until("passed on", () -> {
                output.write(in.in());
                splice.transfer();
                expected.read(out.out());
                return expected.isComplete();
            });
        }
    }

    /** Each piece of one byte takes a slot of its own in a pipe. */
    @Test
    void manySmallPiecesArrive() throws IOException {
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            ((TcpStream) in.in()).setNoDelay(true);
            Way out = Kind.TCP.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), loop.later(new PipePool(PAGE, 1))));
            byte[] bytes = random(5000);
            for (int i = 0; i < bytes.length; i++) {
                assertEquals(1, in.in().write(bytes, i, 1));
            }
            Expected expected = new Expected(bytes);
            until("passed on", () -> {
                splice.transfer();
                expected.read(out.out());
                return expected.isComplete();
            });
        }
    }

    // ---- readiness

    @ParameterizedTest
    @MethodSource("kinds")
    void transfersNeedOnlyEvents(Kind from, Kind to) throws Exception {
        try (Loop loop = new Loop()) {
            Way in = from.open(loop);
            Way out = to.open(loop);
            byte[] bytes = random(8 << 20);
            Future<Void> writer = Background.start(() -> {
                Output output = new Output(bytes);
                until("written", () -> output.write(in.in()));
                end(in.in());
                return null;
            });
            Future<Void> reader = Background.start(() -> {
                Expected expected = new Expected(bytes);
                until("read", () -> {
                    expected.read(out.out());
                    return expected.isComplete();
                });
                Pipelines.expectEnd(out.out());
                return null;
            });
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            loop.register((Source) in.out(), 1, R);
            loop.register((Source) out.in(), 2, W);
            long n = 0;
            while (n != EOF) {
                assertTrue(loop.poll.poll(loop.events, Loop.LONG) > 0, "no event, with " + splice.buffered());
                do {
                    n = splice.transfer();
                } while (n > 0);
            }
            end(out.in());
            Background.result(writer);
            Background.result(reader);
        }
    }

    /** A sink that accepts nothing makes the source's peer wait, without useless system calls in the meantime. */
    @ParameterizedTest
    @MethodSource("kinds")
    void backPressureIsKept(Kind from, Kind to) throws IOException {
        try (Loop loop = new Loop()) {
            Way in = from.open(loop);
            Way out = to.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            loop.register((Source) in.out(), 1, R);
            loop.register((Source) out.in(), 2, W);
            loop.expect(writable(2));
            byte[] bytes = random(64 << 20);
            Output output = new Output(bytes);
            exhaust(() -> {
                int before = output.done();
                output.write(in.in());
                long n = splice.transfer();
                assertTrue(n != EOF);
                return output.done() - before + Math.max(n, 0);
            });
            assertTrue(splice.buffered() > 0);
            assertTrue(output.done() < bytes.length, "it took everything");
            assertEquals(WOULD_BLOCK, splice.transfer());
            loop.expectQuiet();

            Expected expected = new Expected(bytes);
            expected.read(out.out());
            loop.expect(writable(2));
            until("passed on", () -> {
                output.write(in.in());
                splice.transfer();
                expected.read(out.out());
                return expected.isComplete();
            });
            assertEquals(WOULD_BLOCK, splice.transfer());
            loop.poll.pollNow(loop.events);
            assertEquals(1, in.in().write(new byte[1], 0, 1));
            loop.expect(readable(1));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    @Tag("any-selector")
    void noMoreIsReadThanAllowed(Kind from, Kind to) throws IOException {
        try (Loop loop = new Loop()) {
            Way in = from.open(loop);
            Way out = to.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            assertThrows(IllegalArgumentException.class, () -> splice.transfer(0));
            assertEquals(25, in.in().write(new byte[25], 0, 25));
            for (long n : new long[] {10, 10, 5, WOULD_BLOCK}) {
                assertEquals(n, splice.transfer(10));
            }
        }
    }

    // ---- end of stream

    /** A large transfer splices from the source twice before it delivers: the order of the bytes must be kept. */
    @Test
    void theEndAfterALargeTransferIsReportedAfterIt() throws IOException {
        for (boolean reset : new boolean[] {false, true}) {
            try (Loop loop = new Loop()) {
                Loop.Pair in = loop.accepted();
                Way out = Kind.UNIX.open(loop);
                Splice splice = loop.later(new Splice(in.stream(), out.in(), pool(loop)));
                byte[] bytes = random(62_000); // fits into an initial window
                in.peer().getOutputStream().write(bytes);
                byte[] all = new byte[bytes.length];
                until("all arrived", () -> in.stream().peek(all, 0, all.length) == all.length);
                in.peer().setSoLinger(reset, 0);
                in.peer().close();
                Expected expected = new Expected(bytes);
                IOException[] failure = new IOException[1];
                until("reported", () -> {
                    try {
                        return splice.transfer() == EOF;
                    } catch (IOException e) {
                        failure[0] = e;
                        return true;
                    } finally {
                        expected.read(out.out());
                    }
                });
                assertTrue(expected.isComplete(), "after " + expected.got());
                assertEquals(reset, failure[0] != null);
                assertTrue(!reset || !SPLICES || failure[0].getMessage().contains("from the source"));
            }
        }
    }

    /** The system reports an error once: while a full sink delays its exception, it is available from the splice. */
    @Test
    @Tag("any-platform")
    void aFailureBehindUndeliveredBytesIsAvailable() throws IOException {
        assumePipes();
        try (Loop loop = new Loop()) {
            Loop.Pair in = loop.accepted();
            Way out = Kind.UNIX.open(loop);
            long filled = 0;
            for (long n; (n = out.in().write(new byte[1 << 16], 0, 1 << 16)) > 0;) {
                filled += n;
            }
            Splice splice = loop.later(new Splice(in.stream(), out.in(), pool(loop)));
            byte[] bytes = random(62_000);
            in.peer().getOutputStream().write(bytes);
            byte[] all = new byte[bytes.length];
            until("all arrived", () -> in.stream().peek(all, 0, all.length) == all.length);
            in.peer().setSoLinger(true, 0);
            in.peer().close();
            assertEquals(null, splice.failure());
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertEquals(bytes.length, splice.buffered());
            assertTrue(splice.failure().getMessage().contains("from the source"), splice.failure().toString());
            assertEquals(WOULD_BLOCK, splice.transfer());

            assertEquals(filled, Local.readFully(out.out(), (int) filled).length);
            IOException failure = splice.failure();
            Expected arriving = new Expected(bytes);
            assertSame(failure, assertThrows(IOException.class, () -> {
                while (splice.transfer() != EOF) {
                    arriving.read(out.out());
                }
            }));
            arriving.read(out.out());
            assertTrue(arriving.isComplete(), "after " + arriving.got());
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theEndIsReportedAfterTheLastByte(Kind from, Kind to) throws IOException {
        try (Loop loop = new Loop()) {
            Way in = from.open(loop);
            Way out = to.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            long filled = exhaust(() -> Local.fill(out.in()));
            byte[] bytes = random(10_000);
            assertTrue(new Output(bytes).write(in.in()));
            end(in.in());
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertTrue(splice.buffered() > 0);
            assertEquals(WOULD_BLOCK, splice.transfer());

            Local.readFully(out.out(), (int) filled);
            Expected expected = new Expected(bytes);
            long[] n = new long[1];
            until("ended", () -> {
                n[0] = splice.transfer();
                expected.read(out.out());
                return n[0] == EOF;
            });
            assertTrue(expected.isComplete());
            assertEquals(EOF, splice.transfer());
            assertEquals(WOULD_BLOCK, out.out().read(new byte[1], 0, 1)); // passing on the end is up to the caller
            end(out.in());
            Pipelines.expectEnd(out.out());
        }
    }

    // ---- failures

    @Test
    void aBrokenSinkClosesThePipe() throws IOException {
        try (Loop loop = new Loop()) {
            PipePool pool = pool(loop);
            NativeFds.Opened opened = new NativeFds.Opened();
            Way in = Kind.TCP.open(loop);
            Way out = Kind.TCP.open(loop);
            Splice splice = new Splice(in.out(), out.in(), pool);
            until("full", () -> { // TCP continues to make room for a while
                Local.fill(out.in());
                Local.fill(in.in());
                return splice.transfer() == WOULD_BLOCK && splice.buffered() > 0;
            });
            reset((TcpStream) out.out());
            IOException e = assertThrows(IOException.class, () -> until("reset", () -> {
                assertEquals(WOULD_BLOCK, splice.transfer()); // a reset may arrive a little later
                return false;
            }));
            assertFailure("splice", "ECONNRESET", e);
            assertTrue(!SPLICES || e.getMessage().contains("to the sink"), e.getMessage());
            assertEquals(0, splice.buffered());
            assertThrows(ClosedChannelException.class, splice::transfer);
            assertEquals(0, pool.idle());
            for (Object stream : List.of(in.in(), in.out(), out.in())) {
                close(stream);
            }
            opened.expect(0);

            Way nextIn = Kind.TCP.open(loop); // receives only its own bytes
            Way nextOut = Kind.TCP.open(loop);
            Splice next = loop.later(new Splice(nextIn.out(), nextOut.in(), pool));
            assertEquals(5, nextIn.in().write("hello".getBytes(), 0, 5));
            until("passed on", () -> next.transfer() == 5);
            assertArrayEquals("hello".getBytes(), Local.readFully(nextOut.out(), 5));
        }
    }

    @Test
    void theErrorOfASourceIsReportedAfterItsBytes() throws IOException {
        Behaviour.RESETS_DISCARD_UNREAD_BYTES.skip();
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.TCP.open(loop);
            PipePool pool = pool(loop);
            Splice splice = new Splice(in.out(), out.in(), pool);
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertEquals(SPLICES ? 1 : 0, pool.idle());
            assertEquals(3, in.in().write("abc".getBytes(), 0, 3));
            until("passed on", () -> splice.transfer() == 3);
            reset((TcpStream) in.in());
            IOException e = assertThrows(IOException.class, splice::transfer);
            assertFailure("recv", "ECONNRESET", e);
            assertTrue(!SPLICES || e.getMessage().contains("from the source"), e.getMessage());
            assertThrows(ClosedChannelException.class, splice::transfer);
            assertArrayEquals("abc".getBytes(), Local.readFully(out.out(), 3));
            assertEquals(0, pool.idle());
        }
    }

    @Test
    void aFailedConnectIsReported() throws IOException {
        Behaviour.REFUSED_CONNECTS_READ_AS_ENDS.skip();
        try (Loop loop = new Loop()) {
            TcpStream refused = loop.later(TcpStream.connect(Loop.nobody()));
            Way out = Kind.TCP.open(loop);
            Splice splice = new Splice(refused, out.in(), pool(loop));
            until("refused", () -> {
                try {
                    assertEquals(WOULD_BLOCK, splice.transfer());
                    return false;
                } catch (IOException e) {
                    assertFailure("splice", "ECONNREFUSED", e);
                    return true;
                }
            });
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedStreamIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Way in = Kind.UNIX.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice = new Splice(in.out(), out.in(), pool(loop));
            close(in.out());
            assertThrows(ClosedChannelException.class, splice::transfer);
            Splice closed = new Splice(in.in() instanceof UnixStream s ? s : null, out.in(), pool(loop));
            closed.close();
            closed.close();
            assertThrows(ClosedChannelException.class, closed::transfer);
            assertThrows(NullPointerException.class, () -> new Splice(null, out.in(), pool(loop)));
        }
    }

    /** Runs a transfer while splice(2) fails with an error, and returns the exception. */
    private static IOException refused(Splice splice, int errno) throws Exception {
        IOException e = Background.result(Background.start(() -> {
            assumeTrue(Seccomp.refuse(SystemCall.SPLICE, errno), "no seccomp(2) here");
            return assertThrows(IOException.class, splice::transfer);
        }));
        assertFalse(e instanceof ResourceExhaustedException, e::toString); // callers copy instead of that
        return e;
    }

    @ParameterizedTest
    @CsvSource({"ENOMEM, 12", "ENOBUFS, 105"})
    @Tag("any-platform")
    void withoutMemoryNothingIsLost(String name, int errno) throws Exception {
        assumePipes();
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            long filled = Local.fill(out.in());
            byte[] bytes = random(3000);
            assertTrue(new Output(bytes).write(in.in()));
            until("all arrived", () -> ((TcpStream) in.out()).peek(new byte[4000], 0, 4000) == bytes.length);
            IOException e = refused(splice, errno);
            assertFailure("splice", name, e);
            assertTrue(e.getMessage().contains("from the source"), e.getMessage());
            assertEquals(WOULD_BLOCK, splice.transfer());
            assertEquals(bytes.length, splice.buffered());
            e = refused(splice, errno);
            assertFailure("splice", name, e);
            assertTrue(e.getMessage().contains("to the sink"), e.getMessage());
            assertEquals(bytes.length, splice.buffered());
            Local.readFully(out.out(), (int) filled);
            until("passed on", () -> splice.transfer() == bytes.length);
            assertArrayEquals(bytes, Local.readFully(out.out(), bytes.length));
        }
    }

    /** The second of two small bursts is received and written to the pipe, which also takes memory. */
    @ParameterizedTest
    @CsvSource({"12, 3000", "105, 3000", "12, 50000"}) // ENOMEM, ENOBUFS
    @Tag("any-platform")
    void withoutMemoryForThePipeNothingIsLost(int errno, int length) throws Exception {
        assumePipes();
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            byte[] first = random(100);
            new Output(first).write(in.in());
            until("passed on", () -> splice.transfer() == first.length);
            long filled = Local.fill(out.in());
            byte[] bytes = random(length);
            assertTrue(new Output(bytes).write(in.in()));
            until("all there", () -> ((TcpStream) in.out()).peek(new byte[length], 0, length) == length);
            long arrived = Background.result(Background.start(() -> {
                assumeTrue(Seccomp.refuse(SystemCall.WRITE, errno), "no seccomp(2) here");
                assertEquals(WOULD_BLOCK, splice.transfer());
                long kept = splice.buffered();
                assertTrue(kept > 0, "nothing received");
                Local.readFully(out.out(), first.length + (int) filled);
                until("passed on", () -> splice.transfer() >= kept);
                return splice.transferred();
            }));
            until("all passed on", () -> {
                splice.transfer();
                return splice.transferred() == first.length + length;
            });
            assertTrue(arrived > first.length);
            assertArrayEquals(bytes, Local.readFully(out.out(), length));
            assertEquals(WOULD_BLOCK, splice.transfer());
        }
    }

    @ParameterizedTest
    @CsvSource({"EIO, 5", "EBADF, 9"})
    @Tag("any-platform")
    void anotherErrorIsAFailure(String name, int errno) throws Exception {
        assumePipes();
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            assertFailure("splice", name, refused(splice, errno));
            assertThrows(ClosedChannelException.class, splice::transfer);
        }
    }

    @Test
    @Tag("any-selector")
    void aSourceThatSpliceRefusesIsCopied() throws Exception {
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.UNIX.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            byte[] bytes = random(3000);
            assertTrue(new Output(bytes).write(in.in()));
            until("all arrived", () -> ((TcpStream) in.out()).peek(new byte[4000], 0, 4000) == bytes.length);
            assertEquals(bytes.length, Background.result(Background.start(() -> {
                assumeTrue(Seccomp.refuse(SystemCall.SPLICE, 22), "no seccomp(2) here"); // EINVAL
                return splice.transfer();
            })));
            assertArrayEquals(bytes, Local.readFully(out.out(), bytes.length));
        }
    }

    @Test
    @Tag("any-platform")
    void withoutDescriptorsNothingIsLost() throws IOException {
        assumePipes();
        try (Loop loop = new Loop()) {
            Way in = Kind.TCP.open(loop);
            Way out = Kind.TCP.open(loop);
            Splice first = new Splice(in.out(), out.in(), pool(loop));
            assertEquals(3, in.in().write("abc".getBytes(), 0, 3));
            until("passed on", () -> first.transfer() == 3); // loads the classes
            assertEquals(3, in.in().write("def".getBytes(), 0, 3));
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool(loop)));
            IOException[] thrown = new IOException[1];
            try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
                try {
                    splice.transfer();
                } catch (IOException e) {
                    thrown[0] = e;
                }
                exhaustion.end();
            }
            assertInstanceOf(ResourceExhaustedException.class, thrown[0]);
            assertFailure("pipe2", "EMFILE", thrown[0]);
            until("passed on", () -> splice.transfer() == 3);
            assertArrayEquals("abcdef".getBytes(), Local.readFully(out.out(), 6));
        }
    }

    // ---- pipes

    @Test
    @Tag("any-platform")
    void idleSplicesHaveNoPipes() throws IOException {
        assumePipes();
        try (Loop loop = new Loop()) {
            PipePool pool = pool(loop);
            Way in = Kind.UNIX.open(loop);
            Way out = Kind.UNIX.open(loop);
            List<Splice> splices = new ArrayList<>();
            NativeFds.Opened opened = new NativeFds.Opened();
            for (int i = 0; i < 10_000; i++) {
                Splice splice = new Splice(in.out(), out.in(), pool);
                assertEquals(WOULD_BLOCK, splice.transfer());
                splices.add(splice);
            }
            assertEquals(1, pool.idle());
            opened.expect(2);
            pool.close();
            opened.expect(0);
            assertEquals(0, pool.idle());
            assertEquals(WOULD_BLOCK, splices.getFirst().transfer()); // releases its pipe, which the pool does not keep
            opened.expect(0);
        }
    }

    @Test
    @Tag("any-platform")
    void noMorePipesAreKeptThanConfigured() throws IOException {
        assumePipes();
        try (Loop loop = new Loop()) {
            PipePool pool = loop.later(new PipePool(PAGE, 2));
            List<Way> outs = new ArrayList<>();
            List<Splice> splices = new ArrayList<>();
            NativeFds.Opened opened = new NativeFds.Opened();
            int streams = 5 * 4;
            for (int i = 0; i < 5; i++) { // with bytes in each of five pipes
                Way in = Kind.UNIX.open(loop);
                Way out = Kind.UNIX.open(loop);
                Local.fill(out.in());
                assertEquals(1, in.in().write(new byte[1], 0, 1));
                Splice splice = loop.later(new Splice(in.out(), out.in(), pool));
                assertEquals(WOULD_BLOCK, splice.transfer());
                assertEquals(1, splice.buffered());
                outs.add(out);
                splices.add(splice);
            }
            opened.expect(streams + 5 * 2);
            splices.getFirst().close();
            opened.expect(streams + 4 * 2);
            for (int i = 1; i < 5; i++) {
                int at = i;
                until("passed on", () -> {
                    outs.get(at).out().read(new byte[PAGE], 0, PAGE);
                    return splices.get(at).transfer() == 1;
                });
            }
            assertEquals(2, pool.idle());
            opened.expect(streams + 2 * 2);
            for (int wrong : new int[] {0, -1}) {
                assertThrows(IllegalArgumentException.class, () -> new PipePool(wrong, 1));
                assertThrows(IllegalArgumentException.class, () -> new PipePool(1, wrong));
            }
        }
    }

    /** Another thread closes splices and their streams during transfers: no bytes get into other streams. */
    @Test
    void closingInAnotherThreadMixesNoBytes() throws Exception {
        try (Loop loop = new Loop()) {
            PipePool pool = pool(loop);
            NativeFds.Opened opened = new NativeFds.Opened();
            for (int i = 0; i < 300; i++) {
                Way in = Kind.UNIX.open(loop);
                Way out = Kind.UNIX.open(loop);
                byte[] bytes = new byte[20_000];
                Arrays.fill(bytes, (byte) i);
                assertTrue(new Output(bytes).write(in.in()));
                Splice splice = new Splice(in.out(), out.in(), pool);
                Future<Void> closer = Background.start(() -> {
                    splice.close();
                    return null;
                });
                try {
                    while (splice.transfer() > 0) {
                        Thread.onSpinWait();
                    }
                } catch (ClosedChannelException e) {
                    assertEquals(0, splice.buffered());
                }
                Background.result(closer);
                byte[] got = new byte[bytes.length];
                long n = Math.max(0, out.out().read(got, 0, got.length));
                assertEquals(splice.transferred(), n);
                for (int j = 0; j < n; j++) {
                    assertEquals((byte) i, got[j]);
                }
                for (Object stream : List.of(in.in(), in.out(), out.in(), out.out())) {
                    close(stream);
                }
            }
            pool.close();
            opened.expect(0);
        }
    }

    /** A method of its own, so that no local variable keeps the splice reachable. */
    private static void drop(Way in, Way out) throws IOException {
        Splice splice = new Splice(in.out(), out.in(), new PipePool());
        assertEquals(WOULD_BLOCK, splice.transfer());
        assertTrue(splice.buffered() > 0);
    }

    @Test
    @Tag("any-platform")
    void thePipeOfADroppedSpliceIsClosed() throws IOException {
        assumePipes();
        Logger logger = Logger.getLogger("io.panamio");
        Level before = logger.getLevel();
        logger.setLevel(Level.OFF); // the leak is intended
        try (Loop loop = new Loop()) {
            Way in = Kind.UNIX.open(loop);
            Way out = Kind.UNIX.open(loop);
            Local.fill(out.in());
            Local.fill(in.in());
            NativeFds.Opened opened = new NativeFds.Opened();
            drop(in, out);
            assertEquals(2, opened.count());
            untilCollected("closed by the cleaner", () -> opened.count() == 0);
        } finally {
            logger.setLevel(before);
        }
    }
}
