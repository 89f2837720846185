package io.panamio.test.programs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.Main;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Proxying;
import java.io.FileInputStream;
import java.io.IOException;
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

/** The example servers continue to serve while their output goes to a full pipe that nobody reads. */
class UnreadOutputTest {
    private static final int FULL = 60_000; // the capacity of a pipe, except for its last page
    private static final int FILE = 20_000_000; // more than the socket buffers hold
    private static final int PIECE = 200_000;

    @TempDir
    private Path directory;
    private Programs programs;
    private Path fifo;
    private RandomAccessFile pipe;
    private final List<Socket> sockets = new ArrayList<>();

    private interface Use {
        void of(Socket socket) throws IOException;
    }

    /** A program, its port, what a client does once, and the clients. */
    private record Served(Program program, int port, Use use, List<Socket> clients) {
        void ask() throws IOException {
            for (Socket client : clients) {
                use.of(client);
            }
        }
    }

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
        if (pipe != null) {
            pipe.close();
        }
    }

    private Served start(int port, Use use, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" > " + fifo + " 2>&1", "sh"));
        command.addAll(List.of(programs.exampleCommand(List.of(), Main.class, arguments)));
        return new Served(programs.start(command.toArray(String[]::new)), port, use, new ArrayList<>());
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket(Loop.V4, port);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        sockets.add(socket);
        return socket;
    }

    private static void ping(Socket socket) throws IOException {
        Proxying.pass(socket, socket, 100);
    }

    private static void take(Socket socket) throws IOException {
        assertEquals(PIECE, socket.getInputStream().readNBytes(PIECE).length);
    }

    private static void get(Socket socket) throws IOException {
        socket.getOutputStream().write("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
        StringBuilder response = new StringBuilder();
        while (response.indexOf("\r\n\r\nwithin") < 0) {
            int c = socket.getInputStream().read();
            assertTrue(c >= 0, "an end");
            response.append((char) c);
        }
        assertEquals(0, response.indexOf("HTTP/1.1 200"), response::toString);
    }

    @Test
    void unreadOutputDelaysNoClient() throws IOException {
        String here = "127.0.0.1";
        int echoPort = Programs.freePort();
        Served echo = start(echoPort, UnreadOutputTest::ping, "echo", "--host", here, "--port", "" + echoPort);
        Path file = Files.write(directory.resolve("file"), new byte[FILE]);
        int sendPort = Programs.freePort();
        Served send = start(sendPort, UnreadOutputTest::take, "send", file.toString(), "--host", here, "--port",
            "" + sendPort);
        Path folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "within");
        int servePort = Programs.freePort();
        Served serve = start(servePort, UnreadOutputTest::get, "serve", folder.toString(), "--host", here, "--port",
            "" + servePort);
        try (ServerSocket server = new ServerSocket(0, 1000, Loop.V4);
                FileInputStream in = new FileInputStream(pipe.getFD())) {
            Background.echo(server, socket -> { });
            int proxyPort = Programs.freePort();
            Served proxy = start(proxyPort, UnreadOutputTest::ping, "proxy", "--listen", here + ":" + proxyPort, "--to",
                here + ":" + server.getLocalPort(), "--grace", "0");
            List<Served> all = List.of(echo, send, serve, proxy);
            for (Served one : all) {
                one.program.awaitListening(one.port);
                one.clients.add(connect(one.port));
                one.clients.add(connect(one.port));
                one.ask();
            }
            Background.start(() -> {
                pipe.write(new byte[1 << 20]);
                return null;
            });
            Loop.until("full", () -> in.available() > FULL);

            proxy.program.signal("USR1"); // requests a report; send reports each completed client
            try (Socket whole = connect(sendPort)) {
                assertEquals(FILE, whole.getInputStream().readAllBytes().length);
            }
            for (Served one : all) {
                one.ask();
                one.program.leaveDescriptors(0);
                connect(one.port); // each program reports this on standard error
                connect(one.port);
                for (int i = 0; i < 20; i++) {
                    one.ask();
                }
                assertTrue(one.program.process().isAlive());
            }
            assertTrue(in.available() > FULL);
            for (Served one : all) {
                one.program.process().destroy();
            }
            for (Served one : all) {
                one.program.end();
            }
        }
    }
}
