package io.panamio.test.tls;

import static io.panamio.IoResult.EOF;
import static io.panamio.test.tls.TlsLoop.clientEngine;
import static io.panamio.test.tls.TlsLoop.serverEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Programs;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted streams with other implementations: the JDK's sockets, OpenSSL and curl. */
class TlsPeersTest {
    private static final byte[] HELLO = "hello\n".getBytes();

    // ---- the JDK's sockets

    /** Transfers both ways at once, and ends where {@code first} says: 0 this library, 1 the JDK. */
    @ParameterizedTest
    @CsvSource({"TLSv1.2, true, 0", "TLSv1.3, true, 0", "TLSv1.2, false, 1", "TLSv1.3, false, 1", "TLSv1.3, true, 1",
        "TLSv1.3, false, 0"})
    void theSocketsOfTheJdkAreUnderstood(String protocol, boolean client, int first) throws Exception {
        byte[] there = Local.random(2_000_003);
        byte[] back = Local.random(1_000_003);
        try (TlsLoop tls = new TlsLoop()) {
            Loop.Pair pair = client ? tls.loop.connected() : tls.loop.accepted();
            TlsStream stream = client ? tls.client(pair.stream(), clientEngine(protocol))
                : tls.server(pair.stream(), serverEngine(protocol));
            tls.loop.register(stream, 1, Loop.RW);
            SSLSocket socket = TlsPeers.over(pair.peer(), protocol, !client);
            Future<?> writer = Background.start(() -> {
                socket.getOutputStream().write(back);
                return null;
            });
            Future<byte[]> reader = Background.start(() -> {
                byte[] all = socket.getInputStream().readNBytes(there.length);
                Background.result(writer);
                if (first == 1) {
                    socket.close();
                } else {
                    assertEquals(-1, socket.getInputStream().read());
                    socket.close();
                }
                return all;
            });
            byte[] got = new byte[back.length];
            int[] done = new int[2];
            tls.drive(() -> {
                long n;
                while (done[0] < there.length && (n = stream.write(there, done[0], there.length - done[0])) > 0) {
                    done[0] += (int) n;
                }
                while (done[1] < got.length && (n = stream.read(got, done[1], got.length - done[1])) > 0) {
                    done[1] += (int) n;
                }
                return done[0] == there.length && done[1] == got.length && stream.flush();
            });
            assertArrayEquals(back, got);
            assertEquals(protocol, stream.engine().getSession().getProtocol());
            if (first == 0) {
                stream.shutdown(Shutdown.WRITE);
                assertTrue(stream.flush());
            }
            byte[] one = new byte[1];
            assertEquals(EOF, TlsLoop.await(() -> stream.read(one, 0, 1)));
            stream.close(); // for which the JDK's socket waits
            assertArrayEquals(there, Background.result(reader));
        }
    }

    // ---- programs

    /** A server that answers what it receives, in a loop of its own thread. */
    private static final class Server implements AutoCloseable {
        /** What it does with a connection: returns false when that has ended. */
        interface Handler {
            boolean handle(TlsStream stream, MemorySegment buffer) throws IOException;
        }

        final TcpListener listener = TcpListener.bind(new InetSocketAddress(Loop.V4, 0));
        final int port = listener.localAddress().getPort();
        final List<TlsStream> streams = new ArrayList<>();
        private final TlsLoop tls = new TlsLoop();
        private final MemorySegment buffer = Arena.ofAuto().allocate(100_000);

        Server() throws IOException {
            tls.loop.register(listener, 0, Loop.R);
        }

