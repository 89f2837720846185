package io.panamio.test.tcp;

import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.W;
import static io.panamio.test.support.Loop.nobody;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Event;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.Waker;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.NativeFds.Exhaustion;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ConnectorTest {
    /** A name that no test looks up. */
    private static final String NAME = "server.invalid";
    private static final long TOKEN = Long.MIN_VALUE;
    private static final Duration DELAY = Duration.ofMillis(250);
    private static final InetAddress HERE = named(V4);
    private static final InetAddress SECOND = named(address("127.0.0.2"));
    private static final InetAddress THIRD = named(address("127.0.0.3"));
    private static final InetAddress SIXTH = named(V6);

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static InetAddress named(InetAddress address) {
        try {
            return InetAddress.getByAddress(NAME, address.getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Function<String, CompletableFuture<InetAddress[]>> answering(InetAddress... addresses) {
        return name -> {
            assertEquals(NAME, name);
            return CompletableFuture.completedFuture(addresses);
        };
    }

    /** A connector, registered with {@link #TOKEN}, for a name with these addresses. */
    private static Connector connector(Loop loop, int port, Duration timeout, InetAddress... addresses)
            throws IOException {
        return registered(loop, Connector.connect(NAME, port, timeout, ConnectOptions.DEFAULT, answering(addresses)));
    }

    private static Connector connector(Loop loop, int port, InetAddress... addresses) throws IOException {
        return connector(loop, port, LONG, addresses);
    }

    /** A connector, registered with {@link #TOKEN}, for a name with this answer. */
    private static Connector connector(Loop loop, int port, CompletableFuture<InetAddress[]> answer)
            throws IOException {
        return registered(loop, Connector.connect(NAME, port, LONG, ConnectOptions.DEFAULT, name -> answer));
    }

    private static Connector registered(Loop loop, Connector connector) throws IOException {
        loop.register(loop.later(connector), TOKEN, W);
        return connector;
    }

    /** Waits for an event of the connector; others must not arrive. */
    private static void awaitEvent(Loop loop) throws IOException {
        assertTrue(loop.poll.poll(loop.events, LONG) > 0, "no event");
        for (Event event : loop.events) {
            assertEquals(TOKEN, event.token());
        }
    }

    /** Calls finishConnect after each event only, until it returns the stream or throws. */
    private static TcpStream finish(Loop loop, Connector connector) throws IOException {
        TcpStream stream;
        do {
            awaitEvent(loop);
            stream = connector.finishConnect();
        } while (stream == null);
        return loop.later(stream);
    }

    private static TcpListener listener(Loop loop, InetAddress address, int port) throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(address, port)));
    }

    private static TcpListener listener(Loop loop) throws IOException {
        return listener(loop, V4, 0);
    }

    private static int port(TcpListener listener) throws IOException {
        return listener.localAddress().getPort();
    }

    /** Returns a port of {@link #SECOND} at which no connect is answered. */
    private static int silentPort(Loop loop) throws IOException {
        TcpListener silent = loop.withShortQueue(SECOND);
        loop.connecting(silent);
        return port(silent);
    }

    /** Returns a port of {@link #SECOND} at which no connect is answered, but those to {@link #HERE} are. */
    private static int silentPortAnsweredHere(Loop loop) throws IOException {
        while (true) {
            int port = port(listener(loop));
            try {
                loop.connecting(loop.later(
                    TcpListener.bind(new InetSocketAddress(SECOND, port), ListenOptions.DEFAULT.backlog(1))));
                return port;
            } catch (BindException e) {
                // another test's, which runs at the same time
            }
        }
    }

    /** Counts what is opened from now on, without what some systems open for the first source of a Poll. */
    private static NativeFds.Opened opened(Loop loop) throws IOException {
        loop.register(listener(loop), 1, W);
        return new NativeFds.Opened();
    }

    private static long nanosSince(long start) {
        return System.nanoTime() - start;
    }

    // ---- connecting

    @Test
    void theStreamIsConnectedAndTheCallers() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            Connector connector = connector(loop, port(listener), HERE);
            TcpStream stream = finish(loop, connector);
            assertThrows(ClosedChannelException.class, connector::finishConnect);
            connector.close();
            assertTrue(stream.finishConnect());
            loop.register(stream, 2, RW); // it is not registered
            assertEquals("w", loop.next(2));
            TcpStream accepted = loop.later(Loop.accept(listener));
            assertEquals(stream.localAddress(), accepted.peerAddress());
            assertEquals(1, accepted.write(new byte[] {7}, 0, 1));
            assertEquals("r", loop.next(2).substring(0, 1));
            assertEquals(7, Loop.readFully(stream, 1)[0]);
        }
    }

    @Test
    void aNameIsResolvedByTheJdk() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            finish(loop, registered(loop, Connector.connect("localhost", port(listener), LONG)));
        }
    }

    @Test
    @Tag("any-selector")
    void anAddressIsNotResolved() throws IOException {
        for (String host : List.of("127.0.0.1", "::1", "[::1]", "0:0::1")) {
            try (Loop loop = new Loop()) {
                TcpListener listener = listener(loop, address(host), 0);
                Connector connector = Connector.connect(host, port(listener), LONG, ConnectOptions.DEFAULT, name -> {
                    throw new AssertionError(name);
                });
                finish(loop, registered(loop, connector));
            }
        }
    }

    @Test
    void otherTokensAndTheWakerAreTheUsers() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), TOKEN + 1));
            TcpListener listener = listener(loop);
            CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
            Connector connector = connector(loop, port(listener), answer);
            loop.expectNothing();
            waker.wake();
            assertEquals("r", loop.next(TOKEN + 1));
            answer.complete(new InetAddress[] {HERE});
            finish(loop, connector); // expects events of the connector only
        }
    }

    @Test
    void theOptionsAreThoseOfTheSocket() throws IOException {
        try (Loop loop = new Loop()) {
            ConnectOptions options = ConnectOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true)
                .local(new InetSocketAddress(SECOND, 0));
            Connector connector = Connector.connect("127.0.0.1", port(listener(loop)),
                ChronoUnit.FOREVER.getDuration(), options);
            TcpStream stream = finish(loop, registered(loop, connector));
            assertTrue(stream.noDelay());
            assertEquals(SECOND, stream.localAddress().getAddress());
        }
    }

    @Test
    void manyConnectAtOnce() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0),
                ListenOptions.DEFAULT.backlog(200)));
            Slab<Connector> connectors = new Slab<>();
            for (int i = 0; i < 100; i++) {
                Connector connector = loop.later(Connector.connect("localhost", port(listener), LONG));
                loop.register(connector, connectors.insert(connector), W);
            }
            int connected = 0;
            while (connected < 100) {
                assertTrue(loop.poll.poll(loop.events, LONG) > 0, connected + " connected");
                for (Event event : loop.events) {
                    Connector connector = connectors.get(event.token());
                    TcpStream stream = connector == null ? null : connector.finishConnect();
                    if (stream != null) {
                        loop.later(stream);
                        connectors.remove(event.token());
                        connected++;
                    }
                }
            }
        }
    }

    // ---- several addresses

    @Test
    void afterARefusalTheNextAddressIsTriedAtOnce() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            long start;
            int attempts = 0;
            do { // even a busy machine is fast enough once in a while
                assertTrue(attempts++ < 100, "it always waits");
                start = System.nanoTime();
                Connector connector = connector(loop, port(listener), SECOND, THIRD, HERE);
                assertEquals(V4, finish(loop, connector).peerAddress().getAddress());
                loop.later(Loop.accept(listener));
            } while (nanosSince(start) >= DELAY.toNanos());
        }
    }

    @Test
    void anAddressThatDoesNotAnswerIsFollowedAfterAWhileAndClosed() throws IOException {
        try (Loop loop = new Loop()) {
            int port = silentPortAnsweredHere(loop);
            NativeFds.Opened opened = new NativeFds.Opened();
            long start = System.nanoTime();
            Connector connector = connector(loop, port, SECOND, HERE);
            opened.expect(1);
            awaitEvent(loop);
            assertTrue(nanosSince(start) >= DELAY.toNanos());
            assertNull(connector.finishConnect());
            opened.expect(2);
            assertEquals(V4, finish(loop, connector).peerAddress().getAddress());
            opened.expect(1);
        }
    }

    @Test
    void anEarlierAttemptGoesOnAndMayWin() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener slow = loop.withShortQueue(SECOND);
            loop.connecting(slow);
            TcpListener silent = loop.later(TcpListener.bind(new InetSocketAddress(THIRD, port(slow)),
                ListenOptions.DEFAULT.backlog(1)));
            try (Loop other = new Loop()) {
                other.connecting(silent);
                NativeFds.Opened opened = new NativeFds.Opened();
                Connector connector = connector(loop, port(slow), SECOND, THIRD);
                awaitEvent(loop);
                assertNull(connector.finishConnect());
                opened.expect(2);
                Loop.until("connected", () -> {
                    TcpStream accepted = slow.accept(); // the system then answers the next SYN
                    if (accepted != null) {
                        accepted.close();
                    }
                    loop.poll.poll(loop.events, Loop.SHORT); // has events of other streams, too
                    TcpStream stream = connector.finishConnect();
                    if (stream != null) {
                        assertEquals(SECOND, loop.later(stream).peerAddress().getAddress());
                    }
                    return stream != null;
                });
                opened.expect(1);
            }
        }
    }

    private static List<String> order(InetAddress... addresses) throws IOException {
        try (Loop loop = new Loop()) {
            int port = nobody().getPort();
            Connector connector = connector(loop, port, addresses);
            ConnectException e = assertThrows(ConnectException.class, () -> finish(loop, connector));
            List<String> order = new ArrayList<>();
            for (Throwable reason : e.getSuppressed()) {
                String message = reason.getMessage();
                assertTrue(e.getMessage().contains(message), e.getMessage());
                order.add(message.substring(message.indexOf('/') + 1, message.lastIndexOf(":" + port)));
            }
            return order;
        }
    }

    @Test
    @Tag("any-selector")
    void familiesAlternate() throws IOException {
        String six = "[0:0:0:0:0:0:0:1]";
        assertEquals(List.of("127.0.0.1", six, "127.0.0.2", "127.0.0.3"), order(HERE, SECOND, THIRD, SIXTH));
        assertEquals(List.of(six, "127.0.0.1", "127.0.0.2", "127.0.0.3"), order(SIXTH, HERE, SECOND, THIRD));
        assertEquals(List.of("127.0.0.1", six, "127.0.0.2"), order(HERE, SECOND, SIXTH));
    }

    @Test
    @Tag("any-selector")
    void onlyAddressesOfTheFamilyOfTheLocalOneAreTried() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            ConnectOptions options = ConnectOptions.DEFAULT.local(new InetSocketAddress(V4, 0));
            Connector connector = Connector.connect(NAME, port(listener), LONG, options, answering(SIXTH, SECOND));
            ConnectException e = assertThrows(ConnectException.class,
                () -> finish(loop, registered(loop, connector)));
            assertEquals(1, e.getSuppressed().length, e.getMessage());
            Connector none = Connector.connect(NAME, port(listener), LONG, options, answering(SIXTH));
            UnknownHostException unknown = assertThrows(UnknownHostException.class,
                () -> finish(loop, registered(loop, none)));
            assertTrue(unknown.getMessage().contains("of the family of the local one"), unknown.getMessage());
        }
    }

    // ---- failures

    @Test
    void aFailureListsEveryAddressAndIsThrownAgain() throws IOException {
        try (Loop loop = new Loop()) {
            int port = nobody().getPort();
            NativeFds.Opened opened = opened(loop);
            Connector connector = connector(loop, port, SECOND, SIXTH, HERE);
            ConnectException e = assertThrows(ConnectException.class, () -> finish(loop, connector));
            opened.expect(0);
            assertTrue(e.getMessage().startsWith(NAME + ":" + port + ": no connection: "), e.getMessage());
            assertEquals(3, e.getMessage().split("; ").length, e.getMessage());
            for (InetAddress address : List.of(SECOND, SIXTH, HERE)) {
                assertTrue(e.getMessage().contains(new InetSocketAddress(address, port) + ": "), e.getMessage());
            }
            assertEquals(3, e.getSuppressed().length);
            for (int i = 0; i < 2; i++) {
                assertSame(e, assertThrows(ConnectException.class, connector::finishConnect));
            }
            loop.expectQuiet();
            connector.close();
            assertThrows(ClosedChannelException.class, connector::finishConnect);
        }
    }

    /** A failed attempt is not always one of connect(2), so its message need not have the address. */
    @Test
    @Tag("any-selector")
    void aReasonWithoutTheAddressGetsIt() throws IOException {
        try (Loop loop = new Loop()) {
            int port = nobody().getPort();
            TcpListener listener = listener(loop, SECOND, 0);
            Connector connector = Connector.connect(NAME, port, LONG,
                ConnectOptions.DEFAULT.local(listener.localAddress()), answering(HERE)); // in use
            IOException e = assertThrows(ConnectException.class, () -> finish(loop, registered(loop, connector)));
            assertTrue(e.getMessage().contains(new InetSocketAddress(HERE, port) + ": bind "), e.getMessage());
        }
    }

    @Test
    void theTimeoutCoversTheLookup() throws IOException {
        try (Loop loop = new Loop()) {
            CompletableFuture<InetAddress[]> never = new CompletableFuture<>();
            long start = System.nanoTime();
            Connector connector = registered(loop, Connector.connect(NAME, 7, Duration.ofMillis(100),
                ConnectOptions.DEFAULT, name -> never));
            SocketTimeoutException e = assertThrows(SocketTimeoutException.class, () -> finish(loop, connector));
            assertTrue(nanosSince(start) >= 100_000_000);
            assertEquals(NAME + ":7: not connected within PT0.1S: the name is not resolved yet", e.getMessage());
            never.complete(new InetAddress[] {HERE}); // in vain
            assertSame(e, assertThrows(SocketTimeoutException.class, connector::finishConnect));
        }
    }

    @Test
    void theTimeoutCoversAllAttempts() throws IOException {
        try (Loop loop = new Loop()) {
            int port = silentPort(loop);
            NativeFds.Opened opened = new NativeFds.Opened();
            long start = System.nanoTime();
            Connector connector = connector(loop, port, Duration.ofMillis(400), SECOND, SECOND, SECOND, SECOND);
            SocketTimeoutException e = assertThrows(SocketTimeoutException.class, () -> finish(loop, connector));
            assertTrue(nanosSince(start) >= 400_000_000);
            opened.expect(0);
            int tried = e.getSuppressed().length; // two, unless the machine is busy
            assertTrue(tried == 1 || tried == 2, e.getMessage());
            String reason = "connect " + new InetSocketAddress(SECOND, port) + ": no answer; ";
            assertEquals(NAME + ":" + port + ": not connected within PT0.4S: " + reason.repeat(tried) + (4 - tried)
                + " more not tried", e.getMessage());
        }
    }

    @Test
    void theTimeoutHoldsWithoutMemoryForTheOutcome() throws Exception {
        try (Loop loop = new Loop()) {
            NativeFds.Opened opened = opened(loop);
            Connector connector = connector(loop, port(listener(loop)), Duration.ofMillis(200), HERE);
            assumeTrue(Background.result(Background.start(() -> {
                boolean refused = Seccomp.refuse(SystemCall.GETPEERNAME, 105); // ENOBUFS
                if (refused) {
                    Loop.until("timed out", () -> {
                        try {
                            return connector.finishConnect() != null;
                        } catch (ResourceExhaustedException e) {
                            return false;
                        } catch (SocketTimeoutException e) {
                            assertTrue(e.getMessage().contains("ENOBUFS"), e.getMessage());
                            return true;
                        }
                    });
                    assertThrows(SocketTimeoutException.class, connector::finishConnect);
                }
                return refused;
            })), "no seccomp(2) here");
            opened.expect(1); // the listener
        }
    }

    @Test
    @Tag("any-selector")
    void aFailedLookupIsAnUnknownHost() throws IOException {
        UnknownHostException unknown = new UnknownHostException("nobody knows " + NAME);
        assertUnresolved("nobody knows " + NAME, unknown, CompletableFuture.failedFuture(unknown));
        assertUnresolved("nobody knows " + NAME, unknown,
            CompletableFuture.failedFuture(new CompletionException(unknown)));
        StackOverflowError error = new StackOverflowError();
        assertUnresolved("java.lang.StackOverflowError", error, CompletableFuture.failedFuture(error));
        assertUnresolved("it has no address", null, CompletableFuture.completedFuture(new InetAddress[0]));
        assertUnresolved("java.lang.NullPointerException", null, CompletableFuture.completedFuture(null));
        assertUnresolved("java.lang.NullPointerException", null,
            CompletableFuture.completedFuture(new InetAddress[] {HERE, null}));
        CompletableFuture<InetAddress[]> cancelled = new CompletableFuture<>();
        cancelled.cancel(false);
        assertUnresolved(CancellationException.class.getName(), null, cancelled);
    }

    private static void assertUnresolved(String reason, Throwable cause, CompletableFuture<InetAddress[]> answer)
            throws IOException {
        for (boolean late : new boolean[] {false, true}) {
            try (Loop loop = new Loop()) {
                CompletableFuture<Void> time = new CompletableFuture<>();
                Connector connector = connector(loop, 7, late ? time.thenCompose(now -> answer) : answer);
                if (late) {
                    loop.expectNothing();
                }
                time.complete(null);
                UnknownHostException e = assertThrows(UnknownHostException.class, () -> finish(loop, connector));
                assertTrue(e.getMessage().startsWith(NAME + ":7 cannot be resolved: " + reason), e.getMessage());
                assertTrue(cause == null || cause == e.getCause(), () -> "the cause is " + e.getCause());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void whatAResolverThrowsIsThrown() {
        IllegalStateException thrown = new IllegalStateException();
        assertSame(thrown, assertThrows(IllegalStateException.class,
            () -> Connector.connect(NAME, 7, LONG, ConnectOptions.DEFAULT, name -> {
                throw thrown;
            })));
        assertThrows(NullPointerException.class,
            () -> Connector.connect(NAME, 7, LONG, ConnectOptions.DEFAULT, name -> null));
    }

    @Test
    @Tag("any-selector")
    void badInputIsRefused() {
        Duration second = Duration.ofSeconds(1);
        assertThrows(NullPointerException.class, () -> Connector.connect(null, 7, second));
        assertThrows(NullPointerException.class, () -> Connector.connect("::1", 7, null));
        assertThrows(NullPointerException.class, () -> Connector.connect("::1", 7, second, null));
        assertThrows(NullPointerException.class,
            () -> Connector.connect("::1", 7, second, ConnectOptions.DEFAULT, null));
        assertThrows(NullPointerException.class, () -> Connector.resolve(null));
        assertThrows(IllegalArgumentException.class, () -> Connector.connect("", 7, second));
        for (int port : new int[] {-1, 0, 65536}) {
            assertThrows(IllegalArgumentException.class, () -> Connector.connect("::1", port, second));
        }
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
            assertThrows(IllegalArgumentException.class, () -> Connector.connect("::1", 7, timeout));
        }
        assertThrows(IllegalArgumentException.class, () -> Connector.connect("::1", 7, second,
            ConnectOptions.DEFAULT.local(UnixAddress.unnamed())));
        assertThrows(UnresolvedAddressException.class, () -> Connector.connect("::1", 7, second,
            ConnectOptions.DEFAULT.local(InetSocketAddress.createUnresolved(NAME, 0))));
        assertThrows(IllegalArgumentException.class, () -> Connector.connect("::1", 7, second,
            ConnectOptions.DEFAULT.with(StandardSocketOptions.SO_RCVBUF, -1)));
    }

    @Test
    @Tag("any-selector")
    void withoutDescriptorsItGoesOnLater() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            finish(loop, connector(loop, port(listener), HERE)); // loads the classes
            CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
            Connector connector = connector(loop, port(listener), answer);
            answer.complete(new InetAddress[] {SECOND, HERE});
            awaitEvent(loop);
            try (Exhaustion exhaustion = new Exhaustion()) {
                assertThrows(ResourceExhaustedException.class,
                    () -> Connector.connect("127.0.0.1", port(listener), LONG));
                for (int i = 0; i < 2; i++) {
                    assertThrows(ResourceExhaustedException.class, connector::finishConnect);
                }
                exhaustion.end();
                assertNull(connector.finishConnect());
                finish(loop, connector);
            }
        }
    }

    // ---- the end

    @Test
    void aCloseWhileResolvingIsFinal() throws IOException {
        try (Loop loop = new Loop()) {
            NativeFds.Opened opened = new NativeFds.Opened();
            CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
            Connector connector = connector(loop, port(listener(loop)), answer);
            assertNull(connector.finishConnect());
            connector.close();
            connector.close();
            answer.complete(new InetAddress[] {HERE});
            loop.expectNothing();
            assertThrows(ClosedChannelException.class, connector::finishConnect);
            opened.expect(1); // the listener
        }
    }

    @Test
    void aCloseWhileConnectingClosesEveryAttempt() throws IOException {
        try (Loop loop = new Loop()) {
            int port = silentPort(loop);
            NativeFds.Opened opened = new NativeFds.Opened();
            Connector connector = connector(loop, port, SECOND, SECOND, SECOND);
            awaitEvent(loop);
            assertNull(connector.finishConnect());
            opened.expect(2);
            connector.close();
            opened.expect(0);
            assertFalse(loop.poll.poll(loop.events, DELAY.plus(Loop.SHORT)) > 0, loop.events::toString);
            assertThrows(ClosedChannelException.class, connector::finishConnect);
        }
    }

    @Test
    void aCloseAfterTheEventClosesTheConnection() throws IOException {
        try (Loop loop = new Loop()) {
            int port = port(listener(loop));
            NativeFds.Opened opened = opened(loop);
            Connector connector = connector(loop, port, HERE);
            awaitEvent(loop);
            connector.close();
            opened.expect(0);
            loop.expectNothing();
        }
    }

    // ---- registration

    @Test
    void aRegistrationReportsWhatHasHappenedBefore() throws IOException {
        try (Loop loop = new Loop()) {
            int port = port(listener(loop));
            Connector connected = Connector.connect(NAME, port, LONG, ConnectOptions.DEFAULT, answering(HERE));
            finish(loop, registered(loop, connected));
            CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
            Connector resolved = Connector.connect(NAME, port, LONG, ConnectOptions.DEFAULT, name -> answer);
            answer.complete(new InetAddress[] {HERE});
            finish(loop, registered(loop, resolved));
            Connector failed = Connector.connect(NAME, nobody().getPort(), LONG, ConnectOptions.DEFAULT,
                answering(HERE));
            Loop.until("failed", () -> {
                try {
                    return failed.finishConnect() != null;
                } catch (ConnectException e) {
                    return true;
                }
            });
            Connector late = Connector.connect(NAME, 7, Duration.ofNanos(1), ConnectOptions.DEFAULT,
                name -> new CompletableFuture<>());
            assertThrows(SocketTimeoutException.class, () -> finish(loop, registered(loop, late)));
        }
    }

    @Test
    void aReregistrationChangesTheTokenOfEveryEvent() throws IOException {
        try (Loop loop = new Loop()) {
            int port = silentPortAnsweredHere(loop);
            Connector connector = loop.later(Connector.connect(NAME, port, LONG, ConnectOptions.DEFAULT,
                answering(SECOND, HERE)));
            loop.register(connector, 2, W);
            loop.reregister(connector, TOKEN, W);
            finish(loop, connector);
        }
    }

    @Test
    void aDeregisteredConnectorHasNoEvents() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            int port = silentPortAnsweredHere(loop);
            Connector connector = connector(loop, port, SECOND, HERE);
            loop.poll.registry().deregister(connector);
            assertFalse(loop.poll.poll(loop.events, DELAY.plus(Loop.SHORT)) > 0, loop.events::toString);
            assertNull(connector.finishConnect());
            loop.expectNothing();
            registered(other, connector);
            finish(other, connector);
        }
    }

    @Test
    void aConnectorOutlivesItsPoll() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            int port = silentPortAnsweredHere(loop);
            Connector connector;
            try (Poll poll = Poll.open()) {
                connector = loop.later(Connector.connect(NAME, port, LONG, ConnectOptions.DEFAULT,
                    answering(SECOND, HERE)));
                poll.registry().register(connector, 1, W);
            }
            finish(other, registered(other, connector));
        }
    }

    @Test
    void misuseIsRefusedAndChangesNothing() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            Poll closed = Poll.open();
            closed.close();
            for (InetAddress[] addresses : new InetAddress[][] {{HERE}, {SECOND, HERE}}) {
                TcpListener listener = listener(loop);
                Connector connector = loop.later(Connector.connect(NAME, port(listener), LONG, ConnectOptions.DEFAULT,
                    answering(addresses)));
                assertThrows(IllegalArgumentException.class, () -> loop.register(connector, 1, RW));
                assertThrows(IllegalArgumentException.class, () -> loop.register(connector, 1, W.level()));
                assertThrows(ClosedSelectorException.class, () -> closed.registry().register(connector, 1, W));
                assertThrows(IllegalStateException.class, () -> loop.reregister(connector, 1, W));
                assertThrows(IllegalStateException.class, () -> loop.poll.registry().deregister(connector));
                loop.register(connector, TOKEN, W);
                assertThrows(IllegalStateException.class, () -> loop.register(connector, 1, W));
                assertThrows(IllegalStateException.class, () -> other.register(connector, 1, W));
                assertThrows(IllegalStateException.class, () -> other.reregister(connector, 1, W));
                assertThrows(IllegalArgumentException.class, () -> loop.reregister(connector, 1, RW));
                assertThrows(IllegalStateException.class, () -> other.poll.registry().deregister(connector));
                finish(loop, connector);
                assertThrows(ClosedChannelException.class, () -> loop.register(connector, 1, W));
                assertThrows(ClosedChannelException.class, () -> loop.reregister(connector, 1, W));
                assertThrows(ClosedChannelException.class, () -> loop.poll.registry().deregister(connector));
            }
        }
    }

    @Test
    @Tag("any-selector")
    void itsTextSaysHowFarItIs() throws IOException {
        try (Loop loop = new Loop()) {
            CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
            Connector connector = connector(loop, port(listener(loop)), answer);
            assertTrue(connector.toString().endsWith(", resolving]"), connector.toString());
            answer.complete(new InetAddress[] {HERE, SECOND});
            assertNull(connector.finishConnect());
            assertTrue(connector.toString().endsWith(", 1 of 2 addresses tried]"), connector.toString());
            connector.close();
            assertTrue(connector.toString().endsWith(", closed]"), connector.toString());
            Connector failed = connector(loop, nobody().getPort(), HERE);
            assertThrows(ConnectException.class, () -> finish(loop, failed));
            assertTrue(failed.toString().endsWith(", failed]"), failed.toString());
        }
    }
}
