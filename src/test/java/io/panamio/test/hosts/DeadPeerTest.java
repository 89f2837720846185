package io.panamio.test.hosts;

import static io.panamio.test.hosts.Hosts.A;
import static io.panamio.test.hosts.Hosts.B;
import static io.panamio.test.support.Loop.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoResult;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Shutdown;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Loop.Expected;
import io.panamio.test.support.MissingOptions;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that has vanished, forgets, stops or is cut off: each is reported as documented, or hides nothing. */
class DeadPeerTest {
    private static final Expected BROKEN = new Expected(A, "r rc wc e");

    private Hosts hosts;
    private Loop loop;

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

    private static long read(TcpStream stream) throws IOException {
        return stream.read(new byte[100], 0, 100);
    }

    private static void write(TcpStream stream, int bytes) throws IOException {
        assertEquals(bytes, stream.write(new byte[bytes], 0, bytes));
    }

    /** Takes the events of a new connection. */
    private void register(TcpStream stream) throws IOException {
        loop.register(stream, A, RW);
        loop.expect(Loop.writable(A));
        assertEquals(IoResult.WOULD_BLOCK, read(stream));
    }

    // ---- connects

    private TcpStream connecting(boolean six, Wire.Rule rule) throws IOException {
        hosts.a.set("ipv4/tcp_syn_retries", 1);
        hosts.wire.rule = rule;
        TcpStream stream = loop.later(hosts.a.call(() ->
            TcpStream.connect(new InetSocketAddress(hosts.b.address(six), 7))));
        loop.register(stream, A, RW);
        loop.expect(new Expected(A, "w wc e"));
        return stream;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aConnectWithoutAnAnswerTimesOut(boolean six) throws IOException {
        TcpStream stream = connecting(six, Wire.CUT);
        ConnectException e =
            Failures.assertFails(ConnectException.class, "connect", "ETIMEDOUT", stream::finishConnect);
        assertTrue(e.getMessage().contains(hosts.b.address(six).getHostAddress()), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aConnectThatTheNetworkRefusesFails(boolean six) throws IOException {
        TcpStream stream = connecting(six, hosts.wire::refuse);
        Failures.assertFails(ConnectException.class, "connect", "ECONNREFUSED", stream::finishConnect);
    }

    /** The code of an address that is unreachable is 1 for IPv4, and 3 for IPv6. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aConnectToAnUnreachableHostFails(boolean six) throws IOException {
        TcpStream stream = connecting(six, packet -> hosts.wire.unreachable(packet, six ? 3 : 1));
        Failures.assertFails(NoRouteToHostException.class, "connect", "EHOSTUNREACH", stream::finishConnect);
    }

    // ---- connections that break

    @Test
    void keepAliveFindsAPeerThatHasVanished() throws IOException {
        TcpStream stream = hosts.connect(false, ConnectOptions.DEFAULT.with(StandardSocketOptions.SO_KEEPALIVE, true)
            .with(SystemSocketOptions.TCP_KEEPIDLE, 1).with(SystemSocketOptions.TCP_KEEPINTVL, 1)
            .with(SystemSocketOptions.TCP_KEEPCNT, 1))[0];
        register(stream);
        hosts.wire.rule = Wire.CUT;
        loop.expect(BROKEN);
        Failures.assertFails(SocketException.class, "recv", "ETIMEDOUT", () -> read(stream));
        assertEquals(IoResult.EOF, read(stream));
        Failures.assertFails(SocketException.class, "send", "EPIPE", () -> write(stream, 1));
    }

    @Test
    @ExtendWith(MissingOptions.class)
    void bytesThatNobodyAcknowledgesEndTheConnectionAfterTheUserTimeout() throws IOException {
        TcpStream stream = hosts.connect(true,
            ConnectOptions.DEFAULT.with(SystemSocketOptions.TCP_USER_TIMEOUT, 500))[0];
        register(stream);
        hosts.wire.rule = Wire.CUT;
        write(stream, 100);
        loop.expect(BROKEN);
        Failures.assertFails(SocketException.class, "send", "ETIMEDOUT", () -> write(stream, 1));
    }

    /** An error of ICMP ends no connection, but says why it has timed out. */
    @Test
    @ExtendWith(MissingOptions.class)
    void anUnreachablePeerIsNamedAfterTheUserTimeout() throws IOException {
        TcpStream[] pair = hosts.connect(false);
        TcpStream stream = pair[0];
        register(stream);
        AtomicInteger refused = new AtomicInteger();
        hosts.wire.rule = packet -> {
            refused.addAndGet(1);
            hosts.wire.unreachable(packet, 1);
        };
        write(stream, 100);
        Loop.until("refused", () -> refused.get() > 1);
        hosts.wire.rule = hosts.wire::pass;
        assertArrayEquals(new byte[100], Loop.readFully(pair[1], 100));
        stream.setOption(SystemSocketOptions.TCP_USER_TIMEOUT, 500);
        hosts.wire.rule = packet -> hosts.wire.unreachable(packet, 1);
        write(stream, 100);
        loop.expect(BROKEN);
        Failures.assertFails(NoRouteToHostException.class, "recv", "EHOSTUNREACH", () -> read(stream));
    }

    @Test
    void aResetOfTheNetworkEndsTheConnection() throws IOException {
        TcpStream[] pair = hosts.connect(false);
        register(pair[0]);
        hosts.wire.rule = hosts.wire::refuse;
        write(pair[0], 100);
        loop.expect(BROKEN);
        Failures.assertFails(SocketException.class, "recv", "ECONNRESET", () -> read(pair[0]));
        loop.register(pair[1], B, RW);
        write(pair[1], 100);
        loop.expect(new Expected(B, "r rc wc e"));
        Failures.assertFails(SocketException.class, "recv", "ECONNRESET", () -> read(pair[1]));
    }

    /** The second host closes while the link is down: so a peer is left that has crashed and started again. */
    private TcpStream halfOpen(ConnectOptions options) throws IOException {
        TcpStream[] pair = hosts.connect(false, options);
        register(pair[0]);
        hosts.wire.rule = Wire.CUT;
        pair[1].setOption(StandardSocketOptions.SO_LINGER, 0);
        pair[1].close();
        loop.expectNothing();
        hosts.wire.rule = hosts.wire::pass;
        return pair[0];
    }

    @Test
    void aWriteFindsAPeerThatHasForgottenTheConnection() throws IOException {
        TcpStream stream = halfOpen(ConnectOptions.DEFAULT);
        loop.expectNothing();
        write(stream, 1);
        loop.expect(BROKEN);
        Failures.assertFails(SocketException.class, "recv", "ECONNRESET", () -> read(stream));
    }

    @Test
    void keepAliveFindsAPeerThatHasForgottenTheConnection() throws IOException {
        TcpStream stream = halfOpen(ConnectOptions.DEFAULT.with(StandardSocketOptions.SO_KEEPALIVE, true)
            .with(SystemSocketOptions.TCP_KEEPIDLE, 1));
        loop.expect(BROKEN);
        Failures.assertFails(SocketException.class, "recv", "ECONNRESET", () -> read(stream));
    }

    // ---- connections that go on

    /** The end is lost at first, also if it comes with the last bytes. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSwallowedEndArrivesLaterAndHidesNoByte(boolean close) throws IOException {
        TcpStream[] pair = hosts.connect(false);
        register(pair[0]);
        AtomicInteger swallowed = new AtomicInteger();
        hosts.wire.rule = packet -> {
            if (!packet.has(Packet.FIN) || swallowed.addAndGet(1) > 2) {
                hosts.wire.pass(packet);
            }
        };
        byte[] bytes = Local.random(5000);
        assertEquals(5000, pair[1].write(bytes, 0, 5000));
        if (close) {
            pair[1].close();
        } else {
            pair[1].shutdown(Shutdown.WRITE);
        }
        assertArrayEquals(bytes, Loop.readFully(pair[0], 5000));
        if (swallowed.get() <= 2) {
            assertEquals(IoResult.WOULD_BLOCK, read(pair[0]));
        }
        loop.expect(new Expected(A, "r rc"));
        assertEquals(IoResult.EOF, read(pair[0]));
        assertTrue(swallowed.get() > 2);
        if (!close) {
            write(pair[0], 100);
            assertArrayEquals(new byte[100], Loop.readFully(pair[1], 100));
        }
    }

    /** The announcement that the window is open again is lost, so that only the probes of the sender find it open. */
    @Test
    void aReaderThatStopsAndGoesOnLosesNothing() throws IOException {
        TcpStream[] pair = hosts.connect(false);
        register(pair[0]);
        AtomicInteger closed = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        hosts.wire.rule = packet -> {
            if (packet.from() == hosts.b && packet.protocol() == Packet.TCP) {
                if (packet.window() == 0) {
                    closed.addAndGet(1);
                } else if (closed.get() > 0 && lost.get() == 0) {
                    lost.addAndGet(1);
                    return;
                }
            }
            hosts.wire.pass(packet);
        };
        byte[] bytes = Local.random(32 << 20);
        int[] sent = {0};
        Loop.until("a closed window", () -> {
            long n = pair[0].write(bytes, sent[0], bytes.length - sent[0]);
            sent[0] += (int) Math.max(0, n);
            return n == IoResult.WOULD_BLOCK && closed.get() > 0 && loop.poll.poll(loop.events, Loop.SHORT) == 0;
        });
        assertArrayEquals(Arrays.copyOf(bytes, sent[0]), Loop.readFully(pair[1], sent[0]));
        loop.expect(Loop.writable(A));
        assertEquals(1, lost.get());
        write(pair[0], 1);
        assertArrayEquals(new byte[1], Loop.readFully(pair[1], 1));
    }
}
