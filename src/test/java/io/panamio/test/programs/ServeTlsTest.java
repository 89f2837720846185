package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.panamio.examples.Pem;
import io.panamio.examples.serve.Settings;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Programs;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The example server by HTTPS. */
class ServeTlsTest {
    private static final SSLContext CLIENT = Certificates.context();

    private static Served served(Path directory) throws IOException {
        Settings settings = new Settings(directory);
        settings.tls = Certificates.context(Certificates.ALPHA);
        settings.noPush = true;
        return new Served(settings);
    }

    @Test
    void filesAreServedOverOneConnection(@TempDir Path directory) throws IOException {
        byte[] small = Local.random(1000);
        byte[] medium = Local.random(60_000);
        byte[] large = Local.random(3_000_003);
        Files.write(directory.resolve("small"), small);
        Files.write(directory.resolve("medium"), medium);
        Files.write(directory.resolve("large"), large);
        try (Served served = served(directory);
             Served.Client client =
                 new Served.Client(CLIENT.getSocketFactory().createSocket(Loop.V4, served.port()))) {
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(small, client.ask("GET /small HTTP/1.1\r\n").content());
                assertArrayEquals(medium, client.ask("GET /medium HTTP/1.1\r\n").content());
                assertArrayEquals(large, client.ask("GET /large HTTP/1.1\r\n").content());
            }
            assertEquals(404, client.ask("GET /none HTTP/1.1\r\nConnection: close\r\n").status());
            client.expectEnd();
        }
    }

    @Test
    void aClientThatDoesNotEncryptIsDropped(@TempDir Path directory) throws IOException {
        try (Served served = served(directory); Socket plain = new Socket(Loop.V4, served.port())) {
            plain.setSoTimeout((int) Loop.LONG.toMillis());
            plain.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
            byte[] all = plain.getInputStream().readAllBytes();
            assertEquals(21, all[0], "an alert, and the end");
        }
    }

    /** A KeyManager that reads the key from its store each time spends most of a handshake on PBKDF2. */
    @Test
    void aHandshakeDoesNotDecryptTheKey(@TempDir Path directory) throws Exception {
        Certificates.writePem(Certificates.ALPHA, directory);
        SSLContext context = Pem.context(directory.resolve("cert.pem"), directory.resolve("key.pem"));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        try (ServerSocket listener = context.getServerSocketFactory().createServerSocket(0, 1, Loop.V4)) {
            for (int i = 0; i < 5; i++) { // the first loads classes
                FutureTask<Integer> client = new FutureTask<>(() -> {
                    try (Socket socket = CLIENT.getSocketFactory().createSocket(Loop.V4, listener.getLocalPort())) {
                        return socket.getInputStream().read();
                    }
                });
                Thread.ofPlatform().daemon().start(client);
                try (SSLSocket server = (SSLSocket) listener.accept()) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    server.startHandshake();
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
                assertEquals(-1, client.get());
            }
        }
        assertTrue(least < 400_000, least + " bytes"); // of which PBKDF2 would take some 480,000
    }

    @ParameterizedTest
    @Tag("any-selector")
    @ValueSource(strings = {"--tlsv1.2", "--tlsv1.3"})
    void curlFetchesFiles(String version, @TempDir Path directory) throws IOException {
        MissingPrograms.require("curl");
        Certificates.writePem(Certificates.ALPHA, directory);
        byte[] large = Local.random(5_000_000);
        Files.write(Files.createDirectory(directory.resolve("www")).resolve("large"), large);
        int port = Programs.freePort();
        try (Programs programs = new Programs(directory)) {
            programs.example("serve", "www", "--host", "127.0.0.1", "--port", Integer.toString(port), "--tls-cert",
                "cert.pem", "--tls-key", "key.pem").awaitOutput("serving");
            programs.run("curl", "-sS", "--fail", "--noproxy", "*", "--cacert", "cert.pem", version, "--tls-max",
                version.substring(6), "-o", "got", "https://localhost:" + port + "/large");
            assertArrayEquals(large, Files.readAllBytes(directory.resolve("got")));
            assertTrue(programs.start("curl", "-sS", "--noproxy", "*", version, "https://localhost:" + port + "/large")
                .end() != 0, "the certificate is not trusted");
        }
    }
}
