package io.panamio.sys.windows;

import static io.panamio.test.support.Failures.assertFailure;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.ResourceExhaustedException;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the error codes of Winsock, also of those that Windows returns and Wine does not. */
@Tag("any-platform")
class OutcomeTest {
    private static final int SOCKET = 4;
    private static final int WOULD_BLOCK = -10035;
    private static final int NET_DOWN = -10050;
    private static final int NET_RESET = -10052;
    private static final int ABORTED = -10053;
    private static final int RESET = -10054;
    private static final int SHUT_DOWN = -10058;
    private static final int TIMED_OUT = -10060;

    @AfterEach
    void forget() {
        SocketState.forget(SOCKET);
    }

    /** On Windows a receive after a send to a peer that has closed is aborted; on Wine it is reset. */
    @ParameterizedTest
    @ValueSource(ints = {RESET, ABORTED})
    void aResetIsThrownOnceAndThenTheStreamHasEnded(int error) throws IOException {
        IOException e = assertThrows(SocketException.class, () -> WindowsStreams.received(SOCKET, "recv", error));
        assertFailure("recv", "ECONNRESET", e);
        assertEquals(0, WindowsStreams.received(SOCKET, "recv", error));
        assertFailure("send", "EPIPE",
            assertThrows(SocketException.class, () -> WindowsStreams.sendFailed(SOCKET, "send", error)));
    }

    @ParameterizedTest
    @ValueSource(ints = {RESET, ABORTED})
    void aSendThrowsAResetOnceAndThenABrokenPipe(int error) throws IOException {
        assertFailure("send", "ECONNRESET",
            assertThrows(SocketException.class, () -> WindowsStreams.sendFailed(SOCKET, "send", error)));
        assertFailure("send", "EPIPE",
            assertThrows(SocketException.class, () -> WindowsStreams.sendFailed(SOCKET, "send", error)));
        assertEquals(0, WindowsStreams.received(SOCKET, "recv", error));
    }

    @ParameterizedTest
    @ValueSource(ints = {RESET, ABORTED})
    void aResetThatTakeErrorHasTakenIsTheEnd(int error) throws IOException {
        SocketState.reset(SOCKET);
        assertEquals(true, SocketState.takeFoundReset(SOCKET));
        assertEquals(false, SocketState.takeFoundReset(SOCKET));
        assertEquals(0, WindowsStreams.received(SOCKET, "recv", error));
    }

    @Test
    void aStreamThatIsNotReadyWouldBlock() throws IOException {
        assertEquals(Sockets.WOULD_BLOCK, WindowsStreams.received(SOCKET, "recv", WOULD_BLOCK));
        assertEquals(Sockets.WOULD_BLOCK, WindowsStreams.sendFailed(SOCKET, "send", WOULD_BLOCK));
        assertEquals(0, WindowsStreams.received(SOCKET, "recv", SHUT_DOWN));
    }

    /** Windows reports a port on which no socket listens as a reset, Wine as refused. */
    @Test
    void aDatagramThatIsResetWasRefused() throws IOException {
        assertFailure("recv", "ECONNREFUSED",
            assertThrows(ConnectException.class, () -> WindowsMessages.failed("recv", RESET)));
        assertFailure("recv", "ENETRESET",
            assertThrows(SocketException.class, () -> WindowsMessages.failed("recv", NET_RESET)));
        assertEquals(Sockets.WOULD_BLOCK, WindowsMessages.failed("recv", WOULD_BLOCK));
    }

    // ---- accept: Windows may report a connection that died in the queue as an error, Wine accepts it

    /** Sockets whose accepts have these results, in turn, of which the last one repeats. */
    private static WindowsSockets accepting(AtomicInteger calls, int... results) {
        return new WindowsSockets() {
            @Override
            int acceptFirst(int fd, WindowsAddress address) {
                return results[Math.min(calls.getAndIncrement(), results.length - 1)];
            }
        };
    }

    @Test
    void connectionsThatDiedAreSkipped() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        WindowsSockets sockets = accepting(calls, RESET, ABORTED, NET_RESET, TIMED_OUT, WOULD_BLOCK);
        assertEquals(Sockets.WOULD_BLOCK, sockets.accept(SOCKET, null));
        assertEquals(5, calls.get());
    }

    @Test
    void anErrorOfTheListenerIsThrown() {
        AtomicInteger calls = new AtomicInteger();
        WindowsSockets sockets = accepting(calls, RESET, NET_DOWN);
        assertFailure("accept", "ENETDOWN", assertThrows(IOException.class, () -> sockets.accept(SOCKET, null)));
        assertEquals(2, calls.get());
    }

    @Test
    void connectionsThatDieWithoutEndDoNotHoldUpTheLoop() {
        AtomicInteger calls = new AtomicInteger();
        WindowsSockets sockets = accepting(calls, RESET);
        assertFailure("accept", "ECONNRESET",
            assertThrows(ResourceExhaustedException.class, () -> sockets.accept(SOCKET, null)));
        assertEquals(64, calls.get());
    }
}
