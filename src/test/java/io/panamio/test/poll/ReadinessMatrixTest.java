package io.panamio.test.poll;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.SystemError;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an event reports about a TCP socket, in the notation of {@link Loop#flags}; empty where there is no event.
 *
 * <p>On poll(2), whose edges are emulated, a direction that was reported is not polled again until it was drained. The
 * same holds on Windows, except that the end of both directions reports them again.
 */
class ReadinessMatrixTest {
    private static final Interest P = Interest.PRIORITY;
    private static final Interest RP = R.add(P);

    // ---- changes of a connection

    private record Connection(Loop loop, TcpStream stream, Socket peer) {
        void receive(String data) throws IOException {
            peer.getOutputStream().write(data.getBytes());
        }

        void read(int bytes) throws IOException {
            assertEquals(bytes, stream.read(new byte[bytes], 0, bytes));
        }

        /** Waits for an event and ignores it. */
        void event() throws IOException {
            loop.next(1);
        }

        void reset() throws IOException {
            peer.setSoLinger(true, 0);
            peer.close();
        }
    }

    private interface Change {
        void happenTo(Connection c) throws IOException;
    }

    /**
     * A change of a registered connection after its first event: what the next event reports on epoll and on poll(2),
     * and what the event after a new registration reports on both; {@code kqueue} has the two on kqueue(2), or null if
     * they are those of epoll.
     */
    private record Edge(String name, Interest interest, Change change, String onEdges, String onLevels, String anew,
            List<String> kqueue) {
        Edge(String name, Interest interest, Change change, String onEdges, String onLevels, String anew) {
            this(name, interest, change, onEdges, onLevels, anew, null);
        }

        /** The same, with what is reported on kqueue(2), where each direction has an event of its own. */
        Edge onKqueue(String next, String anew) {
            return new Edge(name, interest, change, onEdges, onLevels, this.anew, List.of(next, anew));
        }

        String next() {
            boolean ended = onEdges.contains("wc");
            return Loop.hasTwoEvents() && kqueue != null ? kqueue.get(0)
                : Loop.hasEdges() || ended && Behaviour.ENDS_ARE_REPORTED_AT_ONCE.isHere() ? onEdges : onLevels;
        }

        String again() {
            return Loop.hasTwoEvents() && kqueue != null ? kqueue.get(1) : anew;
        }

        @Override
        public String toString() {
            return name + ", " + interest;
        }
    }

    static List<Edge> edges() {
        boolean urgent = Feature.PRIORITY.isAvailable();
        return List.of(
            new Edge("nothing", RW, c -> { }, "", "", "w"),
            new Edge("nothing", R, c -> { }, "", "", ""),
            new Edge("data", R, c -> c.receive("x"), "r", "r", "r"),
            new Edge("data", RW, c -> c.receive("x"), "r w", "r", "r w").onKqueue("r", "r w"),
            new Edge("data", W, c -> c.receive("x"), "", "", "w"),
            new Edge("data, not all read", R, ReadinessMatrixTest::readPart, "", "", "r"),
            new Edge("data, not all read, more data", R, ReadinessMatrixTest::readPartAndReceive, "r", "", "r"),
            new Edge("data, all read, more data", R, ReadinessMatrixTest::readAllAndReceive, "r", "r", "r"),
            new Edge("peer's FIN", RW, c -> c.peer.shutdownOutput(), "r w rc", "r rc", "r w rc")
                .onKqueue("r rc", "r w rc"),
            new Edge("peer's FIN", R, c -> c.peer.shutdownOutput(), "r rc", "r rc", "r rc"),
            new Edge("peer's FIN", W, c -> c.peer.shutdownOutput(), "w", "", "w").onKqueue("", "w"),
            new Edge("peer's FIN, peer's close", RW, ReadinessMatrixTest::closeAfterFin, "", "", "r w rc"),
            new Edge("peer's close, our write", RW, ReadinessMatrixTest::writeAfterClose,
                "r w rc wc e", "rc wc e", "r w rc wc e"),
            new Edge("peer's RST", RW, Connection::reset, "r w rc wc e", "r rc wc e", "r w rc wc e"),
            new Edge("peer's RST", R, Connection::reset, "r rc wc e", "r rc wc e", "r rc wc e"),
            new Edge("peer's RST", W, Connection::reset, "w rc wc e", "rc wc e", "w rc wc e"),
            new Edge("our SHUT_RD", RW, c -> c.stream.shutdown(Shutdown.READ), "r w rc", "r rc", "r w rc")
                .onKqueue("r rc", "r w rc"),
            new Edge("our SHUT_RD, data", RW, ReadinessMatrixTest::receiveAfterShutdown, "r w rc", "", "r w rc")
                .onKqueue("r rc", "r w rc"),
            new Edge("our SHUT_WR", RW, c -> c.stream.shutdown(Shutdown.WRITE), "w", "", "w")
                .onKqueue("w wc", "w wc"),
            new Edge("our SHUT_RDWR", RW, c -> c.stream.shutdown(Shutdown.BOTH), "r w rc wc", "r rc wc", "r w rc wc"),
            new Edge("out-of-band byte", P, c -> c.peer.sendUrgentData('!'), "r p", "r p", "r p"),
            new Edge("out-of-band byte", R, c -> c.peer.sendUrgentData('!'), "r p", "r p", "r p")
                .onKqueue(urgent ? "r p" : "", urgent ? "r p" : ""),
            new Edge("out-of-band byte", W, c -> c.peer.sendUrgentData('!'), "", "", "w"),
            new Edge("out-of-band byte", RP, c -> c.peer.sendUrgentData('!'), "r p", "r p", "r p"),
            new Edge("data, out-of-band byte", R, ReadinessMatrixTest::receiveBoth, "r p", "r p", "r p")
                .onKqueue(urgent ? "r p" : "r", urgent ? "r p" : "r"),
            new Edge("data, out-of-band byte", RP, ReadinessMatrixTest::receiveBoth, "r p", "r p", "r p"));
    }

    private static void readPart(Connection c) throws IOException {
        c.receive("xyz");
        c.event();
        c.read(2);
    }

    private static void readPartAndReceive(Connection c) throws IOException {
        readPart(c);
        c.receive("x");
    }

    private static void readAllAndReceive(Connection c) throws IOException {
        c.receive("xyz");
        c.event();
        assertEquals(3, c.stream.read(new byte[4], 0, 4));
        c.receive("x");
    }

    private static void closeAfterFin(Connection c) throws IOException {
        c.peer.shutdownOutput();
        c.event();
        c.peer.close();
    }

    private static void writeAfterClose(Connection c) throws IOException {
        c.peer.close();
        c.event();
        assertEquals(1, c.stream.write(new byte[1], 0, 1));
    }

    private static void receiveAfterShutdown(Connection c) throws IOException {
        c.stream.shutdown(Shutdown.READ);
        c.event();
        c.receive("x");
    }

    private static void requirePriority(Interest interest) {
        if (interest.isPriority()) {
            Loop.assume(Feature.PRIORITY);
        }
    }

    private static void receiveBoth(Connection c) throws IOException {
        c.receive("x");
        c.event();
        c.peer.sendUrgentData('!');
    }

    @ParameterizedTest
    @MethodSource("edges")
    void aChangeOfAConnectionIsReported(Edge edge) throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            requirePriority(edge.interest);
            loop.register(pair.stream(), 1, edge.interest);
            if (edge.interest.isWritable()) {
                assertEquals("w", loop.next(1));
            }
            edge.change.happenTo(new Connection(loop, pair.stream(), pair.peer()));
            assertNext(edge.next(), loop);
            assertNoOther(edge.next(), loop);
            loop.reregister(pair.stream(), 1, edge.interest);
            assertNext(edge.again(), loop);
        }
    }

    /** Linux reports two edges for one change: one for the FIN that is sent, and one for its ACK. */
    private static void assertNoOther(String expected, Loop loop) throws IOException {
        if (Loop.hasEdges() && loop.poll.poll(loop.events, Loop.SHORT) == 1) {
            assertEquals(expected, String.join(" ", Loop.flags(loop.events.iterator().next())));
        }
        loop.expectNothing();
    }

    private static void assertNext(String expected, Loop loop) throws IOException {
        if (expected.isEmpty()) {
            loop.expectNothing();
        } else {
            assertEquals(Loop.here(expected), loop.next(1));
        }
    }

    // ---- state at registration

    private interface Given {
        IoSource in(Loop loop) throws IOException;
    }

    /** A socket in some state, and what its first event after registration reports on epoll and on poll(2). */
    private record State(String name, Interest interest, Given given, String expected) {
        @Override
        public String toString() {
            return name + ", " + interest;
        }
    }

    static List<State> states() {
        return List.of(
            new State("never connected", RW, ReadinessMatrixTest::neverConnected, "w rc wc"),
            new State("never connected", R, ReadinessMatrixTest::neverConnected, "rc wc"),
            new State("connecting", RW, ReadinessMatrixTest::connecting, ""),
            new State("connect refused", RW, ReadinessMatrixTest::refused, "r w rc wc e"),
            new State("connect refused", R, ReadinessMatrixTest::refused, "r rc wc e"),
            new State("connect refused", W, ReadinessMatrixTest::refused, "w rc wc e"),
            new State("connected", RW, loop -> loop.connected().stream(), "w"),
            new State("connected", W, loop -> loop.connected().stream(), "w"),
            new State("connected", R, loop -> loop.connected().stream(), ""),
            new State("connected", P, loop -> loop.connected().stream(), ""),
            new State("accepted", RW, loop -> loop.accepted().stream(), "w"),
            new State("listening", RW, ReadinessMatrixTest::listening, ""),
            new State("listening, connection queued", RW, ReadinessMatrixTest::queued, "r"),
            new State("listening, connection queued", R, ReadinessMatrixTest::queued, "r"),
            new State("listening, connection queued", W, ReadinessMatrixTest::queued, ""),
            new State("listener, shut down", R, ReadinessMatrixTest::shutDown, "rc wc"));
    }

    private static TcpStream neverConnected(Loop loop) throws IOException {
        Behaviour.NO_EVENT_BEFORE_A_CONNECT.skip();
        return loop.later(TcpStream.fromFd(NativeCalls.socket()));
    }

    /** Linux queues one connection more than the backlog, and ignores further SYNs. */
    private static TcpStream connecting(Loop loop) throws IOException {
        ServerSocket full = loop.later(new ServerSocket(0, 1, V4));
        loop.later(new Socket(V4, full.getLocalPort()));
        loop.later(new Socket(V4, full.getLocalPort()));
        return loop.later(TcpStream.connect(new InetSocketAddress(V4, full.getLocalPort())));
    }

    private static TcpStream refused(Loop loop) throws IOException {
        try {
            return loop.later(TcpStream.connect(Loop.nobody()));
        } catch (ConnectException e) {
            return Assumptions.abort("the system refused at once");
        }
    }

    private static TcpListener listening(Loop loop) throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
    }

    private static TcpListener queued(Loop loop) throws IOException {
        TcpListener listener = listening(loop);
        loop.later(new Socket(V4, listener.localAddress().getPort()));
        return listener;
    }

    private static TcpListener shutDown(Loop loop) throws IOException {
        Behaviour.LISTENERS_CANNOT_BE_SHUT_DOWN.skip();
        TcpListener listener = listening(loop);
        assertEquals(0, NativeCalls.shutdownRead(listener.fd()));
        return listener;
    }

    @ParameterizedTest
    @MethodSource("states")
    void theStateAtRegistrationIsReportedOnce(State state) throws IOException {
        try (Loop loop = new Loop()) {
            IoSource source = state.given.in(loop);
            requirePriority(state.interest);
            loop.register(source, 1, state.interest);
            assertNext(state.expected, loop);
            loop.expectNothing();
        }
    }

    // ---- listeners

    @Test
    void oneEdgeReportsManyConnections() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = queued(loop);
            loop.later(new Socket(V4, listener.localAddress().getPort()));
            loop.register(listener, 1, R);
            assertEquals("r", loop.next(1));
            loop.later(Loop.accept(listener));
            if (Loop.hasTwoEvents()) {
                loop.expectQuiet(); // each accept reports the connections that are left, on FreeBSD
            } else {
                loop.expectNothing();
            }
            loop.later(Loop.accept(listener));
        }
    }

    @Test
    @Tag("any-selector")
    void acceptFromAListenerThatIsShutDownFails() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = shutDown(loop);
            IOException e = assertThrows(IOException.class, listener::accept);
            assertEquals("EINVAL", assertInstanceOf(SystemError.class, e).errnoName());
        }
    }
}
