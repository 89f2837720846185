package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.test.project.Everything;
import io.panamio.test.support.Child;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import jdk.jfr.Configuration;
import jdk.jfr.EventSettings;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/** The events for the JDK's Flight Recorder, in JVMs of their own: once used, it stays initialized. */
class FlightRecorderTest {
    private static final List<String> NAMES =
        List.of("Poll", "Turn", "Connect", "Accept", "WouldBlock", "Lease", "Leak");

    /** Does once what each event is about, and prints the events that were recorded. */
    static final class Recorded {
        private static final List<String> EXPECTED = new ArrayList<>();

        public static void main(String[] names) throws Exception {
            Path file = Files.createTempFile("panamio", ".jfr");
            try (Recording recording =
                     names.length == 0 ? new Recording(Configuration.getConfiguration("profile")) : new Recording()) {
                for (String name : names) {
                    EventSettings settings = recording.enable("io.panamio." + name);
                    if (!name.equals("Poll")) {
                        settings.withoutThreshold();
                    }
                }
                recording.start();
                act();
                recording.stop();
                recording.dump(file);
                for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
                    if (event.getEventType().getName().startsWith("io.panamio.")) {
                        System.out.println(text(event));
                    }
                }
            } finally {
                Files.delete(file);
            }
            EXPECTED.forEach(System.err::println);
        }

        private static String text(RecordedEvent event) {
            StringBuilder text = new StringBuilder(event.getEventType().getName().replace("io.panamio.", ""));
            for (ValueDescriptor field : event.getFields()) {
                String name = field.getName();
                if (name.equals("timeout")) {
                    text.append(" timeout=").append(event.getDuration("timeout"));
                } else if (!List.of("startTime", "duration", "eventThread", "stackTrace").contains(name)) {
                    text.append(' ').append(name).append('=').append(event.<Object>getValue(name));
                }
            }
            if (event.getEventType().getName().equals("io.panamio.Poll")) {
                text.append(event.getDuration().compareTo(Duration.ofMillis(50)) >= 0 ? " long" : " short");
            }
            return text + (event.getStackTrace() == null ? "" : " with its stack");
        }

        private static void expect(String name, String fields) {
            EXPECTED.add(name + " " + fields);
        }

        private static void act() throws Exception {
            Semaphore logged = new Semaphore(0);
            Logger logger = Logger.getLogger("io.panamio"); // a local variable: the registry of loggers is weak
            logger.setUseParentHandlers(false);
            logger.addHandler(new Handler() {
                @Override
                public void publish(LogRecord warning) {
                    logged.release();
                }

                @Override
                public void flush() {
                }

                @Override
                public void close() {
                }
            });
            sources();
            leases();
            drop();
            for (long pause = 1; !logged.tryAcquire(2, pause, TimeUnit.MILLISECONDS); pause *= 2) {
                System.gc();
            }
        }

        private static void sources() throws IOException {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            byte[] bytes = new byte[1 << 16];
            try (Poll poll = Poll.open(); TcpListener listener = TcpListener.bind(any);
                    UdpSocket socket = UdpSocket.bind(any)) {
                Events events = Events.withCapacity(8);
                poll.poll(events, Duration.ofMillis(50));
                expect("Poll", "events=0 timeout=PT0.05S long");
                expect("Turn", "events=0");
                poll.registry().register(listener, 1, Interest.READABLE);
                try (TcpStream client = TcpStream.connect(listener.localAddress())) {
                    while (poll.poll(events) == 0) {
                        // the connection arrives
                    }
                    TcpStream server = listener.accept();
                    expect("Accept", "listener=" + listener + " source=" + server + " remote=" + server.peerAddress());
                    listener.accept();
                    expect("WouldBlock", "source=" + listener + " operation=accept");
                    while (!client.finishConnect()) {
                        // it is local
                    }
                    client.finishConnect(); // recorded once
                    expect("Connect", "source=" + client + " remote=" + listener.localAddress()
                        + " failure=null with its stack");
                    client.read(bytes, 0, 1);
                    expect("WouldBlock", "source=" + client + " operation=read");
                    while (client.write(bytes, 0, bytes.length) != IoResult.WOULD_BLOCK) {
                        // until both buffers are full
                    }
                    expect("WouldBlock", "source=" + client + " operation=write");
                    client.tryIo(Interest.READABLE, fd -> IoResult.WOULD_BLOCK);
                    expect("WouldBlock", "source=" + client + " operation=tryIo");
                    server.close();
                }
                try (Arena arena = Arena.ofConfined()) {
                    socket.recv(arena.allocate(1));
                }
                expect("WouldBlock", "source=" + socket + " operation=receive");
                refused();
            }
        }

