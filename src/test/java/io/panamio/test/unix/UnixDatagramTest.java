package io.panamio.test.unix;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.writable;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Memories;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Unix datagram sockets. The JDK has none, so the peers are the library's own and socat. */
@Requires(Feature.UNIX_DATAGRAMS)
class UnixDatagramTest {
    private static long send(UnixDatagram socket, String text) throws IOException {
        return socket.send(text.getBytes(), 0, text.length());
    }

    private static String receive(UnixDatagram socket) throws IOException {
        byte[] bytes = new byte[100];
        long n = socket.recv(bytes, 0, 100);
        assertTrue(n >= 0, "no datagram is pending");
        return new String(bytes, 0, (int) n);
    }

    private static UnixDatagram[] pair(Loop loop) throws IOException {
        UnixDatagram[] pair = UnixDatagram.pair();
        loop.later(pair[0]);
        loop.later(pair[1]);
        return pair;
    }

    /** Returns two sockets that are bound and connected to each other. */
    private static UnixDatagram[] connected(Loop loop) throws IOException {
        UnixAddress[] addresses = {Local.address(loop), Local.address(loop)};
        UnixDatagram[] sockets =
            {loop.later(UnixDatagram.bind(addresses[0])), loop.later(UnixDatagram.bind(addresses[1]))};
        sockets[0].connect(addresses[1]);
        sockets[1].connect(addresses[0]);
        return sockets;
    }

    private static int fill(UnixDatagram socket) throws IOException {
        int count = 0;
        while (send(socket, "x") != WOULD_BLOCK) {
            count++;
        }
        return count;
    }

    // ---- transfers

