package io.panamio.test.snippets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.Feature;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.UnixDatagram;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of {@code Poller} run and do what they show. */
class VirtualExamplesTest {
    @Test
    void theServerSendsBackWhatTheClientAsks() throws Exception {
        try (Poller poller = Poller.open()) {
            Future<?> server;
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(Loop.V4, 0))) {
                server = Background.startVirtual(() -> {
                    VirtualSnippets.serve(poller, listener);
                    return null;
                });
                for (int i = 0; i < 3; i++) {
                    String question = "question " + i;
                    assertEquals(question, VirtualSnippets.ask(poller, listener.localAddress(), question));
                }
            }
            assertInstanceOf(ClosedChannelException.class, Background.failure(server)); // asynchronous if it is waiting
        }
    }

    @Test
    @Requires(Feature.UNIX_DATAGRAMS)
    void aDatagramIsReceivedOrNoneInTime() throws Exception {
        UnixDatagram[] pair = UnixDatagram.pair();
        try (Poller poller = Poller.open(); UnixDatagram one = pair[0]; UnixDatagram two = pair[1];
                Arena arena = Arena.ofShared()) {
            MemorySegment dst = arena.allocate(10);
            assertThrows(SocketTimeoutException.class,
                () -> VirtualSnippets.receive(poller, one, dst, Loop.SHORT));
            Future<Long> received =
                Background.startVirtual(() -> VirtualSnippets.receive(poller, one, dst, Loop.LONG));
            two.send(new byte[5], 0, 5);
            assertEquals(5, Background.result(received));
        }
    }
}
