package io.panamio.test.poll;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.net.Shutdown;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an event reports about a Unix socket or an end of a pipe, in the notation of {@link Loop#flags}; empty where
 * there is no event. See {@link ReadinessMatrixTest} for TCP.
 */
@Requires({Feature.UNIX_STREAMS, Feature.UNIX_DATAGRAMS, Feature.PIPES})
class LocalReadinessMatrixTest {
    private interface Change {
        void happen() throws IOException;
    }

    /** A source to register, and the change that follows. */
    private record Case(IoSource source, Change change) {
    }

    private interface Given {
        Case in(Loop loop) throws IOException;
    }

    /**
     * A change of a registered source after its first event: what the next event reports on epoll and on poll(2), and
     * what the event after a new registration reports on both; {@code kqueue} has the two on kqueue(2), or null if they
     * are those of epoll.
     */
    private record Edge(String name, Interest interest, Given given, String onEdges, String onLevels, String anew,
            List<String> kqueue) {
        Edge(String name, Interest interest, Given given, String onEdges, String onLevels, String anew) {
            this(name, interest, given, onEdges, onLevels, anew, null);
        }

        /** The same, with what is reported on kqueue(2), where each direction has an event of its own. */
        Edge onKqueue(String next, String anew) {
            return new Edge(name, interest, given, onEdges, onLevels, this.anew, List.of(next, anew));
        }

        String next() {
            return Loop.hasTwoEvents() && kqueue != null ? kqueue.get(0) : Loop.hasEdges() ? onEdges : onLevels;
        }

        String again() {
            return Loop.hasTwoEvents() && kqueue != null ? kqueue.get(1) : anew;
        }

        @Override
        public String toString() {
            return name + ", " + interest;
        }
    }

    private static final byte[] BYTES = new byte[1 << 20];

    private interface OfStreams {
        void happenTo(UnixStream stream, UnixStream peer) throws IOException;
    }

    private static Edge stream(String name, Interest interest, OfStreams change, String onEdges, String onLevels,
            String anew) {
        return new Edge("Unix stream: " + name, interest, loop -> {
            UnixStream[] pair = Local.pair(loop);
            return new Case(pair[0], () -> change.happenTo(pair[0], pair[1]));
        }, onEdges, onLevels, anew);
    }

    private interface OfDatagrams {
        void happenTo(UnixDatagram socket, UnixDatagram peer) throws IOException;
    }

    private static Edge datagram(String name, Interest interest, OfDatagrams change, String onEdges, String onLevels,
            String anew) {
        return new Edge("Unix datagram: " + name, interest, loop -> {
            UnixDatagram[] pair = UnixDatagram.pair();
            loop.later(pair[0]);
            loop.later(pair[1]);
            return new Case(pair[0], () -> change.happenTo(pair[0], pair[1]));
        }, onEdges, onLevels, anew);
    }

    private interface OfPipe {
        void happenTo(Pipe.Sender sender, Pipe.Receiver receiver) throws IOException;
    }

    private static Edge writer(String name, OfPipe change, String onEdges, String onLevels, String anew) {
        return new Edge("pipe writer: " + name, W, loop -> {
            Pipe pipe = loop.later(Pipe.open());
            return new Case(pipe.sender(), () -> change.happenTo(pipe.sender(), pipe.receiver()));
        }, onEdges, onLevels, anew);
    }

    private static Edge reader(String name, OfPipe change, String onEdges, String onLevels, String anew) {
        return new Edge("pipe reader: " + name, R, loop -> {
            Pipe pipe = loop.later(Pipe.open());
            return new Case(pipe.receiver(), () -> change.happenTo(pipe.sender(), pipe.receiver()));
        }, onEdges, onLevels, anew);
    }

    static List<Edge> edges() {
        String aborted = Behaviour.UNACCEPTED_CONNECTIONS_END_WITHOUT_ERROR.isHere() ? "r w rc wc" : "r w rc wc e";
        return List.of(
            stream("nothing", RW, (s, p) -> { }, "", "", "w"),
            stream("data", R, (s, p) -> p.write(BYTES, 0, 1), "r", "r", "r"),
            stream("data", RW, (s, p) -> p.write(BYTES, 0, 1), "r w", "r", "r w").onKqueue("r", "r w"),
            stream("data", W, (s, p) -> p.write(BYTES, 0, 1), "", "", "w"),
            stream("peer reads", RW, LocalReadinessMatrixTest::peerReads, "w", "", "w"),
            stream("peer reads after we were full", W, LocalReadinessMatrixTest::peerReadsAll, "w", "w", "w"),
            stream("peer's SHUT_WR", RW, (s, p) -> p.shutdown(Shutdown.WRITE), "r w rc", "r rc", "r w rc")
                .onKqueue("r rc", "r w rc"),
            stream("peer's SHUT_WR", R, (s, p) -> p.shutdown(Shutdown.WRITE), "r rc", "r rc", "r rc"),
            stream("peer's SHUT_RD", RW, (s, p) -> p.shutdown(Shutdown.READ), "w", "", "w").onKqueue("", "w"),
            stream("our SHUT_RD", RW, (s, p) -> s.shutdown(Shutdown.READ), "r w rc", "r rc", "r w rc")
                .onKqueue("r rc", "r w rc"),
            stream("our SHUT_WR", RW, (s, p) -> s.shutdown(Shutdown.WRITE), "w", "", "w").onKqueue("w wc", "w wc"),
            stream("our SHUT_RDWR", RW, (s, p) -> s.shutdown(Shutdown.BOTH), "r w rc wc", "r rc wc", "r w rc wc"),
            stream("peer's close", RW, (s, p) -> p.close(), "r w rc wc", "r rc wc", "r w rc wc"),
            stream("peer's close", W, (s, p) -> p.close(), "w rc wc", "rc wc", "w rc wc").onKqueue("w wc", "w wc"),
            stream("peer's close, unread data", RW, LocalReadinessMatrixTest::closeUnread,
                "r w rc wc e", "r rc wc e", "r w rc wc e").onKqueue("r w rc wc", "r w rc wc"),
            new Edge("Unix stream: listener closed before accept", RW, LocalReadinessMatrixTest::notAccepted,
                "r w rc wc e", "r rc wc e", "r w rc wc e").onKqueue(aborted, aborted),
            new Edge("Unix listener: connection queued", R, LocalReadinessMatrixTest::queued, "r", "r", "r"),
            new Edge("Unix listener: connection queued", W, LocalReadinessMatrixTest::queued, "", "", ""),
            new Edge("Unix listener: shut down", R, LocalReadinessMatrixTest::listenerShutDown, "r rc", "r rc", "r rc"),
            datagram("data", R, (s, p) -> p.send(BYTES, 0, 1), "r", "r", "r"),
            datagram("data", W, (s, p) -> p.send(BYTES, 0, 1), "", "", "w"),
            datagram("peer receives after we were full", W, LocalReadinessMatrixTest::peerReceives, "w", "w", "w"),
            datagram("our SHUT_WR", RW, (s, p) -> s.shutdown(Shutdown.WRITE), "w", "", "w").onKqueue("w wc", "w wc"),
            writer("nothing", (s, r) -> { }, "", "", "w"),
            writer("reader closed, room left", (s, r) -> r.close(), "w wc e", "wc e", "w wc e")
                .onKqueue("w wc", "w wc"),
            writer("full, reader closed", LocalReadinessMatrixTest::closeFull, "wc e", "wc e", "wc e")
                .onKqueue("w wc", "w wc"),
            writer("full, reader took less than a page", LocalReadinessMatrixTest::takeLittle, "", "", ""),
            writer("full, reader took a page", LocalReadinessMatrixTest::takeAPage, "w", "w", "w"),
            reader("data", (s, r) -> s.write(BYTES, 0, 1), "r", "r", "r"),
            reader("data, writer closed", LocalReadinessMatrixTest::writeClose, "r rc wc", "r rc wc", "r rc wc")
                .onKqueue("r rc", "r rc"),
            reader("empty, writer closed", (s, r) -> s.close(), "rc wc", "rc wc", "rc wc").onKqueue("r rc", "r rc"));
    }

    private static void peerReads(UnixStream stream, UnixStream peer) throws IOException {
        stream.write(BYTES, 0, 10);
        Local.readFully(peer, 10);
    }

    private static void peerReadsAll(UnixStream stream, UnixStream peer) throws IOException {
        Local.readFully(peer, (int) Local.fill(stream));
    }

    private static void closeUnread(UnixStream stream, UnixStream peer) throws IOException {
        stream.write(BYTES, 0, 1);
        peer.close();
    }

    private static Case notAccepted(Loop loop) throws IOException {
        UnixAddress address = Local.address(loop);
        UnixListener listener = loop.later(UnixListener.bind(address));
        return new Case(loop.later(UnixStream.connect(address)), listener::close);
    }

    private static Case queued(Loop loop) throws IOException {
        UnixAddress address = Local.address(loop);
        return new Case(loop.later(UnixListener.bind(address)), () -> Local.client(loop, address));
    }

    private static Case listenerShutDown(Loop loop) throws IOException {
        Behaviour.LISTENERS_CANNOT_BE_SHUT_DOWN.skip();
        UnixListener listener = loop.later(UnixListener.bind(Local.address(loop)));
        return new Case(listener, () -> assertEquals(0, NativeCalls.shutdownRead(listener.fd())));
    }

    private static void peerReceives(UnixDatagram socket, UnixDatagram peer) throws IOException {
        Behaviour.FULL_RECEIVERS_ARE_AN_ERROR.skip();
        while (socket.send(BYTES, 0, 1) != WOULD_BLOCK) {
            Thread.onSpinWait();
        }
        while (peer.recv(BYTES, 0, 1) != WOULD_BLOCK) {
            Thread.onSpinWait();
        }
    }

    private static void closeFull(Pipe.Sender sender, Pipe.Receiver receiver) throws IOException {
        Local.fill(sender);
        receiver.close();
    }

    private static void takeLittle(Pipe.Sender sender, Pipe.Receiver receiver) throws IOException {
        Local.fill(sender);
        receiver.read(BYTES, 0, 100);
    }

    private static void takeAPage(Pipe.Sender sender, Pipe.Receiver receiver) throws IOException {
        Local.fill(sender);
        receiver.read(BYTES, 0, 4096);
    }

    private static void writeClose(Pipe.Sender sender, Pipe.Receiver receiver) throws IOException {
        sender.write(BYTES, 0, 1);
        sender.close();
    }

    @ParameterizedTest
    @MethodSource("edges")
    void aChangeIsReported(Edge edge) throws IOException {
        try (Loop loop = new Loop()) {
            Case c = edge.given.in(loop);
            loop.register(c.source, 1, edge.interest);
            if (edge.interest.isWritable() && !(c.source instanceof UnixListener)) {
                assertEquals("w", loop.next(1));
            }
            c.change.happen();
            assertNext(edge.next(), loop);
            loop.expectNothing();
            loop.reregister(c.source, 1, edge.interest);
            assertNext(edge.again(), loop);
        }
    }

    private static void assertNext(String expected, Loop loop) throws IOException {
        if (expected.isEmpty()) {
            loop.expectNothing();
        } else if (Loop.hasErrors() || !expected.contains("wc")) {
            assertEquals(expected, loop.next(1));
        } else { // poll(2) of macOS and FreeBSD reports an end as that of both directions, ready for what is watched
            List<String> flags = List.of(loop.next(1).split(" "));
            assertTrue(flags.containsAll(List.of(Loop.here(expected).split(" "))), flags::toString);
        }
    }
}
