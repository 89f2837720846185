package io.panamio.test.tcp;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Failures.assertFailure;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.nobody;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.ResourceExhaustedException;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Expected;
import io.panamio.test.support.Loop.Pair;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectTest {
    /** A stream, registered for everything with token 1, whose connect was refused. */
    private static TcpStream refused(Loop loop) throws IOException {
        TcpStream stream = loop.later(TcpStream.connect(nobody()));
        loop.register(stream, 1, RW);
        loop.expect(new Expected(1, "r w rc wc e"));
        return stream;
    }

    // ---- the three outcomes

    @Test
    void finishConnectKeepsReportingSuccess() throws IOException {
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            TcpStream stream = loop.later(TcpStream.connect(listener.localAddress()));
            loop.register(stream, 1, W);
            assertEquals("w", loop.next(1));
            assertTrue(stream.finishConnect());
            assertTrue(stream.finishConnect());
            loop.later(Loop.accept(listener)).close();
            Loop.until("ended", () -> stream.read(new byte[1], 0, 1) == EOF);
            assertTrue(stream.finishConnect(), "the end of the connection does not change the outcome");
        }
    }

    @Test
    void finishConnectKeepsReportingSuccessAfterAReset() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = loop.connected();
            loop.register(pair.stream(), 1, RW);
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            loop.expect(new Expected(1, "e"));
            assertFailure("SO_ERROR", "ECONNRESET", pair.stream().takeError());
            assertTrue(pair.stream().finishConnect());
        }
    }

    @Test
    void aRefusalIsThrownEveryTime() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = refused(loop);
            for (int i = 0; i < 3; i++) {
                assertFails(ConnectException.class, "connect", "ECONNREFUSED", stream::finishConnect);
            }
            assertNull(stream.takeError(), "finishConnect has taken it");
            assertEquals(EOF, stream.read(new byte[1], 0, 1));
            assertFails(ConnectException.class, "connect", "ECONNREFUSED", stream::finishConnect);
            assertFails(SocketException.class, "getpeername", "ENOTCONN", stream::peerAddress);
            assertFails(SocketException.class, "shutdown", "ENOTCONN", () -> stream.shutdown(Shutdown.WRITE));
        }
    }

    @Test
    void aRefusalIsThrownAfterTakeErrorTookIt() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = refused(loop);
            IOException taken = stream.takeError();
            assertFailure("SO_ERROR", "ECONNREFUSED", taken);
            assertInstanceOf(ConnectException.class, taken);
            assertNull(stream.takeError());
            for (int i = 0; i < 3; i++) {
                ConnectException e = assertThrows(ConnectException.class, stream::finishConnect);
                assertTrue(e.getMessage().contains("ECONNREFUSED"), e.getMessage());
            }
        }
    }

    /** A call that reports a failed connect. */
    private interface ErrorCall {
        void run(TcpStream stream) throws IOException;
    }

    @Test
    void everyConnectFailureNamesTheAddress() throws IOException {
        MemorySegment segment = MemorySegment.ofArray(new byte[1]);
        List<ErrorCall> calls = List.of(TcpStream::finishConnect, s -> s.read(new byte[1], 0, 1), s -> s.read(segment),
            s -> s.readVectored(segment, segment), s -> s.peek(segment), s -> s.peek(new byte[1], 0, 1),
            s -> s.write(new byte[1], 0, 1), s -> s.write(segment), s -> s.writeVectored(segment, segment),
            s -> s.writeMore(segment, 0, 1),
            s -> {
                throw s.takeError();
            });
        for (ErrorCall call : calls) {
            try (Loop loop = new Loop()) {
                InetSocketAddress to = nobody();
                TcpStream stream = loop.later(TcpStream.connect(to));
                loop.register(stream, 1, RW);
                loop.expect(new Expected(1, "wc e"));
                ConnectException e = assertThrows(ConnectException.class, () -> call.run(stream));
                assertNames(to, e);
                for (int i = 0; i < 2; i++) {
                    e = assertThrows(ConnectException.class, stream::finishConnect);
                    assertNames(to, e);
                }
            }
        }
    }

    private static void assertNames(InetSocketAddress to, ConnectException e) {
        String reason = Behaviour.ERRORS_ARE_WINSOCKS.isHere() ? "(WSAECONNREFUSED 10061)" : "(ECONNREFUSED, errno ";
        assertTrue(e.getMessage().contains(to + ": Connection refused " + reason), e.getMessage());
    }

    /** A stream whose connection was established and then reset, as an event has reported. */
    private static TcpStream reset(Loop loop) throws IOException {
        Behaviour.ENDED_CONNECTIONS_ARE_FORGOTTEN.skip();
        Qemu.lacks("TCP_INFO beyond its first four bytes");
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            TcpStream stream = loop.later(TcpStream.connect(listener.localAddress()));
            TcpStream peer = Loop.accept(listener);
            peer.setOption(StandardSocketOptions.SO_LINGER, 0);
            peer.close();
            loop.register(stream, 1, RW);
            loop.expect(new Expected(1, "rc wc e"));
            return stream;
        }
    }

    @Test
    void finishConnectReportsSuccessAfterAReset() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reset(loop);
            assertTrue(stream.finishConnect());
            assertFails(SocketException.class, "recv", "ECONNRESET", () -> stream.read(new byte[1], 0, 1));
            assertTrue(stream.finishConnect());
        }
    }

    @Test
    void finishConnectReportsSuccessAfterTakeErrorTookAReset() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reset(loop);
            assertFailure("SO_ERROR", "ECONNRESET", stream.takeError());
            assertTrue(stream.finishConnect());
        }
    }

    @Test
    @Tag("any-selector")
    void finishConnectReportsSuccessAfterBothSidesHaveEnded() throws IOException {
        Behaviour.ENDED_CONNECTIONS_ARE_FORGOTTEN.skip();
        Qemu.lacks("TCP_INFO beyond its first four bytes");
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            TcpStream stream = loop.later(TcpStream.connect(listener.localAddress()));
            TcpStream peer = loop.later(Loop.accept(listener));
            peer.shutdown(Shutdown.WRITE);
            Loop.until("the peer's end", () -> stream.read(new byte[1], 0, 1) == EOF);
            stream.shutdown(Shutdown.WRITE);
            Loop.until("ended", () -> {
                try {
                    return Behaviour.ENDED_CONNECTIONS_HAVE_A_PEER.isHere() || stream.peerAddress() == null;
                } catch (SocketException e) {
                    return true;
                }
            });
            assertTrue(stream.finishConnect());
            assertEquals(EOF, stream.read(new byte[1], 0, 1));
        }
    }

    @Test
    void aCheckThatFailsForLackOfMemoryIsRepeated() throws Exception {
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            TcpStream stream = loop.later(TcpStream.connect(listener.localAddress()));
            loop.register(stream, 1, W);
            assertEquals("w", loop.next(1));
            assumeTrue(Background.result(Background.start(() -> {
                boolean refused = Seccomp.refuse(SystemCall.GETPEERNAME, 105); // ENOBUFS
                for (int i = 0; i < 2 && refused; i++) {
                    assertFails(ResourceExhaustedException.class, "getpeername", "ENOBUFS", stream::finishConnect);
                }
                return refused;
            })), "no seccomp(2) here");
            assertTrue(stream.finishConnect());
        }
    }

    @Test
    void aRefusalThatAReadTookIsStillAFailure() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = refused(loop);
            assertFails(ConnectException.class, "recv", "ECONNREFUSED", () -> stream.read(new byte[1], 0, 1));
            for (int i = 0; i < 3; i++) {
                assertThrows(SocketException.class, stream::finishConnect);
            }
        }
    }

    @Test
    void aRefusalThatAWriteTookIsStillAFailure() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = refused(loop);
            assertFails(ConnectException.class, "send", "ECONNREFUSED", () -> stream.write(new byte[1], 0, 1));
            for (int i = 0; i < 3; i++) {
                assertThrows(SocketException.class, stream::finishConnect);
            }
            assertFails(SocketException.class, "send", "EPIPE", () -> stream.write(new byte[1], 0, 1));
        }
    }

    @Test
    void whileConnectingFinishConnectIsFalse(@TempDir Path directory) throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connecting(loop.withShortQueue(V4));
            assertFalse(stream.finishConnect());
            assertFalse(stream.finishConnect());
            assertNull(stream.takeError());

            byte[] bytes = new byte[4];
            MemorySegment segment = MemorySegment.ofArray(bytes);
            assertEquals(WOULD_BLOCK, stream.read(bytes, 0, 4));
            assertEquals(WOULD_BLOCK, stream.peek(bytes, 0, 4));
            assertEquals(WOULD_BLOCK, stream.write(bytes, 0, 4));
            assertEquals(WOULD_BLOCK, stream.readVectored(segment, segment));
            assertEquals(WOULD_BLOCK, stream.writeVectored(segment, segment));
            FileSource file = loop.later(FileSource.open(Files.writeString(directory.resolve("file"), "text")));
            assertEquals(WOULD_BLOCK, file.transferTo(0, 4, stream));
            assertFails(SocketException.class, "getpeername", "ENOTCONN", stream::peerAddress);
            assertTrue(stream.localAddress().getPort() > 0);
            stream.setNoDelay(true);
            assertTrue(stream.noDelay());
            stream.setTtl(9);
            assertEquals(9, stream.ttl());
            assertFalse(stream.finishConnect());
            loop.expectNothing();
        }
    }

    @Test
    void aWritableEventReportsTheConnection() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.withShortQueue(V4);
            TcpStream stream = loop.connecting(listener);
            assertFalse(stream.finishConnect());
            loop.later(Loop.accept(listener)); // there is room in its queue now
            loop.expect(writable(1)); // after the second attempt
            assertTrue(stream.finishConnect());
            TcpStream accepted;
            do { // how many were before it depends on the system
                accepted = loop.later(Loop.accept(listener));
            } while (!accepted.peerAddress().equals(stream.localAddress()));
            assertEquals(1, stream.write(new byte[] {3}, 0, 1));
            assertEquals(3, Loop.readFully(accepted, 1)[0]);
        }
    }

    @Test
    void aShutdownWhileConnectingIsRefusedAndChangesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connecting(loop.withShortQueue(V4));
            for (Shutdown how : Shutdown.values()) {
                assertFails(SocketException.class, "getpeername", "ENOTCONN", () -> stream.shutdown(how));
            }
            assertFalse(stream.finishConnect());
        }
    }

    @Test
    void aCloseWhileConnectingIsFinal() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connecting(loop.withShortQueue(V4));
            stream.close();
            assertThrows(ClosedChannelException.class, stream::finishConnect);
            assertThrows(ClosedChannelException.class, stream::localAddress);
            loop.expectNothing();
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedStreamThrowsWhateverTheResultOfItsConnect() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream connected = loop.connected().stream();
            connected.close();
            assertThrows(ClosedChannelException.class, connected::finishConnect);
            TcpStream refused = refused(loop);
            assertThrows(ConnectException.class, refused::finishConnect);
            refused.close();
            assertThrows(ClosedChannelException.class, refused::finishConnect);
        }
    }

    @Test
    void aDescriptorThatStillConnectsMayBeTakenOver() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.withShortQueue(V4);
            int fd = loop.connecting(listener).detach();
            TcpStream stream = loop.later(TcpStream.fromFd(fd));
            assertFalse(stream.finishConnect());
            loop.register(stream, 2, W);
            loop.later(Loop.accept(listener));
            loop.expect(writable(2));
            assertTrue(stream.finishConnect());
        }
    }

    // ---- immediate failures

    @Test
    @Tag("any-selector")
    void anAddressMustBeResolved() {
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 80);
        UnresolvedAddressException e =
            assertThrows(UnresolvedAddressException.class, () -> TcpStream.connect(unresolved));
        assertTrue(e.getMessage().contains("nowhere.invalid"), e.getMessage());
        assertTrue(e.toString().startsWith(UnresolvedAddressException.class.getName() + ": "), e.toString());
        e = assertThrows(UnresolvedAddressException.class, () -> SocketAddressBuffer.of(unresolved));
        assertTrue(e.getMessage().contains("nowhere.invalid"), e.getMessage());
    }

    @Test
    @Tag("any-selector")
    void immediateFailuresNameTheAddressAndKeepNoDescriptor() throws IOException {
        InetSocketAddress broadcast = new InetSocketAddress("255.255.255.255", 9);
        NativeFds.Opened opened = new NativeFds.Opened();
        for (int i = 0; i < 1000; i++) {
            SocketException e = assertFails(SocketException.class, "connect",
                Behaviour.BROADCAST_CONNECTS_ARE_DENIED.isHere() ? "EACCES" : "ENETUNREACH",
                () -> TcpStream.connect(broadcast));
            assertTrue(e.getMessage().contains("255.255.255.255:9"), e.getMessage());
        }
        opened.expect(0);
    }

    // ---- scopes

    @Test
    @Tag("any-selector")
    void aLinkLocalAddressNeedsItsScope() throws IOException {
        byte[] ip = InetAddress.getByName("fe80::1234").getAddress();
        InetSocketAddress unscoped = new InetSocketAddress(Inet6Address.getByAddress(null, ip, -1), 9);
        assertFails(SocketException.class, "connect", "EINVAL", () -> TcpStream.connect(unscoped));
    }

    @Test
    @Tag("any-selector")
    void scopesAreKept() throws IOException {
        Qemu.misorders("the scope of an address");
        Inet6Address own = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
            .filter(Inet6Address.class::isInstance).map(Inet6Address.class::cast)
            .filter(InetAddress::isLinkLocalAddress).findFirst()
            .orElseGet(() -> abort("no interface has a link-local IPv6 address"));
        assertTrue(own.getScopeId() > 0);
        try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(new InetSocketAddress(own, 0))) {
            TcpStream stream = loop.later(TcpStream.connect(listener.localAddress()));
            TcpStream accepted = loop.later(Loop.accept(listener));
            Loop.finishConnect(stream);
            for (InetSocketAddress address : new InetSocketAddress[] {listener.localAddress(), stream.localAddress(),
                stream.peerAddress(), accepted.localAddress(), accepted.peerAddress()}) {
                Inet6Address ip = assertInstanceOf(Inet6Address.class, address.getAddress());
                assertEquals(own.getScopeId(), ip.getScopeId(), address.toString());
                assertEquals(own, ip);
            }
            assertEquals(stream.localAddress(), accepted.peerAddress());
        }
    }
}
