package io.panamio.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.Programs.Program;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The example send as a program. */
class SendTest {
    private static final Pattern PORT = Pattern.compile("sending on port (\\d+)\\R");

    @TempDir
    private Path directory;

    private static int port(Program send) throws IOException {
        send.awaitSaid("sending on port ");
        Loop.until("the port", () -> PORT.matcher(send.said()).find());
        Matcher m = PORT.matcher(send.said());
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
                gone.setSoLinger(true, 0); // a reset is no reason to stop
            }
            try (Socket one = new Socket(Loop.V4, port); Socket two = new Socket(Loop.V4, port)) {
                assertArrayEquals(bytes, two.getInputStream().readAllBytes());
                assertArrayEquals(bytes, one.getInputStream().readAllBytes());
            }
            Pattern told = Pattern.compile("/127\\.0\\.0\\.1:\\d+: " + size + " bytes, .*s"
                + (way.equals("zerocopy") ? ", (\\d+) sends without copying.*" : ""));
            Loop.until("told", () -> told.matcher(send.said()).results().count() == 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--by carrier-pigeon", "--port 65536", "no/such/file"})
    void badArgumentsAreTold(String arguments) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (Programs programs = new Programs(directory)) {
            String[] more = arguments.split(" ");
            Program send = more.length == 1 ? programs.example("send", more[0])
                : programs.example("send", file.toString(), more[0], more[1]);
            assertEquals(2, send.end());
            assertTrue(send.said().contains(more[more.length - 1]), send.said());
        }
    }

    @Test
    void aPortThatIsTakenIsTold() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (Programs programs = new Programs(directory)) {
            int port = port(programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "0"));
            Program other = programs.example("send", file.toString(), "--host", "127.0.0.1", "--port", "" + port);
            assertEquals(1, other.end());
            assertTrue(other.said().startsWith("send: bind /127.0.0.1:" + port + ": "), other.said());
        }
    }
}
