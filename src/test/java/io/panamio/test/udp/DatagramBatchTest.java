package io.panamio.test.udp;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.writable;
import static io.panamio.test.support.Peer.await;
import static io.panamio.test.support.Peer.segment;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UdpSocket;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Peer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

public class DatagramBatchTest {
    /** A broadcast address, to which a socket may send only with SO_BROADCAST. */
    private static final InetSocketAddress BROADCAST = new InetSocketAddress("127.255.255.255", 9);

    /** The system call that sends, which exceptions name. */
    private static final String SEND =
        Feature.DATAGRAM_BATCHES.support() == Support.SUPPORTED ? "sendmmsg" : "sendmsg";

    private final SocketAddressBuffer address = SocketAddressBuffer.create();

    static List<InetAddress> hosts() {
        return List.of(V4, V6);
    }

    private static String text(DatagramBatch batch, int i) {
        return new String(batch.data(i).asSlice(0, batch.length(i)).toArray(JAVA_BYTE));
    }

    private Object address(DatagramBatch batch, int i) {
        batch.address(i, address);
        return address.get();
    }

    /** Sends texts, and waits for the first to arrive: on the loopback the others have arrived as well then. */
    private static void send(Peer peer, UdpSocket to, String... texts) throws IOException {
        for (String text : texts) {
            peer.send(text, to);
        }
        await(() -> to.peek(MemorySegment.ofArray(new byte[1])));
    }

    // ---- receiving

