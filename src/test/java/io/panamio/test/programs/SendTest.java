package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Seccomp;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The example {@code send} as a program. */
class SendTest {
    private static final Pattern PORT = Pattern.compile("sending on port (\\d+)\\R");

    @TempDir
    private Path directory;

    private static int port(Program send) throws IOException {
        send.awaitOutput("sending on port ");
        Loop.until("the port", () -> PORT.matcher(send.output()).find());
        Matcher m = PORT.matcher(send.output());
        assertTrue(m.find());
        return Integer.parseInt(m.group(1));
    }

    @ParameterizedTest
    @CsvSource({"sendfile, 5000000", "zerocopy, 5000000", "write, 5000000", "zerocopy, 0"})
    void everyClientGetsTheFile(String way, int size) throws IOException {
        byte[] bytes = Local.random(size);
        Path file = Files.write(directory.resolve("file"), bytes);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0", "--by", way);
            int port = port(send);
            try (Socket gone = new Socket(Loop.V4, port)) {
                gone.setSoLinger(true, 0); // a reset must not stop the program
            }
            try (Socket one = new Socket(Loop.V4, port); Socket two = new Socket(Loop.V4, port)) {
                assertArrayEquals(bytes, two.getInputStream().readAllBytes());
                assertArrayEquals(bytes, one.getInputStream().readAllBytes());
            }
            Pattern completed = Pattern.compile("/127\\.0\\.0\\.1:\\d+: " + size + " bytes, .*s"
                + (way.equals("zerocopy") ? ", (\\d+) zero-copy sends.*" : ""));
            Loop.until("completed", () -> completed.matcher(send.output()).results().count() == 2);
        }
    }

    @ParameterizedTest
    @Tag("any-selector")
    @ValueSource(strings = {"--by carrier-pigeon", "--port 65536", "nosuchfile"})
    void badArgumentsAreReported(String arguments) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (Programs programs = new Programs(directory)) {
            String[] more = arguments.split(" ");
            Program send = more.length == 1 ? programs.example("send", more[0])
                : programs.example("send", file.toString(), more[0], more[1]);
            assertEquals(2, send.end());
            assertTrue(send.output().contains(more[more.length - 1]), send.output());
        }
    }

    @Test
    @Tag("any-selector")
    void aPortInUseIsReported() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (Programs programs = new Programs(directory)) {
            int port = port(programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0"));
            Program other = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "" + port);
            assertEquals(1, other.end());
            assertTrue(other.output().startsWith("send: bind /127.0.0.1:" + port + ": "), other.output());
        }
    }

    // ---- to a server

    @Test
    void aServerGetsTheFile() throws IOException {
        byte[] bytes = Local.random(5_000_000);
        Path file = Files.write(directory.resolve("file"), bytes);
        try (Programs programs = new Programs(directory); ServerSocket server = new ServerSocket(0, 1, Loop.V4)) {
            int port = server.getLocalPort();
            Program send = programs.example("send", file.toString(), "--to", "localhost", "--port", "" + port);
            try (Socket accepted = server.accept()) {
                assertArrayEquals(bytes, accepted.getInputStream().readAllBytes());
            }
            assertEquals(0, send.end());
            assertTrue(send.output().matches("[^\\n]*127\\.0\\.0\\.1:" + port + ": 5000000 bytes, .*\\R"),
                send.output());
        }
    }

    @Test
    void aServerThatDoesNotGetTheWholeFileIsAFailure() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[20_000_000]); // more than the socket buffers hold
        try (Programs programs = new Programs(directory)) {
            int port;
            try (ServerSocket server = new ServerSocket(0, 1, Loop.V4)) {
                port = server.getLocalPort();
                Program send = programs.example("send", file.toString(), "--to", "127.0.0.1", "--port", "" + port);
                try (Socket accepted = server.accept()) {
                    accepted.getInputStream().readNBytes(1000);
                }
                assertEquals(1, send.end());
                assertTrue(send.output().contains(":" + port + " has not received the whole file"), send.output());
            }
            Program refused = programs.example("send", file.toString(), "--to", "127.0.0.1", "--port", "" + port);
            assertEquals(1, refused.end());
            assertTrue(refused.output().startsWith("send: 127.0.0.1:" + port + ": no connection: connect "),
                refused.output());
        }
    }

    // ---- failures

    /** Reads until a failure or the end, and returns whether it was a failure. */
    private static boolean fails(Socket socket) throws IOException {
        try {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            return Behaviour.RESETS_ARRIVE_AS_ENDS.isHere();
        } catch (SocketException e) {
            return true;
        }
    }

    /** Truncated in the middle, or within the last page, where a mapping has zeros. */
    @ParameterizedTest
    @Tag("any-selector")
    @CsvSource({"sendfile, 9000000", "zerocopy, 9000000", "write, 9000000", "sendfile, 19999990", "zerocopy, 19999990",
        "write, 19999990"})
    void aTruncatedFileResetsTheClient(String way, long newSize) throws IOException {
        if (!way.equals("sendfile")) {
            Behaviour.MAPPED_FILES_CANNOT_BE_TRUNCATED.skip();
        }
        Path file = Files.write(directory.resolve("file"), new byte[20_000_000]); // more than the socket buffers hold
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0", "--by", way);
            int port = port(send);
            try (Socket client = new Socket(Loop.V4, port); Socket idle = new Socket(Loop.V4, port)) {
                client.setSoTimeout((int) Loop.LONG.toMillis());
                client.getInputStream().readNBytes(1000);
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(newSize);
                }
                assertTrue(fails(client));
                send.awaitOutput("/127.0.0.1:" + client.getLocalPort() + " has not received the whole file");
                assertTrue(fails(idle));
            }
            new Socket(Loop.V4, port).close();
            assertTrue(send.process().isAlive(), send.output());
        }
    }

    /** However the transfer ends, the client has not received the whole file. */
    @ParameterizedTest
    @Tag("any-selector")
    @CsvSource({"sendfile, TERM", "zerocopy, INT", "write, HUP", "sendfile, KILL"})
    void aSignalResetsTheClient(String way, String signal) throws IOException {
        Programs.requireSignals();
        Path file = Files.write(directory.resolve("file"), new byte[20_000_000]);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0", "--by", way);
            try (Socket client = new Socket(Loop.V4, port(send))) {
                client.setSoTimeout((int) Loop.LONG.toMillis());
                client.getInputStream().readNBytes(1000);
                send.signal(signal);
                send.end();
                assertTrue(fails(client));
            }
        }
    }

    /** A client that has received the whole file counts as completed, whatever happens afterwards. */
    @Test
    void aCompleteFileEndsWithoutAReset() throws IOException {
        Programs.requireSignals();
        byte[] bytes = Local.random(100_000); // fits into the socket buffers
        Path file = Files.write(directory.resolve("file"), bytes);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0");
            try (Socket client = new Socket(Loop.V4, port(send)); Socket other = new Socket(Loop.V4, port(send))) {
                other.shutdownOutput();
                send.awaitOutput(": 100000 bytes"); // for the other client; both connected at the same time
                assertArrayEquals(bytes, other.getInputStream().readAllBytes());
                client.setSoTimeout((int) Loop.LONG.toMillis());
                client.getInputStream().readNBytes(1000);
                send.signal("KILL");
                send.end();
                assertEquals(bytes.length - 1000, client.getInputStream().readAllBytes().length);
            }
        }
    }

    @ParameterizedTest
    @Tag("any-selector")
    @ValueSource(strings = {"sendfile", "write"})
    void aFileOfSizeZeroThatIsNotEmptyIsRefused(String way) throws IOException {
        Programs.requireFile("/proc/self/status");
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", "/proc/self/status", "--port", "0", "--by", way);
            assertEquals(1, send.end());
            assertEquals("send: /proc/self/status: the size of the file is unknown, as for those in /proc",
                send.output().strip());
        }
    }

    @Test
    @Tag("any-selector")
    void aFileThatCannotBeReadResetsTheClient() throws Exception {
        Seccomp.require();
        Path file = Files.write(directory.resolve("file"), new byte[1000]);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example(List.of(), ProgramFaultsTest.Faulty.class, "SENDFILE", "5", // EIO
                "send", file.toString(), "--host", "127.0.0.1", "--port", "0");
            int port = port(send);
            for (int i = 0; i < 2; i++) {
                try (Socket client = new Socket(Loop.V4, port)) {
                    client.setSoTimeout((int) Loop.LONG.toMillis());
                    assertTrue(fails(client));
                }
            }
            send.awaitOutput("EIO");
        }
    }

    /** As {@code nc} does if its input is empty. */
    @ParameterizedTest
    @ValueSource(strings = {"sendfile", "zerocopy", "write"})
    void aClientThatHasShutDownItsOutputGetsTheWholeFile(String way) throws IOException {
        Behaviour.ENDS_CANCEL_PENDING_SENDS.skip();
        byte[] bytes = Local.random(8_000_000);
        Path file = Files.write(directory.resolve("file"), bytes);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0", "--by", way);
            try (Socket client = new Socket(Loop.V4, port(send))) {
                client.setSoTimeout((int) Loop.LONG.toMillis());
                client.getOutputStream().write(new byte[1000]);
                client.shutdownOutput();
                assertArrayEquals(bytes, client.getInputStream().readAllBytes());
            }
            send.awaitOutput(": 8000000 bytes");
        }
    }

    @Test
    void withoutDescriptorsConnectedClientsAreServedAndOthersWait() throws IOException {
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        byte[] bytes = Local.random(20_000_000); // more than the socket buffers hold
        Path file = Files.write(directory.resolve("file"), bytes);
        try (Programs programs = new Programs(directory)) {
            Program send = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0");
            int port = port(send);
            Socket first = new Socket(Loop.V4, port);
            first.setSoTimeout((int) Loop.LONG.toMillis());
            byte[] received = new byte[bytes.length];
            int n = first.getInputStream().readNBytes(received, 0, 1000);
            send.leaveDescriptors(0);
            try (Socket second = new Socket(Loop.V4, port)) {
                send.awaitOutput("EMFILE");
                send.assertIdle();
                first.getInputStream().readNBytes(received, n, bytes.length - n);
                assertArrayEquals(bytes, received);
                first.close();
                second.setSoTimeout((int) Loop.LONG.toMillis());
                assertArrayEquals(bytes, second.getInputStream().readAllBytes());
            }
        }
    }
}