    @Test
    void connectedSocketsEcho() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] sockets = connected(loop);
            for (int i = 0; i < 2; i++) {
                assertTrue(NativeFds.isNonBlocking(sockets[i].fd()));
                assertTrue(NativeFds.isCloseOnExec(sockets[i].fd()));
                assertEquals(sockets[1 - i].localAddress(), sockets[i].peerAddress());
                assertEquals(WOULD_BLOCK, sockets[i].recv(new byte[1], 0, 1));
                loop.register(sockets[i], i, RW);
            }
            loop.expect(writable(0), writable(1));
            assertEquals(5, send(sockets[0], "hello"));
            loop.expect(readable(1));
            assertEquals("hello", receive(sockets[1]));
            assertEquals(5, send(sockets[1], "world"));
            loop.expect(readable(0));
            assertEquals("world", receive(sockets[0]));
            assertEquals(WOULD_BLOCK, sockets[0].recv(new byte[1], 0, 1));
            assertNull(sockets[0].takeError());
        }
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void unconnectedSocketsAnswerTheSender() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram server = loop.later(UnixDatagram.bind(Local.address(loop)));
            UnixDatagram client = loop.later(UnixDatagram.bind(Local.abstractAddress()));
            loop.register(server, 1, RW);
            loop.register(client, 2, RW);
            MemorySegment hello = MemorySegment.ofArray("hello".getBytes());
            assertEquals(5, client.sendTo(hello, server.localAddress()));
            loop.expect(readable(1));
            SocketAddressBuffer from = SocketAddressBuffer.create();
            byte[] got = new byte[10];
            assertEquals(5, server.peekFrom(MemorySegment.ofArray(got), from));
            from.clear();
            assertEquals(5, server.recvFrom(got, 0, 10, from));
            assertEquals(client.localAddress(), from.get());
            assertEquals(SocketAddressBuffer.of(client.localAddress()), from);
            assertEquals(5, server.sendTo(got, 0, 5, from));
            loop.expect(readable(2));
            assertEquals("hello", receive(client));
            assertEquals(WOULD_BLOCK, server.recvFrom(got, 0, 10, from));
            assertTrue(from.isEmpty());
        }
    }

    @Test
    @Tag("any-selector")
    void aSenderWithoutANameHasNoAddress() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram server = loop.later(UnixDatagram.bind(Local.address(loop)));
            UnixDatagram client = loop.later(UnixDatagram.unbound());
            assertEquals(UnixAddress.unnamed(), client.localAddress());
            for (int i = 0; i < 3; i++) {
                client.sendTo(MemorySegment.ofArray(new byte[3]), server.localAddress());
            }
            SocketAddressBuffer from = SocketAddressBuffer.of(server.localAddress());
            assertEquals(3, server.recvFrom(new byte[10], 0, 10, from));
            assertTrue(from.isEmpty());
            assertNull(from.get());
            from.set(server.localAddress());
            assertEquals(3, server.recvMsgFrom(MemorySegment.ofArray(new byte[10]), from,
                ControlMessages.withCapacity(64)));
            assertTrue(from.isEmpty());
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            from.set(server.localAddress());
            assertEquals(1, server.recvBatch(batch));
            batch.address(0, from);
            assertTrue(from.isEmpty());
        }
    }

    @Test
    @Tag("any-selector")
    void aPairIsConnected() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            assertEquals(UnixAddress.unnamed(), pair[0].localAddress());
            assertEquals(UnixAddress.unnamed(), pair[1].peerAddress());
            assertTrue(NativeFds.isNonBlocking(pair[0].fd()));
            assertTrue(NativeFds.isCloseOnExec(pair[1].fd()));
            send(pair[0], "a");
            send(pair[0], "bc");
            assertEquals("a", receive(pair[1]));
            assertEquals("bc", receive(pair[1]));
            assertEquals(WOULD_BLOCK, pair[1].recv(new byte[1], 0, 1));
        }
    }

    @Test
    @Tag("any-selector")
    void connectsToItselfAndToAnother() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress own = Local.address(loop);
            UnixDatagram socket = loop.later(UnixDatagram.bind(own));
            socket.connect(own);
            send(socket, "me");
            assertEquals("me", receive(socket));
            UnixDatagram other = loop.later(UnixDatagram.bind(Local.address(loop)));
            socket.connect(other.localAddress());
            assertEquals(other.localAddress(), socket.peerAddress());
            send(socket, "other");
            assertEquals("other", receive(other));
        }
    }

    @Test
    void socatSendsAndReceives() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixDatagram socket = loop.later(UnixDatagram.bind(address));
            loop.register(socket, 1, R);
            Process socat = Local.start(loop, "socat", "-", "UNIX-SENDTO:" + address + ",bind=" + Local.path(loop));
            socat.getOutputStream().write("hello".getBytes());
            socat.getOutputStream().flush();
            loop.expect(readable(1));
            byte[] got = new byte[10];
            SocketAddressBuffer from = SocketAddressBuffer.create();
            assertEquals(5, socket.recvFrom(got, 0, 10, from));
            assertEquals(5, socket.sendTo(got, 0, 5, from));
            assertEquals("hello", new String(socat.getInputStream().readNBytes(5)));
        }
    }

    // ---- registering

    @Test
    void aReaderWithoutDataIsQuiet() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            loop.register(pair[0], 1, R);
            loop.expectNothing();
            loop.reregister(pair[0], 2, W);
            loop.expect(writable(2));
            loop.poll.registry().deregister(pair[0]);
            send(pair[1], "x");
            loop.expectNothing();
            assertEquals("x", receive(pair[0]));
        }
    }

    @Test
    void eachDatagramAfterADrainIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            loop.register(pair[0], 1, R);
            for (int i = 0; i < 10; i++) {
                send(pair[1], "x");
                send(pair[1], "y");
                loop.expect(readable(1));
                receive(pair[0]);
                receive(pair[0]);
                assertEquals(WOULD_BLOCK, pair[0].recv(new byte[1], 0, 1));
            }
        }
    }

    @Test
    void aSenderToAFullQueueIsWritableWhenTheReceiverHasDrained() throws IOException {
        try (Loop loop = new Loop()) {
            for (UnixDatagram[] sockets : List.of(pair(loop), connected(loop))) {
                loop.register(sockets[0], 1, RW);
                loop.expect(writable(1));
                if (Behaviour.FULL_RECEIVERS_ARE_AN_ERROR.isHere()) {
                    assertFails(ResourceExhaustedException.class, "send", "ENOBUFS", () -> {
                        while (send(sockets[0], "x") == 1) {
                            Thread.onSpinWait();
                        }
                    });
                    assertEquals("x", receive(sockets[1]));
                    assertEquals(1, send(sockets[0], "x"));
                    continue;
                }
                for (int i = 0; i < 3; i++) {
                    int sent = fill(sockets[0]);
                    assertTrue(sent > 0);
                    loop.expectNothing();
                    for (int j = 0; j < sent; j++) {
                        assertEquals("x", receive(sockets[1]));
                    }
                    loop.expect(writable(1));
                }
                loop.poll.registry().deregister(sockets[0]);
            }
        }
    }

    @Test
    void aBatchStopsWhereTheQueueIsFull() throws IOException {
        Behaviour.FULL_RECEIVERS_ARE_AN_ERROR.skip();
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            loop.register(pair[0], 1, W);
            loop.expect(writable(1));
            DatagramBatch batch = DatagramBatch.allocate(1024, 4);
            for (int i = 0; i < 1024; i++) {
                batch.add(MemorySegment.ofArray(new byte[] {(byte) i}), SocketAddressBuffer.create());
            }
            int sent = 0;
            int received = 0;
            DatagramBatch in = DatagramBatch.allocate(100, 4);
            while (received < 1024) {
                int n = pair[0].sendBatch(batch, sent);
                sent += Math.max(n, 0);
                while ((n = pair[1].recvBatch(in)) != WOULD_BLOCK) {
                    for (int i = 0; i < n; i++) {
                        assertEquals(1, in.length(i));
                        assertEquals((byte) received++, in.data(i).get(JAVA_BYTE, 0));
                    }
                }
                if (sent < 1024) {
                    loop.expect(writable(1));
                }
            }
        }
    }

    // ---- messages

    /** Enlarges the buffers where they limit a message. */
    private static UnixDatagram[] roomy(UnixDatagram... sockets) throws IOException {
        for (UnixDatagram socket : sockets) {
            if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                socket.setOption(StandardSocketOptions.SO_SNDBUF, 200_000);
                socket.setOption(StandardSocketOptions.SO_RCVBUF, 200_000);
            }
        }
        return sockets;
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void everyKindOfMemoryCanBeReceivedIntoAndSent(Memories memory) throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = roomy(pair(loop));
            Memories.Operation send = new Memories.Operation(pair[0]::send, pair[0]::send, pair[0]::send);
            Memories.Operation recv = new Memories.Operation(pair[1]::recv, pair[1]::recv, pair[1]::recv);
            for (int length : new int[] {0, 1, 4096, 65536, 65537, 150_000}) { // more than the copy buffer holds
                byte[] bytes = random(length);
                assertEquals(length, memory.run(send, bytes));
                assertArrayEquals(random(length), bytes);
                byte[] got = new byte[length];
                assertEquals(length, memory.run(recv, got));
                assertArrayEquals(bytes, got);
                assertEquals(WOULD_BLOCK, memory.run(recv, got));
            }
        }
    }

    @Test
    @Tag("any-selector")
    void longMessagesAreSentWithAddressesAndControlMessagesToo() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram server = loop.later(UnixDatagram.bind(Local.address(loop)));
            UnixDatagram client = loop.later(UnixDatagram.unbound());
            roomy(client, server);
            byte[] bytes = random(100_000);
            MemorySegment heap = MemorySegment.ofArray(bytes);
            ControlMessages none = ControlMessages.withCapacity(64);
            SocketAddressBuffer to = SocketAddressBuffer.of(server.localAddress());
            List<Executable> sends = List.of(() -> client.sendTo(heap, server.localAddress()),
                () -> client.sendTo(bytes, 0, bytes.length, to), () -> client.sendMsgTo(heap, to, none));
            for (int i = 0; i < sends.size(); i++) {
                assertDoesNotThrow(sends.get(i), "send " + i);
                byte[] got = new byte[bytes.length];
                assertEquals(bytes.length, i == 2 ? server.recvMsg(MemorySegment.ofArray(got), none)
                    : server.recvFrom(got, 0, got.length, to));
                assertArrayEquals(bytes, got);
                to.set(server.localAddress());
            }
        }
    }

    private interface Receive {
        long receive() throws IOException;
    }

    @Test
    @Tag("any-selector")
    void aTruncatedMessageIsReportedAndItsRestLost() throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UnixDatagram[] pair = roomy(pair(loop));
            byte[] array = new byte[4];
            MemorySegment heap = MemorySegment.ofArray(array);
            MemorySegment longer = MemorySegment.ofArray(new byte[70_000]);
            MemorySegment four = arena.allocate(4);
            ControlMessages control = ControlMessages.withCapacity(64);
            for (MemorySegment message : List.of(MemorySegment.ofArray("abcdef".getBytes()),
                    MemorySegment.ofArray(random(80_000)))) {
                long whole = message.byteSize();
                List<Receive> receives = List.of(() -> pair[1].peek(four), () -> pair[1].recv(four),
                    () -> pair[1].recv(heap), () -> pair[1].recv(array, 0, 4), () -> pair[1].recvMsg(heap, control),
                    () -> pair[1].recv(MemorySegment.NULL), () -> pair[1].recv(longer));
                for (int i = 0; i < receives.size(); i++) {
                    if (i != 1) { // peek does not consume it
                        assertEquals(whole, pair[0].send(message));
                    }
                    heap.fill((byte) 0);
                    int size = i < 5 ? 4 : i == 5 ? 0 : 70_000;
                    assertEquals(Peer.reported((int) whole, size), receives.get(i).receive(), "receive " + i);
                    if (i < 5) {
                        assertEquals(-1, (i < 2 ? four : heap).mismatch(message.asSlice(0, 4)), "receive " + i);
                    }
                }
                assertFalse(control.isTruncated());
                assertEquals(WOULD_BLOCK, pair[1].recv(four));
                pair[0].send(message);
                DatagramBatch batch = DatagramBatch.allocate(2, 4);
                assertEquals(1, pair[1].recvBatch(batch));
                assertTrue(batch.isTruncated(0));
                assertEquals(4, batch.length(0));
            }
        }
    }

    @Test
    void anEmptyDatagramIsADatagram() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            loop.register(pair[1], 1, R);
            assertEquals(0, pair[0].send(MemorySegment.NULL));
            assertEquals(0, send(pair[0], ""));
            loop.expect(readable(1));
            assertEquals("", receive(pair[1]));
            assertEquals(0, pair[1].recv(MemorySegment.NULL));
            assertEquals(WOULD_BLOCK, pair[1].recv(MemorySegment.NULL));
        }
    }

    // ---- failures

    @Test
    @Tag("any-selector")
    void sendingAfterAShutdownFails() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            send(pair[0], "x");
            pair[0].shutdown(Shutdown.WRITE);
            assertFails(SocketException.class, "send", "EPIPE", () -> send(pair[0], "x"));
            ControlMessages none = ControlMessages.withCapacity(64);
            assertFails(SocketException.class, "sendmsg", "EPIPE", () -> pair[0].sendMsg(MemorySegment.NULL, none));
            assertEquals("x", receive(pair[1]));
            send(pair[1], "y");
            assertEquals("y", receive(pair[0]));
            pair[0].shutdown(Shutdown.READ);
            assertFails(SocketException.class, "send", "EPIPE", () -> send(pair[1], "x"));
        }
    }

    @Test
    @Tag("any-selector")
    void sendingToAMissingPeerFails() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram socket = loop.later(UnixDatagram.unbound());
            UnixAddress missing = Local.address(loop);
            MemorySegment bytes = MemorySegment.ofArray(new byte[3]);
            assertFails(SocketException.class, "sendto", "ENOENT", () -> socket.sendTo(bytes, missing));
            assertFails(SocketException.class, "connect", "ENOENT", () -> socket.connect(missing));
            assertFails(SocketException.class, "send", "ENOTCONN", () -> socket.send(bytes));
            assertFails(SocketException.class, "getpeername", "ENOTCONN", socket::peerAddress);
            UnixDatagram.bind(missing).close();
            assertFails(ConnectException.class, "sendto", "ECONNREFUSED", () -> socket.sendTo(bytes, missing));
            assertFails(BindException.class, "bind", "EADDRINUSE", () -> UnixDatagram.bind(missing));
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedPeerRefuses() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] sockets = connected(loop);
            sockets[1].close();
            if (Behaviour.CLOSED_PEERS_DO_NOT_REFUSE.isHere()) {
                assertThrows(SocketException.class, () -> send(sockets[0], "x"));
                return;
            }
            assertFails(ConnectException.class, "send", "ECONNREFUSED", () -> send(sockets[0], "x"));
        }
    }

    @Test
    @Tag("any-selector")
    void aConnectedSocketReceivesOnlyFromItsPeer() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] sockets = connected(loop);
            UnixDatagram other = loop.later(UnixDatagram.unbound());
            MemorySegment bytes = MemorySegment.ofArray(new byte[3]);
            assertFails(SocketException.class, "sendto", "EPERM",
                () -> other.sendTo(bytes, sockets[0].localAddress()));
        }
    }

    @Test
    @Tag("any-selector")
    void aDatagramThatIsTooLongIsRefusedWhole() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram[] pair = pair(loop);
            byte[] much = new byte[16 << 20];
            assertFails(SocketException.class, "send", "EMSGSIZE", () -> pair[0].send(much, 0, much.length));
            assertEquals(WOULD_BLOCK, pair[1].recv(much, 0, 1));
        }
    }

    // ---- descriptors

    @Test
    void adoptsADescriptorAndDetachesIt() throws IOException {
        try (Loop loop = new Loop()) {
            int[] fds = NativeCalls.unixPair(2);
            UnixDatagram socket = loop.later(UnixDatagram.fromFd(fds[0]));
            UnixDatagram peer = loop.later(UnixDatagram.fromFd(fds[1]));
            loop.register(socket, 1, R);
            send(peer, "x");
            loop.expect(readable(1));
            assertEquals(fds[0], socket.detach());
            assertEquals("x", receive(loop.later(UnixDatagram.fromFd(fds[0]))));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void fromFdRefusesAnythingButAUnixDatagram() throws IOException {
        int[] others = {NativeFds.datagramSocket(), NativeCalls.eventfd(0), NativeCalls.unixSocket(1)};
        for (int fd : others) {
            assertThrows(IllegalArgumentException.class, () -> UnixDatagram.fromFd(fd));
            NativeFds.close(fd);
        }
        int blocking = NativeCalls.unixSocket(2);
        assertThrows(IllegalArgumentException.class, () -> UnixDatagram.fromFd(blocking));
        IoSource.makeNonBlocking(blocking);
        try (UnixDatagram socket = UnixDatagram.fromFd(blocking)) {
            assertEquals(WOULD_BLOCK, socket.recv(new byte[1], 0, 1));
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> UnixDatagram.fromFd(1 << 20));
    }

    @Test
    void everythingIsRefusedAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram socket = pair(loop)[0];
            socket.close();
            byte[] array = new byte[4];
            MemorySegment segment = MemorySegment.ofArray(array);
            ControlMessages control = ControlMessages.withCapacity(64);
            UnixAddress address = Local.address(loop);
            SocketAddressBuffer buffer = SocketAddressBuffer.of(address);
            DatagramBatch batch = DatagramBatch.allocate(1, 1);
            List<Executable> operations = List.of(
                () -> socket.recv(segment), () -> socket.recv(array, 0, 0), () -> socket.peek(segment),
                () -> socket.recvFrom(segment, buffer), () -> socket.recvFrom(array, 0, 4, buffer),
                () -> socket.recvMsg(segment, control), () -> socket.recvMsgFrom(segment, buffer, control),
                () -> socket.recvBatch(batch), () -> socket.sendBatch(batch, 0), () -> socket.send(segment),
                () -> socket.send(array, 0, 4), () -> socket.sendTo(segment, address),
                () -> socket.sendTo(segment, SocketAddressBuffer.of(address)), () -> socket.connect(address),
                () -> socket.sendMsg(segment, control), socket::localAddress, socket::peerAddress, socket::fd,
                () -> socket.shutdown(Shutdown.BOTH), () -> loop.register(socket, 1, R));
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
        }
    }

    /** No event reports room at a receiver to which the socket is not connected, and waiting for one does not spin. */
    @Test
    void noEventReportsRoomAtAReceiverWithoutAConnection() throws IOException {
        Behaviour.FULL_RECEIVERS_ARE_AN_ERROR.skip();
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixDatagram receiver = loop.later(UnixDatagram.bind(address));
            UnixDatagram sender = loop.later(UnixDatagram.unbound());
            loop.register(sender, 1, Loop.W);
            loop.expect(Loop.writable(1));
            MemorySegment one = MemorySegment.ofArray(new byte[1]);
            while (sender.sendTo(one, address) == 1) {
                Thread.onSpinWait();
            }
            loop.expect(Loop.writable(1)); // although there is no more room than before
            loop.expectNothing();
            assertEquals(WOULD_BLOCK, sender.sendTo(one, address));
            loop.expect(Loop.writable(1));
            loop.expectNothing();
            assertEquals(1, receiver.recv(one));
            assertEquals(1, sender.sendTo(one, address));
        }
    }
}
