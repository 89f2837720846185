package io.panamio.test.udp;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Failures.assertFailure;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.writable;
import static io.panamio.test.support.Peer.await;
import static io.panamio.test.support.Peer.awaitText;
import static io.panamio.test.support.Peer.reported;
import static io.panamio.test.support.Peer.segment;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.net.BindOptions;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(MissingOptions.class)
class UdpSocketTest {
    private static final InetSocketAddress UNRESOLVED = InetSocketAddress.createUnresolved("nowhere.invalid", 9);

    static List<InetAddress> hosts() {
        return List.of(V4, V6);
    }

    private final SocketAddressBuffer from = SocketAddressBuffer.create();
    private final MemorySegment room = MemorySegment.ofArray(new byte[16]);

    private String received(long n) {
        return new String(room.asSlice(0, n).toArray(JAVA_BYTE));
    }

    // ---- transfers

    @ParameterizedTest
    @MethodSource("hosts")
    void anUnconnectedSocketSendsReceivesAndReportsTheSender(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(host));
            UdpSocket socket = loop.later(Peer.bind(host));
            assertTrue(NativeFds.isNonBlocking(socket.fd()));
            assertTrue(NativeFds.isCloseOnExec(socket.fd()));
            loop.register(socket, 1, RW);
            assertEquals(WOULD_BLOCK, socket.peekFrom(room, from));
            assertEquals(WOULD_BLOCK, socket.recvFrom(room, from));
            assertTrue(from.isEmpty());

            loop.expect(writable(1));
            assertEquals(5, socket.sendTo(segment("hello"), peer.address()));
            assertEquals(2, socket.sendTo(segment("hi"), peer.buffer()));
            DatagramPacket packet = peer.receive();
            assertEquals("hello", Peer.text(packet));
            assertEquals(socket.localAddress(), packet.getSocketAddress());
            assertEquals("hi", peer.receiveText());

