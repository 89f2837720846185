package io.panamio.test.udp;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Peer.await;
import static io.panamio.test.support.Peer.segment;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.bindings.linux.Linux;
import io.panamio.net.ControlMessages;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Control messages of datagrams. */
@Tag("any-selector")
@ExtendWith({Qemu.class, MissingOptions.class})
class ControlMessagesTest {
    private static final MemorySegment X = segment("x");
    /** The default time to live of Linux, macOS and FreeBSD, and that of Windows. */
    private static final List<Integer> DEFAULT_TTL = List.of(64, 128);

    private final SocketAddressBuffer from = SocketAddressBuffer.create();
    private final MemorySegment room = Arena.ofAuto().allocate(1 << 16);
    private final ControlMessages control = ControlMessages.withCapacity(256);

    /** The address of a socket of the library, that of its peer, and the address that the peer sends to. */
    private record Way(InetAddress local, InetAddress host) {
    }

    static List<Way> ways() throws IOException {
        InetAddress any = InetAddress.getByName("::");
        return List.of(new Way(V4, V4), new Way(V6, V6), new Way(any, V4), new Way(any, V6));
    }

    /** Receives the next datagram and its control messages. */
    private long receive(UdpSocket socket) throws IOException {
        return await(() -> socket.recvMsgFrom(room, from, control));
    }

    private static InetSocketAddress to(UdpSocket socket, InetAddress host) throws IOException {
        return new InetSocketAddress(host, socket.localAddress().getPort());
    }

    // ---- receiving

