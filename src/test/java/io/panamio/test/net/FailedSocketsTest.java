package io.panamio.test.net;

import static io.panamio.test.support.Loop.V4;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.BindOptions;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ListenOptions;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A socket that cannot be created leaves no descriptor behind. */
@Tag("any-selector")
class FailedSocketsTest {
    private record Unknown(String name, Class<Integer> type) implements SocketOption<Integer> {
    }

    private static final SocketOption<Integer> UNKNOWN = new Unknown("SO_UNKNOWN", Integer.class);
    private static final InetSocketAddress ANY = new InetSocketAddress(V4, 0);
    private static final InetSocketAddress FOREIGN = new InetSocketAddress("203.0.113.1", 0);

    private static void assertLeavesNothing(Class<? extends Exception> kind, Executable call)
            throws IOException {
        NativeFds.Opened opened = new NativeFds.Opened();
        assertThrows(kind, call);
        opened.expect(0);
    }

    @Test
    void anAddressInUseLeavesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Peer peer = loop.later(new Peer(V4));
            assertLeavesNothing(BindException.class, () -> UdpSocket.bind(peer.address()));
            assertLeavesNothing(BindException.class, () -> UdpSocket.bind(FOREIGN));
            TcpListener listener = loop.later(TcpListener.bind(ANY));
            assertLeavesNothing(BindException.class, () -> TcpListener.bind(listener.localAddress()));
        }
    }

    @Test
    void anUnavailableLocalAddressLeavesNothing() throws IOException {
        InetSocketAddress to = Loop.nobody();
        assertLeavesNothing(BindException.class, () -> TcpStream.connect(to, ConnectOptions.DEFAULT.local(FOREIGN)));
        assertLeavesNothing(IllegalArgumentException.class,
            () -> TcpStream.connect(to, ConnectOptions.DEFAULT.local(new InetSocketAddress(Loop.V6, 0))));
    }

    @Test
    @Requires(Feature.DATAGRAM_SEGMENTATION)
    void anOptionThatIsRefusedLeavesNothing() throws IOException {
        InetSocketAddress to = Loop.nobody();
        assertLeavesNothing(UnsupportedOperationException.class,
            () -> UdpSocket.bind(ANY, BindOptions.DEFAULT.with(UNKNOWN, 1)));
        assertLeavesNothing(UnsupportedOperationException.class,
            () -> TcpListener.bind(ANY, ListenOptions.DEFAULT.with(UNKNOWN, 1)));
        assertLeavesNothing(UnsupportedOperationException.class,
            () -> TcpStream.connect(to, ConnectOptions.DEFAULT.with(UNKNOWN, 1)));
        assertLeavesNothing(SocketException.class,
            () -> UdpSocket.bind(ANY, BindOptions.DEFAULT.with(SystemSocketOptions.UDP_SEGMENT, 65536)));
        assertLeavesNothing(SocketException.class,
            () -> TcpListener.bind(ANY, ListenOptions.DEFAULT.with(SystemSocketOptions.TCP_KEEPCNT, 0)));
        assertLeavesNothing(SocketException.class,
            () -> TcpStream.connect(to, ConnectOptions.DEFAULT.with(SystemSocketOptions.TCP_KEEPCNT, 0)));
        assertLeavesNothing(IllegalArgumentException.class, () -> UdpSocket.bind(ANY,
            BindOptions.DEFAULT.with(SystemSocketOptions.SO_BINDTODEVICE, "a name that is too long")));
    }

    @Test
    void anAddressThatIsNotResolvedLeavesNothing() throws IOException {
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 9);
        assertLeavesNothing(UnresolvedAddressException.class, () -> UdpSocket.bind(unresolved));
    }

    private static final int THREADS = 200;

    /** Opens a stream after sending bytes through another one, and returns the outcome. */
    private static String open(TcpStream[] pair, InetSocketAddress to) throws IOException {
        byte[] bytes = "text".getBytes();
        pair[0].write(bytes, 0, 4);
        byte[] got = new byte[4];
        Loop.until("received", () -> pair[1].peek(got, 0, 4) == 4);
        pair[1].read(got, 0, 4);
        try {
            TcpStream.connect(to).close();
            return new String(got) + ", opened";
        } catch (ResourceExhaustedException e) {
            return new String(got) + ", " + e.errnoName();
        }
    }

    /** Opens a stream in each of many virtual threads, and returns the distinct outcomes. */
    private static Set<String> openAll(TcpStream[][] pairs, InetSocketAddress to) throws Exception {
        List<Future<String>> outcomes = new ArrayList<>();
        for (TcpStream[] pair : pairs) {
            outcomes.add(Background.startVirtual(() -> open(pair, to)));
        }
        Set<String> distinct = new TreeSet<>();
        for (Future<String> outcome : outcomes) {
            distinct.add(Background.result(outcome));
        }
        return distinct;
    }

    @Test
    void virtualThreadsWithoutDescriptorsLoseNothingAndGoOn() throws Exception {
        try (Loop loop = new Loop()) {
            TcpStream[][] pairs = new TcpStream[THREADS][];
            for (int i = 0; i < THREADS; i++) {
                pairs[i] = loop.pair();
            }
            TcpListener listener = loop.later(TcpListener.bind(ANY));
            InetSocketAddress to = Loop.nobody();
            assertEquals(Set.of("text, opened"), openAll(pairs, to)); // loads the classes
            loop.later(new Socket(V4, listener.localAddress().getPort()));
            NativeFds.Opened opened = new NativeFds.Opened();
            Set<String> outcomes;
            Future<TcpStream> accepted;
            try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
                outcomes = openAll(pairs, to);
                accepted = Background.startVirtual(listener::accept);
                Loop.until("refused", accepted::isDone);
                exhaustion.end();
            }
            assertEquals(Set.of("text, EMFILE"), outcomes);
            assertInstanceOf(ResourceExhaustedException.class, Background.failure(accepted));
            opened.expect(0);
            if (Behaviour.FAILED_ACCEPTS_CLOSE.isHere()) {
                loop.later(new Socket(V4, listener.localAddress().getPort()));
            }
            loop.later(Background.result(Background.startVirtual(() -> Loop.accept(listener))));
            assertEquals(Set.of("text, opened"), openAll(pairs, to));
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void aRejectedDescriptorIsNotClosed() throws IOException {
        int fd = NativeFds.eventfd();
        assertLeavesNothing(IllegalArgumentException.class, () -> UdpSocket.fromFd(fd));
        assertTrue(NativeFds.isOpen(fd));
        NativeFds.close(fd);
    }
}
