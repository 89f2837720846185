package io.panamio.test.tcp;

import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Failures.assertReset;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.readable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.ListenOptions;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(MissingOptions.class)
class TcpListenerTest {
    private static final ListenOptions DEFAULT = ListenOptions.DEFAULT;

    static List<InetAddress> hosts() {
        return List.of(V4, V6);
    }

    private static TcpListener listener(Loop loop) throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
    }

    private static Socket client(Loop loop, TcpListener listener) throws IOException {
        return loop.later(new Socket(V4, listener.localAddress().getPort()));
    }

    // ---- accepting

    @ParameterizedTest
    @MethodSource("hosts")
    void acceptsAfterAnEvent(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(host, 0)));
            assertTrue(NativeFds.isNonBlocking(listener.fd()));
            assertTrue(NativeFds.isCloseOnExec(listener.fd()));
            assertEquals(host, listener.localAddress().getAddress());
            assertNotEquals(0, listener.localAddress().getPort());
            assertNull(listener.accept());

            loop.register(listener, 1, R);
            Socket client = loop.later(new Socket(host, listener.localAddress().getPort()));
            loop.expect(readable(1));
            TcpStream stream = loop.later(listener.accept());
            assertEquals(client.getLocalSocketAddress(), stream.peerAddress());
            assertEquals(client.getRemoteSocketAddress(), stream.localAddress());
            assertTrue(NativeFds.isNonBlocking(stream.fd()));
            assertTrue(NativeFds.isCloseOnExec(stream.fd()));
            assertNull(listener.accept());
            assertNull(listener.takeError());
            assertNull(stream.takeError());
        }
    }

    @Test
    void oneEventMayReportManyConnections() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            loop.register(listener, 1, R);
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 10; i++) {
                    client(loop, listener);
                }
                loop.expect(readable(1));
                for (int i = 0; i < 10; i++) {
                    loop.later(Loop.accept(listener));
                }
                assertNull(listener.accept());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void acceptedStreamsInheritOptions() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            listener.setOption(StandardSocketOptions.TCP_NODELAY, true);
            client(loop, listener);
            assertTrue(loop.later(Loop.accept(listener)).noDelay());
        }
    }

    @Test
    void anIdleListenerHasNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(listener(loop), 1, RW);
            loop.expectNothing();
        }
    }

    @Test
    void aDeregisteredListenerStillAccepts() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            loop.register(listener, 1, R);
            client(loop, listener);
            loop.poll.registry().deregister(listener);
            loop.expectNothing();
            loop.later(Loop.accept(listener));
        }
    }

    @Test
    void aListenerThatIsClosedHasNoEventsAndAcceptsNothing() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            loop.register(listener, 1, R);
            client(loop, listener);
            listener.close();
            listener.close();
            loop.expectNothing();
            List<Executable> operations = List.of(listener::accept, listener::localAddress, () -> listener.setTtl(1),
                listener::ttl, listener::takeError, listener::fd, listener::detach);
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
            assertEquals("TcpListener[closed]", listener.toString());
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedClientIsAcceptedAndItsReadFails() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            Socket client = client(loop, listener);
            client.setSoLinger(true, 0);
            client.close();
            if (Behaviour.RESET_CONNECTIONS_ARE_NOT_ACCEPTED.isHere()) { // which is no failure of the listener
                Socket other = client(loop, listener);
                assertEquals(other.getLocalSocketAddress(), loop.later(Loop.accept(listener)).peerAddress());
                return;
            }
            TcpStream stream = loop.later(Loop.accept(listener));
            assertFails(SocketException.class, "recv", "ECONNRESET", () -> Loop.awaitRead(stream, new byte[1]));
        }
    }

    @Test
    @Tag("any-selector")
    void aCloseResetsPendingConnections() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            Socket client = client(loop, listener);
            listener.close();
            assertReset(client);
        }
    }

    // ---- addresses

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    @Tag("any-selector")
    void theWildcardsAcceptBothFamilies(String wildcard) throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(wildcard, 0)));
            assertInstanceOf(Inet6Address.class, listener.localAddress().getAddress());
            assertTrue(listener.localAddress().getAddress().isAnyLocalAddress());
            for (InetAddress host : hosts()) {
                Socket client = loop.later(new Socket(host, listener.localAddress().getPort()));
                TcpStream stream = loop.later(Loop.accept(listener));
                assertEquals(client.getLocalSocketAddress(), stream.peerAddress());
                assertEquals(client.getRemoteSocketAddress(), stream.localAddress());
                assertEquals(host instanceof Inet4Address, stream.peerAddress().getAddress() instanceof Inet4Address,
                    "an IPv4 peer is shown as one: " + stream.peerAddress());
            }
        }
    }

    @Test
    @Tag("any-selector")
    void withoutDualStackTheV4WildcardAcceptsOnlyV4() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(
                TcpListener.bind(new InetSocketAddress("0.0.0.0", 0), DEFAULT.dualStack(false)));
            assertInstanceOf(Inet4Address.class, listener.localAddress().getAddress());
            assertThrows(ConnectException.class, () -> new Socket(V6, listener.localAddress().getPort()).close());
            client(loop, listener);
            loop.later(Loop.accept(listener));
        }
    }

    @Test
    @Tag("any-selector")
    void v6OnlyAcceptsOnlyV6() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress("::", 0), DEFAULT.v6Only(true)));
            assertThrows(ConnectException.class, () -> client(loop, listener));
            loop.later(new Socket(V6, listener.localAddress().getPort()));
            loop.later(Loop.accept(listener));
            assertThrows(IllegalArgumentException.class,
                () -> TcpListener.bind(new InetSocketAddress(V4, 0), DEFAULT.v6Only(true)));
        }
    }

    @Test
    @Tag("any-selector")
    void aConcreteAddressAcceptsOnlyItsFamily() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            assertThrows(ConnectException.class, () -> new Socket(V6, listener.localAddress().getPort()).close());
        }
    }

    @Test
    @Tag("any-selector")
    void anAddressIsBoundOnce() throws IOException {
        try (Loop loop = new Loop()) {
            InetSocketAddress address = listener(loop).localAddress();
            BindException e = assertFails(BindException.class, "bind", "EADDRINUSE", () -> TcpListener.bind(address));
            assertTrue(e.getMessage().contains(address.toString()), e.getMessage());
        }
    }

    @Test
    @Tag("any-selector")
    void aForeignAddressIsRefused() {
        InetSocketAddress foreign = new InetSocketAddress("198.51.100.1", 0);
        assertFails(BindException.class, "bind", "EADDRNOTAVAIL", () -> TcpListener.bind(foreign));
    }

    @Test
    @Tag("any-selector")
    void anAddressMustBeResolved() {
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 80);
        assertThrows(UnresolvedAddressException.class, () -> TcpListener.bind(unresolved));
    }

    @Test
    void bindsThatFailKeepNoDescriptor() throws IOException {
        try (Loop loop = new Loop()) {
            InetSocketAddress address = listener(loop).localAddress();
            NativeFds.Opened opened = new NativeFds.Opened();
            for (int i = 0; i < 1000; i++) {
                assertThrows(BindException.class, () -> TcpListener.bind(address));
            }
            opened.expect(0);
        }
    }

    // ---- options

    @Test
    @Tag("any-selector")
    void reusePortSharesTheAddress() throws IOException {
        try (Loop loop = new Loop()) {
            ListenOptions shared = DEFAULT.reusePort(true);
            TcpListener one = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0), shared));
            TcpListener two = loop.later(TcpListener.bind(one.localAddress(), shared));
            assertThrows(BindException.class, () -> TcpListener.bind(one.localAddress()));
            int clients = 64;
            for (int i = 0; i < clients; i++) {
                client(loop, one);
            }
            int[] accepted = new int[2];
            Loop.until("all accepted", () -> {
                TcpListener[] listeners = {one, two};
                for (int i = 0; i < 2; i++) {
                    for (TcpStream stream; (stream = listeners[i].accept()) != null; accepted[i]++) {
                        stream.close();
                    }
                }
                return accepted[0] + accepted[1] == clients;
            });
            boolean shares = !Behaviour.THE_LAST_LISTENER_GETS_ALL.isHere();
            assertEquals(shares, accepted[0] > 0, accepted[0] + " and " + accepted[1]);
            assertTrue(accepted[1] > 0, accepted[0] + " and " + accepted[1]);
        }
    }

    @Test
    @Tag("any-selector")
    void reuseAddressIgnoresConnectionsOfAnEarlierListener() throws IOException {
        Behaviour.ENDED_CONNECTIONS_FREE_THEIR_PORT.skip();
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            InetSocketAddress address = listener.localAddress();
            client(loop, listener);
            loop.later(Loop.accept(listener)); // kept open, as Linux limits orphaned sockets
            listener.close();
            assertFails(BindException.class, "bind", "EADDRINUSE",
                () -> TcpListener.bind(address, DEFAULT.reuseAddress(false)));
            loop.later(TcpListener.bind(address, DEFAULT.reuseAddress(true)));
        }
    }

    @Test
    @Tag("any-selector")
    void theBacklogIsAtLeastOne() {
        for (int backlog : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> DEFAULT.backlog(backlog));
        }
    }

    @Test
    @Tag("any-selector")
    void theDefaultBacklogExceedsThoseOfOthers() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            int clients = Behaviour.BACKLOGS_ARE_LIMITED_TO_128.isHere() ? 128 : 200; // the JDK queues 50, mio 128
            for (int i = 0; i < clients; i++) {
                client(loop, listener);
            }
            for (int i = 0; i < clients; i++) {
                loop.later(Loop.accept(listener));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("hosts")
    @Tag("any-selector")
    void ttlIsSetReadBackAndInherited(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(host, 0)));
            int before = listener.ttl();
            assertTrue(before >= 1 && before <= 255, "ttl " + before);
            listener.setTtl(10);
            assertEquals(10, listener.ttl());
            for (int hops : new int[] {0, 256, -1}) {
                assertThrows(IllegalArgumentException.class, () -> listener.setTtl(hops));
            }
            loop.later(new Socket(host, listener.localAddress().getPort()));
            assertEquals(10, loop.later(Loop.accept(listener)).ttl());
        }
    }

    // ---- the descriptor

    @ParameterizedTest
    @MethodSource("hosts")
    void aDetachedDescriptorStaysOpenAndCanBeAdopted(InetAddress host) throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(host, 0)));
            loop.register(listener, 1, R);
            InetSocketAddress address = listener.localAddress();
            int fd = listener.fd();
            assertEquals(fd, listener.detach());
            assertTrue(NativeFds.isOpen(fd));
            assertThrows(ClosedChannelException.class, listener::accept);

            TcpListener other = loop.later(TcpListener.fromFd(fd));
            assertEquals(fd, other.fd());
            assertEquals(address, other.localAddress());
            loop.register(other, 2, R);
            loop.later(new Socket(host, address.getPort()));
            loop.expect(readable(2));
            loop.later(other.accept());
        }
    }

    @Test
    @Tag("any-selector")
    void aBlockingDescriptorIsAdoptedOnlyIfItsModeMayBeChanged() throws IOException {
        try (Loop loop = new Loop()) {
            int fd = listener(loop).detach();
            NativeFds.setBlocking(fd);
            assertThrows(IllegalArgumentException.class, () -> TcpListener.fromFd(fd));
            assertFalse(NativeFds.isNonBlocking(fd), "it stays as it was");
            IoSource.makeNonBlocking(fd);
            TcpListener listener = loop.later(TcpListener.fromFd(fd));
            assertTrue(NativeFds.isNonBlocking(fd));
            assertNull(listener.accept());
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void aDescriptorOfAnotherKindIsNotAdopted() {
        for (int fd : new int[] {NativeFds.eventfd(), NativeFds.datagramSocket(), NativeCalls.socket()}) {
            assertThrows(IllegalArgumentException.class, () -> TcpListener.fromFd(fd));
            NativeFds.close(fd); // still open: after the exception it belongs to the caller
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> TcpListener.fromFd(1 << 20));
    }

    // ---- connections aborted before they are accepted

    @ParameterizedTest
    @ValueSource(strings = {"ECONNABORTED 103", "EPROTO 71", "EPERM 1", "ENETDOWN 100", "ENETUNREACH 101",
        "EHOSTDOWN 112", "EHOSTUNREACH 113", "ENONET 64", "ENOPROTOOPT 92", "EOPNOTSUPP 95", "ETIMEDOUT 110"})
    @Tag("any-selector")
    void endlessAbortedConnectionsDoNotEndTheListener(String error) throws Exception {
        String[] name = error.split(" ");
        if (name[0].equals("ENONET")) {
            Behaviour.NUMBERS_ARE_LINUXS.require(); // others have no such error
        }
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            Socket client = client(loop, listener);
            assumeTrue(Background.result(Background.start(() -> {
                boolean refused = Seccomp.refuse(SystemCall.ACCEPT4, Integer.parseInt(name[1]));
                for (int i = 0; i < 2 && refused; i++) {
                    assertFails(ResourceExhaustedException.class, "accept", name[0], listener::accept);
                }
                return refused;
            })), "no seccomp(2) here");
            assertEquals(client.getLocalSocketAddress(), loop.later(listener.accept()).peerAddress());
        }
    }

    /** The first connection has no address, as macOS reports one whose peer has gone. */
    private static final String WITHOUT_ADDRESS = """
        static int without(int fd, unsigned *length) {
          static int calls;
          if (fd >= 0 && length && !calls++) {
            *length = 0;
          }
          return fd;
        }
        int accept(int fd, void *address, unsigned *length) {
          return without(((int (*)(int, void *, unsigned *)) real_accept)(fd, address, length), length);
        }
        int accept4(int fd, void *address, unsigned *length, int flags) {
          return without(((int (*)(int, void *, unsigned *, int)) real_accept4)(fd, address, length, flags), length);
        }
        """;

    /** Accepts, and prints which of two clients that was and what the first one reads. */
    static final class Accepting {
        private Accepting() {
        }

        public static void main(String[] args) throws IOException {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0));
                    Socket first = new Socket(V4, listener.localAddress().getPort());
                    Socket second = new Socket(V4, listener.localAddress().getPort())) {
                SocketAddressBuffer from = SocketAddressBuffer.create();
                TcpStream[] accepted = new TcpStream[1];
                Loop.until("accepted", () -> (accepted[0] = listener.accept(from)) != null);
                accepted[0].close();
                System.out.println(second.getLocalSocketAddress().equals(from.get()) ? "second" : "" + from.get());
                first.setSoTimeout(10_000);
                System.out.println(first.getInputStream().read()); // the end, as its descriptor was closed
            }
        }
    }

    @Test
    @Tag("any-selector")
    void aConnectionWithoutAnAddressIsSkippedAndClosed(@TempDir Path directory) throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "accept accept4", WITHOUT_ADDRESS);
        assertEquals("second\n-1\n", new Child().with("-Dpanamio.test.library=" + library).run(Accepting.class).ok());
    }

    // ---- without descriptors

    @Test
    void aConnectionWithoutADescriptorStaysQueued() throws IOException {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        acceptWithoutDescriptors(false); // loads the classes: without descriptors none can be loaded
        acceptWithoutDescriptors(true);
    }

    private static void acceptWithoutDescriptors(boolean exhaust) throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            loop.register(listener, 1, R);
            Socket first = client(loop, listener);
            Socket second = client(loop, listener);
            TcpListener broken = listener(loop);
            broken.tryIo(NativeCalls::shutdownRead);
            loop.expect(readable(1));
            InetSocketAddress address = listener.localAddress();
            try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
                if (exhaust) {
                    for (int i = 0; i < 2; i++) {
                        assertFails(ResourceExhaustedException.class, "accept", "EMFILE", listener::accept);
                    }
                    assertFails(ResourceExhaustedException.class, "socket", "EMFILE", () -> TcpStream.connect(address));
                    assertFails(ResourceExhaustedException.class, "socket", "EMFILE", () -> TcpListener.bind(address));
                    loop.expectNothing();
                } else {
                    exhaustion.end(); // nothing but the lack of descriptors may fail
                    if (!Behaviour.LISTENERS_CANNOT_BE_SHUT_DOWN.isHere()) {
                        assertFails(SocketException.class, "accept", "EINVAL", broken::accept);
                    }
                    new ResourceExhaustedException("", null).toString();
                    loop.later(TcpStream.connect(listener(loop).localAddress()));
                    loop.expectNothing();
                }
                exhaustion.releaseOne();
                assertEquals(first.getLocalSocketAddress(), loop.later(listener.accept()).peerAddress());
                exhaustion.releaseOne();
                assertEquals(second.getLocalSocketAddress(), loop.later(listener.accept()).peerAddress());
            }
            assertNull(listener.accept());
            client(loop, listener);
            loop.expect(readable(1));
        }
    }
}
