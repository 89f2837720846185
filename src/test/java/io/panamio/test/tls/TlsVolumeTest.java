package io.panamio.test.tls;

import static io.panamio.test.tls.TlsLoop.clientEngine;
import static io.panamio.test.tls.TlsLoop.serverEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoResult;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Many bytes both ways at once, each compared: with the JDK's sockets and with OpenSSL. {@code
 * -Dpanamio.test.tls.megabytes=512} transfers that many each way.
 */
class TlsVolumeTest {
    private static final long SIZE = Long.getLong("panamio.test.tls.megabytes", 8) << 20;

    /** The bytes of one direction: random ones, repeated. */
    private static final class Sequence {
        private final byte[] bytes = Local.random(1_000_003); // prime: no record or buffer ends where it does
        private long at;

        int offset() {
            return (int) (at % bytes.length);
        }

        /** Returns the number of bytes from the offset that are in one piece. */
        int length() {
            return (int) Math.min(SIZE - at, bytes.length - offset());
        }

        boolean isDone() {
            return at == SIZE;
        }

        void send(OutputStream out) throws IOException {
            for (; !isDone(); at += length()) {
                out.write(bytes, offset(), length());
            }
            out.flush();
        }

        void check(byte[] got, int n) {
            assertTrue(n <= SIZE - at, "more than was sent");
            for (int i = 0; i < n;) {
                int length = Math.min(length(), n - i);
                int from = offset();
                assertEquals(-1, Arrays.mismatch(bytes, from, from + length, got, i, i + length),
                    "other bytes than were sent, after " + at);
                at += length;
                i += length;
            }
        }

        Void receive(InputStream in) throws IOException {
            byte[] buffer = new byte[1 << 16];
            while (!isDone()) {
                int n = in.read(buffer);
                assertTrue(n > 0, "the end after " + at);
                check(buffer, n);
            }
            return null;
        }
    }

    private static void transfer(TlsLoop tls, TlsStream stream, InputStream in, OutputStream out) throws Exception {
        Sequence there = new Sequence();
        Sequence back = new Sequence();
        Sequence thereReceived = copy(there);
        Sequence backReceived = copy(back);
        Future<?> writer = Background.start(() -> {
            back.send(out);
            return null;
        });
        Future<?> reader = Background.start(() -> thereReceived.receive(in));
        byte[] buffer = new byte[1 << 16];
        tls.drive(() -> {
            long n;
            while (!there.isDone() && (n = stream.write(there.bytes, there.offset(), there.length())) > 0) {
                there.at += n;
            }
            while (!backReceived.isDone() && (n = stream.read(buffer, 0, buffer.length)) != 0) {
                assertTrue(n != IoResult.EOF, "the end after " + backReceived.at);
                if (n < 0) {
                    break;
                }
                backReceived.check(buffer, (int) n);
            }
            return there.isDone() && backReceived.isDone() && stream.flush();
        });
        Background.result(writer);
        Background.result(reader);
    }

    private static Sequence copy(Sequence from) {
        Sequence copy = new Sequence();
        System.arraycopy(from.bytes, 0, copy.bytes, 0, from.bytes.length);
        return copy;
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, true", "TLSv1.3, true", "TLSv1.2, false", "TLSv1.3, false"})
    void nothingIsLostWithTheSocketsOfTheJdk(String protocol, boolean client) throws Exception {
        try (TlsLoop tls = new TlsLoop()) {
            Loop.Pair pair = client ? tls.loop.connected() : tls.loop.accepted();
            TlsStream stream = client ? tls.client(pair.stream(), clientEngine(protocol))
                : tls.server(pair.stream(), serverEngine(protocol));
            tls.loop.register(stream, 1, Loop.RW);
            SSLSocket socket = TlsPeers.over(pair.peer(), protocol, !client);
            transfer(tls, stream, socket.getInputStream(), socket.getOutputStream());
            assertEquals(protocol, stream.engine().getSession().getProtocol());
        }
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2, TLSv1.2", "-tls1_3, TLSv1.3"})
    void nothingIsLostWithAServerOfOpenssl(String option, String protocol, @TempDir Path directory) throws Exception {
        Programs.require("openssl");
        Certificates.writePem(Certificates.ALPHA, directory);
        int port = Programs.freePort();
        Process server = new ProcessBuilder("openssl", "s_server", "-accept", "127.0.0.1:" + port, option, "-quiet",
            "-cert", directory.resolve("cert.pem").toString(), "-key", directory.resolve("key.pem").toString())
            .redirectError(directory.resolve("errors").toFile()).start();
        try (TlsLoop tls = new TlsLoop()) {
            new Programs.Program(server, directory.resolve("errors")).awaitListening(port);
            TcpStream tcp = TcpStream.connect(new InetSocketAddress(Loop.V4, port));
            TlsStream stream = tls.client(tcp, clientEngine(protocol));
            tls.loop.register(stream, 1, Loop.RW);
            transfer(tls, stream, server.getInputStream(), server.getOutputStream());
            assertEquals(protocol, stream.engine().getSession().getProtocol());
        } finally {
            server.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2, TLSv1.2", "-tls1_3, TLSv1.3"})
    void nothingIsLostWithAClientOfOpenssl(String option, String protocol, @TempDir Path directory) throws Exception {
        Programs.require("openssl");
        try (TlsLoop tls = new TlsLoop();
             TcpListener listener = TcpListener.bind(new InetSocketAddress(Loop.V4, 0))) {
            Process client = new ProcessBuilder("openssl", "s_client", "-connect",
                "127.0.0.1:" + listener.localAddress().getPort(), option, "-quiet")
                .redirectError(directory.resolve("errors").toFile()).start();
            try {
                TcpStream[] tcp = new TcpStream[1];
                Loop.until("a client", () -> (tcp[0] = listener.accept()) != null);
                TlsStream stream = tls.server(tcp[0], serverEngine());
                tls.loop.register(stream, 1, Loop.RW);
                transfer(tls, stream, client.getInputStream(), client.getOutputStream());
                assertEquals(protocol, stream.engine().getSession().getProtocol());
            } finally {
                client.destroyForcibly();
            }
        }
    }
}
