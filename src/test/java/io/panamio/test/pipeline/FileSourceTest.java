package io.panamio.test.pipeline;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.Source;
import io.panamio.SystemError;
import io.panamio.net.Pipe;
import io.panamio.net.Shutdown;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpStream;
import io.panamio.net.WritableStream;
import io.panamio.pipeline.FileSource;
import io.panamio.test.pipeline.Pipelines.Expected;
import io.panamio.test.pipeline.Pipelines.Kind;
import io.panamio.test.pipeline.Pipelines.Way;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import java.io.DataInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(MissingOptions.class)
class FileSourceTest {
    private static final long HUGE = 5L << 30;

    @TempDir
    private Path directory;

    private Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(directory, "file", ""), bytes);
    }

    private static FileSource open(Loop loop, Path path) throws IOException {
        return loop.later(FileSource.open(path));
    }

    /** A sparse file of 5 GiB that has data only at its end. */
    private Path sparse(byte[] tail) throws IOException {
        Path path = Files.createTempFile(directory, "sparse", "");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(tail), HUGE - tail.length);
        }
        return path;
    }

    /** The ways to send a part of a file. */
    private enum Sending {
        FILE {
            @Override
            long send(Path path, long position, long count, WritableStream to) throws IOException {
                try (FileSource file = FileSource.open(path)) {
                    return file.transferTo(position, count, to);
                }
            }
        },
        CHANNEL {
            @Override
            long send(Path path, long position, long count, WritableStream to) throws IOException {
                try (FileChannel channel = FileChannel.open(path)) {
                    long n = FileSource.transfer(channel, position, count, to);
                    assertEquals(0, channel.position());
                    return n;
                }
            }
        };

        abstract long send(Path path, long position, long count, WritableStream to) throws IOException;
    }

    /** Sends a part while the other end reads and compares it. */
    private static void assertSends(Sending how, Path path, byte[] bytes, int from, int to, Way way)
            throws IOException {
        Expected expected = new Expected(Arrays.copyOfRange(bytes, from, to));
        long[] position = {from};
        until("sent", () -> {
            if (position[0] < to) {
                long n = how.send(path, position[0], to - position[0], way.in());
                assertTrue(n > 0 || n == WOULD_BLOCK, "result " + n);
                position[0] += Math.max(n, 0);
            }
            expected.read(way.out());
            return expected.isComplete();
        });
        assertEquals(to, position[0]);
    }

    // ---- contents

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void everyPartArrivesUnchanged(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Way way = kind.open(loop);
            for (int size : new int[] {1, 4095, 4096, 4097, 65535, 65536, 65537, (1 << 20) + 3, (17 << 20) + 5}) {
                byte[] bytes = random(size);
                Path path = file(bytes);
                for (Sending how : Sending.values()) {
                    assertSends(how, path, bytes, 0, size, way);
                    assertSends(how, path, bytes, size / 3, size - size / 4, way);
                    assertSends(how, path, bytes, size - 1, size, way);
                }
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aPeerOfTheJdkReceivesAHeaderAndAFile() throws Exception {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            byte[] bytes = random(3 << 20);
            FileSource file = open(loop, file(bytes));
            Future<byte[]> received = Background.start(() -> {
                DataInputStream in = new DataInputStream(pair.peer().getInputStream());
                assertEquals(bytes.length, in.readInt());
                return in.readAllBytes();
            });
            TcpStream stream = pair.stream();
            stream.setOption(SystemSocketOptions.TCP_CORK, true);
            assertEquals(4, stream.write(ByteBuffer.allocate(4).putInt(bytes.length).flip()));
            long[] position = new long[1];
            until("sent", () -> {
                long n = file.transferTo(position[0], file.size() - position[0], stream);
                position[0] += Math.max(n, 0);
                return position[0] == bytes.length;
            });
            stream.setOption(SystemSocketOptions.TCP_CORK, false);
            stream.shutdown(Shutdown.WRITE);
            assertArrayEquals(bytes, Background.result(received));
        }
    }

    @Test
    @Tag("any-selector")
    void aTransferOfZeroBytesSendsNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Path path = file(new byte[3]);
            Way way = Kind.TCP.open(loop);
            for (Sending how : Sending.values()) {
                assertEquals(0, how.send(path, 0, 0, way.in()));
                assertEquals(0, how.send(path, 99, 0, way.in()));
                assertThrows(IllegalArgumentException.class, () -> how.send(path, -1, 1, way.in()));
                assertThrows(IllegalArgumentException.class, () -> how.send(path, 0, -1, way.in()));
            }
            assertEquals(WOULD_BLOCK, way.out().read(new byte[1], 0, 1));
        }
    }

    // ---- the end of the file

    @Test
    @Tag("any-selector")
    void theEndOfTheFileIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(1000);
            Path path = file(bytes);
            Way way = Kind.TCP.open(loop);
            for (Sending how : Sending.values()) {
                for (long beyond : new long[] {1000, 1001, HUGE, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
                    assertEquals(EOF, how.send(path, beyond, 1, way.in()));
                    assertEquals(EOF, how.send(path, beyond, Long.MAX_VALUE, way.in()));
                }
                assertEquals(1, how.send(path, 999, Long.MAX_VALUE, way.in()));
            }
            assertArrayEquals(new byte[] {bytes[999], bytes[999]}, Local.readFully(way.out(), 2));
        }
    }

    @Test
    @Tag("any-selector")
    void aFileThatIsTruncatedMeanwhileEnds() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(1 << 20);
            Path path = file(bytes);
            Way way = Kind.UNIX.open(loop);
            FileSource file = open(loop, path);
            FileChannel channel = loop.later(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
            assertEquals(1 << 20, file.size());
            assertEquals(4096, file.transferTo(0, 4096, way.in()));
            channel.truncate(5000);
            assertEquals(5000, file.size());
            assertEquals(904, file.transferTo(4096, bytes.length - 4096, way.in()));
            assertEquals(EOF, file.transferTo(5000, bytes.length - 5000, way.in()));
            assertEquals(EOF, FileSource.transfer(channel, 5000, bytes.length - 5000, way.in()));
            assertArrayEquals(Arrays.copyOf(bytes, 5000), Local.readFully(way.out(), 5000));
            channel.truncate(0);
            assertEquals(EOF, file.transferTo(0, 1, way.in()));
        }
    }

    @Test
    @Tag("any-selector")
    void aMappingOfATruncatedFileThrowsAndDoesNotCrash() throws IOException {
        Behaviour.MAPPED_FILES_CANNOT_BE_TRUNCATED.skip();
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Path path = file(random(100_000));
            FileChannel channel = loop.later(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 100_000, arena);
            Way way = Kind.TCP.open(loop);
            channel.truncate(0);
            IOException e = assertThrows(IOException.class, () -> way.in().write(mapped, 50_000, 10));
            Failures.assertFailure("send", "EFAULT", e);
        }
    }

    /** Truncated after it was mapped: the send finds no memory there. */
    @Test
    @Tag("any-selector")
    void aFileThatIsTruncatedWhileItIsMappedEnds() throws IOException {
        Behaviour.MAPPED_FILES_CANNOT_BE_TRUNCATED.skip();
        try (Loop loop = new Loop()) {
            FileChannel channel = loop.later(FileChannel.open(file(random(100_000)), StandardOpenOption.READ,
                StandardOpenOption.WRITE));
            WritableStream sink = Kind.TCP.open(loop).in();
            WritableStream truncating = (src, off, len) -> {
                channel.truncate(0);
                return sink.write(src, off, len);
            };
            assertEquals(EOF, FileSource.transfer(channel, 50_000, 10, truncating));
        }
    }

    // ---- beyond 2 and 4 GB

    @Test
    @Tag("any-selector")
    void offsetsAndCountsMayBeBeyondTwoGigabytes() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] tail = random(100_000);
            Path path = sparse(tail);
            FileSource file = open(loop, path);
            assertEquals(HUGE, file.size());
            byte[] withZeros = new byte[100_100];
            System.arraycopy(tail, 0, withZeros, 100, tail.length);
            for (Kind kind : Kind.values()) {
                Way way = kind.open(loop);
                Expected expected = new Expected(withZeros);
                long[] position = {HUGE - withZeros.length};
                until("sent", () -> { // in each way in turn
                    long n = file.transferTo(position[0], 3L << 30, way.in());
                    position[0] += Math.max(n, 0);
                    n = Sending.CHANNEL.send(path, position[0], Long.MAX_VALUE, way.in());
                    position[0] += Math.max(n, 0);
                    expected.read(way.out());
                    return expected.isComplete();
                });
                assertEquals(EOF, file.transferTo(position[0], 3L << 30, way.in()));
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aMappingMayBeLargerThanTwoGigabytes() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            byte[] tail = random(70_000);
            FileChannel channel = loop.later(FileChannel.open(sparse(tail)));
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, HUGE, arena);
            Way way = Kind.UNIX.open(loop);
            Expected expected = new Expected(tail);
            long[] position = {HUGE - tail.length};
            until("sent", () -> {
                long n = position[0] == HUGE ? 0 : way.in().write(mapped, position[0], HUGE - position[0]);
                position[0] += Math.max(n, 0);
                expected.read(way.out());
                return expected.isComplete();
            });
        }
    }

    /** One call for more than it can transfer: it sends what the kernel's buffers have room for. */
    @Test
    @Tag("any-selector")
    void oneCallMayRequestMoreThanTwoGigabytes() throws IOException {
        try (Loop loop = new Loop()) {
            FileSource file = open(loop, sparse(new byte[1]));
            Way way = Kind.TCP.open(loop);
            long n = file.transferTo(0, HUGE, way.in());
            assertTrue(n > 0 && n < 1 << 30, "result " + n);
            Expected zeros = new Expected(new byte[(int) n]);
            until("all arrived", () -> {
                zeros.read(way.out());
                return zeros.isComplete();
            });
        }
    }

    // ---- readiness

    @ParameterizedTest
    @EnumSource
    void aFullStreamWouldBlockAndThenReportsRoom(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(24 << 20);
            FileSource file = open(loop, file(bytes));
            Way way = kind.open(loop);
            loop.register((Source) way.in(), 1, W);
            loop.expect(writable(1));
            Expected expected = new Expected(bytes);
            long position = 0;
            int waits = 0;
            while (position < bytes.length) {
                long n = file.transferTo(position, bytes.length - position, way.in());
                position += Math.max(n, 0);
                if (n == WOULD_BLOCK || position < bytes.length) { // a short write has re-armed it, too
                    if (waits++ == 0 && n == WOULD_BLOCK) {
                        loop.expectNothing();
                    }
                    until("there is room", () -> { // bytes may still be on their way to the reader
                        expected.read(way.out());
                        return loop.poll.pollNow(loop.events) > 0;
                    });
                    assertEquals("[token 1 writable]", loop.events.toString());
                }
            }
            assertTrue(waits > 0, "it never was full");
            until("all arrived", () -> {
                expected.read(way.out());
                return expected.isComplete();
            });
        }
    }

    // ---- failures

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void aClosedPeerIsAnError(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Way way = kind.open(loop);
            if (way.out() instanceof TcpStream stream) {
                stream.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            ((AutoCloseable) way.out()).close();
            FileSource file = open(loop, file(random(100)));
            IOException e = assertThrows(IOException.class, () -> file.transferTo(0, 100, way.in()));
            String expected = kind == Kind.TCP ? "ECONNRESET" : "EPIPE";
            Failures.assertFailure("sendfile", expected, e);
            assertFails(IOException.class, "sendfile", "EPIPE", () -> file.transferTo(0, 100, way.in()));
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** A file system gives the inode of a deleted file to another one, of whatever type; a double once forgot that. */
    @Test
    @Tag("any-selector")
    @Requires(Feature.PIPE_DESCRIPTORS)
    void aFileIsKnownByMoreThanItsInode() throws Exception {
        byte[] bytes = random(1000);
        List<Path> paths = IntStream.range(0, 50).mapToObj(i -> directory.resolve("path" + i)).toList();
        Set<Object> files = new HashSet<>();
        Set<Object> fifos = new HashSet<>();
        try (Loop loop = new Loop()) {
            Way way = Kind.TCP.open(loop);
            for (int i = 0; i < 2; i++) {
                for (Path path : paths) {
                    Files.write(path, bytes);
                    files.add(Files.getAttribute(path, "unix:ino"));
                    assertSends(Sending.FILE, path, bytes, 0, bytes.length, way);
                }
                deleteAll(paths);
                for (Path path : paths) {
                    NativeCalls.makeFifo(path);
                    fifos.add(Files.getAttribute(path, "unix:ino"));
                    try (Pipe.Receiver receiver = Pipe.Receiver.fromFd(NativeCalls.open(path, 0));
                            FileOutputStream writer = new FileOutputStream(path.toFile())) {
                        loop.register(receiver, 1, R);
                        loop.expectNothing();
                        writer.write(1);
                        assertEquals("r", loop.next(1));
                    }
                }
                deleteAll(paths);
            }
        }
        fifos.retainAll(files);
        assumeTrue(fifos.size() > 0, "this file system uses no inode again");
    }

    private static void deleteAll(List<Path> paths) throws IOException {
        for (Path path : paths) {
            Files.delete(path);
        }
    }

    @Test
    void anythingButARegularFileIsRefused() throws Exception {
        try (Loop loop = new Loop()) {
            List<Path> paths = new ArrayList<>(List.of(directory));
            if (Behaviour.FIFOS_ARE_FILES.isHere()) {
                Path fifo = directory.resolve("fifo");
                Local.end(Local.start(loop, "mkfifo", fifo.toString()));
                paths.add(fifo);
                paths.add(Path.of("/dev/null"));
            }
            for (Path path : paths) {
                NativeFds.Opened opened = new NativeFds.Opened(path);
                assertThrows(IllegalArgumentException.class, () -> FileSource.open(path)); // without waiting
                opened.expect(0);
            }
            Way socket = Kind.TCP.open(loop);
            int fd = ((TcpStream) socket.in()).fd();
            assertThrows(IllegalArgumentException.class, () -> FileSource.fromFd(fd));
            assertThrows(IllegalArgumentException.class, () -> FileSource.borrow(fd));
            assertTrue(NativeFds.isOpen(fd));
            assertFails(IOException.class, "statx", "EBADF", () -> FileSource.fromFd(1 << 28));
        }
    }

    @Test
    @Tag("any-selector")
    void aFileThatCannotBeOpenedIsAnErrorWithItsPath() throws IOException {
        Path missing = directory.resolve("missing");
        NoSuchFileException e =
            assertFails(NoSuchFileException.class, "open", "ENOENT", () -> FileSource.open(missing));
        assertEquals(missing.toString(), e.getFile());
        IOException e2 = assertThrows(IOException.class, () -> FileSource.open(Path.of("/" + "x".repeat(300))));
        if (!Behaviour.LONG_NAMES_ARE_NOT_FOUND.isHere()) {
            Failures.assertFailure("open", "ENAMETOOLONG", e2);
        }
        Path secret = file(new byte[1]);
        assumeTrue(secret.toFile().setReadable(false, false) && !Files.isReadable(secret), "root reads everything");
        assertFails(AccessDeniedException.class, "open", "EACCES", () -> FileSource.open(secret));
    }

    @Test
    @Tag("any-selector")
    void withoutDescriptorsNothingIsOpened() throws IOException {
        Path path = file(new byte[1]);
        FileSource.open(path).close(); // loads the classes
        assertThrows(NoSuchFileException.class, () -> FileSource.open(directory.resolve("missing")));
        IOException[] thrown = new IOException[1];
        try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
            try {
                FileSource.open(path);
            } catch (IOException e) {
                thrown[0] = e;
            }
            exhaustion.end();
        }
        assertEquals("EMFILE", ((SystemError) thrown[0]).errnoName());
    }

    // ---- the descriptor

    @Test
    @Tag("any-selector")
    void anAdoptedDescriptorIsClosedAndABorrowedOneIsNot() throws IOException {
        try (Loop loop = new Loop()) {
            Path path = file("hello".getBytes());
            Way way = Kind.TCP.open(loop);
            FileSource opened = FileSource.open(path);
            assertTrue(NativeFds.isCloseOnExec(opened.fd()));
            int fd = NativeFds.dup(opened.fd());
            FileSource borrowed = FileSource.borrow(fd);
            assertEquals(5, borrowed.transferTo(0, 5, way.in()));
            borrowed.close();
            assertTrue(NativeFds.isOpen(fd));
            FileSource taken = FileSource.fromFd(fd);
            assertEquals(5, taken.transferTo(0, 9, way.in()));
            if (Proc.has("self/fdinfo/" + fd)) {
                assertEquals("pos:\t0", Proc.lines("self/fdinfo/" + fd).getFirst());
            }
            taken.close();
            taken.close();
            assertFalse(NativeFds.isOpen(fd));
            opened.close();
            for (FileSource closed : new FileSource[] {opened, borrowed, taken}) {
                assertThrows(ClosedChannelException.class, () -> closed.transferTo(0, 1, way.in()));
                assertThrows(ClosedChannelException.class, closed::size);
                assertThrows(ClosedChannelException.class, closed::fd);
                assertEquals("FileSource[closed]", closed.toString());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aHandleForOverlappedReadsIsSent() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(100_000);
            FileSource file = loop.later(FileSource.fromFd(NativeFds.openOverlapped(file(bytes))));
            Way way = Kind.TCP.open(loop);
            Expected expected = new Expected(bytes);
            long[] position = new long[1];
            until("sent", () -> {
                position[0] += Math.max(file.transferTo(position[0], Long.MAX_VALUE, way.in()), 0);
                expected.read(way.out());
                return expected.isComplete();
            });
            assertEquals(EOF, file.transferTo(bytes.length, 1, way.in()));
        }
    }

    @Test
    @Tag("any-selector")
    void aSendToAClosedStreamThrows() throws IOException {
        try (Loop loop = new Loop()) {
            Way way = Kind.TCP.open(loop);
            Path path = file(new byte[1]);
            ((TcpStream) way.in()).close();
            for (Sending how : Sending.values()) {
                assertThrows(ClosedChannelException.class, () -> how.send(path, 0, 1, way.in()));
                assertThrows(ClosedChannelException.class, () -> how.send(path, 0, 0, way.in()));
            }
        }
    }

    /** The number of a closed file is reused at once for a file with other bytes. */
    @Test
    @Tag("any-selector")
    void noOtherFileIsSentWhenOneIsClosedMeanwhile() throws Exception {
        try (Loop loop = new Loop()) {
            byte[] ours = new byte[4096];
            byte[] others = new byte[4096];
            Arrays.fill(others, (byte) 1);
            Path path = file(ours);
            Path other = file(others);
            for (int i = 0; i < 300; i++) {
                Way way = Kind.UNIX.open(loop);
                FileSource file = FileSource.open(path);
                Future<Void> sender = Background.start(() -> {
                    byte[] got = new byte[4096];
                    try {
                        for (;;) {
                            assertEquals(4096, file.transferTo(0, 4096, way.in()));
                            assertArrayEquals(ours, Local.readFully(way.out(), 4096));
                        }
                    } catch (ClosedChannelException e) {
                        assertEquals(WOULD_BLOCK, way.out().read(got, 0, 4096));
                        return null;
                    }
                });
                assertTrue(file.isOpen());
                file.close();
                assertFalse(file.isOpen());
                FileSource next = FileSource.open(other);
                Background.result(sender);
                next.close();
                ((AutoCloseable) way.in()).close();
                ((AutoCloseable) way.out()).close();
            }
        }
    }

    @Test
    @Tag("any-selector")
    void manyThreadsMaySendOneFile() throws Exception {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(200_000);
            FileSource file = open(loop, file(bytes));
            Future<?>[] senders = new Future<?>[4];
            for (int i = 0; i < senders.length; i++) {
                Way way = Kind.TCP.open(loop);
                senders[i] = Background.start(() -> {
                    for (int j = 0; j < 20; j++) {
                        Expected expected = new Expected(bytes);
                        long[] position = new long[1];
                        until("sent", () -> {
                            long n = file.transferTo(position[0], bytes.length - position[0], way.in());
                            position[0] += Math.max(n, 0);
                            expected.read(way.out());
                            return expected.isComplete();
                        });
                    }
                    return null;
                });
            }
            for (Future<?> sender : senders) {
                Background.result(sender);
            }
        }
    }

    /** A method of its own, so that no local variable keeps the file reachable. */
    private int dropped(Path path) throws IOException {
        return FileSource.open(path).fd();
    }

    @Test
    @Tag("any-selector")
    void aFileThatIsDroppedIsClosed() throws IOException {
        Logger logger = Logger.getLogger("io.panamio");
        Level before = logger.getLevel();
        logger.setLevel(Level.OFF); // the leak is intended
        try {
            int fd = dropped(file(new byte[1]));
            Loop.untilCollected("closed by the cleaner", () -> !NativeFds.isOpen(fd));
        } finally {
            logger.setLevel(before);
        }
    }
}