        /** Handles connections until a condition holds. */
        void run(Handler handler, Loop.Condition done) throws IOException {
            Events events = tls.loop.events;
            long deadline = System.nanoTime() + Loop.LONG.toNanos();
            while (!done.holds()) {
                assertTrue(System.nanoTime() < deadline, "not done");
                tls.loop.poll.poll(events, Loop.SHORT);
                for (int i = 0; i < events.size(); i++) {
                    int token = (int) events.token(i);
                    if (token == 0) {
                        for (TcpStream tcp = listener.accept(); tcp != null; tcp = listener.accept()) {
                            TlsStream stream = tls.server(tcp, TlsLoop.with(serverEngine(),
                                p -> p.setApplicationProtocols(new String[] {"http/1.1"})));
                            streams.add(stream);
                            tls.loop.register(stream, streams.size(), Loop.RW);
                        }
                    } else if (streams.get(token - 1).isOpen()
                            && !handler.handle(streams.get(token - 1), buffer)) {
                        streams.get(token - 1).close();
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            tls.close();
            listener.close();
        }
    }

    /** Echoes what fits. */
    private static boolean echo(TlsStream stream, MemorySegment buffer) throws IOException {
        while (stream.flush()) {
            long n = stream.read(buffer, 0, 16384);
            if (n < 0) {
                return n != EOF;
            }
            assertEquals(n, stream.write(buffer, 0, n));
        }
        return true;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    void opensslConnects(String protocol, @TempDir Path directory) throws Exception {
        Programs.require("openssl");
        Certificates.writePem(Certificates.ALPHA, directory);
        try (Server server = new Server()) {
            Process client = new ProcessBuilder("openssl", "s_client", "-connect", "127.0.0.1:" + server.port, protocol,
                "-servername", "alpha.test", "-verify_hostname", "alpha.test", "-CAfile",
                directory.resolve("cert.pem").toString(), "-verify_return_error", "-alpn", "http/1.1")
                .redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
            try (OutputStream in = client.getOutputStream()) {
                Loop.Condition verified = () -> Files.readString(directory.resolve("out")).contains("---\n")
                    && Files.readString(directory.resolve("out")).contains("Verif");
                server.run(TlsPeersTest::echo, verified);
                if (protocol.equals("-tls1_3")) {
                    in.write("K\n".getBytes()); // a key update, which requests one in return
                    in.flush();
                    server.run(TlsPeersTest::echo,
                        () -> Files.readString(directory.resolve("out")).contains("KEYUPDATE"));
                }
                in.write(HELLO);
                in.flush();
                server.run(TlsPeersTest::echo, () -> Files.readString(directory.resolve("out")).contains("hello\n"));
                in.write("Q\n".getBytes());
                in.flush();
                server.run(TlsPeersTest::echo, () -> !server.streams.getFirst().isOpen());
            } finally {
                client.destroy();
            }
            String out = Files.readString(directory.resolve("out"));
            assertTrue(out.contains("Verify return code: 0 (ok)"), out);
            assertTrue(out.contains("ALPN protocol: http/1.1"), out);
        }
    }

    @Test
    void opensslRenegotiatesInVain(@TempDir Path directory) throws Exception {
        Programs.require("openssl");
        try (Server server = new Server()) {
            Process client = new ProcessBuilder("openssl", "s_client", "-connect", "127.0.0.1:" + server.port,
                "-tls1_2").redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
            IOException[] thrown = new IOException[1];
            try (OutputStream in = client.getOutputStream()) {
                Server.Handler handler = (stream, buffer) -> {
                    try {
                        return echo(stream, buffer);
                    } catch (IOException e) {
                        thrown[0] = e;
                        return false;
                    }
                };
                server.run(handler, () -> Files.readString(directory.resolve("out")).contains("Verif"));
                in.write("R\n".getBytes());
                in.flush();
                server.run(handler, () -> thrown[0] != null);
                assertTrue(thrown[0].getMessage().contains("renegotiation"), thrown[0]::toString);
                server.run(handler, () -> !client.isAlive());
            } finally {
                client.destroy();
            }
            String out = Files.readString(directory.resolve("out"));
            assertTrue(out.contains("alert"), out);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    void opensslResumesASession(String protocol, @TempDir Path directory) throws Exception {
        Programs.require("openssl");
        try (Server server = new Server(); Programs programs = new Programs(directory)) {
            String session = directory.resolve("session").toString();
            for (String option : new String[] {"-sess_out", "-sess_in"}) {
                // s_client ends at the end of its input, before which it must have received the ticket
                Programs.Program client = programs.start("sh", "-c", "exec openssl s_client -connect 127.0.0.1:"
                    + server.port + " " + protocol + " -servername alpha.test " + option + " " + session + " < "
                    + fifo(directory, option));
                try (OutputStream in = Files.newOutputStream(directory.resolve("fifo" + option))) {
                    in.write(HELLO);
                    in.flush();
                    server.run(TlsPeersTest::echo, () -> client.output().contains("hello\n"));
                }
                server.run(TlsPeersTest::echo, () -> !client.process().isAlive());
                assertTrue(client.output().contains(option.equals("-sess_in") ? "Reused, TLS" : "New, TLS"),
                    client.output());
            }
        }
    }

    private static Path fifo(Path directory, String option) throws IOException {
        Path fifo = directory.resolve("fifo" + option);
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().onExit().join().exitValue());
        return fifo;
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2, TLSv1.2", "-tls1_3, TLSv1.3"})
    void opensslIsConnectedTo(String option, String protocol, @TempDir Path directory) throws IOException {
        Programs.require("openssl");
        Certificates.writePem(Certificates.ALPHA, directory);
        byte[] file = Local.random(3_000_000);
        Files.write(directory.resolve("file"), file);
        int port = Programs.freePort();
        try (Programs programs = new Programs(directory); TlsLoop tls = new TlsLoop()) {
            programs.serve(port, "openssl", "s_server", "-accept", "127.0.0.1:" + port, option, "-cert", "cert.pem",
                "-key", "key.pem", "-HTTP");
            fetch(tls, port, protocol, file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void nginxIsConnectedTo(String protocol, @TempDir Path directory) throws IOException {
        Programs.require("nginx");
        Certificates.writePem(Certificates.ALPHA, directory);
        byte[] file = Local.random(3_000_001);
        Files.write(Files.createDirectory(directory.resolve("www")).resolve("file"), file);
        int port = Programs.freePort();
        Path config = Files.writeString(directory.resolve("nginx.conf"), """
            daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
            events { worker_connections 100; }
            http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
              uwsgi_temp_path t4; scgi_temp_path t5; server { listen 127.0.0.1:%d ssl; root %s; ssl_protocols %s;
              ssl_certificate %s; ssl_certificate_key %s; } }
            """.formatted(port, directory.resolve("www"), protocol, directory.resolve("cert.pem"),
            directory.resolve("key.pem")));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (Programs programs = new Programs(directory); TlsLoop tls = new TlsLoop()) {
            programs.serve(port, "nginx", "-p", directory + "/", "-c", config.toString());
            fetch(tls, port, protocol, file);
        }
    }

    /** Fetches a file by HTTP/1.0. */
    private static void fetch(TlsLoop tls, int port, String protocol, byte[] file) throws IOException {
        TlsStream client = tls.client(TcpStream.connect(new InetSocketAddress(Loop.V4, port)), clientEngine());
        tls.loop.register(client, 1, Loop.RW);
        byte[] request = "GET /file HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] got = new byte[file.length + 1000];
        int[] n = new int[1];
        boolean[] sent = new boolean[1];
        tls.drive(() -> {
            sent[0] = sent[0] || client.write(request, 0, request.length) > 0;
            long more;
            while ((more = client.read(got, n[0], got.length - n[0])) > 0) {
                n[0] += (int) more;
            }
            return more == EOF;
        });
        assertArrayEquals(file, Arrays.copyOfRange(got, n[0] - file.length, n[0]));
        assertEquals(protocol, client.engine().getSession().getProtocol());
    }

    @ParameterizedTest
    @CsvSource({"--tlsv1.2, 1.2", "--tlsv1.3, 1.3"})
    void curlFetchesAPage(String min, String max, @TempDir Path directory) throws IOException {
        MissingPrograms.require("curl");
        Certificates.writePem(Certificates.ALPHA, directory);
        byte[] page = Local.random(2_000_001);
        String head = "HTTP/1.1 200 OK\r\nContent-Length: " + page.length + "\r\nConnection: close\r\n\r\n";
        byte[] response = Arrays.copyOf(head.getBytes(StandardCharsets.US_ASCII), head.length() + page.length);
        System.arraycopy(page, 0, response, head.length(), page.length);
        try (Server server = new Server(); Programs programs = new Programs(directory)) {
            Programs.Program curl = programs.start("curl", "-sS", "--noproxy", "*", "--cacert", "cert.pem", min,
                "--tls-max", max, "--resolve", "alpha.test:" + server.port + ":127.0.0.1", "-o", "page",
                "https://alpha.test:" + server.port + "/");
            boolean[] asked = new boolean[1];
            int[] sent = new int[1];
            server.run((stream, buffer) -> {
                asked[0] |= stream.read(buffer) > 0;
                long n;
                while (asked[0] && sent[0] < response.length
                        && (n = stream.write(response, sent[0], response.length - sent[0])) > 0) {
                    sent[0] += (int) n;
                }
                return sent[0] < response.length || !stream.flush();
            }, () -> !curl.process().isAlive());
            assertEquals(0, curl.end(), curl.output());
            assertArrayEquals(page, Files.readAllBytes(directory.resolve("page")));
        }
    }
}
