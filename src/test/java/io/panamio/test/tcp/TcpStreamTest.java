package io.panamio.test.tcp;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Failures.assertFailure;
import static io.panamio.test.support.Failures.assertReset;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.awaitRead;
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
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Expected;
import io.panamio.test.support.Loop.Pair;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpStreamTest {
    private static final int KIB = 1024;
    private static final int N = 16 * KIB * KIB;

    static List<InetAddress> hosts() {
        return List.of(V4, V6);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** Makes the peer break the connection, and waits for the event of the stream, which is registered with token 1. */
    private static void reset(Loop loop, Socket peer) throws IOException {
        peer.setSoLinger(true, 0);
        peer.close();
        loop.expect(new Expected(1, "r w rc wc e"));
    }

    // ---- connect, transfer, close

    @ParameterizedTest
    @MethodSource("hosts")
    void connectsAndEchoes(InetAddress host) throws IOException {
        try (Loop loop = new Loop(); ServerSocket server = new ServerSocket(0, 50, host)) {
            TcpStream stream = loop.later(TcpStream.connect(new InetSocketAddress(host, server.getLocalPort())));
            assertTrue(NativeFds.isNonBlocking(stream.fd()));
            assertTrue(NativeFds.isCloseOnExec(stream.fd()));

            loop.register(stream, 1, RW);
            loop.expect(writable(1));
            assertTrue(stream.finishConnect());
            assertNull(stream.takeError());
            Socket peer = loop.later(server.accept());
            assertEquals(server.getLocalSocketAddress(), stream.peerAddress());
            assertEquals(peer.getRemoteSocketAddress(), stream.localAddress());

            byte[] buffer = new byte[16];
            assertEquals(WOULD_BLOCK, stream.peek(buffer, 0, 16));
            assertEquals(WOULD_BLOCK, stream.read(buffer, 0, 16));
            assertEquals(5, stream.write("hello".getBytes(), 0, 5));
            peer.getOutputStream().write(peer.getInputStream().readNBytes(5));
            loop.expect(readable(1));
            assertEquals(5, stream.peek(buffer, 0, 16));
            assertEquals(5, stream.read(buffer, 0, 16));
            assertArrayEquals("hello".getBytes(), Arrays.copyOf(buffer, 5));
            assertEquals(WOULD_BLOCK, stream.read(buffer, 0, 16));
        }
    }

    @Test
    @Requires(Feature.PIPES)
    void isOpenUntilItIsClosedOrDetached() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            assertTrue(pair[0].isOpen() && pair[1].isOpen() && loop.poll.isOpen());
            pair[0].close();
            assertFalse(pair[0].isOpen());
            TcpStream again = TcpStream.fromFd(pair[1].detach());
            assertFalse(pair[1].isOpen());
            assertTrue(again.isOpen());
            again.close();
            assertFalse(again.isOpen());
            loop.poll.close();
            assertFalse(loop.poll.isOpen());
        }
    }

    @Test
    void anAcceptedStreamEchoesToo() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.accepted();
            assertTrue(pair.stream().finishConnect());
            loop.register(pair.stream(), 1, RW);
            pair.peer().getOutputStream().write(random(100));
            loop.expect(readable(1));
            byte[] got = Loop.readFully(pair.stream(), 100);
            assertEquals(100, pair.stream().write(got, 0, 100));
            assertArrayEquals(random(100), pair.peer().getInputStream().readNBytes(100));
        }
    }

    // ---- bulk data, edge-triggered

    @Test
    void manyBytesAreReadInSmallPieces() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            threads.submit(() -> {
                pair.peer().getOutputStream().write(random(N));
                return null;
            });
            byte[] got = new byte[N];
            for (int done = 0; done < N;) {
                loop.expect(readable(1));
                long n;
                do { // a short read means drained: no need to read until WOULD_BLOCK
                    n = pair.stream().read(got, done, Math.min(KIB, N - done));
                    done += (int) Math.max(n, 0);
                } while (n == KIB);
            }
            assertTrue(Arrays.equals(random(N), got));
        }
    }

    @Test
    void manyBytesArePeekedAndReadInSmallPieces() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            threads.submit(() -> {
                pair.peer().getOutputStream().write(random(N));
                return null;
            });
            byte[] got = new byte[N];
            byte[] peeked = new byte[KIB];
            for (int done = 0; done < N;) {
                loop.expect(readable(1));
                int n;
                while ((n = (int) pair.stream().peek(peeked, 0, KIB)) > 0) { // until WOULD_BLOCK
                    assertEquals(n, pair.stream().read(got, done, n));
                    assertTrue(Arrays.equals(peeked, 0, n, got, done, done + n), "after " + done);
                    done += n;
                }
                assertEquals(WOULD_BLOCK, n);
            }
            assertTrue(Arrays.equals(random(N), got));
        }
    }

    @Test
    void manyBytesAreWrittenInSmallPieces() throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, W);
            Future<byte[]> got = threads.submit(() -> pair.peer().getInputStream().readNBytes(N));
            byte[] sent = random(N);
            for (int done = 0; done < N;) {
                loop.expect(writable(1));
                long n;
                do {
                    n = pair.stream().write(sent, done, Math.min(KIB, N - done));
                    done += (int) Math.max(n, 0);
                } while (n == KIB);
            }
            assertTrue(Arrays.equals(sent, got.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS)));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLargeWriteIsShortAndContinuesAfterAnEvent(boolean heap) throws Exception {
        try (ExecutorService threads = Executors.newCachedThreadPool(); Loop loop = new Loop();
                Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, W);
            loop.expect(writable(1));
            MemorySegment all = MemorySegment.ofArray(random(N));
            if (!heap) {
                all = arena.allocate(N).copyFrom(all);
            }
            long done = pair.stream().write(all);
            assertTrue(done > 0 && done < N, done + " bytes");

            Future<byte[]> got = threads.submit(() -> pair.peer().getInputStream().readNBytes(N));
            while (done < N) {
                loop.expect(writable(1));
                done += Math.max(pair.stream().write(all.asSlice(done)), 0);
            }
            assertTrue(Arrays.equals(random(N), got.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS)));
        }
    }

    @Test
    void manyWritesFollowOneEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, W);
            loop.expect(writable(1));
            byte[] sent = random(16 * KIB);
            for (int i = 0; i < 16; i++) {
                assertEquals(KIB, pair.stream().write(sent, i * KIB, KIB));
            }
            assertArrayEquals(sent, pair.peer().getInputStream().readNBytes(16 * KIB));
        }
    }

    // ---- reading

    @Test
    @Tag("any-selector")
    void anEmptyReadOrWriteMovesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            assertEquals(0, pair.stream().read(MemorySegment.NULL), "with nothing to read");
            pair.peer().getOutputStream().write(42);
            until("readable", () -> pair.stream().peek(new byte[1], 0, 1) == 1);
            assertEquals(0, pair.stream().read(MemorySegment.NULL));
            assertEquals(0, pair.stream().read(ByteBuffer.allocate(0)));
            assertEquals(0, pair.stream().read(new byte[1], 1, 0));
            assertEquals(0, pair.stream().peek(MemorySegment.NULL));
            byte[] got = new byte[2];
            assertEquals(1, pair.stream().read(got, 0, 2));
            assertEquals(42, got[0]);

            assertEquals(0, pair.stream().write(MemorySegment.NULL));
            assertEquals(0, pair.stream().write(ByteBuffer.allocate(0)));
            pair.stream().close();
            assertEquals(EOF, pair.peer().getInputStream().read());
        }
    }

    @Test
    @Tag("any-selector")
    void everyReadAfterTheEndReturnsEof() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write(new byte[3]);
            pair.peer().shutdownOutput();
            byte[] buffer = new byte[8];
            assertEquals(3, Loop.readFully(pair.stream(), 3).length);
            assertEquals(EOF, awaitRead(pair.stream(), buffer));
            for (int i = 0; i < 3; i++) {
                assertEquals(EOF, pair.stream().read(buffer, 0, 8));
                assertEquals(EOF, pair.stream().peek(buffer, 0, 8));
                assertEquals(EOF, pair.stream().read(ByteBuffer.allocate(8)));
                assertEquals(EOF, pair.stream().readVectored(MemorySegment.ofArray(buffer)));
            }
            assertEquals(0, pair.stream().read(buffer, 0, 0), "an empty read is not the end");
        }
    }

    @Test
    void aPeekBeforeThePollLeavesTheEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            pair.peer().getOutputStream().write(7);
            byte[] buffer = new byte[4];
            until("peeked", () -> pair.stream().peek(buffer, 0, 4) == 1);
            loop.expect(readable(1));
            assertEquals(1, pair.stream().peek(buffer, 0, 4));
            assertEquals(1, pair.stream().read(buffer, 0, 4));
            assertEquals(7, buffer[0]);
        }
    }

    @Test
    void readsAndPeeksThatWouldBlockAreFollowedByEvents() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            byte[] buffer = new byte[4];
            assertEquals(WOULD_BLOCK, pair.stream().read(buffer, 0, 4));
            pair.peer().getOutputStream().write(1);
            loop.expect(readable(1));
            assertEquals(1, pair.stream().read(buffer, 0, 1));
            assertEquals(WOULD_BLOCK, pair.stream().peek(buffer, 0, 4));
            pair.peer().getOutputStream().write(2);
            loop.expect(readable(1));
            assertEquals(1, pair.stream().read(buffer, 0, 4));
            assertEquals(2, buffer[0]);
        }
    }

    // ---- end of stream

    @Test
    void thePeerReadsTheEndAfterAClose() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.stream().write(new byte[] {9}, 0, 1);
            pair.stream().close();
            assertEquals(9, pair.peer().getInputStream().read());
            assertEquals(EOF, pair.peer().getInputStream().read());
        }
    }

    @Test
    void thePeerReadsWhatWasWrittenBeforeADeregister() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, W);
            loop.expect(writable(1));
            pair.stream().write("1234".getBytes(), 0, 4);
            loop.poll.registry().deregister(pair.stream());
            assertEquals("1234", new String(pair.peer().getInputStream().readNBytes(4)));
            loop.expectNothing();
        }
    }

    @Test
    @Tag("any-selector")
    void aCloseWithUnreadInputResetsThePeer() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write(1);
            until("arrived", () -> pair.stream().peek(new byte[1], 0, 1) == 1);
            pair.stream().close();
            if (Behaviour.UNREAD_INPUT_IS_NO_RESET.isHere()) {
                assertEquals(EOF, pair.peer().getInputStream().read());
            } else {
                assertReset(pair.peer());
            }
        }
    }

    @Test
    void aResetIsThrownByTheFirstRead() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            reset(loop, pair.peer());
            byte[] buffer = new byte[1];
            assertFails(SocketException.class, "recv", "ECONNRESET", () -> pair.stream().read(buffer, 0, 1));
            assertNull(pair.stream().takeError());
            assertEquals(EOF, pair.stream().read(buffer, 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(buffer, 0, 1));
            assertFails(SocketException.class, "getpeername", "ENOTCONN", () -> pair.stream().peerAddress());
        }
    }

    @Test
    void aResetIsThrownByTheFirstWrite() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            reset(loop, pair.peer());
            byte[] buffer = new byte[1];
            assertFails(SocketException.class, "send", "ECONNRESET", () -> pair.stream().write(buffer, 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(buffer, 0, 1));
            assertEquals(EOF, pair.stream().read(buffer, 0, 1));
            assertNull(pair.stream().takeError());
        }
    }

    @Test
    void aResetIsTakenByTakeError() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            reset(loop, pair.peer());
            IOException error = pair.stream().takeError();
            assertFailure("SO_ERROR", "ECONNRESET", error);
            assertTrue(error instanceof SocketException);
            assertNull(pair.stream().takeError());
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(new byte[1], 0, 1));
        }
    }

    @Test
    void aResetIsThrownAfterTheBytesThatArrived() throws IOException {
        Behaviour.RESETS_DISCARD_UNREAD_BYTES.skip();
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            MemorySegment piece = arena.allocate(65536); // the maximum that one system call copies for the heap
            pair.peer().getOutputStream().write(new byte[65536]);
            until("arrived", () -> pair.stream().peek(piece) == 65536);
            reset(loop, pair.peer());
            MemorySegment heap = MemorySegment.ofArray(new byte[200_000]);
            assertEquals(65536, pair.stream().read(heap));
            assertFails(SocketException.class, "recv", "ECONNRESET", () -> pair.stream().read(heap));
            assertEquals(EOF, pair.stream().read(heap));
        }
    }

    @Test
    void aWriteToAClosedPeerEndsInABrokenPipe() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.peer().close();
            loop.expect(new Expected(1, "r rc"));
            assertEquals(1, pair.stream().write(new byte[1], 0, 1)); // answered with a reset
            until("write-closed", () -> loop.next(1).contains("wc"));
            if (Behaviour.RESETS_AFTER_AN_END_ARE_THROWN.isHere()) {
                assertThrows(SocketException.class, () -> pair.stream().write(new byte[1], 0, 1));
            }
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(new byte[1], 0, 1));
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
        }
    }

    @Test
    @Tag("any-selector")
    void anExceptionShowsTheClassOfTheJdk() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.stream().shutdown(Shutdown.WRITE);
            SocketException e = assertFails(SocketException.class, "send", "EPIPE",
                () -> pair.stream().write(new byte[1], 0, 1));
            assertEquals("java.net.SocketException: send: " + (Behaviour.ERRORS_ARE_WINSOCKS.isHere()
                ? "Cannot send or receive after a shutdown (EPIPE, WSAESHUTDOWN 10058)"
                : "Broken pipe (EPIPE, errno 32)"), e.toString());
        }
    }

    // ---- shutdown

    @Test
    void aReadHalfThatWasShutDownStillReturnsPendingBytes() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            pair.peer().getOutputStream().write("echo".getBytes());
            byte[] buffer = new byte[16];
            until("arrived", () -> pair.stream().peek(buffer, 0, 16) == 4);
            loop.register(pair.stream(), 1, R);
            pair.stream().shutdown(Shutdown.READ);
            pair.stream().shutdown(Shutdown.READ);
            loop.expect(new Expected(1, "r rc"));
            if (!Behaviour.SHUTDOWN_DISCARDS_UNREAD_BYTES.isHere()) {
                assertEquals(4, pair.stream().read(buffer, 0, 16));
            }
            assertEquals(EOF, pair.stream().read(buffer, 0, 16));
            assertEquals(1, pair.stream().write("echo".getBytes(), 0, 1));
            assertEquals('e', pair.peer().getInputStream().read());
        }
    }

    @Test
    void shuttingDownTheWriteHalfEndsOnlyThePeersInput() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.stream().write(new byte[] {1}, 0, 1);
            pair.stream().shutdown(Shutdown.WRITE);
            pair.stream().shutdown(Shutdown.WRITE);
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(new byte[1], 0, 1));
            assertEquals(1, pair.peer().getInputStream().read());
            assertEquals(EOF, pair.peer().getInputStream().read());
            pair.peer().getOutputStream().write(2);
            loop.expect(readable(1));
            for (Event event : loop.events) {
                assertFalse(event.isReadClosed()
                    || event.isWriteClosed() && !Behaviour.OWN_SHUTDOWN_IS_REPORTED.isHere(), event.toString());
            }
            assertEquals(2, Loop.readFully(pair.stream(), 1)[0]);
        }
    }

    @Test
    void shuttingDownBothHalvesEndsBothDirections() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.stream().shutdown(Shutdown.BOTH);
            loop.expect(new Expected(1, "rc wc"));
            assertEquals(EOF, pair.peer().getInputStream().read());
            assertEquals(EOF, pair.stream().read(new byte[1], 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> pair.stream().write(new byte[1], 0, 1));
        }
    }

    // ---- options

    @ParameterizedTest
    @MethodSource("hosts")
    @Tag("any-selector")
    void ttlCanBeSetAndReadBack(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected(host).stream();
            int before = stream.ttl();
            assertTrue(before >= 1 && before <= 255, "ttl " + before);
            for (int hops : new int[] {1, 10, 255}) {
                stream.setTtl(hops);
                assertEquals(hops, stream.ttl());
            }
            for (int hops : new int[] {0, 256, -1, Integer.MAX_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> stream.setTtl(hops));
            }
            assertEquals(255, stream.ttl());
            assertNull(stream.takeError());
        }
    }

    @Test
    @Tag("any-selector")
    void noDelayCanBeSetAndReadBack() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            assertFalse(stream.noDelay());
            stream.setNoDelay(true);
            assertTrue(stream.noDelay());
            stream.setNoDelay(false);
            assertFalse(stream.noDelay());
            assertNull(stream.takeError());
        }
    }

    // ---- the descriptor

    @ParameterizedTest
    @MethodSource("hosts")
    void aDetachedDescriptorStaysOpenAndCanBeAdopted(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected(host);
            loop.register(pair.stream(), 1, RW);
            InetSocketAddress local = pair.stream().localAddress();
            int fd = pair.stream().fd();
            assertEquals(fd, pair.stream().detach());
            assertTrue(NativeFds.isOpen(fd));
            assertThrows(ClosedChannelException.class, () -> pair.stream().localAddress());
            assertThrows(ClosedChannelException.class, () -> pair.stream().detach());
            pair.stream().close();
            assertTrue(NativeFds.isOpen(fd), "the stream no longer owns the descriptor");
            loop.expectNothing();

            TcpStream other = loop.later(TcpStream.fromFd(fd));
            assertEquals(fd, other.fd());
            assertEquals(local, other.localAddress());
            loop.register(other, 2, R);
            pair.peer().getOutputStream().write(5);
            loop.expect(readable(2));
            assertEquals(5, Loop.readFully(other, 1)[0]);
            assertTrue(other.finishConnect());
            other.close();
            assertEquals(EOF, pair.peer().getInputStream().read());
        }
    }

    @Test
    @Tag("any-selector")
    void aBlockingDescriptorIsAdoptedOnlyIfItsModeMayBeChanged() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            int fd = pair.stream().detach();
            NativeFds.setBlocking(fd);
            assertThrows(IllegalArgumentException.class, () -> TcpStream.fromFd(fd));
            assertFalse(NativeFds.isNonBlocking(fd), "it stays as it was");
            IoSource.makeNonBlocking(fd);
            TcpStream stream = loop.later(TcpStream.fromFd(fd));
            assertTrue(NativeFds.isNonBlocking(fd));
            assertEquals(WOULD_BLOCK, stream.read(new byte[1], 0, 1));
        }
    }

    /** Some systems report the same error while a connect is in progress, when a write would block. */
    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void aWriteToASocketThatWasNeverConnectedFails() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.later(TcpStream.fromFd(NativeCalls.socket()));
            byte[] one = new byte[1];
            MemorySegment segment = MemorySegment.ofArray(one);
            assertThrows(SocketException.class, () -> stream.read(one, 0, 1));
            assertThrows(SocketException.class, () -> stream.write(one, 0, 1));
            assertThrows(SocketException.class, () -> stream.writeVectored(segment, segment));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void aDescriptorOfAnotherKindIsNotAdopted() {
        for (int fd : new int[] {NativeFds.eventfd(), NativeFds.datagramSocket()}) {
            assertThrows(IllegalArgumentException.class, () -> TcpStream.fromFd(fd));
            NativeFds.close(fd); // still open: after the exception it belongs to the caller
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> TcpStream.fromFd(1 << 20));
    }

    @Test
    @Tag("any-selector")
    void toStringNamesTheDescriptor() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            assertEquals("TcpStream[fd " + stream.fd() + "]", stream.toString());
            stream.close();
            assertEquals("TcpStream[closed]", stream.toString());
        }
    }

    // ---- registration

    @Test
    void anIdleStreamIsNotReadable() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.connected().stream(), 1, R);
            loop.expectNothing();
        }
    }

    @Test
    void aReregisterReplacesTokenAndInterest() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            loop.reregister(pair.stream(), 2, W);
            assertEquals("w", loop.next(2));
            assertEquals(1, loop.events.size());
            assertEquals(pair.peer().getLocalSocketAddress(), pair.stream().peerAddress());
            pair.peer().getOutputStream().write(1); // the stream is no longer registered for reading
            until("arrived", () -> pair.stream().peek(new byte[1], 0, 1) == 1);
            loop.poll.poll(loop.events, Loop.SHORT);
            for (Event event : loop.events) {
                assertEquals(2, event.token());
                assertFalse(event.isReadable());
            }
        }
    }

    @Test
    void aDeregisteredStreamHasNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.peer().getOutputStream().write(1);
            loop.poll.registry().deregister(pair.stream());
            loop.expectNothing();
            assertEquals(1, Loop.readFully(pair.stream(), 1)[0]);
        }
    }

    // ---- after the close

    @Test
    void closedStreamsRefuseEverything() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            stream.close();
            stream.close();
            byte[] array = new byte[4];
            ByteBuffer buffer = ByteBuffer.allocate(4);
            MemorySegment segment = MemorySegment.ofArray(array);
            List<Executable> operations = List.of(
                () -> stream.read(segment), () -> stream.read(buffer), () -> stream.read(array, 0, 4),
                () -> stream.peek(segment), () -> stream.peek(buffer), () -> stream.peek(array, 0, 4),
                () -> stream.write(segment), () -> stream.write(buffer), () -> stream.write(array, 0, 4),
                () -> stream.readVectored(segment, segment), () -> stream.writeVectored(segment, segment),
                () -> stream.read(array, 0, 0), () -> stream.write(array, 0, 0), () -> stream.readVectored(),
                stream::finishConnect, stream::takeError, stream::peerAddress, stream::localAddress,
                () -> stream.shutdown(Shutdown.BOTH), () -> stream.setNoDelay(true), stream::noDelay,
                () -> stream.setTtl(1), stream::ttl, stream::fd, stream::detach,
                () -> stream.tryIo(fd -> 0), () -> stream.tryIo(R, fd -> 0), () -> loop.register(stream, 1, R));
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
            assertEquals(0, buffer.position());
        }
    }
}
