package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.IoResult;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Expected;
import io.panamio.test.support.Peer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of ICMP reach a connected UDP socket once, and end nothing. */
class DatagramErrorsTest {
    private static final long TOKEN = 5;
    private static final Expected ERROR =
        new Expected(TOKEN, Behaviour.DATAGRAM_ERRORS_ARE_NO_FLAG.isHere() ? "r" : "e");

    private Hosts hosts;
    private Loop loop;
    private UdpSocket socket;
    private UdpSocket peer;

    @BeforeEach
    void open() throws IOException {
        hosts = new Hosts();
        loop = hosts.loop;
    }

    @AfterEach
    void close() throws IOException {
        if (hosts != null) {
            hosts.close();
        }
    }

    private static UdpSocket bind(Host host, boolean six) throws IOException {
        return host.call(() -> UdpSocket.bind(new InetSocketAddress(host.address(six), 0)));
    }

    /** Opens a socket on each host. The first is registered, and none of its events is pending. */
    private void open(boolean six, boolean connected) throws IOException {
        socket = loop.later(bind(hosts.a, six));
        peer = loop.later(bind(hosts.b, six));
        peer.connect(socket.localAddress());
        if (connected) {
            socket.connect(peer.localAddress());
        }
        loop.register(socket, TOKEN, Loop.R);
        assertEquals(IoResult.WOULD_BLOCK, receive());
    }

    private long receive() throws IOException {
        return socket.recv(new byte[100], 0, 100);
    }

    private void send(int bytes) throws IOException {
        assertEquals(bytes, socket.send(new byte[bytes], 0, bytes));
    }

