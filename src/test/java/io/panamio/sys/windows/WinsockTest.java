package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.bindings.windows.Windows;
import io.panamio.net.TcpListener;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What must be said to Winsock, and what Wine would not miss. */
@Tag("any-selector")
class WinsockTest {
    @BeforeEach
    void onlyOnWindows() {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no Winsock");
    }

    /** Prints how often the library has started Winsock and not ended it. */
    static final class Starting {
        /** Ends Winsock as often as it was started; returns that number. */
        private static int cleanups() throws Throwable {
            MethodHandle cleanup = Linker.nativeLinker().downcallHandle(
                SymbolLookup.libraryLookup("ws2_32", Arena.global()).find("WSACleanup").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT));
            int n = 0;
            while (n < 100 && (int) cleanup.invokeExact() == 0) {
                n++;
            }
            return n;
        }

        public static void main(String[] args) throws Throwable {
            new Socket().close(); // the JDK starts it for itself
            cleanups();
            for (int i = 0; i < 3; i++) {
                try (Poll poll = Poll.open(); TcpListener listener = TcpListener.bind(new InetSocketAddress(0))) {
                    poll.registry().register(listener, 1, Interest.READABLE);
                }
            }
            System.out.print(cleanups());
        }
    }

    @Test
    void itIsStartedOnceAndNeverEnded() throws Exception {
        Child child = new Child().onClassPath().with("--enable-native-access=ALL-UNNAMED");
        assertEquals("1", child.run(Starting.class).ok());
    }

    /** SO_REUSEADDR would let any process bind the address of a listener, and take its connections. */
    @Test
    void nobodyElseBindsTheAddressOfAListener() throws IOException {
        for (InetAddress host : List.of(Loop.V4, InetAddress.getByAddress(new byte[4]))) {
            try (Loop loop = new Loop(); NativeScratch scratch = NativeScratch.enter()) {
                TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(host, 0)));
                assertEquals(1,
                    WindowsSockets.getInt(listener.fd(), Windows.SOL_SOCKET, Windows.SO_EXCLUSIVEADDRUSE));
                int stranger = NativeCalls.socket();
                loop.later(() -> NativeFds.close(stranger));
                assertEquals(0, WindowsSockets.trySetInt(stranger, Windows.SOL_SOCKET, Windows.SO_REUSEADDR, 1));
                int length = Sockaddr.write(scratch.addressBytes, Windows.AF_INET,
                    new InetSocketAddress(Loop.V4, listener.localAddress().getPort()));
                int r = Winsock.bind(stranger, scratch.address, length);
                assertTrue(r == -Windows.WSAEACCES || r == -Windows.WSAEADDRINUSE, "result " + r);
            }
        }
    }

    @Test
    void aUnixSocketIsRefusedWithWhatToUseInstead() {
        UnixAddress address = UnixAddress.ofPath(Path.of("socket"));
        for (Executable call : List.<Executable>of(() -> UnixStream.connect(address), UnixDatagram::unbound,
                () -> UnixListener.bind(address), UnixSeqpacket::pair)) {
            String message = assertThrows(UnsupportedOperationException.class, call).getMessage();
            assertTrue(message.endsWith("; use TCP or UDP on the loopback address"), message);
        }
    }
}
