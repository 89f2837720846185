package io.panamio.test.snippets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Loop;
import io.panamio.tls.TlsStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of {@code io.panamio.tls} run and do what they show. */
class TlsExamplesTest {
    private static final SSLContext SERVER = Certificates.context(Certificates.ALPHA);
    private static final SSLContext CLIENT = Certificates.context();

    @Test
    void aClientSendsTheRequestAndReadsTheResponse() throws Exception {
        try (Arena arena = Arena.ofConfined(); SSLServerSocket server =
                 (SSLServerSocket) SERVER.getServerSocketFactory().createServerSocket(0, 1, Loop.V4)) {
            Future<String> asked = Background.start(() -> {
                try (SSLSocket peer = (SSLSocket) server.accept()) {
                    String request = new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                    peer.getOutputStream().write("pong!".getBytes(StandardCharsets.US_ASCII));
                    return request;
                }
            });
            MemorySegment response = arena.allocate(100);
            long n = TlsSnippets.request(CLIENT, new InetSocketAddress(Loop.V4, server.getLocalPort()),
                "ping".getBytes(StandardCharsets.US_ASCII), response);
            assertEquals("pong!", new String(response.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE)));
            assertEquals("ping", Background.result(asked));
        }
    }

    @Test
    void aServerEchoes() throws Exception {
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(Loop.V4, 0))) {
            int port = listener.localAddress().getPort();
            Future<?> server = Background.start(() -> {
                TlsSnippets.serve(SERVER, listener, 2);
                return null;
            });
            byte[] sent = new byte[200_000];
            for (int i = 0; i < 2; i++) {
                try (SSLSocket peer = (SSLSocket) CLIENT.getSocketFactory().createSocket(Loop.V4, port)) {
                    Future<byte[]> got = Background.start(() -> peer.getInputStream().readNBytes(sent.length));
                    peer.getOutputStream().write(sent);
                    assertEquals(sent.length, Background.result(got).length);
                }
            }
            Background.result(server);
        }
    }

    @Test
    void anEngineIsConfigured() throws Exception {
        try (Loop loop = new Loop(); SegmentPool pool = SegmentPool.open()) {
            TcpStream[] pair = loop.pair();
            try (TlsStream server = TlsSnippets.options(SERVER, pair[0], pool, Runnable::run)) {
                assertNotNull(server.engine().getSSLParameters().getApplicationProtocols());
            }
        }
    }
}