    @ParameterizedTest
    @MethodSource("ways")
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void onlyRequestedMessagesAreReceived(Way way) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            Peer peer = loop.later(new Peer(way.host));
            peer.send("x", to(socket, way.host));
            control.putTtl(7);
            assertEquals(1, receive(socket));
            assertEquals(peer.address(), from.get());
            assertTrue(control.isEmpty());
            assertFalse(control.isTruncated());
            assertEquals(-1, control.ttl());
            assertEquals(-1, control.trafficClass());
            assertEquals(-1, control.timestampNanos());
            assertEquals(-1, control.segmentSize());
            assertEquals(-1, control.interfaceIndex());
            assertNull(control.destination());
            assertNull(control.credentials());
            assertNull(control.get(1, 1));
            assertEquals(0, control.takeFds().length);
            assertEquals("ControlMessages[]", control.toString());
        }
    }

    /** Returns the index of the interface that a datagram reports. */
    private static int interfaceOf(Way way) throws IOException {
        return way.host.equals(V4) && !Feature.IPV4_DATAGRAM_INTERFACE.isAvailable() ? -1 : Loop.loopback().getIndex();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aDatagramCarriesItsDestinationAddress(Way way) throws IOException {
        Qemu.misorders("control messages of IPv6");
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            socket.setOption(SystemSocketOptions.IP_PKTINFO, true);
            loop.later(new Peer(way.host)).send("x", to(socket, way.host));
            assertEquals(1, receive(socket));
            assertEquals(way.host, control.destination());
            assertEquals(interfaceOf(way), control.interfaceIndex());
        }
    }

    @Test
    void theDestinationCanBeAnotherLocalAddress() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(0)));
            socket.setOption(SystemSocketOptions.IP_PKTINFO, true);
            InetAddress second = InetAddress.getByName("127.0.0.2");
            loop.later(new Peer(V4)).send("x", to(socket, second));
            assertEquals(1, receive(socket));
            assertEquals(second, control.destination());
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aDatagramCarriesItsTimeToLiveAndTypeOfService(Way way) throws IOException {
        Qemu.misorders("control messages of IPv6");
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            socket.setOption(SystemSocketOptions.IP_RECVTTL, true);
            socket.setOption(SystemSocketOptions.IP_RECVTOS, true);
            Peer peer = loop.later(new Peer(way.host));
            peer.socket.setOption(StandardSocketOptions.IP_TOS, 0xb8);
            peer.send("x", to(socket, way.host));
            assertEquals(1, receive(socket));
            assertTrue(DEFAULT_TTL.contains(control.ttl()), control.ttl() + " hops");
            if (!Behaviour.TRAFFIC_CLASS_OF_THE_JDK_IS_IGNORED.isHere()) {
                assertEquals(0xb8, control.trafficClass());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aDatagramCarriesItsTimeOfArrival(Way way) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            socket.setOption(SystemSocketOptions.SO_TIMESTAMPNS, true);
            loop.later(new Peer(way.host)).send("x", to(socket, way.host));
            assertEquals(1, receive(socket));
            long ago = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - control.timestampNanos();
            assertTrue(Math.abs(ago) < Loop.LONG.toNanos(), ago + " ns ago");
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void manyMessagesAreReceivedTogether(Way way) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            Peer peer = loop.later(new Peer(way.host));
            for (var option : List.of(SystemSocketOptions.SO_TIMESTAMPNS, SystemSocketOptions.IP_PKTINFO,
                    SystemSocketOptions.IP_RECVTTL, SystemSocketOptions.IP_RECVTOS)) {
                socket.setOption(option, true);
            }
            ControlMessages enough = ControlMessages.withCapacity(4 * 64);
            for (int i = 0; i < 2; i++) {
                peer.send("x", to(socket, way.host));
                assertEquals(1, await(() -> receive(socket, enough)));
                assertFalse(enough.isTruncated());
                assertEquals(way.host, enough.destination());
                assertEquals(64, enough.ttl());
                assertEquals(0, enough.trafficClass());
                assertTrue(enough.timestampNanos() > 0);
                assertEquals(interfaceOf(way), enough.interfaceIndex());
            }
            assertEquals(WOULD_BLOCK, receive(socket, enough));
            assertTrue(enough.isEmpty(), "messages of the previous datagram");
        }
    }

    private long receive(UdpSocket socket, ControlMessages into) throws IOException {
        return socket.recvMsg(room, into);
    }

    @Test
    void truncatedControlMessagesAreReported() throws IOException {
        Qemu.lacks("MSG_CTRUNC");
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            Peer peer = loop.later(new Peer(V4));
            socket.setOption(SystemSocketOptions.IP_PKTINFO, true);
            socket.setOption(SystemSocketOptions.IP_RECVTTL, true);
            ControlMessages small = // not for both
                ControlMessages.withCapacity(Behaviour.CONTROL_HEADERS_ARE_SHORTER.isHere() ? 20 : 40);
            for (int i = 0; i < 2; i++) {
                peer.send("x", socket);
            }
            assertEquals(1, await(() -> receive(socket, small)));
            assertTrue(small.isTruncated());
            small.clear();
            assertFalse(small.isTruncated());
            assertEquals(1, await(() -> receive(socket, ControlMessages.withCapacity(1))));
        }
    }

    // ---- sending

    @ParameterizedTest
    @MethodSource("ways")
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void timeToLiveAndTypeOfServiceApplyToOneDatagram(Way way) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            UdpSocket receiver = loop.later(Peer.bind(way.host)); // the JDK's cannot report them
            receiver.setOption(SystemSocketOptions.IP_RECVTTL, true);
            receiver.setOption(SystemSocketOptions.IP_RECVTOS, true);
            SocketAddressBuffer to = SocketAddressBuffer.of(receiver.localAddress());
            ControlMessages given = ControlMessages.withCapacity(4 * 64).putTtl(7).putTrafficClass(0x28);
            for (int i = 0; i < 2; i++) { // sending does not change it
                assertEquals(1, socket.sendMsgTo(X, to, given));
                assertEquals(1, receive(receiver));
                assertEquals(7, control.ttl());
                assertEquals(0x28, control.trafficClass());
            }
            assertEquals(1, socket.sendTo(X, to));
            assertEquals(1, receive(receiver));
            assertEquals(64, control.ttl());
            assertEquals(0, control.trafficClass());
            socket.connect(receiver.localAddress());
            given.clear();
            assertEquals(1, socket.sendMsg(X, given.putTtl(255)));
            assertEquals(1, receive(receiver));
            assertEquals(255, control.ttl());
        }
    }

    @Test
    void theSourceIsChosen() throws IOException {
        Behaviour.CHOSEN_SOURCES_ARE_IGNORED.skip();
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            InetAddress second = InetAddress.getByName("127.0.0.2");
            for (String wildcard : List.of("0.0.0.0", "::")) {
                UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(wildcard, 0)));
                control.clear();
                assertEquals(1, socket.sendMsgTo(X, peer.buffer(), control.putSource(second, 0)));
                assertEquals(second, peer.receive().getAddress());
                control.clear();
                control.putSource(InetAddress.getByName("203.0.113.1"), 0);
                assertThrows(IOException.class, () -> socket.sendMsgTo(X, peer.buffer(), control));
            }
        }
    }

    @Test
    void theSourceOfIpv6IsChosenWithItsInterface() throws IOException {
        Qemu.misorders("control messages of IPv6");
        Behaviour.CHOSEN_SOURCES_ARE_IGNORED.skip();
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V6));
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress("::", 0)));
            int lo = Loop.loopback().getIndex();
            assertEquals(1, socket.sendMsgTo(X, peer.buffer(), control.putSource(V6, lo)));
            assertEquals(V6, peer.receive().getAddress());
            control.clear();
            control.putSource(InetAddress.getByName("2001:db8::1"), 0);
            assertFails(SocketException.class, "sendmsg", "EINVAL",
                () -> socket.sendMsgTo(X, peer.buffer(), control));
        }
    }

    @Test
    void aReplyIsSentFromTheAddressOfTheRequest() throws IOException {
        Qemu.misorders("the interface in IP_PKTINFO");
        Behaviour.CHOSEN_SOURCES_ARE_IGNORED.skip();
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(0)));
            socket.setOption(SystemSocketOptions.IP_PKTINFO, true);
            Peer peer = loop.later(new Peer(V4));
            InetAddress asked = InetAddress.getByName("127.0.0.3");
            peer.send("?", to(socket, asked));
            assertEquals(1, receive(socket));
            ControlMessages reply = ControlMessages.withCapacity(64);
            reply.putSource(control.destination(), control.interfaceIndex());
            assertEquals(1, socket.sendMsgTo(segment("!"), from, reply));
            assertEquals(asked, peer.receive().getAddress());
        }
    }

    @Test
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void receivedMessagesAreNotSent() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(0)));
            socket.setOption(SystemSocketOptions.IP_PKTINFO, true);
            socket.setOption(SystemSocketOptions.IP_RECVTTL, true);
            Peer peer = loop.later(new Peer(V4));
            peer.send("?", to(socket, InetAddress.getByName("127.0.0.3")));
            assertEquals(1, receive(socket));
            assertEquals(1, socket.sendMsgTo(X, from, control));
            assertEquals(V4, peer.receive().getAddress());
            assertTrue(control.ttl() > 0, "the send changes nothing");
            control.putSource(V4, 0);
            assertEquals(-1, control.ttl(), "the first put discards the received messages");
        }
    }

    // ---- GSO and GRO

    @ParameterizedTest
    @MethodSource("ways")
    @Requires(Feature.DATAGRAM_SEGMENTATION)
    void aMessageIsSegmentedIntoDatagrams(Way way) throws IOException {
        Qemu.misorders("UDP_SEGMENT");
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(way.local));
            Peer peer = loop.later(new Peer(way.host));
            assumeTrue(segments(socket), "no UDP_SEGMENT here");
            assertEquals(250, socket.sendTo(room.asSlice(0, 250), peer.buffer()), "by the socket's option");
            assertLengths(peer, 100, 100, 50);
            socket.setOption(SystemSocketOptions.UDP_SEGMENT, 0);
            control.putSegmentSize(200);
            assertEquals(250, socket.sendMsgTo(room.asSlice(0, 250), peer.buffer(), control));
            assertLengths(peer, 200, 50);
            assertEquals(250, socket.sendTo(room.asSlice(0, 250), peer.buffer()));
            assertLengths(peer, 250);
        }
    }

    private static boolean segments(UdpSocket socket) {
        try {
            socket.setOption(SystemSocketOptions.UDP_SEGMENT, 100);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void assertLengths(Peer peer, int... lengths) throws IOException {
        for (int length : lengths) {
            assertEquals(length, peer.receive().getLength());
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Requires(Feature.DATAGRAM_SEGMENTATION)
    void datagramsOfOneSenderAreReceivedAsOne(Way way) throws IOException {
        Qemu.misorders("UDP_GRO");
        try (Loop loop = new Loop()) {
            UdpSocket receiver = loop.later(Peer.bind(way.local));
            receiver.setOption(SystemSocketOptions.UDP_GRO, true);
            UdpSocket sender = loop.later(Peer.bind(way.host)); // the JDK's cannot set the segment size
            assumeTrue(segments(sender), "no UDP_SEGMENT here");
            SocketAddressBuffer to = SocketAddressBuffer.of(to(receiver, way.host));
            assertEquals(250, sender.sendTo(room.asSlice(0, 250), to));
            assertEquals(250, receive(receiver));
            assertEquals(100, control.segmentSize());
            assertEquals(90, sender.sendTo(room.asSlice(0, 90), to));
            assertEquals(90, receive(receiver));
            assertEquals(-1, control.segmentSize());
        }
    }

    // ---- by number, and bounds

    @Test
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void anyControlMessageIsPutAndFoundByItsNumber() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require();
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UdpSocket receiver = loop.later(Peer.bind(V4));
            receiver.setOption(SystemSocketOptions.IP_RECVTTL, true);
            UdpSocket socket = loop.later(Peer.bind(V4));
            MemorySegment five = arena.allocateFrom(JAVA_INT, 5);
            control.put(Linux.IPPROTO_IP(), Linux.IP_TTL(), five);
            assertFalse(control.isEmpty());
            assertEquals(5, control.get(Linux.IPPROTO_IP(), Linux.IP_TTL()).get(JAVA_INT, 0));
            assertEquals(1, socket.sendMsgTo(X, SocketAddressBuffer.of(receiver.localAddress()), control));
            assertEquals(1, receive(receiver));
            MemorySegment ttl = control.get(Linux.IPPROTO_IP(), Linux.IP_TTL());
            assertEquals(4, ttl.byteSize());
            assertEquals(5, ttl.get(JAVA_INT, 0));
            assertTrue(ttl.isReadOnly());
            assertNull(control.get(Linux.IPPROTO_IP(), Linux.IP_TOS()));
            assertEquals("ControlMessages[level 0 type 2]", control.toString());

            control.clear();
            control.put(Linux.IPPROTO_IP(), Linux.IP_TTL(), MemorySegment.ofArray(new byte[3]));
            assertFails(SocketException.class, "sendmsg", "EINVAL",
                () -> socket.sendMsgTo(X, SocketAddressBuffer.of(receiver.localAddress()), control));
        }
    }

    @Test
    @Requires({Feature.DATAGRAM_SEGMENTATION, Feature.DESCRIPTOR_PASSING, Feature.DATAGRAM_TRAFFIC_OPTIONS})
    void messagesThatDoNotFitAreRefusedWithoutEffect() throws IOException {
        for (int bytes : new int[] {0, -1, 1_000_001}) {
            assertThrows(IllegalArgumentException.class, () -> ControlMessages.withCapacity(bytes));
        }
        ControlMessages small = ControlMessages.withCapacity(48);
        small.putTtl(7);
        assertEquals("ControlMessages[level 0 type 2, level 41 type 52]", small.toString());
        assertThrows(IndexOutOfBoundsException.class, () -> small.putTtl(8));
        assertThrows(IndexOutOfBoundsException.class, () -> small.putTrafficClass(8));
        assertThrows(IndexOutOfBoundsException.class, () -> small.putSegmentSize(8));
        assertThrows(IndexOutOfBoundsException.class, () -> small.putSource(V4, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> small.putFds(0));
        assertThrows(IndexOutOfBoundsException.class, () -> small.put(0, 0, X));
        assertEquals(7, small.ttl());
        assertEquals("ControlMessages[level 0 type 2, level 41 type 52]", small.toString());

        ControlMessages half = ControlMessages.withCapacity(24); // room for only one of the two
        assertThrows(IndexOutOfBoundsException.class, () -> half.putTtl(7));
        assertTrue(half.isEmpty());
        assertThrows(IndexOutOfBoundsException.class, () -> half.putTrafficClass(7));
        assertTrue(half.isEmpty());
    }

    @Test
    @SuppressWarnings("restricted")
    @Requires({Feature.DESCRIPTOR_PASSING, Feature.UNIX_DATAGRAMS})
    void aPutThatThrowsAddsNothing() throws IOException {
        ControlMessages whole = ControlMessages.withCapacity(48);
        MemorySegment ended;
        try (Arena arena = Arena.ofShared()) {
            ended = arena.allocate(8);
        }
        assertThrows(IllegalStateException.class, () -> whole.put(1, 99, ended));
        assertThrows(NullPointerException.class, () -> whole.putCredentials(null));
        for (long size : new long[] {Integer.MAX_VALUE - 30, Integer.MAX_VALUE, 1L << 31, Long.MAX_VALUE}) {
            MemorySegment large = MemorySegment.NULL.reinterpret(size);
            assertThrows(IndexOutOfBoundsException.class, () -> whole.put(1, 99, large), () -> size + " bytes");
        }
        assertTrue(whole.isEmpty(), whole::toString);
        whole.put(1, 99, segment("12345678"));
        assertThrows(IllegalStateException.class, () -> whole.put(1, 98, ended));
        assertEquals("ControlMessages[level 1 type 99]", whole.toString());
        Loop.assume(Feature.CREDENTIAL_PASSING);
        try (Arena arena = Arena.ofConfined()) { // the received messages stay, too
            UnixDatagram[] pair = UnixDatagram.pair();
            try (UnixDatagram a = pair[0]; UnixDatagram b = pair[1]) {
                b.setOption(SystemSocketOptions.SO_PASSCRED, true);
                a.send(X);
                b.recvMsg(arena.allocate(1), control);
                assertThrows(IndexOutOfBoundsException.class, () -> control.put(1, 99, arena.allocate(1000)));
                assertThrows(IllegalStateException.class, () -> control.put(1, 99, ended));
                assertEquals(ProcessHandle.current().pid(), control.credentials().pid());
                MemorySegment echo = control.get(Linux.SOL_SOCKET(), Linux.SCM_CREDENTIALS());
                control.put(Linux.SOL_SOCKET(), Linux.SCM_CREDENTIALS(), echo); // as it is received, so it is sent
                assertEquals(ProcessHandle.current().pid(), control.credentials().pid());
            }
        }
    }

    @Test
    @Requires({Feature.DATAGRAM_SEGMENTATION, Feature.DATAGRAM_TRAFFIC_OPTIONS})
    void numbersOutOfRangeAreRefused() {
        for (int wrong : new int[] {-1, 0, 256}) {
            assertThrows(IllegalArgumentException.class, () -> control.putTtl(wrong));
        }
        for (int wrong : new int[] {-1, 256}) {
            assertThrows(IllegalArgumentException.class, () -> control.putTrafficClass(wrong));
        }
        for (int wrong : new int[] {-1, 0, 65536}) {
            assertThrows(IllegalArgumentException.class, () -> control.putSegmentSize(wrong));
        }
        assertTrue(control.isEmpty());
    }
}