    @ParameterizedTest
    @MethodSource("hosts")
    void aBatchReceivesPendingDatagramsWithSenders(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Peer one = loop.later(new Peer(host));
            Peer two = loop.later(new Peer(host));
            UdpSocket socket = loop.later(Peer.bind(host));
            loop.register(socket, 1, R);
            DatagramBatch batch = DatagramBatch.allocate(8, 100);
            assertEquals(WOULD_BLOCK, socket.recvBatch(batch));
            assertEquals(0, batch.count());
            send(one, socket, "first", "");
            send(two, socket, "third");
            loop.expect(readable(1));
            assertEquals(3, socket.recvBatch(batch), "fewer than its capacity");
            assertEquals(3, batch.count());
            assertEquals(List.of("first", "", "third"), List.of(text(batch, 0), text(batch, 1), text(batch, 2)));
            assertEquals(one.address(), address(batch, 0));
            assertEquals(one.address(), address(batch, 1));
            assertEquals(two.address(), address(batch, 2));
            assertNull(address(batch, 3));
            assertFalse(batch.isTruncated(0) || batch.isTruncated(1));

            assertEquals(WOULD_BLOCK, socket.recvBatch(batch));
            assertEquals(0, batch.count(), "earlier datagrams are gone");
            assertNull(address(batch, 0));
        }
    }

    @Test
    @Tag("any-selector")
    void datagramsThatDoNotFitAreReceivedByTheNextBatch() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            send(peer, socket, "1", "2", "3", "4", "5");
            for (int i = 1; i < 5; i += 2) {
                assertEquals(2, socket.recvBatch(batch));
                assertEquals("" + i, text(batch, 0));
                assertEquals("" + (i + 1), text(batch, 1));
            }
            assertEquals(1, socket.recvBatch(batch));
            assertEquals("5", text(batch, 0));
        }
    }

    @Test
    @Tag("any-selector")
    void aDatagramLongerThanItsSlotIsTruncatedAndMarked() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            DatagramBatch batch = DatagramBatch.allocate(4, 4);
            send(peer, socket, "too long", "fits", "too long as well");
            assertEquals(3, socket.recvBatch(batch));
            assertEquals(List.of("too ", "fits", "too "), List.of(text(batch, 0), text(batch, 1), text(batch, 2)));
            assertTrue(batch.isTruncated(0));
            assertFalse(batch.isTruncated(1));
            assertTrue(batch.isTruncated(2));
            send(peer, socket, "ok");
            assertEquals(1, socket.recvBatch(batch));
            assertFalse(batch.isTruncated(0), "no more");
        }
    }

    @Test
    @Tag("any-selector")
    void eachDatagramHasItsOwnControlMessages() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            socket.setOption(SystemSocketOptions.IP_RECVTOS, true);
            DatagramBatch batch = DatagramBatch.allocate(4, 10, 64);
            for (int tos : new int[] {0x20, 0x40, 0}) {
                peer.socket.setOption(StandardSocketOptions.IP_TOS, tos);
                send(peer, socket, "x");
            }
            assertEquals(3, socket.recvBatch(batch));
            assertEquals(0x20, batch.control(0).trafficClass());
            assertEquals(0x40, batch.control(1).trafficClass());
            assertEquals(0, batch.control(2).trafficClass());
            assertTrue(batch.control(3).isEmpty());
            assertSame(batch.control(0), batch.control(0));
            batch.clear();
            assertTrue(batch.control(0).isEmpty());
        }
    }

    // ---- sending

    @ParameterizedTest
    @MethodSource("hosts")
    @Tag("any-selector")
    void aBatchIsSentToManyAddressesAtOnce(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(host));
            DatagramBatch batch = DatagramBatch.allocate(4, 10);
            List<Peer> peers = List.of(loop.later(new Peer(host)), loop.later(new Peer(host)));
            for (Peer peer : peers) {
                assertEquals(batch.count(), batch.add(segment("to " + batch.count()), peer.buffer()));
            }
            batch.add(MemorySegment.NULL, peers.getFirst().buffer());
            assertEquals(3, socket.sendBatch(batch, 0));
            assertEquals("to 0", peers.get(0).receiveText());
            assertEquals("", peers.get(0).receiveText());
            assertEquals("to 1", peers.get(1).receiveText());
        }
    }

    @Test
    @Tag("any-selector")
    void anEmptyAddressMeansThePeer() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            Peer other = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            socket.connect(peer.address());
            DatagramBatch batch = DatagramBatch.allocate(4, 10);
            batch.add(segment("peer"), address);
            batch.add(segment("other"), other.buffer());
            int sent = Behaviour.CONNECTED_SOCKETS_SEND_ONLY_TO_THEIR_PEER.isHere() ? 1 : 2;
            assertEquals(sent, socket.sendBatch(batch, 0));
            assertEquals("peer", peer.receiveText());
            if (sent == 2) {
                assertEquals("other", other.receiveText());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aBatchIsSentFromAnyOfItsDatagramsOn() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            DatagramBatch batch = DatagramBatch.allocate(4, 10);
            for (int i = 0; i < 4; i++) {
                batch.add(segment("" + i), peer.buffer());
            }
            assertEquals(1, socket.sendBatch(batch, 3));
            assertEquals(2, socket.sendBatch(batch, 2));
            assertEquals(0, socket.sendBatch(batch, 4));
            for (String expected : List.of("3", "2", "3")) {
                assertEquals(expected, peer.receiveText());
            }
            assertThrows(IndexOutOfBoundsException.class, () -> socket.sendBatch(batch, 5));
            assertThrows(IndexOutOfBoundsException.class, () -> socket.sendBatch(batch, -1));
        }
    }

    @ParameterizedTest
    @MethodSource("hosts")
    @Tag("any-selector")
    void aReceivedBatchIsSentBackUnchanged(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            Peer one = loop.later(new Peer(host));
            Peer two = loop.later(new Peer(host));
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(0)));
            socket.setOption(SystemSocketOptions.IP_RECVTTL, true);
            InetSocketAddress to = new InetSocketAddress(host, socket.localAddress().getPort());
            DatagramBatch batch = DatagramBatch.allocate(4, 8, 64);
            for (int round = 0; round < 2; round++) {
                one.send("from one", to);
                two.send("two" + round, to);
                one.send("", to);
                await(() -> socket.peek(MemorySegment.NULL));
                assertEquals(3, socket.recvBatch(batch));
                assertTrue(batch.control(0).ttl() > 0);
                assertEquals(3, socket.sendBatch(batch, 0), "without the control messages");
                assertEquals("from one", one.receiveText());
                assertEquals("", one.receiveText());
                assertEquals("two" + round, two.receiveText());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aBatchIsFilledAndChangedInPlace() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            batch.add(segment("abc"), address);
            batch.data(0).copyFrom(segment("ABCDEF"));
            batch.setLength(0, 6);
            batch.setAddress(0, peer.buffer());
            assertEquals(peer.address(), address(batch, 0));
            assertEquals(1, socket.sendBatch(batch, 0));
            assertEquals("ABCDEF", peer.receiveText());
            batch.clear();
            assertEquals(0, batch.count());
            assertEquals(0, socket.sendBatch(batch, 0));
        }
    }

    @Test
    @Tag("any-selector")
    void controlMessagesGoWithTheirDatagram() throws IOException {
        Behaviour.CHOSEN_SOURCES_ARE_IGNORED.skip();
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress("0.0.0.0", 0)));
            DatagramBatch batch = DatagramBatch.allocate(3, 10, 64);
            for (int i = 0; i < 3; i++) {
                batch.add(segment("x"), peer.buffer());
                batch.control(i).putSource(InetAddress.getByName("127.0.0." + (2 + i)), 0);
            }
            assertEquals(3, socket.sendBatch(batch, 0));
            Set<String> sources = new HashSet<>();
            for (int i = 0; i < 3; i++) {
                sources.add(peer.receive().getAddress().getHostAddress());
            }
            assertEquals(Set.of("127.0.0.2", "127.0.0.3", "127.0.0.4"), sources);
        }
    }

    // ---- errors

    @Test
    @Tag("any-selector")
    void theErrorOfTheFirstIsThrownAndThatOfALaterOneEndsTheCall() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            SocketAddressBuffer wrong = SocketAddressBuffer.of(BROADCAST);
            DatagramBatch batch = DatagramBatch.allocate(4, 10);
            batch.add(segment("0"), peer.buffer());
            batch.add(segment("1"), peer.buffer());
            batch.add(segment("2"), wrong);
            batch.add(segment("3"), peer.buffer());
            assertEquals(2, socket.sendBatch(batch, 0));
            assertFails(SocketException.class, SEND, "EACCES", () -> socket.sendBatch(batch, 2));
            assertEquals(1, socket.sendBatch(batch, 3));
            for (String expected : List.of("0", "1", "3")) {
                assertEquals(expected, peer.receiveText());
            }
        }
    }

    @Test
    void aPendingErrorIsThrownInsteadOfDatagrams() throws IOException {
        Behaviour.REFUSED_DATAGRAMS_ARE_READABLE.skip();
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            socket.connect(Peer.nobody(V4));
            loop.register(socket, 1, R);
            assertEquals(1, socket.send(segment("x")));
            loop.expect(new Loop.Expected(1, Behaviour.DATAGRAM_ERRORS_ARE_NO_FLAG.isHere() ? "r" : "e"));
            DatagramBatch batch = DatagramBatch.allocate(4, 10);
            batch.add(segment("x"), address);
            assertFails(ConnectException.class, SEND, "ECONNREFUSED", () -> socket.sendBatch(batch, 0));
            assertEquals(1, batch.count());
            assertEquals(WOULD_BLOCK, socket.recvBatch(batch));
        }
    }

    @Test
    @Tag("any-selector")
    void boundsAreChecked() throws IOException {
        for (int[] wrong : new int[][] {{0, 1, 0}, {1025, 1, 0}, {1, 0, 0}, {1, 65537, 0}, {1, 1, -1}, {1, 1, 65537}}) {
            assertThrows(IllegalArgumentException.class,
                () -> DatagramBatch.allocate(wrong[0], wrong[1], wrong[2]));
        }
        DatagramBatch batch = DatagramBatch.allocate(2, 4);
        assertEquals(2, batch.capacity());
        assertEquals(4, batch.data(1).byteSize());
        for (int i : new int[] {-1, 2}) {
            for (Executable call : List.<Executable>of(() -> batch.data(i), () -> batch.length(i),
                    () -> batch.setLength(i, 1), () -> batch.isTruncated(i), () -> batch.address(i, address),
                    () -> batch.setAddress(i, address), () -> batch.control(i))) {
                assertThrows(IndexOutOfBoundsException.class, call);
            }
        }
        assertThrows(IndexOutOfBoundsException.class, () -> batch.setLength(0, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.setLength(0, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.add(segment("12345"), address));
        assertThrows(IllegalStateException.class, () -> batch.control(0));
        assertEquals(0, batch.count());
        batch.add(segment("1"), address);
        batch.add(segment("1234"), address);
        assertThrows(IndexOutOfBoundsException.class, () -> batch.add(segment(""), address));
        assertEquals(2, batch.count());
        batch.data(0).fill((byte) 1);
        assertEquals("1234", text(batch, 1), "of its own");
    }

    @Test
    @Tag("any-selector")
    void theLargestBatchWorks() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                socket.setOption(StandardSocketOptions.SO_SNDBUF, 65536);
            }
            DatagramBatch batch = DatagramBatch.allocate(1024, 65536, 64);
            send(peer, socket, "x");
            assertEquals(1, socket.recvBatch(batch));
            batch.clear();
            MemorySegment longest = MemorySegment.ofArray(new byte[65507]);
            batch.add(longest, peer.buffer());
            assertEquals(1, socket.sendBatch(batch, 0));
            assertEquals(65507, peer.receive().getLength());
        }
    }

    // ---- events

    @Test
    void aBatchThatDidNotFillHasDrainedTheSocket() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, R);
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            for (int i = 0; i < 3; i++) {
                peer.send("x", socket);
                loop.expect(readable(1));
                assertEquals(1, socket.recvBatch(batch));
                loop.expectNothing();
            }
        }
    }

    @Test
    void aBatchThatFilledMayHaveLeftDatagrams() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            UdpSocket socket = loop.later(Peer.bind(V4));
            send(peer, socket, "1", "2", "3");
            loop.register(socket, 1, R);
            loop.expect(readable(1));
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            assertEquals(2, socket.recvBatch(batch));
            loop.expectNothing();
            assertEquals(1, socket.recvBatch(batch));
            peer.send("4", socket);
            loop.expect(readable(1));
        }
    }

    @Test
    void aPartlySentBatchHasAnEventOnPoll() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            loop.register(socket, 1, RW);
            loop.expect(writable(1));
            DatagramBatch batch = DatagramBatch.allocate(2, 10);
            batch.add(segment("0"), loop.later(new Peer(V4)).buffer());
            batch.add(segment("1"), SocketAddressBuffer.of(BROADCAST));
            assertEquals(1, socket.sendBatch(batch, 0));
            if (!Loop.hasEdges()) {
                loop.expect(writable(1));
            }
        }
    }
}
