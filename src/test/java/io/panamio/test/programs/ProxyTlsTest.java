package io.panamio.test.programs;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Proxying.number;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.Main;
import io.panamio.examples.proxy.Encryption;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Proxying;
import io.panamio.tls.TlsOptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The example proxy with encrypted connections of clients, to the server, or both; the peers are the JDK's. */
class ProxyTlsTest {
    private static final SSLContext SERVER = Certificates.context(Certificates.ALPHA);
    private static final SSLContext CLIENT = Certificates.context();
    private static final TlsOptions LONG = TlsOptions.DEFAULT.handshakeTimeout(Loop.LONG);

    private static Encryption encryption(boolean ofClients, boolean toServer, String name) {
        return new Encryption(ofClients ? SERVER : null, toServer ? CLIENT : null, name, LONG);
    }

    private static Socket client(Socket socket, boolean encrypted) throws IOException {
        return encrypted ? CLIENT.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true) : socket;
    }

    private static Socket server(Socket socket, boolean encrypted) throws IOException {
        if (!encrypted) {
            return socket;
        }
        SSLSocket made = (SSLSocket) SERVER.getSocketFactory().createSocket(socket, "localhost", socket.getPort(),
            true);
        made.setUseClientMode(false);
        return made;
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "true, true"})
    void bytesAndEndsArePassedOn(boolean ofClients, boolean toServer) throws Exception {
        byte[] there = Local.random(1_000_003);
        byte[] back = Local.random(700_001);
        try (Proxying p = new Proxying(encryption(ofClients, toServer, "localhost"))) {
            for (int i = 0; i < 2; i++) {
                Socket client = client(p.connect(), ofClients);
                Future<byte[]> received = start(() -> {
                    Socket server = server(p.accept(), toServer);
                    byte[] all = server.getInputStream().readAllBytes();
                    server.getOutputStream().write(back);
                    server.shutdownOutput();
                    return all;
                });
                client.getOutputStream().write(there);
                client.shutdownOutput();
                assertArrayEquals(back, client.getInputStream().readAllBytes());
                assertArrayEquals(there, result(received));
                client.close();
                p.awaitConnections(0);
            }
            assertEquals(0, number(p.report(), "failed"));
            p.assertNothingWaits();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aResetIsNotAnEnd(boolean ofClients) throws Exception {
        try (Proxying p = new Proxying(encryption(ofClients, !ofClients, "localhost"))) {
            Socket client = client(p.connect(), ofClients);
            Future<?> server = start(() -> {
                Socket raw = p.accept();
                Socket over = server(raw, !ofClients);
                assertEquals(7, over.getInputStream().read());
                over.getOutputStream().write(8);
                Proxying.reset(raw);
                return null;
            });
            client.getOutputStream().write(7);
            result(server);
            try {
                for (int c; (c = client.getInputStream().read()) >= 0;) {
                    assertEquals(8, c);
                }
                assertTrue(Behaviour.RESETS_ARRIVE_AS_ENDS.isHere(), "an end");
            } catch (IOException e) {
                // a reset
            }
            p.awaitConnections(0);
            p.assertNothingWaits();
        }
    }

    @Test
    void aServerOfAnotherNameIsRefused() throws Exception {
        try (Proxying p = new Proxying(encryption(false, true, "elsewhere.test"))) {
            Socket client = p.connect();
            Future<?> server = start(() -> server(p.accept(), true).getInputStream().read());
            assertThrows(IOException.class, () -> {
                client.getOutputStream().write(1);
                client.getInputStream().read();
            });
            assertThrows(Exception.class, () -> result(server));
            p.awaitConnections(0);
            assertEquals(1, number(p.report(), "refused"));
        }
    }

    // ---- the command

    @Test
    @Tag("any-selector")
    void theCommandReadsPem(@TempDir Path directory) throws Exception {
        Certificates.writePem(Certificates.ALPHA, directory);
        try (Programs programs = new Programs(directory);
             SSLServerSocket target =
                 (SSLServerSocket) SERVER.getServerSocketFactory().createServerSocket(0, 1, Loop.V4)) {
            int port = Programs.freePort();
            Programs.Program proxy = programs.example(List.of(Certificates.trustOptions(directory).split(" ")),
                Main.class, "proxy", "--listen", "127.0.0.1:" + port, "--to", "localhost:" + target.getLocalPort(),
                "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-to");
            proxy.awaitOutput("proxy on");
            Future<?> echo = start(() -> {
                try (Socket server = target.accept()) {
                    server.getInputStream().transferTo(server.getOutputStream());
                }
                return null;
            });
            try (Socket client = client(new Socket(Loop.V4, port), true)) {
                client.getOutputStream().write("hello".getBytes());
                assertEquals("hello", new String(client.getInputStream().readNBytes(5)));
                client.shutdownOutput();
                assertEquals(-1, client.getInputStream().read());
            }
            result(echo);
        }
    }

    @ParameterizedTest
    @Tag("any-selector")
    @CsvSource({"--tls-cert cert.pem, given together", "--tls-cert cert.pem --tls-key cert.pem, no private key",
        "--tls-cert key.pem --tls-key key.pem, certificate", "--tls-cert none.pem --tls-key key.pem, none.pem",
        "--tls-cert cert.pem --tls-key old.pem, openssl pkcs8"})
    void badFilesAreRefused(String options, String message, @TempDir Path directory) throws Exception {
        Certificates.writePem(Certificates.ALPHA, directory);
        Files.writeString(directory.resolve("old.pem"),
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        try (Programs programs = new Programs(directory); ServerSocket unused = new ServerSocket(0, 1, Loop.V4)) {
            String[] all = ("proxy --listen 127.0.0.1:0 --to 127.0.0.1:" + unused.getLocalPort() + " " + options)
                .split(" ");
            Programs.Program proxy = programs.example(all);
            assertTrue(proxy.end() != 0);
            assertTrue(proxy.output().contains(message), proxy.output());
        }
    }
}
