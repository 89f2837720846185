package io.panamio.test.unix;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Local.readFully;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ControlMessages;
import io.panamio.net.ListenOptions;
import io.panamio.net.Shutdown;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Local.Pair;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Memories;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Requires(Feature.UNIX_STREAMS)
class UnixStreamTest {
    private static final int N = 16 << 20;

    private static long write(UnixStream stream, String text) throws IOException {
        return stream.write(text.getBytes(), 0, text.length());
    }

    // ---- connect, transfer, close

    @Test
    void connectsAndEchoes() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            ServerSocketChannel server = Local.server(loop, address);
            UnixStream stream = loop.later(UnixStream.connect(address));
            assertTrue(NativeFds.isNonBlocking(stream.fd()));
            assertTrue(NativeFds.isCloseOnExec(stream.fd()));
            assertEquals(address, stream.peerAddress());
            assertEquals(UnixAddress.unnamed(), stream.localAddress());
            assertNull(stream.takeError());

            loop.register(stream, 1, RW);
            loop.expect(writable(1));
            SocketChannel peer = loop.later(server.accept());
            byte[] buffer = new byte[16];
            assertEquals(WOULD_BLOCK, stream.peek(buffer, 0, 16));
            assertEquals(WOULD_BLOCK, stream.read(buffer, 0, 16));
            assertEquals(5, write(stream, "hello"));
            Local.send(peer, Local.receive(peer, 5));
            loop.expect(readable(1));
            assertEquals(5, stream.peek(buffer, 0, 16));
            assertArrayEquals("hello".getBytes(), readFully(stream, 5));
            assertEquals(WOULD_BLOCK, stream.read(buffer, 0, 16));
        }
    }

    @Test
    void anAcceptedStreamEchoesToo() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.accepted(loop);
            loop.register(pair.stream(), 1, RW);
            Local.send(pair.peer(), random(100));
            loop.expect(readable(1));
            byte[] got = readFully(pair.stream(), 100);
            assertEquals(100, pair.stream().write(got, 0, 100));
            assertArrayEquals(random(100), Local.receive(pair.peer(), 100));
        }
    }

    @Test
    void aPairIsConnected() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            for (int i = 0; i < 2; i++) {
                assertTrue(NativeFds.isNonBlocking(pair[i].fd()));
                assertTrue(NativeFds.isCloseOnExec(pair[i].fd()));
                assertEquals(UnixAddress.unnamed(), pair[i].localAddress());
                assertEquals(UnixAddress.unnamed(), pair[i].peerAddress());
                loop.register(pair[i], i, RW);
            }
            loop.expect(writable(0), writable(1));
            assertEquals(1024, pair[0].write(random(1024), 0, 1024));
            byte[] got = readFully(pair[1], 1024); // already delivered
            assertEquals(WOULD_BLOCK, pair[1].read(new byte[1], 0, 1));
            assertEquals(1024, pair[1].write(got, 0, 1024));
            assertArrayEquals(random(1024), readFully(pair[0], 1024));
            assertEquals(WOULD_BLOCK, pair[0].read(new byte[1], 0, 1));
        }
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    @Tag("any-selector")
    void theLocalAddressOfAListenerCanBeConnectedTo() throws IOException {
        try (Loop loop = new Loop()) {
            for (UnixAddress address : List.of(Local.address(loop), Local.abstractAddress(), UnixAddress.unnamed())) {
                UnixListener listener = loop.later(UnixListener.bind(address));
                UnixStream stream = loop.later(UnixStream.connect(listener.localAddress()));
                assertEquals(listener.localAddress(), stream.peerAddress());
                assertEquals(1, stream.write(new byte[1], 0, 1)); // before the connection is accepted
                readFully(loop.later(listener.accept()), 1);
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aClientCanHaveAnAddress() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixAddress local = Local.address(loop);
            ServerSocketChannel server = Local.server(loop, address);
            UnixStream stream = loop.later(UnixStream.connect(address, ConnectOptions.DEFAULT.local(local)));
            assertEquals(local, stream.localAddress());
            assertEquals(local.toJdk(), loop.later(server.accept()).getRemoteAddress());
            assertFails(BindException.class, "bind", "EADDRINUSE",
                () -> UnixStream.connect(address, ConnectOptions.DEFAULT.local(local)));
            assertThrows(IllegalArgumentException.class, () -> UnixStream.connect(address,
                ConnectOptions.DEFAULT.local(new InetSocketAddress(Loop.V4, 0))));
        }
    }

    // ---- bulk data

    @Test
    void manyBytesAreEchoedByAJdkChannel() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            Future<?> echo = Background.start(() -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(50_000);
                while (pair.peer().read(buffer.clear()) >= 0) {
                    buffer.flip();
                    while (buffer.hasRemaining()) {
                        pair.peer().write(buffer);
                    }
                }
                pair.peer().shutdownOutput();
                return null;
            });
            assertEchoes(loop, pair.stream(), random(N));
            Background.result(echo);
        }
    }

    @Test
    void manyBytesAreExchangedWithAJdkChannelAtTheSameTime() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = Local.accepted(loop);
            byte[] there = random(N);
            Future<byte[]> receiver = Background.start(() -> Local.receive(pair.peer(), N + 1));
            Future<?> sender = Background.start(() -> {
                Local.send(pair.peer(), there);
                pair.peer().shutdownOutput();
                return null;
            });
            assertEchoes(loop, pair.stream(), there);
            Background.result(sender);
            assertArrayEquals(there, Background.result(receiver));
        }
    }

    /** Writes all bytes and expects them back, driven only by events; a short read or write means drained. */
    private static void assertEchoes(Loop loop, UnixStream stream, byte[] bytes) throws IOException {
        loop.register(stream, 1, RW);
        byte[] got = new byte[bytes.length + 1];
        int read = 0;
        int written = 0;
        boolean ended = false;
        long deadline = System.nanoTime() + 3 * Loop.LONG.toNanos();
        while (!ended || written < bytes.length) {
            assertTrue(System.nanoTime() < deadline, "written " + written + ", read " + read);
            loop.poll.poll(loop.events, Loop.LONG);
            boolean r = false;
            boolean w = false;
            for (Event event : loop.events) {
                r |= event.isReadable() || event.isReadClosed();
                w |= event.isWritable();
            }
            for (long n = 1; r && n > 0; read += (int) Math.max(n, 0)) {
                n = stream.read(got, read, Math.min(100_000, got.length - read));
                ended = n == EOF;
            }
            for (long n = 1; w && n > 0 && written < bytes.length; written += (int) Math.max(n, 0)) {
                n = stream.write(bytes, written, Math.min(100_000, bytes.length - written));
                if (n > 0 && written + n == bytes.length) {
                    stream.shutdown(Shutdown.WRITE);
                }
            }
        }
        assertEquals(bytes.length, read);
        assertEquals(-1, MemorySegment.ofArray(got).asSlice(0, read).mismatch(MemorySegment.ofArray(bytes)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"socat UNIX-LISTEN:%s PIPE", "nc -U -l %s"})
    void otherProgramsEcho(String command) throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            Process process = Local.start(loop, String.format(command, address).split(" "));
            UnixStream[] connected = new UnixStream[1];
            until("listening", () -> {
                try {
                    connected[0] = loop.later(UnixStream.connect(address));
                    return true;
                } catch (IOException e) {
                    return false;
                }
            });
            loop.register(connected[0], 1, RW);
            assertEquals(6, write(connected[0], "hello\n"));
            if (command.startsWith("nc")) { // it prints what it receives, and sends what it reads
                process.getOutputStream().write(process.getInputStream().readNBytes(6));
                process.getOutputStream().flush();
            }
            until("readable", () -> loop.next(1).contains("r"));
            assertArrayEquals("hello\n".getBytes(), readFully(connected[0], 6));
        }
    }

    // ---- memory

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void everyKindOfMemoryCanBeReadIntoAndWritten(Memories memory) throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            Memories.Operation write = new Memories.Operation(pair[0]::write, pair[0]::write, pair[0]::write);
            Memories.Operation read = new Memories.Operation(pair[1]::read, pair[1]::read, pair[1]::read);
            Memories.Operation peek = new Memories.Operation(pair[1]::peek, pair[1]::peek, pair[1]::peek);
            for (int length : new int[] {1, 4096, 65536, 65537, 100_000}) {
                byte[] bytes = random(length);
                assertEquals(length, memory.run(write, bytes), "sent " + length);
                assertArrayEquals(random(length), bytes);
                byte[] peeked = new byte[length];
                int n = (int) memory.run(peek, peeked);
                assertTrue(n > 0);
                assertEquals(-1, MemorySegment.ofArray(bytes).asSlice(0, n).mismatch(
                    MemorySegment.ofArray(peeked).asSlice(0, n)));
                byte[] got = new byte[length];
                assertEquals(length, memory.run(read, got), "received " + length);
                assertArrayEquals(bytes, got);
                assertEquals(WOULD_BLOCK, memory.run(read, got));
                assertEquals(WOULD_BLOCK, memory.run(peek, got));
            }
            assertEquals(0, memory.run(read, new byte[0]));
            assertEquals(0, memory.run(write, new byte[0]));
        }
    }

    @Test
    @Tag("any-selector")
    void scattersAndGathers() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment[] segments = {arena.allocate(10), MemorySegment.ofArray(new byte[70_000]),
                arena.allocate(0), shared.allocate(5_000), arena.allocate(3), arena.allocate(10_000)};
            byte[] bytes = random(85_013);
            int done = 0;
            for (MemorySegment segment : segments) {
                segment.copyFrom(MemorySegment.ofArray(bytes).asSlice(done, segment.byteSize()));
                done += (int) segment.byteSize();
            }
            assertEquals(bytes.length, pair[0].writeVectored(segments));
            for (MemorySegment segment : segments) {
                segment.fill((byte) 0);
            }
            assertEquals(bytes.length, pair[1].readVectored(segments));
            done = 0;
            for (MemorySegment segment : segments) {
                assertEquals(-1, segment.mismatch(MemorySegment.ofArray(bytes).asSlice(done, segment.byteSize())));
                done += (int) segment.byteSize();
            }
            assertEquals(WOULD_BLOCK, pair[1].readVectored(segments));
            pair[0].close();
            assertEquals(EOF, pair[1].readVectored(segments));
            assertFails(SocketException.class, "sendmsg", "EPIPE", () -> pair[1].writeVectored(arena.allocate(1),
                arena.allocate(1)));
        }
    }

    // ---- registering

    @Test
    void aReaderWithoutDataIsQuiet() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(Local.connected(loop).stream(), 1, R);
            loop.expectNothing();
        }
    }

    @Test
    void aNewRegistrationChangesTheInterest() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream stream = Local.connected(loop).stream();
            loop.register(stream, 1, R);
            loop.expectNothing();
            loop.reregister(stream, 2, W);
            loop.expect(writable(2));
        }
    }

    @Test
    void aDeregisteredStreamIsQuiet() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, RW);
            loop.expect(writable(1));
            loop.poll.registry().deregister(pair.stream());
            Local.send(pair.peer(), random(1));
            loop.expectNothing();
            readFully(pair.stream(), 1);
        }
    }

    @Test
    void aFullStreamIsWritableWhenThePeerHasRead() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, W);
            loop.expect(writable(1));
            long sent = Local.fill(pair.stream());
            loop.expectNothing();
            Local.receive(pair.peer(), (int) sent);
            loop.expect(writable(1));
            assertEquals(1, pair.stream().write(new byte[1], 0, 1));
        }
    }

    @Test
    void aSpuriousEventWhenThePeerReadsIsHarmless() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, RW);
            for (int i = 0; i < 100; i++) {
                assertEquals(1, pair.stream().write(new byte[1], 0, 1));
                Local.receive(pair.peer(), 1);
                loop.poll.pollNow(loop.events);
                for (Event event : loop.events) {
                    assertEquals(List.of("w"), Loop.flags(event));
                }
            }
        }
    }

    // ---- end of stream

    @Test
    void everyReadAfterThePeersCloseReturnsEof() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, R);
            Local.send(pair.peer(), "ab".getBytes());
            pair.peer().close();
            until("read-closed", () -> loop.next(1).contains("r rc"));
            readFully(pair.stream(), 2);
            for (int i = 0; i < 3; i++) {
                assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
                assertEquals(EOF, pair.stream().peek(new byte[1], 0, 1));
            }
            assertFails(SocketException.class, "send", "EPIPE", () -> write(pair.stream(), "x"));
        }
    }

    @Test
    @Tag("any-selector")
    void aCloseByThePeerWithUnreadBytesIsReportedOnce() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            assertEquals(1, write(pair.stream(), "x"));
            pair.peer().close();
            if (!Behaviour.UNREAD_BYTES_ARE_NO_RESET.isHere()) {
                assertFails(SocketException.class, "recv", "ECONNRESET", () -> pair.stream().read(new byte[1], 0, 1));
            }
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
            assertNull(pair.stream().takeError());
        }
    }

    @Test
    void shuttingDownTheWriteHalfEndsThePeersStream() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, RW);
            assertEquals(5, write(pair.stream(), "hello"));
            pair.stream().shutdown(Shutdown.WRITE);
            assertFails(SocketException.class, "send", "EPIPE", () -> write(pair.stream(), "x"));
            byte[] got = Local.receive(pair.peer(), 6);
            assertArrayEquals("hello".getBytes(), got);
            Local.send(pair.peer(), got);
            until("readable", () -> loop.next(1).contains("r"));
            assertArrayEquals("hello".getBytes(), readFully(pair.stream(), 5));
            assertEquals(WOULD_BLOCK, pair.stream().read(got, 0, 1));
        }
    }

    @Test
    @Tag("any-selector")
    void shuttingDownTheReadHalfEndsThePeersWrites() throws IOException {
        Behaviour.SHUTDOWN_OF_READING_IS_NOT_NOTICED.skip();
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            Local.send(pair.peer(), "ab".getBytes());
            pair.stream().shutdown(Shutdown.READ);
            readFully(pair.stream(), 2);
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
            assertThrows(IOException.class, () -> Local.send(pair.peer(), "x".getBytes()));
            assertEquals(1, write(pair.stream(), "x"));
            assertEquals(1, Local.receive(pair.peer(), 1).length);
        }
    }

    @Test
    void shuttingDownBothHalvesMayBeRepeated() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = Local.connected(loop);
            loop.register(pair.stream(), 1, RW);
            pair.stream().shutdown(Shutdown.BOTH);
            if (Behaviour.SHUTDOWN_CANNOT_BE_REPEATED.isHere()) {
                assertFails(SocketException.class, "shutdown", "ENOTCONN", () -> pair.stream().shutdown(Shutdown.BOTH));
            } else {
                pair.stream().shutdown(Shutdown.BOTH);
            }
            until("closed", () -> loop.next(1).endsWith("rc wc"));
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> write(pair.stream(), "x"));
            assertEquals(0, Local.receive(pair.peer(), 1).length);
        }
    }

    // ---- failed connects

    @Test
    @Tag("any-selector")
    void aConnectToAMissingPathFails() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            SocketException e =
                assertFails(SocketException.class, "connect", "ENOENT", () -> UnixStream.connect(address));
            assertTrue(e.getMessage().contains(address.toString()), e.getMessage());
        }
    }

    @Test
    @Tag("any-selector")
    void aConnectToAnAbandonedPathFails() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener.bind(address).close();
            assertFails(ConnectException.class, "connect", "ECONNREFUSED", () -> UnixStream.connect(address));
            Files.delete(address.path());
            Files.createFile(address.path());
            if (Behaviour.FILES_ARE_NO_SOCKETS.isHere()) {
                assertFails(SocketException.class, "connect", "ENOTSOCK", () -> UnixStream.connect(address));
            } else {
                assertFails(ConnectException.class, "connect", "ECONNREFUSED", () -> UnixStream.connect(address));
            }
        }
    }

    @Test
    void aConnectToAFullQueueFailsWithoutALeak() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address, ListenOptions.DEFAULT.backlog(1)));
            loop.later(UnixStream.connect(address));
            if (!Behaviour.QUEUES_HOLD_THE_BACKLOG.isHere()) {
                loop.later(UnixStream.connect(address));
            }
            NativeFds.Opened opened = new NativeFds.Opened();
            for (int i = 0; i < 100; i++) {
                if (Behaviour.FULL_QUEUES_REFUSE.isHere()) {
                    assertFails(ConnectException.class, "connect", "ECONNREFUSED", () -> UnixStream.connect(address));
                    continue;
                }
                assertFails(ResourceExhaustedException.class, "connect", "EAGAIN", () -> UnixStream.connect(address));
            }
            opened.expect(0);
            loop.later(listener.accept());
            loop.later(UnixStream.connect(address));
        }
    }

    // ---- descriptors

    @Test
    void adoptsADescriptorAndDetachesIt() throws IOException {
        try (Loop loop = new Loop()) {
            int[] fds = NativeCalls.unixPair(1);
            UnixStream stream = loop.later(UnixStream.fromFd(fds[0]));
            UnixStream peer = loop.later(UnixStream.fromFd(fds[1]));
            assertEquals(fds[0], stream.fd());
            loop.register(stream, 1, RW);
            loop.expect(writable(1));
            write(peer, "x");
            loop.expect(readable(1));
            assertEquals(fds[0], stream.detach());
            assertThrows(ClosedChannelException.class, () -> stream.read(new byte[1], 0, 1));
            UnixStream again = loop.later(UnixStream.fromFd(fds[0]));
            readFully(again, 1);
            peer.close();
            assertFalse(NativeFds.isOpen(fds[1]));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void fromFdRefusesAnythingButAUnixStream() throws IOException {
        try (Loop loop = new Loop()) {
            int[] others = {NativeCalls.socket(), NativeCalls.eventfd(0), NativeCalls.unixSocket(2),
                NativeCalls.unixSocket(5), NativeCalls.unixSocket(1)}; // the last one is in blocking mode
            for (int fd : others) {
                assertThrows(IllegalArgumentException.class, () -> UnixStream.fromFd(fd));
                assertTrue(NativeFds.isOpen(fd));
            }
            IoSource.makeNonBlocking(others[4]);
            UnixStream stream = loop.later(UnixStream.fromFd(others[4]));
            assertTrue(NativeFds.isNonBlocking(others[4]));
            String unconnected = Behaviour.READS_REQUIRE_A_CONNECTION.isHere() ? "ENOTCONN" : "EINVAL";
            assertFails(SocketException.class, "recv", unconnected, () -> stream.read(new byte[1], 0, 1));
            assertFails(SocketException.class, "send", "ENOTCONN", () -> stream.write(new byte[1], 0, 1));
            for (int i = 0; i < 4; i++) {
                NativeFds.close(others[i]);
            }
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> UnixStream.fromFd(1 << 20));
    }

    @Test
    @Requires(Feature.DESCRIPTOR_PASSING)
    void everythingIsRefusedAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream stream = Local.connected(loop).stream();
            stream.close();
            stream.close();
            byte[] array = new byte[4];
            MemorySegment segment = MemorySegment.ofArray(array);
            ControlMessages control = ControlMessages.withCapacity(64);
            List<Executable> operations = List.of(
                () -> stream.read(segment), () -> stream.read(array, 0, 4), () -> stream.peek(segment),
                () -> stream.write(segment), () -> stream.write(array, 0, 0), () -> stream.readVectored(segment),
                () -> stream.writeVectored(segment), () -> stream.recvMsg(segment, control),
                () -> stream.sendMsg(segment, control), stream::takeError, stream::peerAddress, stream::localAddress,
                () -> stream.shutdown(Shutdown.BOTH), () -> stream.getOption(SystemSocketOptions.SO_PEERCRED),
                stream::fd, stream::detach, () -> stream.tryIo(R, fd -> 0), () -> loop.register(stream, 1, R));
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
        }
    }
}
