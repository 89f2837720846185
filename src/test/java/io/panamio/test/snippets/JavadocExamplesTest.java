package io.panamio.test.snippets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.panamio.net.TcpListener;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** The examples that the Javadoc of {@code io.panamio.net} includes run, and do what they are there to show. */
class JavadocExamplesTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static <T> FutureTask<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().daemon().start(future);
        return future;
    }

    @Test
    void tcpConnectSendsTheRequestAndReadsTheAnswer() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, LOOPBACK); Arena arena = Arena.ofConfined()) {
            FutureTask<String> asked = start(() -> {
                try (Socket peer = server.accept()) {
                    byte[] request = peer.getInputStream().readNBytes(4);
                    peer.getOutputStream().write("pong!".getBytes(StandardCharsets.US_ASCII));
                    return new String(request, StandardCharsets.US_ASCII);
                }
            });
            MemorySegment answer = arena.allocate(16);
            long n = TcpSnippets.request(new InetSocketAddress(LOOPBACK, server.getLocalPort()),
                "ping".getBytes(StandardCharsets.US_ASCII), answer);
            assertEquals("ping", asked.get());
            assertEquals(5, n);
            assertEquals("pong!", answer.getString(0));
        }
    }

    @Test
    void tcpAcceptServesEveryConnectionUntilItsEnd() throws Exception {
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(LOOPBACK, 0))) {
            FutureTask<Void> served = start(() -> {
                TcpSnippets.serve(listener, 2);
                return null;
            });
            try (Socket first = new Socket(LOOPBACK, listener.localAddress().getPort());
                    Socket second = new Socket(LOOPBACK, listener.localAddress().getPort())) {
                first.getOutputStream().write(new byte[100_000]);
                second.getOutputStream().write(1);
                first.shutdownOutput();
                assertEquals(-1, first.getInputStream().read());
                second.shutdownOutput();
                assertEquals(-1, second.getInputStream().read());
            }
            assertNull(served.get());
        }
    }
}