        private static void refused() throws IOException {
            InetSocketAddress nobody;
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
                nobody = listener.localAddress();
            }
            TcpStream stream = null;
            try {
                stream = TcpStream.connect(nobody);
                while (!stream.finishConnect()) {
                    // it is local
                }
                throw new AssertionError("connected to nobody");
            } catch (IOException e) {
                expect("Connect", "source=" + stream + " remote=" + nobody + " failure=" + e + " with its stack");
            } finally {
                if (stream != null) {
                    stream.close();
                }
            }
        }

        private static void leases() {
            PoolOptions options = PoolOptions.DEFAULT.sizes(4096).limit(4096).checked(true);
            try (SegmentPool pool = SegmentPool.open(options)) {
                pool.acquire(100);
                expect("Lease", "requested=100 bytes=4096 acquired=4096 reserved=4096 with its stack");
                pool.acquire(200);
                expect("Lease", "requested=200 bytes=0 acquired=4096 reserved=4096 with its stack");
            }
            expect("Leak", "kind=io.panamio.memory.Lease descriptor=-1 bytes=4096 origin=" + Recorded.class.getName());
        }

        private static void drop() throws IOException {
            int fd = UdpSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).fd();
            expect("Leak", "kind=io.panamio.net.UdpSocket descriptor=" + fd + " bytes=0 origin=null");
        }
    }

    private static List<String> lines(String output, String name) {
        return output.lines().filter(line -> line.startsWith(name + " ")).toList();
    }

    @Test
    void eachEventIsRecordedWithItsFields() throws Exception {
        Child.End end = new Child().run(Recorded.class, NAMES.toArray(String[]::new));
        String out = end.ok();
        end.err().lines().forEach(expected -> assertTrue(out.lines().anyMatch(line -> line.startsWith(expected)),
            () -> "not recorded: " + expected + "\n" + out));
        for (String name : NAMES) {
            assertFalse(lines(out, name).isEmpty(), name + " is not expected by the test:\n" + out);
        }
        assertEquals(2, lines(out, "Connect").size(), out);
        assertEquals(1, lines(out, "Accept").size(), out);
        assertEquals(2, lines(out, "Lease").size(), out);
        assertEquals(2, lines(out, "Leak").size(), out);
    }

    @Test
    void onlyWhatIsEnabledIsRecorded() throws Exception {
        String out = new Child().run(Recorded.class, "Accept").ok();
        assertEquals(1, out.lines().count(), out);
        assertEquals(1, lines(out, "Accept").size(), out);
    }

    @Test
    void nothingIsRecordedByTheSettingsOfTheJdk() throws Exception {
        assertEquals("", new Child().run(Recorded.class).ok());
    }

    // ---- without a recording, and without the module

    /** Uses the whole library. */
    static final class Plain {
        public static void main(String[] arguments) throws Exception {
            new Everything().call();
            System.out.println("done");
        }
    }

    @Test
    void withoutARecordingNoEventIsLoaded() throws Exception {
        String out = new Child().with("-Xlog:class+load").run(Plain.class).ok();
        assertTrue(out.contains("io.panamio.jfr.Flight "), out);
        assertFalse(out.contains("io.panamio.jfr.Types"), out);
        assertFalse(out.contains("jdk.jfr.Event "), out);
    }

    @Test
    void theLibraryWorksWithoutTheModule() throws Exception {
        assertEquals("done\n", new Child().with("--limit-modules=java.base,java.logging").run(Plain.class).ok());
        assertEquals("done\n", new Child().onClassPath().with("--limit-modules=java.base,java.logging",
            "--enable-native-access=ALL-UNNAMED").run(Plain.class).ok());
    }

    /** A recording that begins while the library is in use. */
    static final class Later {
        public static void main(String[] arguments) throws Exception {
            Plain.main(arguments);
            if (FlightRecorder.isInitialized()) {
                throw new AssertionError("in use before");
            }
            Recorded.main(new String[] {"Accept"});
        }
    }

    @Test
    void aRecordingMayBeginAtAnyTime() throws Exception {
        String out = new Child().run(Later.class).ok();
        assertEquals(1, lines(out, "Accept").size(), out);
    }
}
