package io.panamio.test.unix;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static io.panamio.test.support.Loop.writable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ControlMessages;
import io.panamio.net.ListenOptions;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Memories;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
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

/** Unix seqpacket sockets. The JDK has none, so the peers are the library's own and socat. */
@Requires(Feature.UNIX_SEQPACKETS)
class UnixSeqpacketTest {
    private static long send(UnixSeqpacket socket, String text) throws IOException {
        return socket.send(text.getBytes(), 0, text.length());
    }

    private static String receive(UnixSeqpacket socket) throws IOException {
        byte[] bytes = new byte[100];
        long n = socket.recv(bytes, 0, 100);
        assertTrue(n > 0, "no message is pending");
        return new String(bytes, 0, (int) n);
    }

    private static UnixSeqpacket[] pair(Loop loop) throws IOException {
        UnixSeqpacket[] pair = UnixSeqpacket.pair();
        loop.later(pair[0]);
        loop.later(pair[1]);
        return pair;
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void connectsAndKeepsTheBoundsOfMessages() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixAddress local = Local.abstractAddress();
            UnixSeqpacketListener listener = loop.later(UnixSeqpacketListener.bind(address));
            assertTrue(NativeFds.isNonBlocking(listener.fd()));
            assertEquals(address, listener.localAddress());
            loop.register(listener, 1, RW);
            loop.expectNothing();
            UnixSeqpacket client = loop.later(UnixSeqpacket.connect(address, ConnectOptions.DEFAULT.local(local)));
            loop.register(client, 2, RW);
            loop.expect(readable(1), writable(2));
            SocketAddressBuffer from = SocketAddressBuffer.create();
            UnixSeqpacket server = loop.later(listener.accept(from));
            assertNull(listener.accept());
            assertEquals(local, from.get());
            assertEquals(local, server.peerAddress());
            assertEquals(address, client.peerAddress());
            for (UnixSeqpacket socket : List.of(client, server)) {
                assertTrue(NativeFds.isNonBlocking(socket.fd()));
                assertTrue(NativeFds.isCloseOnExec(socket.fd()));
            }

            assertEquals(1, send(server, "a"));
            assertEquals(2, send(server, "bc"));
            loop.expect(readable(2));
            assertEquals("a", receive(client));
            assertEquals("bc", receive(client));
            assertEquals(WOULD_BLOCK, client.recv(new byte[1], 0, 1));
        }
    }

    @Test
    @Tag("any-selector")
    void aPairIsConnected() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            assertEquals(UnixAddress.unnamed(), pair[0].peerAddress());
            assertTrue(NativeFds.isNonBlocking(pair[1].fd()));
            assertTrue(NativeFds.isCloseOnExec(pair[1].fd()));
            send(pair[0], "there");
            assertEquals("there", receive(pair[1]));
            send(pair[1], "back");
            assertEquals("back", receive(pair[0]));
        }
    }

    @Test
    void socatEchoesMessages() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            Local.start(loop, "socat", "UNIX-LISTEN:" + address + ",socktype=5", "PIPE");
            UnixSeqpacket[] connected = new UnixSeqpacket[1];
            until("listening", () -> {
                try {
                    connected[0] = loop.later(UnixSeqpacket.connect(address));
                    return true;
                } catch (IOException e) {
                    return false;
                }
            });
            loop.register(connected[0], 1, R);
            send(connected[0], "hello");
            loop.expect(readable(1));
            assertEquals("hello", receive(connected[0]));
        }
    }

    @Test
    @Tag("any-selector")
    void aTruncatedMessageIsReportedAndItsRestLost() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            MemorySegment three = MemorySegment.ofArray(new byte[3]);
            ControlMessages control = ControlMessages.withCapacity(64);
            for (int i = 0; i < 4; i++) {
                send(pair[0], "abcdef");
            }
            send(pair[0], "z");
            assertEquals(Peer.reported(6, 3), pair[1].peek(three));
            assertEquals(Peer.reported(6, 3), pair[1].recv(three));
            assertEquals(-1, three.mismatch(MemorySegment.ofArray("abc".getBytes())));
            assertEquals(Peer.reported(6, 3), pair[1].recv(new byte[3], 0, 3));
            assertEquals(Peer.reported(6, 3), pair[1].recvMsg(three, control));
            assertEquals(Peer.reported(6, 0), pair[1].recv(MemorySegment.NULL));
            assertEquals("z", receive(pair[1]));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void everyKindOfMemoryCanBeReceivedIntoAndSent(Memories memory) throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                pair[0].setOption(StandardSocketOptions.SO_SNDBUF, 200_000);
                pair[1].setOption(StandardSocketOptions.SO_RCVBUF, 200_000);
            }
            Memories.Operation send = new Memories.Operation(pair[0]::send, pair[0]::send, pair[0]::send);
            Memories.Operation recv = new Memories.Operation(pair[1]::recv, pair[1]::recv, pair[1]::recv);
            for (int length : new int[] {1, 65536, 100_000}) {
                assertEquals(length, memory.run(send, random(length)));
                byte[] got = new byte[length];
                assertEquals(length, memory.run(recv, got));
                assertArrayEquals(random(length), got);
                assertEquals(WOULD_BLOCK, memory.run(recv, got));
            }
        }
    }

    @Test
    void aFullQueueIsWritableWhenThePeerHasReceived() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            loop.register(pair[0], 1, RW);
            loop.expect(writable(1));
            byte[] message = new byte[4000];
            int sent = 0;
            while (pair[0].send(message, 0, message.length) != WOULD_BLOCK) {
                sent++;
            }
            loop.expectNothing();
            for (int i = 0; i < sent; i++) {
                assertEquals(message.length, pair[1].recv(message, 0, message.length));
            }
            loop.expect(writable(1));
        }
    }

    @Test
    void everyReceiveAfterThePeersCloseReturnsEof() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            loop.register(pair[1], 1, R);
            send(pair[0], "x");
            pair[0].close();
            loop.expect(new Loop.Expected(1, "r rc"));
            assertEquals("x", receive(pair[1]));
            ControlMessages control = ControlMessages.withCapacity(64);
            MemorySegment segment = MemorySegment.ofArray(new byte[4]);
            for (int i = 0; i < 2; i++) {
                assertEquals(EOF, pair[1].recv(segment));
                assertEquals(EOF, pair[1].recv(new byte[4], 0, 4));
                assertEquals(EOF, pair[1].recv(segment.asByteBuffer()));
                assertEquals(EOF, pair[1].peek(segment));
                assertEquals(EOF, pair[1].recvMsg(segment, control));
            }
            assertFails(SocketException.class, "send", "EPIPE", () -> send(pair[1], "x"));
            assertFails(SocketException.class, "sendmsg", "EPIPE", () -> pair[1].sendMsg(segment, control));
        }
    }

    @Test
    @Tag("any-selector")
    void shuttingDownTheWriteHalfEndsThePeersMessages() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket[] pair = pair(loop);
            send(pair[0], "x");
            pair[0].shutdown(Shutdown.WRITE);
            assertEquals("x", receive(pair[1]));
            assertEquals(EOF, pair[1].recv(new byte[1], 0, 1));
            send(pair[1], "y");
            assertEquals("y", receive(pair[0]));
            assertFails(SocketException.class, "send", "EPIPE", () -> send(pair[0], "x"));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void aConnectWithoutAListenerFails() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            assertFails(SocketException.class, "connect", "ENOENT", () -> UnixSeqpacket.connect(address));
            UnixSeqpacketListener listener =
                loop.later(UnixSeqpacketListener.bind(address, ListenOptions.DEFAULT.backlog(1)));
            assertFails(SocketException.class, "connect", "EPROTOTYPE", () -> UnixStream.connect(address));
            loop.later(UnixSeqpacket.connect(address));
            loop.later(UnixSeqpacket.connect(address));
            if (!Behaviour.FULL_QUEUES_REFUSE.isHere()) {
                assertFails(ResourceExhaustedException.class, "connect", "EAGAIN",
                    () -> UnixSeqpacket.connect(address));
            }
            listener.close();
            assertFails(ConnectException.class, "connect", "ECONNREFUSED", () -> UnixSeqpacket.connect(address));
        }
    }

    @Test
    @Tag("any-selector")
    void adoptsADescriptorAndDetachesIt() throws IOException {
        try (Loop loop = new Loop()) {
            int[] fds = NativeCalls.unixPair(5);
            UnixSeqpacket socket = loop.later(UnixSeqpacket.fromFd(fds[0]));
            UnixSeqpacket peer = loop.later(UnixSeqpacket.fromFd(fds[1]));
            send(peer, "x");
            assertEquals(fds[0], socket.detach());
            assertEquals("x", receive(loop.later(UnixSeqpacket.fromFd(fds[0]))));

            UnixAddress address = Local.address(loop);
            int listening = UnixSeqpacketListener.bind(address).detach();
            UnixSeqpacketListener listener = loop.later(UnixSeqpacketListener.fromFd(listening));
            loop.later(UnixSeqpacket.connect(address));
            loop.later(listener.accept());
            listener.close();
            assertFalse(NativeFds.isOpen(listening));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void fromFdRefusesAnythingButAUnixSeqpacket() throws IOException {
        try (Loop loop = new Loop()) {
            UnixListener other = loop.later(UnixListener.bind(Local.address(loop)));
            assertThrows(IllegalArgumentException.class, () -> UnixSeqpacketListener.fromFd(other.fd()));
            assertThrows(IllegalArgumentException.class, () -> UnixSeqpacket.fromFd(other.fd()));
            assertThrows(IllegalArgumentException.class, () -> UnixListener.fromFd(pair(loop)[0].fd()));
            int blocking = NativeCalls.unixSocket(5);
            assertThrows(IllegalArgumentException.class, () -> UnixSeqpacket.fromFd(blocking));
            IoSource.makeNonBlocking(blocking);
            loop.later(UnixSeqpacket.fromFd(blocking));
            assertTrue(NativeFds.isNonBlocking(blocking));
        }
    }

    @Test
    void everythingIsRefusedAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            UnixSeqpacket socket = pair(loop)[0];
            socket.close();
            MemorySegment segment = MemorySegment.ofArray(new byte[4]);
            ControlMessages control = ControlMessages.withCapacity(64);
            List<Executable> operations = List.of(() -> socket.recv(segment), () -> socket.peek(segment),
                () -> socket.recvMsg(segment, control), () -> socket.send(segment),
                () -> socket.sendMsg(segment, control), socket::localAddress, socket::peerAddress, socket::fd,
                () -> socket.shutdown(Shutdown.BOTH), () -> loop.register(socket, 1, R));
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
        }
    }
}
