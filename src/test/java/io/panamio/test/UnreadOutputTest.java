package io.panamio.test;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.Main;
import io.panamio.test.Programs.Program;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody has a pipe for what a server of the examples says, which is full, as nobody reads it: it serves on. */
class UnreadOutputTest {
    private static final int FULL = 60_000; // but for a page

    @TempDir
    private Path directory;
    private Programs programs;
    private Path fifo;
    private RandomAccessFile pipe;
    private final List<Socket> sockets = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        programs = new Programs(directory);
        fifo = directory.resolve("fifo");
        NativeCalls.makeFifo(fifo);
        pipe = new RandomAccessFile(fifo.toFile(), "rw");
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        programs.close();
        pipe.close();
    }

    /** Starts a program whose output is the pipe, and waits until it listens. */
    private Program start(int port, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" > " + fifo + " 2>&1", "sh"));
        command.addAll(List.of(programs.exampleCommand(List.of(), Main.class, arguments)));
        return programs.serve(port, command.toArray(String[]::new));
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket(Loop.V4, port);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        sockets.add(socket);
        return socket;
    }

    private interface Ask {
        void of(Socket socket) throws IOException;
    }

    /** Fills the pipe, has accept fail, which every program tells, and asks: those who are connected are served. */
    private void assertServes(Program program, int port, Ask ask) throws IOException {
        Socket one = connect(port);
        ask.of(one);
        Socket other = connect(port);
        ask.of(other);
        try (FileInputStream in = new FileInputStream(pipe.getFD())) {
            Background.start(() -> {
                byte[] bytes = new byte[1 << 20];
                pipe.write(bytes);
                return null;
            });
            Loop.until("full", () -> in.available() > FULL);
            program.leaveDescriptors(0);
            for (int i = 0; i < 5; i++) {
                connect(port);
            }
            for (int i = 0; i < 20; i++) {
                ask.of(one);
                ask.of(other);
            }
            assertTrue(program.process().isAlive());
            assertTrue(in.available() > FULL);
            program.process().destroy();
            program.end(); // which waits for no reader
        }
    }

    private static void ping(Socket socket) throws IOException {
        Proxying.pass(socket, socket, 100);
    }

    @Test
    void echoServesOn() throws IOException {
        int port = Programs.freePort();
        assertServes(start(port, "echo", "--host", "127.0.0.1", "--port", "" + port), port, UnreadOutputTest::ping);
    }

    @Test
    void theProxyServesOnAndReports() throws IOException {
        int port = Programs.freePort();
        try (ServerSocket server = new ServerSocket(0, 1000, Loop.V4)) {
            Background.startVirtual(() -> {
                for (;;) {
                    Socket socket = server.accept();
                    Background.startVirtual(() -> {
                        try (socket) {
                            return socket.getInputStream().transferTo(socket.getOutputStream());
                        }
                    });
                }
            });
            Program proxy = start(port, "proxy", "--listen", "127.0.0.1:" + port, "--to",
                "127.0.0.1:" + server.getLocalPort());
            assertServes(proxy, port, socket -> {
                ping(socket);
                proxy.signal("USR1");
            });
        }
    }

    @Test
    void sendSendsOn() throws IOException {
        int port = Programs.freePort();
        Path file = Files.write(directory.resolve("file"), new byte[20_000_000]);
        Program send = start(port, "send", file.toString(), "--host", "127.0.0.1", "--port", "" + port);
        assertServes(send, port, socket ->
            assertEquals(400_000, socket.getInputStream().readNBytes(400_000).length));
    }

    @Test
    void sendTellsOfManyClients() throws IOException {
        int port = Programs.freePort();
        byte[] bytes = Local.random(10);
        Path file = Files.write(directory.resolve("file"), bytes);
        start(port, "send", file.toString(), "--host", "127.0.0.1", "--port", "" + port);
        for (int i = 0; i < 3000; i++) { // lines of 40 bytes, more than a pipe holds
            try (Socket socket = new Socket(Loop.V4, port)) {
                socket.setSoTimeout((int) Loop.LONG.toMillis());
                assertArrayEquals(bytes, socket.getInputStream().readAllBytes());
            }
        }
    }

    @Test
    void serveServesOn() throws IOException {
        int port = Programs.freePort();
        Path folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "within");
        Program serve = start(port, "serve", folder.toString(), "--host", "127.0.0.1", "--port", "" + port);
        assertServes(serve, port, socket -> {
            OutputStream out = socket.getOutputStream();
            out.write("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
            StringBuilder answer = new StringBuilder();
            while (answer.indexOf("\r\n\r\nwithin") < 0) {
                int c = socket.getInputStream().read();
                assertTrue(c >= 0, "an end");
                answer.append((char) c);
            }
            assertTrue(answer.indexOf("HTTP/1.1 200") == 0, answer.toString());
        });
    }
}