            peer.send("there", socket);
            loop.expect(readable(1));
            assertEquals(5, socket.peekFrom(room, from));
            assertEquals(peer.address(), from.get());
            from.clear();
            assertEquals("there", received(socket.recvFrom(room, from)));
            assertEquals(peer.address(), from.get());
            assertEquals(peer.address().getPort(), from.port());
            assertEquals(peer.buffer(), from);
            assertEquals(WOULD_BLOCK, socket.recvFrom(room, from));
            assertTrue(from.isEmpty());
        }
    }

    @ParameterizedTest
    @MethodSource("hosts")
    void aConnectedSocketExchangesDatagramsOnlyWithItsPeer(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(host));
            Peer stranger = loop.later(new Peer(host));
            UdpSocket socket = loop.later(Peer.bind(host));
            assertFails(SocketException.class, "getpeername", "ENOTCONN", socket::peerAddress);
            socket.connect(peer.address());
            assertEquals(peer.address(), socket.peerAddress());
            loop.register(socket, 1, RW);
            assertEquals(WOULD_BLOCK, socket.peek(room));
            assertEquals(WOULD_BLOCK, socket.recv(room));

            loop.expect(writable(1));
            assertEquals(5, socket.send(segment("hello")));
            assertEquals("hello", peer.receiveText());
            stranger.send("stranger", socket);
            peer.send("there", socket);
            loop.expect(readable(1));
            assertEquals(5, socket.peek(room));
            assertEquals("there", received(socket.recv(room)));
            assertEquals(WOULD_BLOCK, socket.recv(room));
            if (Behaviour.CONNECTED_SOCKETS_SEND_ONLY_TO_THEIR_PEER.isHere()) {
                assertFails(SocketException.class, "sendto", "EISCONN",
                    () -> socket.sendTo(segment("hi"), stranger.address()));
                return;
            }
            assertEquals(2, socket.sendTo(segment("hi"), stranger.address()), "another receiver, as Linux allows");
            assertEquals("hi", stranger.receiveText());
        }
    }

    @Test
    void receivingWorksWithoutAPeerAndWithoutASenderAddress() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.later(new Peer(V4)).send("x", socket);
            assertEquals("x", awaitText(socket));
        }
    }

    @Test
    void connectingAgainChangesThePeer() throws IOException {
        try (Loop loop = new Loop()) {
            Peer first = loop.later(new Peer(V4));
            Peer second = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, RW);
            for (Peer peer : List.of(first, second, first)) {
                socket.connect(peer.address());
                assertEquals(peer.address(), socket.peerAddress());
                assertEquals(1, socket.send(segment("x")));
                assertEquals("x", peer.receiveText());
                Peer other = peer == first ? second : first;
                other.send("other", socket);
                peer.send("peer", socket);
                loop.expect(readable(1));
                assertEquals("peer", awaitText(socket));
                assertEquals(WOULD_BLOCK, socket.recv(room));
            }
        }
    }

    @Test
    void queuedDatagramsStayAfterAConnect() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            Peer stranger = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            stranger.send("early", socket);
            await(() -> socket.peek(room));
            socket.connect(peer.address());
            stranger.send("late", socket);
            assertEquals("early", received(socket.recvFrom(room, from)));
            assertEquals(stranger.address(), from.get());
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    // ---- events

    @Test
    void aSocketWithoutDatagramsIsQuiet() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            loop.expectNothing();
            loop.reregister(socket, 2, W);
            assertEquals("w", loop.next(2));
            loop.expectNothing();
        }
    }

    @Test
    void aDeregisteredSocketStillReceives() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            loop.poll.registry().deregister(socket);
            loop.later(new Peer(V4)).send("x", socket);
            loop.expectNothing();
            assertEquals("x", awaitText(socket));
        }
    }

    @Test
    void aNewInterestReportsPendingDatagrams() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, W);
            assertEquals("w", loop.next(1));
            loop.later(new Peer(V4)).send("x", socket);
            loop.expectNothing();
            loop.reregister(socket, 2, R);
            assertEquals("r", loop.next(2));
        }
    }

    @Test
    void eachDatagramAfterADrainIsAnEvent() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            for (int i = 0; i < 5; i++) {
                peer.send("x", socket);
                assertEquals("r", loop.next(1));
                loop.expectNothing();
                assertEquals(1, i % 2 == 0 ? socket.recv(room) : socket.recvFrom(room, from));
                assertEquals(WOULD_BLOCK, i % 2 == 0 ? socket.recvFrom(room, from) : socket.recv(room));
            }
        }
    }

    @Test
    void anotherPendingDatagramIsAnEventOnlyWhereTheSystemReportsEdges() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            peer.send("1", socket);
            assertEquals("r", loop.next(1));
            peer.send("2", socket);
            if (Loop.hasEdges()) {
                assertEquals("r", loop.next(1));
            }
            loop.expectNothing();
            assertEquals("1", awaitText(socket));
            assertEquals("2", awaitText(socket));
        }
    }

    @Test
    void tryIoRearmsTheDirectionThatWouldBlock() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            int fd = socket.fd();
            assertEquals(fd, socket.tryIo(R, given -> given));
            loop.later(new Peer(V4)).send("x", socket);
            assertEquals("r", loop.next(1));
            assertEquals(WOULD_BLOCK, socket.tryIo(W, given -> WOULD_BLOCK));
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, socket.tryIo(R, given -> WOULD_BLOCK));
            if (!Loop.hasEdges()) {
                assertEquals("r", loop.next(1));
            }
            loop.expectNothing();
        }
    }

    // ---- errors of earlier datagrams

    /** A socket that has sent a datagram to a closed port. */
    private static UdpSocket refused(Loop loop, Interest interest) throws IOException {
        Behaviour.REFUSED_DATAGRAMS_ARE_READABLE.skip();
        UdpSocket socket = loop.later(Peer.bind(V4));
        socket.connect(Peer.nobody(V4));
        loop.register(socket, 1, interest);
        if (interest.isWritable()) {
            assertEquals("w", loop.next(1));
        }
        assertEquals(1, socket.send(segment("x")));
        return socket;
    }

    @Test
    void aRefusalIsReportedAsAnErrorAndWriteClosed() throws IOException {
        boolean noFlag = Behaviour.DATAGRAM_ERRORS_ARE_NO_FLAG.isHere();
        try (Loop loop = new Loop()) {
            refused(loop, RW);
            String edge = noFlag ? "r w" : "w wc e";
            assertEquals(Loop.hasEdges() ? edge : noFlag ? "r" : "wc e", loop.next(1));
            loop.expectNothing();
        }
        try (Loop loop = new Loop()) {
            refused(loop, R);
            assertEquals(noFlag ? "r" : "wc e", loop.next(1));
            loop.expectNothing();
        }
    }

    @Test
    void aRefusalIsThrownOnceByAReceiveOrASend() throws IOException {
        List<Executable> calls = new ArrayList<>();
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UdpSocket[] sockets = new UdpSocket[8];
            for (int i = 0; i < sockets.length; i++) {
                Loop own = loop.later(new Loop());
                sockets[i] = refused(own, R);
                own.next(1);
            }
            calls.add(() -> sockets[0].recv(room));
            calls.add(() -> sockets[1].recvFrom(room, from));
            calls.add(() -> sockets[2].recv(arena.allocate(4)));
            calls.add(() -> sockets[3].recv(new byte[4], 0, 4));
            calls.add(() -> sockets[4].peek(room));
            calls.add(() -> sockets[5].send(segment("y")));
            calls.add(() -> sockets[6].recvMsg(room, ControlMessages.withCapacity(64)));
            calls.add(() -> sockets[7].recvBatch(DatagramBatch.allocate(2, 4)));
            List<String> names = List.of("recv", "recvfrom", "recv", "recv", "recv", "send", "recvmsg", "recvmmsg");
            for (int i = 0; i < sockets.length; i++) {
                assertFails(ConnectException.class, names.get(i), "ECONNREFUSED", calls.get(i));
                if (i == 4 && Behaviour.PEEKS_LEAVE_ERRORS.isHere()) {
                    assertFails(ConnectException.class, "recv", "ECONNREFUSED", () -> sockets[4].recv(room));
                }
                assertEquals(WOULD_BLOCK, sockets[i].recv(room), "the second time");
            }
        }
    }

    @Test
    void aRefusalIsThrownByAReceiveOfASocketThatIsNotRegistered() throws IOException {
        Behaviour.RECEIVES_REPORT_NO_REFUSAL.skip();
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            socket.connect(Peer.nobody(V4));
            assertEquals(1, socket.send(segment("x")));
            assertFails(ConnectException.class, "recv", "ECONNREFUSED", () -> await(() -> socket.recv(room)));
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    @Test
    void takeErrorClearsTheRefusal() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, R);
            loop.next(1);
            assertFailure("SO_ERROR", "ECONNREFUSED", socket.takeError());
            assertNull(socket.takeError());
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    @Test
    void aSocketWorksAfterARefusalThatAReceiveThrew() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, R);
            loop.next(1);
            assertThrows(ConnectException.class, () -> socket.recv(room)); // thrown once
            Peer peer = loop.later(new Peer(V4));
            socket.connect(peer.address());
            peer.send("x", socket);
            loop.expect(readable(1));
            assertEquals("x", awaitText(socket));
        }
    }

    @Test
    void aSocketWorksAfterARefusalThatASendThrew() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, R);
            loop.next(1);
            assertThrows(ConnectException.class, () -> socket.send(segment("x")));
            Peer peer = loop.later(new Peer(V4));
            socket.connect(peer.address());
            peer.send("x", socket);
            loop.expect(readable(1));
        }
    }

    // ---- sizes of datagrams

    @ParameterizedTest
    @MethodSource("hosts")
    void anEmptyDatagramIsADatagramAndNotTheEnd(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(host));
            UdpSocket socket = loop.later(Peer.bind(host));
            assertEquals(0, socket.sendTo(MemorySegment.NULL, peer.address()));
            assertEquals(0, socket.sendTo(new byte[0], 0, 0, peer.buffer()));
            assertEquals(0, socket.sendTo(ByteBuffer.allocateDirect(0), peer.buffer()));
            for (int i = 0; i < 3; i++) {
                assertEquals(0, peer.receive().getLength());
            }
            peer.send("", socket);
            assertEquals(0, await(() -> socket.peekFrom(room, from)));
            assertEquals(peer.address(), from.get());
            assertEquals(0, socket.recvFrom(room, from));
            assertEquals(peer.address(), from.get());
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    @Test
    void anEmptyBufferConsumesADatagramAndReportsItsLength() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            for (int i = 0; i < 5; i++) {
                peer.send("x".repeat(i + 1), socket);
            }
            assertEquals(1, await(() -> socket.recv(MemorySegment.NULL)));
            assertEquals(reported(2, 0), await(() -> socket.recvFrom(new byte[0], 0, 0, from)));
            assertEquals(peer.address(), from.get());
            assertEquals(reported(3, 0), await(() -> socket.recv(ByteBuffer.allocateDirect(0))));
            assertEquals(reported(4, 0), await(() -> socket.recv(room.asSlice(3, 0))));
            assertEquals(reported(5, 0),
                await(() -> socket.recvMsg(MemorySegment.NULL, ControlMessages.withCapacity(64))));
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    @Test
    void theLongestDatagramPassesAndALongerOneIsRefused() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                socket.setOption(StandardSocketOptions.SO_SNDBUF, 65536);
            }
            for (MemorySegment all : List.of(arena.allocate(65508), MemorySegment.ofArray(new byte[65508]))) {
                assertEquals(65507, socket.sendTo(all.asSlice(1), peer.buffer()));
                assertEquals(65507, peer.receive().getLength());
                assertFails(SocketException.class, "sendto", "EMSGSIZE", () -> socket.sendTo(all, peer.buffer()));
            }
            assertFails(SocketException.class, "sendto", "EMSGSIZE",
                () -> socket.sendTo(new byte[70_000], 0, 70_000, peer.buffer()));
            assertFails(SocketException.class, "sendmsg", "EMSGSIZE", () -> socket.sendMsgTo(
                MemorySegment.ofArray(new byte[70_000]), peer.buffer(), ControlMessages.withCapacity(64)));
            byte[] random = new byte[65507];
            ThreadLocalRandom.current().nextBytes(random);
            peer.send(random, socket.localAddress());
            MemorySegment big = MemorySegment.ofArray(new byte[100_000]); // more than a thread's copy buffer holds
            assertEquals(65507, await(() -> socket.recv(big)));
            assertEquals(-1, MemorySegment.mismatch(big, 0, 65507, MemorySegment.ofArray(random), 0, 65507));
        }
    }

    // ---- memory

    private interface Call {
        long on(UdpSocket socket, SocketAddressBuffer address) throws IOException;
    }

    /** A kind of memory: its bytes, and how to receive into it and send from it. */
    private record Memory(String name, MemorySegment bytes, Call recv, Call recvFrom, Call send, Call sendTo) {
        @Override
        public String toString() {
            return name;
        }

        static Memory of(String name, MemorySegment s) {
            return new Memory(name, s, (u, a) -> u.recv(s), (u, a) -> u.recvFrom(s, a), (u, a) -> u.send(s),
                (u, a) -> u.sendTo(s, a));
        }

        static Memory messages(String name, MemorySegment s) {
            ControlMessages none = ControlMessages.withCapacity(64);
            return new Memory(name + " with control messages", s, (u, a) -> u.recvMsg(s, none),
                (u, a) -> u.recvMsgFrom(s, a, none), (u, a) -> u.sendMsg(s, none), (u, a) -> u.sendMsgTo(s, a, none));
        }

        static Memory of(String name, ByteBuffer b) {
            int position = b.position();
            return new Memory(name, MemorySegment.ofBuffer(b), (u, a) -> moved(u.recv(b), b, position),
                (u, a) -> moved(u.recvFrom(b, a), b, position), (u, a) -> moved(u.send(b), b, position),
                (u, a) -> moved(u.sendTo(b, a), b, position));
        }

        static Memory of(String name, byte[] array, int off, int len) {
            return new Memory(name, MemorySegment.ofArray(array).asSlice(off, len), (u, a) -> u.recv(array, off, len),
                (u, a) -> u.recvFrom(array, off, len, a), (u, a) -> u.send(array, off, len),
                (u, a) -> u.sendTo(array, off, len, a));
        }

        /** The position advances no further than the limit. */
        private static long moved(long n, ByteBuffer b, int position) {
            assertEquals(position + Math.clamp(n, 0, b.limit() - position), b.position());
            b.position(position);
            return n;
        }
    }

    private static final int SIZE = 8;

    static Stream<Memory> memories() {
        ByteBuffer heap = ByteBuffer.allocate(20).position(4).slice().position(3).limit(3 + SIZE);
        Stream<MemorySegment> segments = Stream.of(Arena.ofAuto().allocate(SIZE), Arena.ofShared().allocate(SIZE),
            Arena.global().allocate(SIZE + 1).asSlice(1), MemorySegment.ofArray(new byte[SIZE]),
            MemorySegment.ofArray(new byte[20]).asSlice(5, SIZE), MemorySegment.ofArray(new long[SIZE / 8]));
        return Stream.concat(
            segments.flatMap(s -> Stream.of(Memory.of(s.toString(), s), Memory.messages(s.toString(), s))),
            Stream.of(Memory.of("heap buffer", heap),
                Memory.of("direct buffer", ByteBuffer.allocateDirect(20).position(3).limit(3 + SIZE)),
                Memory.of("part of an array", new byte[20], 7, SIZE)));
    }

    @ParameterizedTest
    @MethodSource("memories")
    void memoryOfEachKindReceivesAndSendsTheSame(Memory memory) throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            socket.connect(peer.address());
            for (Call receive : List.of(memory.recv, memory.recvFrom)) {
                assertEquals(WOULD_BLOCK, receive.on(socket, from));
                for (String sent : List.of("12345678", "abc", "", "too long a datagram")) {
                    memory.bytes.fill((byte) '.');
                    peer.send(sent, socket);
                    assertEquals(reported(sent.length(), SIZE), await(() -> receive.on(socket, from)),
                        "the whole length");
                    assertEquals((sent + "........").substring(0, SIZE),
                        new String(memory.bytes.toArray(JAVA_BYTE)));
                    assertEquals(receive == memory.recv, from.isEmpty());
                }
            }
            UdpSocket unconnected = loop.later(Peer.bind(V4)); // macOS and FreeBSD refuse an address otherwise
            for (Call send : List.of(memory.send, memory.sendTo)) {
                memory.bytes.copyFrom(segment("87654321"));
                assertEquals(SIZE, send.on(send == memory.send ? socket : unconnected, peer.buffer()));
                assertEquals("87654321", peer.receiveText());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void memoryThatCannotBeWrittenOrIsOutOfBoundsIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            MemorySegment constant = room.asReadOnly();
            ControlMessages control = ControlMessages.withCapacity(64);
            for (Executable call : List.<Executable>of(() -> socket.recv(constant), () -> socket.peek(constant),
                    () -> socket.recvFrom(constant, from), () -> socket.peekFrom(constant, from),
                    () -> socket.recvMsg(constant, control), () -> socket.recvMsgFrom(constant, from, control))) {
                assertThrows(IllegalArgumentException.class, call);
            }
            ByteBuffer constantBuffer = ByteBuffer.allocate(1).asReadOnlyBuffer();
            assertThrows(ReadOnlyBufferException.class, () -> socket.recv(constantBuffer));
            assertThrows(ReadOnlyBufferException.class, () -> socket.recvFrom(constantBuffer, from));
            for (Executable call : List.<Executable>of(() -> socket.recv(new byte[4], 2, 3),
                    () -> socket.recvFrom(new byte[4], -1, 2, from), () -> socket.send(new byte[4], 5, 0),
                    () -> socket.sendTo(new byte[4], 0, -1, from))) {
                assertThrows(IndexOutOfBoundsException.class, call);
            }
            MemorySegment gone;
            try (Arena arena = Arena.ofConfined()) {
                gone = arena.allocate(4);
            }
            assertThrows(IllegalStateException.class, () -> socket.recv(gone));
            assertThrows(IllegalStateException.class, () -> socket.recvMsg(gone, control));
            assertThrows(IllegalStateException.class, () -> socket.sendMsg(gone, control));
        }
    }

    @Test
    void aReadOnlySegmentOrBufferCanBeSent() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            assertEquals(1, socket.sendTo(segment("1").asReadOnly(), peer.buffer()));
            assertEquals(1, socket.sendTo(ByteBuffer.wrap("2".getBytes()).asReadOnlyBuffer(), peer.buffer()));
            assertEquals("1", peer.receiveText());
            assertEquals("2", peer.receiveText());
        }
    }

    // ---- rejected by the system or by the library

    @Test
    @Tag("any-selector")
    void sendingWithoutAPeerFails() throws IOException {
        try (Loop loop = new Loop()) {
            for (InetAddress host : hosts()) {
                UdpSocket socket = loop.later(Peer.bind(host));
                assertFails(SocketException.class, "send", "EDESTADDRREQ", () -> socket.send(segment("x")));
                assertFails(SocketException.class, "sendmsg", "EDESTADDRREQ",
                    () -> socket.sendMsg(segment("x"), ControlMessages.withCapacity(64)));
            }
        }
    }

    @Test
    @Tag("any-selector")
    void anUnusableAddressIsRefusedBeforeAnyCall() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            assertThrows(UnresolvedAddressException.class, () -> UdpSocket.bind(UNRESOLVED));
            assertThrows(UnresolvedAddressException.class, () -> socket.connect(UNRESOLVED));
            assertThrows(UnresolvedAddressException.class, () -> socket.sendTo(segment("x"), UNRESOLVED));
            assertThrows(UnresolvedAddressException.class, () -> from.set(UNRESOLVED));
            assertThrows(IllegalArgumentException.class, () -> socket.sendTo(segment("x"), from), "empty");
            assertThrows(IllegalArgumentException.class,
                () -> socket.sendMsgTo(segment("x"), from, ControlMessages.withCapacity(64)), "empty");
            assertThrows(NullPointerException.class, () -> UdpSocket.bind(null));
            assertThrows(NullPointerException.class, () -> socket.recvFrom(room, null));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void aUnixAddressIsRefusedByUdp() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            from.set(UnixAddress.ofAbstract("x".getBytes()));
            assertThrows(IllegalStateException.class, from::port);
            assertThrows(IllegalArgumentException.class, () -> socket.sendTo(segment("x"), from));
        }
    }

    @Test
    void broadcastMustBeEnabled() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(InetAddress.getByName("0.0.0.0")));
            UdpSocket socket = loop.later(Peer.bind(V4));
            InetSocketAddress all = new InetSocketAddress("127.255.255.255", peer.address().getPort());
            assertFalse(socket.broadcast());
            assertFails(SocketException.class, "sendto", "EACCES", () -> socket.sendTo(segment("x"), all));
            socket.setBroadcast(true);
            assertTrue(socket.broadcast());
            assertEquals(1, socket.sendTo(segment("x"), all));
            assertEquals("x", peer.receiveText());
            socket.setBroadcast(false);
            assertFalse(socket.broadcast());
        }
    }

    @Test
    @Tag("any-selector")
    void anAddressInUseOrOfAnotherMachineCannotBeBound() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            assertFails(BindException.class, "bind", "EADDRINUSE", () -> UdpSocket.bind(peer.address()));
            assertFails(BindException.class, "bind", "EADDRNOTAVAIL",
                () -> UdpSocket.bind(new InetSocketAddress("203.0.113.1", 0)));
        }
    }

    @Test
    @Tag("any-selector")
    void everythingIsRefusedAfterTheClose() throws IOException {
        UdpSocket socket = Peer.bind(V4);
        InetSocketAddress to = socket.localAddress();
        SocketAddressBuffer address = SocketAddressBuffer.of(to);
        ControlMessages control = ControlMessages.withCapacity(64);
        DatagramBatch batch = DatagramBatch.allocate(1, 1);
        InetAddress group = InetAddress.getByName("239.1.2.3");
        socket.close();
        socket.close();
        for (Executable call : List.<Executable>of(() -> socket.recv(room), () -> socket.recv(new byte[1], 0, 1),
                () -> socket.recv(ByteBuffer.allocate(1)), () -> socket.recvFrom(room, from),
                () -> socket.recvFrom(new byte[1], 0, 1, from), () -> socket.recvFrom(ByteBuffer.allocate(1), from),
                () -> socket.peek(room), () -> socket.peekFrom(room, from), () -> socket.recvMsg(room, control),
                () -> socket.recvMsgFrom(room, from, control), () -> socket.recvBatch(batch),
                () -> socket.send(room), () -> socket.send(new byte[1], 0, 1),
                () -> socket.send(ByteBuffer.allocate(1)), () -> socket.sendTo(room, address),
                () -> socket.sendTo(room, to), () -> socket.sendTo(new byte[1], 0, 1, address),
                () -> socket.sendTo(ByteBuffer.allocate(1), address), () -> socket.sendMsg(room, control),
                () -> socket.sendMsgTo(room, address, control), () -> socket.sendBatch(batch, 0),
                () -> socket.connect(to), socket::localAddress, socket::peerAddress, socket::takeError, socket::fd,
                socket::detach, socket::ttl, () -> socket.setTtl(1), socket::broadcast,
                () -> socket.setBroadcast(true), socket::onlyV6, socket::multicastLoop,
                () -> socket.setMulticastLoop(true), socket::multicastTtl, () -> socket.setMulticastTtl(1),
                () -> socket.joinMulticast(group, null), () -> socket.leaveMulticast(group, null),
                () -> socket.tryIo(R, fd -> 0), () -> socket.shutdown(Shutdown.BOTH),
                () -> socket.getOption(SystemSocketOptions.IP_TTL))) {
            assertThrows(ClosedChannelException.class, call);
        }
    }

    // ---- dual-stack sockets

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void aWildcardReceivesFromBothFamiliesAndReportsEach(String wildcard) throws IOException {
        try (Loop loop = new Loop()) {
            for (InetAddress host : hosts()) {
                UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(wildcard, 0)));
                assertEquals(InetAddress.getByName("::"), socket.localAddress().getAddress());
                assertFalse(socket.onlyV6());
                int port = socket.localAddress().getPort();
                Peer peer = loop.later(new Peer(host));
                peer.send("ping", new InetSocketAddress(host, port));
                assertEquals(4, await(() -> socket.recvFrom(room, from)));
                InetSocketAddress sender = assertInstanceOf(InetSocketAddress.class, from.get());
                assertEquals(peer.address(), sender);
                assertEquals(host.getClass(), sender.getAddress().getClass());
                assertEquals(peer.address().getPort(), from.port());
                assertEquals(1, socket.sendTo(segment("1"), from), "as it was received");
                assertEquals(1, socket.sendTo(segment("2"), sender));
                assertEquals(1, socket.sendTo(segment("3"), peer.buffer()));
                for (String expected : List.of("1", "2", "3")) {
                    assertEquals(expected, peer.receiveText());
                }
                socket.connect(peer.address());
                assertEquals(peer.address(), socket.peerAddress());
                assertEquals(host.getClass(), socket.localAddress().getAddress().getClass());
                assertEquals(1, socket.send(segment("4")));
                assertEquals("4", peer.receiveText());
            }
        }
    }

    @Test
    void aSocketCanBeRestrictedToOneFamily() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket v4 = loop.later(UdpSocket.bind(new InetSocketAddress("0.0.0.0", 0),
                BindOptions.DEFAULT.dualStack(false)));
            assertInstanceOf(Inet4Address.class, v4.localAddress().getAddress());
            assertFalse(v4.onlyV6(), "IPv4 has no such option");

            UdpSocket v6 = loop.later(UdpSocket.bind(new InetSocketAddress("::", 0), BindOptions.DEFAULT.v6Only(true)));
            assertTrue(v6.onlyV6());
            int port = v6.localAddress().getPort();
            loop.later(UdpSocket.bind(new InetSocketAddress("0.0.0.0", port), BindOptions.DEFAULT.dualStack(false)));
            loop.later(new Peer(V6)).send("x", new InetSocketAddress(V6, port));
            assertEquals("x", awaitText(v6));
            assertThrows(IllegalArgumentException.class,
                () -> v6.sendTo(segment("x"), new InetSocketAddress(V4, port)));
        }
    }

    @Test
    void theScopeOfALinkLocalAddressIsKept() throws IOException {
        Qemu.misorders("the scope of an address");
        try (Loop loop = new Loop()) {
            Inet6Address local = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(a -> a instanceof Inet6Address && a.isLinkLocalAddress())
                .map(Inet6Address.class::cast).findFirst().orElse(null);
            if (local == null) {
                abort("no link-local address here");
            }
            Peer peer = loop.later(new Peer(local));
            UdpSocket socket = loop.later(Peer.bind(local));
            int scope = local.getScopeId();
            assertTrue(scope > 0);
            assertEquals(scope, ((Inet6Address) socket.localAddress().getAddress()).getScopeId());
            peer.send("ping", socket);
            assertEquals(4, await(() -> socket.recvFrom(room, from)));
            InetSocketAddress sender = (InetSocketAddress) from.get();
            assertEquals(peer.address(), sender);
            assertEquals(scope, ((Inet6Address) sender.getAddress()).getScopeId());
            assertEquals(1, socket.sendTo(segment("1"), from));
            assertEquals(1, socket.sendTo(segment("2"), sender));
            assertEquals("1", peer.receiveText());
            assertEquals("2", peer.receiveText());
        }
    }

    // ---- options

    @ParameterizedTest
    @MethodSource("hosts")
    void ttlAndMulticastOptionsCanBeSetAndReadBack(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(host));
            assertTrue(socket.ttl() >= 1 && socket.ttl() <= 255, "ttl " + socket.ttl());
            socket.setTtl(10);
            assertEquals(10, socket.ttl());
            assertEquals(1, socket.multicastTtl());
            for (int hops : new int[] {0, 10, 255}) {
                socket.setMulticastTtl(hops);
                assertEquals(hops, socket.multicastTtl());
            }
            assertTrue(socket.multicastLoop());
            for (boolean on : new boolean[] {false, true}) {
                socket.setMulticastLoop(on);
                assertEquals(on, socket.multicastLoop());
            }
            assertEquals(10, socket.ttl(), "another option");
            for (int hops : new int[] {0, 256, -1}) {
                assertThrows(IllegalArgumentException.class, () -> socket.setTtl(hops));
            }
            for (int hops : new int[] {256, -1}) {
                assertThrows(IllegalArgumentException.class, () -> socket.setMulticastTtl(hops));
            }
        }
    }

    @Test
    void reuseAddressLetsSocketsShareAnAddress() throws IOException {
        try (Loop loop = new Loop()) {
            BindOptions reuse = BindOptions.DEFAULT.reuseAddress(true);
            UdpSocket first = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0), reuse));
            assertThrows(BindException.class, () -> UdpSocket.bind(first.localAddress()));
            if (Behaviour.ADDRESSES_ARE_NOT_SHARED.isHere()) {
                assertThrows(BindException.class, () -> UdpSocket.bind(first.localAddress(), reuse));
                return;
            }
            UdpSocket second = loop.later(UdpSocket.bind(first.localAddress(), reuse));
            loop.later(new Peer(V4)).send("x", second);
            assertEquals("x", awaitText(second), "the last one gets it");
            assertEquals(WOULD_BLOCK, first.recv(room));
        }
    }

    @Test
    void reusePortSpreadsSendersOverSockets() throws IOException {
        try (Loop loop = new Loop()) {
            BindOptions shared = BindOptions.DEFAULT.reusePort(true);
            UdpSocket one = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0), shared));
            UdpSocket two = loop.later(UdpSocket.bind(one.localAddress(), shared));
            int senders = 64;
            for (int i = 0; i < senders; i++) {
                loop.later(new Peer(V4)).send("x", one);
            }
            int[] got = new int[2];
            Loop.until("all received", () -> {
                got[0] += one.recv(room) == 1 ? 1 : 0;
                got[1] += two.recv(room) == 1 ? 1 : 0;
                return got[0] + got[1] == senders;
            });
            assertTrue(got[0] > 0 && got[1] > 0, got[0] + " and " + got[1]);
        }
    }

    // ---- multicast

    static List<String> groups() {
        return List.of("239.192.7.13", "ff01::7:13", "ff02::7:13");
    }

    /** A member of a group, the interface that it joined on, and a JDK socket whose datagrams reach it. */
    private record Member(UdpSocket socket, NetworkInterface netIf, Peer peer, InetSocketAddress group) {
    }

    /** Joins on the first interface that passes the group's datagrams, preferably the loopback. */
    private Member join(Loop loop, InetAddress group) throws IOException {
        List<NetworkInterface> all = NetworkInterface.networkInterfaces()
            .sorted((a, b) -> Integer.compare(rank(a), rank(b))).toList();
        for (NetworkInterface netIf : all) {
            InetAddress any = InetAddress.getByName(group instanceof Inet4Address ? "0.0.0.0" : "::");
            UdpSocket socket = loop.later(Peer.bind(any));
            Peer peer = loop.later(new Peer(any));
            InetSocketAddress to = new InetSocketAddress(group, socket.localAddress().getPort());
            try {
                socket.joinMulticast(group, netIf);
                peer.socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, netIf);
                peer.socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true); // true: enabled
                peer.send("probe", to);
            } catch (IOException e) {
                continue;
            }
            loop.register(socket, 1, R);
            loop.poll.poll(loop.events, Duration.ofMillis(500));
            loop.poll.registry().deregister(socket);
            if (socket.recv(room) == 5) {
                return new Member(socket, netIf, peer, to);
            }
        }
        return abort("no interface passes multicast of " + group + " on");
    }

    private static int rank(NetworkInterface netIf) {
        try {
            return netIf.isLoopback() ? 0 : 1;
        } catch (SocketException e) {
            return 2;
        }
    }

    @ParameterizedTest
    @MethodSource("groups")
    void aMemberReceivesDatagramsOfTheGroupUntilItLeaves(String address) throws IOException {
        try (Loop loop = new Loop()) {
            InetAddress group = InetAddress.getByName(address);
            Member member = join(loop, group);
            UdpSocket socket = member.socket;
            loop.register(socket, 1, R);
            member.peer.send("all", member.group);
            loop.expect(readable(1));
            assertEquals("all", received(await(() -> socket.recvFrom(room, from))));
            assertEquals(member.peer.address().getPort(), from.port());
            assertEquals(WOULD_BLOCK, socket.recv(room));

            assertFails(BindException.class, "setsockopt", "EADDRINUSE",
                () -> socket.joinMulticast(group, member.netIf));
            socket.leaveMulticast(group, member.netIf);
            SocketException e = assertThrows(SocketException.class, () -> socket.leaveMulticast(group, member.netIf));
            if (!Behaviour.LEAVING_TWICE_IS_INVALID.isHere()) {
                assertFailure("setsockopt", "EADDRNOTAVAIL", assertInstanceOf(BindException.class, e));
            }
            member.peer.send("left", member.group);
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, socket.recv(room));
            loop.later(new Peer(group instanceof Inet4Address ? V4 : V6)).send("alone", new InetSocketAddress(
                group instanceof Inet4Address ? V4 : V6, member.group.getPort()));
            loop.expect(readable(1));
            assertEquals("alone", awaitText(socket));
        }
    }

    @ParameterizedTest
    @MethodSource("groups")
    @ExtendWith(Qemu.class)
    void multicastLoopDecidesWhetherThisMachineReceivesIt(String address) throws IOException {
        try (Loop loop = new Loop()) {
            Member member = join(loop, InetAddress.getByName(address));
            UdpSocket sender = loop.later(Peer.bind(member.socket.localAddress().getAddress()));
            sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, member.netIf);
            assertEquals(1, sender.sendTo(segment("1"), member.group));
            assertEquals("1", awaitText(member.socket));
            sender.setMulticastLoop(false);
            assertEquals(1, sender.sendTo(segment("2"), member.group));
            sender.setMulticastLoop(true);
            assertEquals(1, sender.sendTo(segment("3"), member.group));
            String heard = awaitText(member.socket);
            if (!member.netIf.isLoopback()) { // the loopback receives what it sends
                assertEquals("3", heard);
            }
        }
    }

    /** A socket on the port of a member that has joined no group. */
    private static UdpSocket stranger(Loop loop, Member member, boolean all) throws IOException {
        BindOptions options = BindOptions.DEFAULT.reuseAddress(true);
        return loop.later(UdpSocket.bind(member.socket.localAddress(),
            all ? options.with(SystemSocketOptions.IP_MULTICAST_ALL, true) : options));
    }

    @ParameterizedTest
    @MethodSource("groups")
    @ExtendWith(Qemu.class)
    @Tag("any-platform")
    void aSocketReceivesOnlyItsGroupsUnlessMulticastAllIsSet(String address) throws IOException {
        try (Loop loop = new Loop()) {
            Member member = join(loop, InetAddress.getByName(address));
            member.socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            UdpSocket stranger = stranger(loop, member, false);
            assertFalse(stranger.getOption(SystemSocketOptions.IP_MULTICAST_ALL));
            UdpSocket all = stranger(loop, member, true);
            assertTrue(all.getOption(SystemSocketOptions.IP_MULTICAST_ALL));
            loop.register(stranger, 1, R);
            loop.register(all, 2, R);
            member.peer.send("group", member.group);
            loop.expect(readable(2));
            assertEquals("group", awaitText(all));
            assertEquals("group", awaitText(member.socket));
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, stranger.recv(room));
        }
    }

    @ParameterizedTest
    @MethodSource("groups")
    @ExtendWith(Qemu.class)
    void aGroupIsJoinedForOneSource(String address) throws IOException {
        try (Loop loop = new Loop()) {
            InetAddress group = InetAddress.getByName(address);
            Member member = join(loop, group);
            UdpSocket socket = member.socket;
            member.peer.send("who", member.group);
            assertEquals(3, await(() -> socket.recvFrom(room, from)));
            InetAddress source = ((InetSocketAddress) from.get()).getAddress();
            InetAddress other = InetAddress.getByName(group instanceof Inet4Address ? "203.0.113.7" : "2001:db8::7");
            loop.register(socket, 1, R);

            socket.blockMulticast(group, member.netIf, source);
            member.peer.send("blocked", member.group);
            loop.expectNothing();
            socket.unblockMulticast(group, member.netIf, source);
            member.peer.send("unblocked", member.group);
            loop.expect(readable(1));
            assertEquals("unblocked", awaitText(socket));
            assertEquals(WOULD_BLOCK, socket.recv(room));
            socket.leaveMulticast(group, member.netIf);

            Behaviour.SOURCE_MEMBERSHIP_IS_SWAPPED.skip();
            socket.joinMulticast(group, member.netIf, other);
            member.peer.send("no source", member.group);
            loop.expectNothing();
            socket.joinMulticast(group, member.netIf, source);
            member.peer.send("source", member.group);
            loop.expect(readable(1));
            assertEquals("source", awaitText(socket));
            assertEquals(WOULD_BLOCK, socket.recv(room));
            socket.leaveMulticast(group, member.netIf, source);
            member.peer.send("no more", member.group);
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    // ---- families

    @Test
    @Requires(Feature.UNIX_DATAGRAMS)
    void anAddressOfAnotherFamilyIsRefusedBeforeTheCall() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket v4 = loop.later(Peer.bind(V4));
            Peer peer = loop.later(new Peer(V4));
            InetSocketAddress v6 = new InetSocketAddress(V6, 9);
            SocketAddressBuffer unix = SocketAddressBuffer.of(UnixAddress.ofBytes(new byte[] {'x'}));
            ControlMessages control = ControlMessages.withCapacity(64);
            for (SocketAddressBuffer to : List.of(SocketAddressBuffer.of(v6), unix)) {
                DatagramBatch batch = DatagramBatch.allocate(2, 16);
                batch.add(segment("x"), peer.buffer());
                batch.add(segment("x"), to);
                for (Executable call : List.<Executable>of(() -> v4.sendTo(segment("x"), to),
                        () -> v4.sendTo(new byte[1], 0, 1, to), () -> v4.sendTo(ByteBuffer.allocate(1), to),
                        () -> v4.sendMsgTo(segment("x"), to, control), () -> v4.sendBatch(batch, 0),
                        () -> v4.sendBatch(batch, 1))) {
                    assertThrows(IllegalArgumentException.class, call);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> v4.sendTo(segment("x"), v6));
            assertThrows(IllegalArgumentException.class, () -> v4.connect(v6));
            UdpSocket both = loop.later(UdpSocket.bind(new InetSocketAddress(0)));
            assertThrows(IllegalArgumentException.class, () -> both.sendTo(segment("x"), unix));
            assertEquals(1, both.sendTo(segment("1"), peer.buffer()));
            assertEquals(1, both.sendTo(segment("2"), peer.address()));
            assertEquals("1", peer.receiveText());
            assertEquals("2", peer.receiveText());

            UnixDatagram local = loop.later(UnixDatagram.unbound());
            assertThrows(IllegalArgumentException.class, () -> local.sendTo(segment("x"), peer.buffer()));

            UdpSocket alone =
                loop.later(UdpSocket.bind(new InetSocketAddress("::", 0), BindOptions.DEFAULT.v6Only(true)));
            UdpSocket bound = loop.later(Peer.bind(V6));
            UdpSocket adopted = loop.later(UdpSocket.fromFd(Peer.bind(V6).detach()));
            UdpSocket adoptedAlone = loop.later(UdpSocket.fromFd(UdpSocket.bind(new InetSocketAddress("::", 0),
                BindOptions.DEFAULT.v6Only(true)).detach()));
            for (UdpSocket socket : List.of(alone, bound, adopted, adoptedAlone)) {
                assertThrows(IllegalArgumentException.class, () -> socket.sendTo(segment("x"), peer.buffer()));
                assertThrows(IllegalArgumentException.class, () -> socket.sendTo(segment("x"), peer.address()));
                assertThrows(IllegalArgumentException.class, () -> socket.connect(peer.address()));
                assertThrows(IllegalArgumentException.class,
                    () -> socket.joinMulticast(InetAddress.getByName("239.192.7.13"), null));
            }
            UdpSocket adoptedBoth =
                loop.later(UdpSocket.fromFd(UdpSocket.bind(new InetSocketAddress("::", 0)).detach()));
            assertEquals(1, adoptedBoth.sendTo(segment("3"), peer.address()));
            assertEquals("3", peer.receiveText());
        }
    }

    @Test
    @Tag("any-selector")
    void onlyAMulticastAddressIsAGroup() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            for (InetAddress host : hosts()) {
                assertThrows(IllegalArgumentException.class, () -> socket.joinMulticast(host, null));
                assertThrows(IllegalArgumentException.class, () -> socket.leaveMulticast(host, null));
            }
            InetAddress v6 = InetAddress.getByName("ff02::7:13");
            assertThrows(IllegalArgumentException.class, () -> socket.joinMulticast(v6, null));
            assertThrows(IllegalArgumentException.class, () -> socket.leaveMulticast(v6, null));
            InetAddress group = InetAddress.getByName("239.192.7.13");
            for (InetAddress source : List.of(V6, group, InetAddress.getByName("0.0.0.0"))) {
                assertThrows(IllegalArgumentException.class, () -> socket.joinMulticast(group, null, source));
                assertThrows(IllegalArgumentException.class, () -> socket.leaveMulticast(group, null, source));
                assertThrows(IllegalArgumentException.class, () -> socket.blockMulticast(group, null, source));
                assertThrows(IllegalArgumentException.class, () -> socket.unblockMulticast(group, null, source));
            }
            Qemu.lacks("IP_BLOCK_SOURCE");
            assertFails(SocketException.class, "setsockopt", "EINVAL", () -> socket.blockMulticast(group, null, V4));
            assertFails(SocketException.class, "setsockopt", "EINVAL", () -> socket.leaveMulticast(group, null, V4));
        }
    }

    // ---- the descriptor

    @Test
    void aDetachedDescriptorStaysOpenAndCanBeAdopted() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            InetSocketAddress address = socket.localAddress();
            int fd = socket.fd();
            assertEquals(fd, socket.detach());
            assertTrue(NativeFds.isOpen(fd));
            assertThrows(ClosedChannelException.class, () -> socket.recv(room));

            UdpSocket other = loop.later(UdpSocket.fromFd(fd));
            assertEquals(fd, other.fd());
            assertEquals(address, other.localAddress());
            loop.register(other, 2, R);
            peer.send("x", address);
            loop.expect(readable(2));
            assertEquals("x", awaitText(other));
            other.close();
            assertFalse(NativeFds.isOpen(fd));
        }
    }

    @Test
    void aDescriptorThatIsNotBoundYetSendsAndIsBoundThen() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(UdpSocket.fromFd(NativeFds.datagramSocket()));
            assertEquals(0, socket.localAddress().getPort());
            assertEquals(1, socket.sendTo(segment("x"), peer.address()));
            assertEquals(socket.localAddress().getPort(), peer.receive().getPort());
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void onlyADatagramSocketInNonBlockingModeIsAdopted() throws IOException {
        for (int fd : new int[] {NativeFds.eventfd(), NativeCalls.socket()}) {
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.fromFd(fd));
            NativeFds.close(fd); // still open: after the exception it belongs to the caller
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> UdpSocket.fromFd(1 << 20));
        try (Loop loop = new Loop()) {
            int fd = Peer.bind(V4).detach();
            NativeFds.setBlocking(fd);
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.fromFd(fd));
            assertFalse(NativeFds.isNonBlocking(fd), "it stays as it was");
            IoSource.makeNonBlocking(fd);
            UdpSocket socket = loop.later(UdpSocket.fromFd(fd));
            assertTrue(NativeFds.isNonBlocking(fd));
            assertEquals(WOULD_BLOCK, socket.recv(room));
        }
    }

    // ---- address buffers

    @Test
    @Tag("any-selector")
    void anAddressBufferKeepsItsAddress() throws IOException {
        assertTrue(from.isEmpty());
        assertNull(from.get());
        assertEquals("(empty)", from.toString());
        assertThrows(IllegalStateException.class, from::port);
        SocketAddressBuffer copy = SocketAddressBuffer.create();
        for (InetAddress host : hosts()) {
            InetSocketAddress address = new InetSocketAddress(host, 65535);
            from.set(address);
            assertFalse(from.isEmpty());
            assertEquals(address, from.get());
            assertEquals(65535, from.port());
            copy.set(from);
            assertEquals(from, copy);
            assertEquals(from.hashCode(), copy.hashCode());
            from.clear();
            assertTrue(from.isEmpty());
            assertEquals(address, copy.get());
        }
        assertFalse(from.equals(copy));
    }
}