    private void assertUsable() throws IOException {
        hosts.wire.rule = hosts.wire::pass;
        byte[] bytes = Local.random(1000);
        assertEquals(1000, socket.send(bytes, 0, 1000));
        byte[] there = new byte[2000];
        assertEquals(1000, Peer.await(() -> peer.recv(there, 0, 2000)));
        assertArrayEquals(bytes, Arrays.copyOf(there, 1000));
        assertEquals(1000, peer.send(there, 0, 1000));
        loop.expect(Loop.readable(TOKEN));
        byte[] back = new byte[2000];
        assertEquals(1000, Peer.await(() -> socket.recv(back, 0, 2000)));
        assertArrayEquals(bytes, Arrays.copyOf(back, 1000));
        assertEquals(IoResult.WOULD_BLOCK, receive());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRefusedDatagramIsThrownOnce(boolean six) throws IOException {
        open(six, true);
        for (boolean receive : new boolean[] {true, false}) {
            hosts.wire.rule = hosts.wire::refuse;
            send(100);
            loop.expect(ERROR);
            Failures.assertFails(ConnectException.class, receive ? "recv" : "send", "ECONNREFUSED", () -> {
                if (receive) {
                    receive();
                } else {
                    send(100);
                }
            });
            assertEquals(IoResult.WOULD_BLOCK, receive());
            assertUsable();
        }
    }

    /** Of a firewall: 13 is "administratively prohibited", 1 for IPv6. */
    @ParameterizedTest
    @CsvSource({"false, 13", "true, 1"})
    void aForbiddenDatagramIsThrownOnce(boolean six, int code) throws IOException {
        Behaviour.ICMP_ERRORS_ARE_LINUXS.require();
        open(six, true);
        hosts.wire.rule = packet -> hosts.wire.unreachable(packet, code);
        send(100);
        loop.expect(ERROR);
        if (six) {
            Failures.assertFails(SocketException.class, "recv", "EACCES", this::receive);
        } else {
            Failures.assertFails(NoRouteToHostException.class, "recv", "EHOSTUNREACH", this::receive);
        }
        assertUsable();
    }

    /** A host or network that is unreachable may be reached in a moment: Linux reports it only with IP_RECVERR. */
    @ParameterizedTest
    @CsvSource({"false, 0", "false, 1", "true, 0", "true, 3"})
    void anUnreachableHostIsNotReported(boolean six, int code) throws IOException {
        Behaviour.ICMP_ERRORS_ARE_LINUXS.require();
        open(six, true);
        AtomicInteger answered = new AtomicInteger();
        hosts.wire.rule = packet -> {
            hosts.wire.unreachable(packet, code);
            answered.addAndGet(1);
        };
        send(100);
        Loop.until("answered", () -> answered.get() > 0);
        assertEquals(IoResult.WOULD_BLOCK, receive());
        loop.expectNothing();
        assertUsable();
    }

    @Test
    void anUnconnectedSocketHasNoErrors() throws IOException {
        open(false, false);
        AtomicInteger answered = new AtomicInteger();
        hosts.wire.rule = packet -> {
            hosts.wire.refuse(packet);
            answered.addAndGet(1);
        };
        SocketAddressBuffer to = SocketAddressBuffer.of(peer.localAddress());
        for (int i = 1; i <= 3; i++) {
            int times = i;
            assertEquals(100, socket.sendTo(new byte[100], 0, 100, to));
            Loop.until("answered", () -> answered.get() >= times);
        }
        assertEquals(IoResult.WOULD_BLOCK, receive());
        loop.expectNothing();
    }

    @Test
    void aBatchReportsARefusalOnce() throws IOException {
        open(false, true);
        DatagramBatch batch = DatagramBatch.allocate(4, 2000);
        boolean batches = Feature.DATAGRAM_BATCHES.support() == Support.SUPPORTED;
        for (boolean receive : new boolean[] {true, false}) {
            hosts.wire.rule = hosts.wire::refuse;
            send(100);
            loop.expect(ERROR);
            hosts.wire.rule = hosts.wire::pass;
            batch.clear();
            if (receive) {
                Failures.assertFails(ConnectException.class, batches ? "recvmmsg" : "recvmsg", "ECONNREFUSED",
                    () -> socket.recvBatch(batch));
            } else {
                batch.add(MemorySegment.ofArray(new byte[10]), SocketAddressBuffer.create());
                Failures.assertFails(ConnectException.class, batches ? "sendmmsg" : "sendmsg", "ECONNREFUSED",
                    () -> socket.sendBatch(batch, 0));
                assertEquals(1, socket.sendBatch(batch, 0));
                assertEquals(10, Peer.await(() -> peer.recv(new byte[100], 0, 100)));
            }
            assertUsable();
        }
    }

    /** The path carries less than the link: the first datagram is lost and reported, and later ones are fragmented. */
    @ParameterizedTest
    @CsvSource({"false, 600", "true, 1280"})
    void aDatagramThatIsTooLongForThePathIsReportedAndTheNextArrives(boolean six, int mtu) throws IOException {
        Behaviour.ICMP_ERRORS_ARE_LINUXS.require();
        open(six, true);
        hosts.wire.rule = packet -> hosts.wire.limit(packet, mtu);
        byte[] bytes = Local.random(1400);
        assertEquals(1400, socket.send(bytes, 0, 1400));
        loop.expect(ERROR);
        Failures.assertFails(SocketException.class, "recv", "EMSGSIZE", this::receive);
        assertEquals(1400, socket.send(bytes, 0, 1400));
        byte[] there = new byte[2000];
        assertEquals(1400, Peer.await(() -> peer.recv(there, 0, 2000)));
        assertArrayEquals(bytes, Arrays.copyOf(there, 1400));
        assertUsable();
    }

    /** Fragments arrive in another order, and some twice. */
    @Test
    void fragmentsMakeWholeDatagrams() throws IOException {
        open(false, true);
        hosts.wire.rule = hosts.wire.lossy(0, 0.2, new Random(4));
        int size = Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere() ? 9_000 : 40_000;
        for (int i = 0; i < 5; i++) {
            byte[] bytes = Local.random(size);
            assertEquals(size, socket.send(bytes, 0, size));
            byte[] there = new byte[50_000];
            assertEquals(size, Peer.await(() -> peer.recv(there, 0, 50_000)));
            assertArrayEquals(bytes, Arrays.copyOf(there, size));
        }
    }
}
