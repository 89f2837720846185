package io.panamio.test.poll;

import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.untilCollected;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.test.support.Child;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Streams that become unreachable without a close. */
class LeakTest {
    private static final Logger LOGGER = Logger.getLogger("io.panamio");

    /** Records what is logged. */
    private static final class Reports extends Handler {
        final List<LogRecord> records = new CopyOnWriteArrayList<>();

        @Override
        public void publish(LogRecord report) {
            records.add(report);
        }

        /** Returns what was logged about descriptor {@code fd}. */
        List<LogRecord> of(int fd) {
            return of(fd, TcpStream.class);
        }

        List<LogRecord> of(int fd, Class<?> kind) {
            String what = " descriptor " + fd + " of an " + kind.getName() + ",";
            return records.stream().filter(r -> r.getMessage().contains(what)).toList();
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    }

    /** A connection of which one end was dropped: its descriptor, the other end, and a reference that is cleared. */
    private record Dropped(int fd, Socket peer, WeakReference<TcpStream> stream) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            peer.close();
        }
    }

    private final Reports reports = new Reports();

    @BeforeEach
    void startRecording() {
        LOGGER.addHandler(reports);
        LOGGER.setUseParentHandlers(false); // not to the console: these leaks are intended
    }

    @AfterEach
    void stopRecording() {
        LOGGER.removeHandler(reports);
        LOGGER.setUseParentHandlers(true);
    }

    /** An action on a stream before it is dropped. */
    private interface Use {
        void use(TcpStream stream) throws IOException;
    }

    /** Opens, uses and drops a stream. A method of its own, so that no local variable keeps the stream reachable. */
    private static Dropped drop(Use use) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, Loop.V4)) {
            TcpStream stream = TcpStream.connect(new InetSocketAddress(Loop.V4, server.getLocalPort()));
            Socket peer = server.accept();
            Loop.finishConnect(stream);
            int fd = stream.fd();
            use.use(stream);
            return new Dropped(fd, peer, new WeakReference<>(stream));
        }
    }

    private static void collectUntilEof(Socket peer) throws IOException {
        peer.setSoTimeout(10);
        untilCollected("closed by the cleaner", () -> {
            try {
                return peer.getInputStream().read() == -1;
            } catch (SocketTimeoutException e) {
                return false;
            }
        });
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void theFileOfADroppedListenerIsDeleted() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            int fd = dropListener(address);
            untilCollected("reported", () -> !reports.of(fd, UnixListener.class).isEmpty());
            assertFalse(Files.exists(address.path()));
        }
    }

    private static int dropListener(UnixAddress address) throws IOException {
        UnixListener listener = UnixListener.bind(address, ListenOptions.DEFAULT.deleteOnClose(true));
        assertTrue(Files.exists(address.path()));
        return listener.fd();
    }

    @Test
    @Tag("any-selector")
    void aDroppedStreamIsClosedAndReportedOnce() throws IOException {
        try (Dropped first = drop(stream -> { }); Dropped second = drop(stream -> { })) {
            collectUntilEof(first.peer);
            collectUntilEof(second.peer);
            untilCollected("both reported", () -> reports.of(first.fd).size() + reports.of(second.fd).size() >= 2);
            LogRecord report = reports.of(first.fd).getFirst();
            assertEquals(Level.WARNING, report.getLevel());
            assertTrue(report.getMessage().contains("-Dpanamio.leakTracking=true"), report.getMessage());
            assertNull(report.getThrown());
            assertEquals(1, reports.of(first.fd).size());
            assertEquals(1, reports.of(second.fd).size());
        }
    }

    @Test
    void aDroppedStreamThatIsRegisteredIsClosedToo() throws IOException {
        try (Loop loop = new Loop(); Dropped dropped = drop(stream -> {
            loop.register(stream, 1, RW);
            loop.expect(Loop.writable(1));
        })) {
            collectUntilEof(dropped.peer);
            untilCollected("reported", () -> reports.of(dropped.fd).size() == 1);
            loop.expectNothing();
            TcpStream next = loop.connected().stream();
            loop.register(next, 2, RW);
            loop.expect(Loop.writable(2));
        }
    }

    @Test
    @Tag("any-selector")
    void aDroppedStreamWithAnArenaIsClosedToo() throws IOException {
        try (Dropped dropped = drop(stream -> assertEquals(8, stream.arena().allocate(8).byteSize()))) {
            collectUntilEof(dropped.peer);
            untilCollected("reported", () -> reports.of(dropped.fd).size() == 1);
        }
    }

    @Test
    @Tag("any-selector")
    void closedAndDetachedStreamsAreNotReported() throws IOException {
        int[] detached = new int[1];
        try (Dropped closed = drop(TcpStream::close); Dropped given = drop(s -> detached[0] = s.detach())) {
            untilCollected("collected", () -> closed.stream.refersTo(null) && given.stream.refersTo(null));
            try (Dropped sentinel = drop(stream -> { })) { // collected after the others
                untilCollected("reported", () -> !reports.of(sentinel.fd).isEmpty());
                List<Integer> all = List.of(closed.fd, given.fd, sentinel.fd); // may contain a number twice
                assertEquals(1, all.stream().flatMap(fd -> reports.of(fd).stream()).distinct().count());
            }
            given.peer.setSoTimeout(10);
            assertThrows(SocketTimeoutException.class, given.peer.getInputStream()::read, "it was closed");
        } finally {
            NativeFds.close(detached[0]);
        }
    }

    @Test
    void leakTrackingReportsWhereAStreamWasOpened() throws Exception {
        String out = new Child().with("-Dpanamio.leakTracking=true").run(Leaker.class).ok();
        assertTrue(out.contains("opened here"), out);
        assertTrue(out.contains("LeakTest.drop(LeakTest.java:"), out);
        assertFalse(new Child().run(Leaker.class).ok().contains("LeakTest.drop"));
    }

    @Test
    void aReportReachesTheConsoleWithoutAnySetUp() throws Exception {
        String err = new Child().run(Leaker.class, "to the console").err();
        assertTrue(err.contains("WARNING: closed descriptor "), err);
    }

    /** Drops a stream and prints the report. */
    static final class Leaker {
        private Leaker() {
        }

        public static void main(String[] args) throws IOException {
            Reports reports = new Reports();
            Logger logger = args.length == 0 ? LOGGER : Logger.getLogger(""); // its first handler is the console's
            logger.addHandler(reports);
            try (Dropped dropped = drop(stream -> { })) {
                untilCollected("reported", () -> !reports.of(dropped.fd).isEmpty());
                LogRecord report = reports.of(dropped.fd).getFirst();
                System.out.println(report.getMessage());
                if (report.getThrown() != null) {
                    report.getThrown().printStackTrace(System.out);
                }
            }
        }
    }
}
