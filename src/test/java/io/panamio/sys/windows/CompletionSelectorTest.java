package io.panamio.sys.windows;

import static io.panamio.test.support.Failures.assertFailure;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.SourceFd;
import io.panamio.net.TcpStream;
import io.panamio.sys.Platform;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a selector makes of sockets that AFD refuses. */
@Tag("any-selector")
class CompletionSelectorTest {
    @BeforeEach
    void onlyOnWindows() {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no AFD");
    }

    /** Replaces a socket by a handle of the same number that AFD refuses. */
    private static void replace(Loop loop, int socket) {
        NativeFds.close(socket);
        List<Integer> others = new ArrayList<>();
        int port = Kernel32.createPort();
        while (port != socket && others.size() < 1000) { // the number is used again soon
            others.add(port);
            port = Kernel32.createPort();
        }
        for (int other : others) {
            Kernel32.closeHandle(other);
        }
        assumeTrue(port == socket, "the number is not used again");
        int own = port;
        loop.later(() -> Kernel32.closeHandle(own));
    }

    /** A source on a new socket, registered and reported writable, for which no request is pending. */
    private static SourceFd idle(Loop loop) throws IOException {
        TcpStream stream = loop.pair()[0];
        SourceFd source = new SourceFd(stream.detach());
        loop.register(source, 1, Loop.W.level());
        assertEquals("w", loop.next(1));
        return source;
    }

    @Test
    void aRequestThatIsRefusedInAPollIsAnErrorOfItsSourceAlone() throws IOException {
        try (Loop loop = new Loop()) {
            SourceFd source = idle(loop);
            TcpStream[] pair = loop.pair();
            loop.register(pair[0], 2, Loop.R);
            pair[1].write(new byte[1], 0, 1);
            replace(loop, source.fd());
            assertEquals("w rc wc e", loop.next(1));
            loop.poll.registry().deregister(source);
            loop.reregister(pair[0], 3, Loop.R);
            assertEquals("r", loop.next(3));
            loop.expectNothing();
        }
    }

    @Test
    void aRequestThatIsRefusedInARegistrationIsItsFailure() throws IOException {
        try (Loop loop = new Loop()) {
            SourceFd source = idle(loop);
            replace(loop, source.fd());
            IOException e = assertThrows(IOException.class, () -> loop.reregister(source, 2, Loop.RW));
            assertFailure("NtDeviceIoControlFile", "EBADF", e);
            assertTrue(e.getMessage().startsWith("NtDeviceIoControlFile IOCTL_AFD_POLL of what is no socket of AFD: "),
                e.getMessage());
        }
    }

    @Test
    void aHandleOfSomethingElseIsNamed() throws IOException {
        try (Loop loop = new Loop()) {
            int port = Kernel32.createPort();
            loop.later(() -> Kernel32.closeHandle(port));
            IOException e = assertThrows(IOException.class, () -> loop.register(new SourceFd(port), 1, Loop.R));
            assertFailure("WSAIoctl", "ENOTSOCK", e);
            assertTrue(e.getMessage().startsWith("WSAIoctl SIO_BASE_HANDLE: "), e.getMessage());
        }
    }

    @Test
    void anExclusiveInterestIsRefusedWithItsReason() throws IOException {
        try (Loop loop = new Loop()) {
            String message = assertThrows(UnsupportedOperationException.class,
                () -> loop.register(loop.pair()[0], 1, Loop.R.exclusive())).getMessage();
            assertTrue(message.endsWith(": a condition of a socket completes the requests of all polls"), message);
        }
    }
}
