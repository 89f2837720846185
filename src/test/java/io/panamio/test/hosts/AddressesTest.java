package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A name with many addresses: of those in this network, some do not answer, some refuse, and some are unreachable. */
@Tag("any-selector")
class AddressesTest {
    private static final long DELAY = 250_000_000; // the Connection Attempt Delay of RFC 8305

    private static final Pattern TRIED = Pattern.compile("(\\d+) of \\d+ addresses tried");

    private Hosts hosts;
    /** The addresses to which packets were sent, in this order. */
    private final Set<InetAddress> tried = Collections.synchronizedSet(new LinkedHashSet<>());
    /** Around the call that tried an address: the time before it, and after it. */
    private final List<Long> before = new ArrayList<>();
    private final List<Long> after = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        hosts = new Hosts();
        hosts.wire.rule = packet -> {
            if (packet.from() == hosts.a && packet.has(Packet.SYN)) {
                tried.add(packet.to());
            }
            int number = packet.to().getAddress()[packet.to().getAddress().length - 1] & 0xff;
            switch (number / 10) {
                case 0 -> hosts.wire.pass(packet);
                case 1, 2, 3, 4 -> hosts.wire.refuse(packet);
                case 5 -> hosts.wire.unreachable(packet, packet.to().getAddress().length == 4 ? 1 : 3);
                default -> { } // no answer
            }
        };
    }

    @AfterEach
    void close() throws IOException {
        if (hosts != null) {
            hosts.close();
        }
    }

    private static InetAddress v4(int number) throws IOException {
        return InetAddress.getByName("10.9.0." + number);
    }

    private static InetAddress v6(int number) throws IOException {
        return InetAddress.getByAddress(new byte[] {(byte) 0xfd, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            (byte) number});
    }

    /** Connects from the first host, which calls the connector after events only. */
    private TcpStream connect(int port, Duration timeout, List<InetAddress> addresses) throws IOException {
        return hosts.a.call(() -> {
            InetAddress[] answer = addresses.toArray(InetAddress[]::new);
            long time = System.nanoTime();
            try (Connector connector = Connector.connect("name.invalid", port, timeout, ConnectOptions.DEFAULT,
                    name -> CompletableFuture.completedFuture(answer))) {
                note(connector, time);
                hosts.loop.register(connector, 1, Loop.W);
                for (;;) {
                    assertTrue(hosts.loop.poll.poll(hosts.loop.events, Loop.LONG) > 0, "no event");
                    time = System.nanoTime();
                    TcpStream stream = connector.finishConnect();
                    if (stream != null) {
                        return hosts.loop.later(stream);
                    }
                    note(connector, time);
                }
            }
        });
    }

    private void note(Connector connector, long time) {
        Matcher m = TRIED.matcher(connector.toString());
        assertTrue(m.find(), connector::toString);
        while (after.size() < Integer.parseInt(m.group(1))) {
            before.add(time);
            after.add(System.nanoTime());
        }
    }

    /** The next address follows a failure, or after the delay an address without an answer, never earlier. */
    @Test
    void addressesAreTriedInTurnAndTheFirstThatAnswersWins() throws IOException {
        TcpListener listener = hosts.listen(true);
        List<InetAddress> addresses = List.of(v6(60), v6(10), v6(61), v6(50), hosts.b.v6,
            v4(60), v4(50), v4(61));
        List<InetAddress> order = List.of(v6(60), v4(60), v6(10), v4(50), v6(61), v4(61), v6(50), hosts.b.v6);
        try (TcpStream stream = connect(listener.localAddress().getPort(), Loop.LONG, addresses)) {
            assertEquals(hosts.b.v6, stream.peerAddress().getAddress());
            TcpStream peer = hosts.loop.later(Loop.accept(listener));
            hosts.exchange(new TcpStream[] {stream, peer}, 10_000, 10_000);
        }
        assertEquals(order, List.copyOf(tried));
        assertEquals(order.size(), after.size());
        for (int i : new int[] {1, 2, 5, 6}) { // each after an address that does not answer
            assertTrue(after.get(i) - before.get(i - 1) >= DELAY, order.get(i) + " was tried too early");
        }
    }

    @Test
    void everyAddressThatFailsIsListed() throws IOException {
        List<InetAddress> addresses = new ArrayList<>();
        for (int i = 10; i < 30; i++) {
            addresses.add(v4(i));
            addresses.add(v6(i));
        }
        ConnectException e = assertThrows(ConnectException.class, () -> connect(7, Loop.LONG, addresses));
        assertEquals(addresses, List.copyOf(tried));
        assertEquals(addresses.size(), e.getSuppressed().length);
        assertTrue(e.getMessage().contains("ECONNREFUSED"), e.getMessage());
    }

    @Test
    void theDeadlineEndsAddressesThatDoNotAnswer() throws IOException {
        List<InetAddress> addresses = List.of(v4(60), v4(10), v4(61), v4(50), v4(62), v4(63));
        SocketTimeoutException e = assertThrows(SocketTimeoutException.class,
            () -> connect(7, Duration.ofMillis(600), addresses));
        assertTrue(e.getMessage().contains("10.9.0.60:7: no answer"), e.getMessage());
    }
}
