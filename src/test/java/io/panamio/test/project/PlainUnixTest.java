package io.panamio.test.project;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.Pipe;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.sys.linux.PlainUnixPlatform;
import io.panamio.test.support.Cases;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.commons.annotation.Testable;
import org.opentest4j.AssertionFailedError;

/**
 * The code that Unix systems share needs nothing that only Linux has: it runs on {@link PlainUnixPlatform}, with a
 * library that lacks the calls of Linux and whose poll(2) behaves as that of macOS does.
 */
@Tag("any-platform")
class PlainUnixTest {
    @TempDir
    private Path directory;

    /**
     * The poll(2) of macOS, according to its source: it has no POLLRDHUP; an entry without events reports nothing; the
     * end of a direction that an entry requests is reported as POLLHUP and hides POLLOUT.
     */
    private static final String POLL = """
        #include <poll.h>
        __attribute__((visibility("default"))) int polls;
        int poll(struct pollfd *fds, nfds_t count, int timeout) {
            struct pollfd asked[count];
            int n = 0;
            polls++;
            for (nfds_t i = 0; i < count; i++) {
                int in = fds[i].events & (POLLIN | POLLPRI | POLLHUP);
                if (fds[i].events & ~(POLLIN | POLLPRI | POLLHUP | POLLOUT)) {
                    errno = EINVAL;
                    return -1;
                }
                asked[i].fd = fds[i].events ? fds[i].fd : -1;
                asked[i].events = (in ? POLLIN | POLLRDHUP : 0) | (fds[i].events & (POLLPRI | POLLOUT));
                fds[i].revents = 0;
            }
            if (((int (*)(struct pollfd *, nfds_t, int)) real_poll)(asked, count, timeout) < 0) {
                return -1;
            }
            for (nfds_t i = 0; i < count; i++) {
                int found = asked[i].revents, events = fds[i].events, answer = found & POLLNVAL;
                int in = events & (POLLIN | POLLPRI | POLLHUP);
                answer |= in && found & (POLLRDHUP | POLLHUP) ? POLLHUP | (events & POLLIN) : found & events & POLLIN;
                answer |= found & events & POLLPRI;
                answer |= events & POLLOUT && found & (POLLHUP | POLLERR) ? POLLHUP : 0;
                answer |= answer & POLLHUP ? 0 : found & events & POLLOUT;
                fds[i].revents = answer;
                n += answer != 0;
            }
            return n;
        }
        """;

    @Test
    void unixNeedsNothingOfLinux() throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "poll", POLL, "accept4", "pipe2", "recvmmsg", "sendmmsg",
            "eventfd", "epoll_create1", "epoll_ctl", "epoll_wait", "splice");
        String out = new Child().onClassPath()
            .with("-Dpanamio.test.platform=" + PlainUnixPlatform.class.getName(), "-Dpanamio.test.library=" + library,
                "--enable-native-access=ALL-UNNAMED")
            .classPathOf(Test.class, ParameterizedTest.class, AssertionFailedError.class, Testable.class)
            .run(Plain.class).ok();
        assertEquals(Cases.names(Plain.class), out.strip());
    }

    static final class Plain {
        private static final InetSocketAddress ANY = new InetSocketAddress(Loop.V4, 0);
        private static final Arena ARENA = Arena.global();

        public static void main(String[] args) throws Exception {
            Cases.run(Plain.class);
        }

        // ---- modes

        private static void assertPrepared(IoSource source) throws IOException {
            int fd = source.fd();
            assertTrue(NativeFds.isCloseOnExec(fd) && NativeFds.isNonBlocking(fd), source.toString());
        }

        private static void assertSilent(TcpStream socket) throws IOException {
            assertPrepared(socket);
            assertTrue(socket.getOption(StandardSocketOptions.SO_KEEPALIVE));
        }

        static void everySocketIsPrepared() throws IOException {
            try (Loop loop = new Loop(); TcpListener listener = TcpListener.bind(ANY)) {
                assertPrepared(listener);
                TcpStream client = loop.later(TcpStream.connect(listener.localAddress()));
                assertSilent(client);
                assertSilent(loop.later(Loop.accept(listener)));
                TcpStream other = loop.later(TcpStream.connect(listener.localAddress()));
                SocketAddressBuffer from = SocketAddressBuffer.create();
                TcpStream[] accepted = new TcpStream[1];
                Loop.until("accepted", () -> (accepted[0] = listener.accept(from)) != null);
                assertSilent(loop.later(accepted[0]));
                assertEquals(other.localAddress(), from.get());
                for (UnixStream end : UnixStream.pair()) {
                    assertPrepared(loop.later(end));
                    assertTrue(end.getOption(StandardSocketOptions.SO_KEEPALIVE));
                }
                client.setOption(StandardSocketOptions.SO_KEEPALIVE, false);
                int fd = NativeFds.dup(client.fd());
                assertTrue(loop.later(TcpStream.fromFd(fd)).getOption(StandardSocketOptions.SO_KEEPALIVE));
                UnixDatagram datagrams = loop.later(UnixDatagram.unbound());
                assertPrepared(datagrams);
                assertTrue(datagrams.getOption(StandardSocketOptions.SO_KEEPALIVE));
            }
        }

        static void everyPipeIsPrepared() throws IOException {
            try (Pipe pipe = Pipe.open()) {
                assertPrepared(pipe.sender());
                assertPrepared(pipe.receiver());
                assertThrows(UnsupportedOperationException.class, pipe.sender()::redirect);
            }
        }

        // ---- messages

        static void receivedDescriptorsAreCloseOnExec() throws IOException {
            UnixStream[] pair = UnixStream.pair();
            try (UnixStream a = pair[0]; UnixStream b = pair[1]; Pipe pipe = Pipe.open()) {
                ControlMessages sent = ControlMessages.withCapacity(64);
                sent.putFds(pipe.sender().fd(), pipe.receiver().fd());
                assertEquals(1, a.sendMsg(ARENA.allocate(1), sent));
                ControlMessages received = ControlMessages.withCapacity(64);
                assertEquals(1, b.recvMsg(ARENA.allocate(1), received));
                int[] fds = received.takeFds();
                assertEquals(2, fds.length);
                for (int fd : fds) {
                    assertTrue(NativeFds.isCloseOnExec(fd));
                    NativeFds.close(fd);
                }
            }
        }

        static void truncationIsReported() throws Exception {
            try (UdpSocket to = UdpSocket.bind(ANY); UdpSocket from = UdpSocket.bind(ANY);
                    Arena shared = Arena.ofShared()) {
                from.connect(to.localAddress());
                SocketAddressBuffer sender = SocketAddressBuffer.create();
                for (MemorySegment dst : new MemorySegment[] {ARENA.allocate(4), shared.allocate(4),
                    MemorySegment.ofArray(new byte[4])}) {
                    send(from, 4, 5, 5, 0);
                    assertEquals(4, receive(() -> to.recv(dst)));
                    assertEquals(5, receive(() -> to.peek(dst)));
                    assertEquals(5, receive(() -> to.recv(dst)));
                    assertEquals(5, receive(() -> to.recvFrom(dst, sender)));
                    assertEquals(from.localAddress(), sender.get());
                    assertEquals(1, dst.get(JAVA_BYTE, 3));
                    assertEquals(0, receive(() -> to.recv(dst)));
                    assertEquals(WOULD_BLOCK, to.recv(dst));
                }
                byte[] array = new byte[4];
                send(from, 4, 5, 5);
                assertEquals(4, receive(() -> to.recv(array, 0, 4)));
                assertEquals(5, receive(() -> to.recv(array, 0, 4)));
                assertEquals(5, receive(() -> to.recvFrom(array, 0, 4, sender)));
                send(from, 4, 5);
                DatagramBatch batch = DatagramBatch.allocate(4, 4);
                int[] n = new int[1];
                Loop.until("a batch", () -> (n[0] = to.recvBatch(batch)) > 0);
                assertFalse(batch.isTruncated(0));
                assertTrue(n[0] < 2 || batch.isTruncated(1));
            }
        }

        static void truncationOfLongMessagesIsReported() throws IOException {
            UnixDatagram[] pair = UnixDatagram.pair();
            try (UnixDatagram a = pair[0]; UnixDatagram b = pair[1]) {
                MemorySegment dst = MemorySegment.ofArray(new byte[70_000]);
                a.send(ARENA.allocate(70_000));
                assertEquals(70_000, b.recv(dst));
                a.send(ARENA.allocate(70_100));
                assertEquals(70_001, b.recv(dst));
                assertEquals(WOULD_BLOCK, b.recv(dst));
            }
        }

        private interface Receive {
            long call() throws IOException;
        }

        private static long receive(Receive call) throws IOException {
            long[] n = new long[1];
            Loop.until("received", () -> (n[0] = call.call()) != WOULD_BLOCK);
            return n[0];
        }

        private static void send(UdpSocket from, int... sizes) throws IOException {
            for (int size : sizes) {
                byte[] bytes = new byte[size];
                Arrays.fill(bytes, (byte) 1);
                from.send(bytes, 0, size);
            }
        }

        // ---- refused features

        static void namesThatAreNotPathsAreRefused() throws IOException {
            UnixAddress name = UnixAddress.ofAbstract(new byte[] {'x'});
            for (UnixAddress address : new UnixAddress[] {name, UnixAddress.unnamed()}) {
                assertEquals("Feature.ABSTRACT_ADDRESSES is not supported on a plain Unix",
                    assertThrows(UnsupportedOperationException.class, () -> UnixDatagram.bind(address)).getMessage());
            }
            assertThrows(UnsupportedOperationException.class, () -> UnixStream.connect(name));
            assertEquals("Feature.UNIX_SEQPACKETS is not supported on a plain Unix",
                assertThrows(UnsupportedOperationException.class, UnixSeqpacket::pair).getMessage());
            assertFalse(Feature.PIPE_REDIRECTS.isAvailable());
        }

        // ---- poll(2)

        private static int polls() {
            return SymbolLookup.libraryLookup(Path.of(System.getProperty("panamio.test.library")), ARENA)
                .find("polls").orElseThrow().reinterpret(4).get(JAVA_INT, 0);
        }

        /** Polls until there are events, which must be of one source, and returns them. */
        private static String next(Loop loop) throws IOException {
            loop.poll.poll(loop.events, Loop.LONG);
            return loop.events.toString();
        }

        private static void assertCalm(Loop loop) throws IOException {
            int before = polls();
            loop.poll.poll(loop.events, Duration.ofMillis(200));
            assertEquals("[]", loop.events.toString());
            assertTrue(polls() - before < 40, polls() - before + " calls of poll");
        }

        private static void fill(TcpStream stream) throws IOException {
            byte[] bytes = new byte[100_000];
            while (stream.write(bytes, 0, bytes.length) != WOULD_BLOCK) {
                Thread.onSpinWait();
            }
        }

        static void theEndOfOneDirectionIsNotThatOfBoth() throws IOException {
            try (Loop loop = new Loop()) {
                TcpStream[] pair = loop.pair();
                loop.register(pair[0], 1, Loop.RW);
                assertEquals("[token 1 writable]", next(loop));
                pair[1].shutdown(Shutdown.WRITE);
                assertEquals("[token 1 readable read-closed]", next(loop));
                assertCalm(loop);
                assertEquals(EOF, pair[0].read(new byte[1], 0, 1));
                fill(pair[0]);
                assertCalm(loop);
                byte[] bytes = new byte[1 << 20];
                Loop.until("writable", () -> {
                    pair[1].read(bytes, 0, bytes.length);
                    return loop.poll.poll(loop.events, Duration.ZERO) > 0;
                });
                assertTrue(loop.events.isWritable(0) && !loop.events.isWriteClosed(0), loop.events.toString());
                pair[1].setOption(StandardSocketOptions.SO_LINGER, 0);
                pair[1].close();
                next(loop);
                assertTrue(loop.events.isWriteClosed(0) && loop.events.isReadClosed(0), loop.events.toString());
                assertCalm(loop);
            }
        }

        static void aResetIsReportedForEveryInterest() throws IOException {
            for (Interest interest : new Interest[] {Loop.R, Loop.W, Loop.RW}) {
                try (Loop loop = new Loop()) {
                    TcpStream[] pair = loop.pair();
                    loop.register(pair[0], 1, interest);
                    if (interest != Loop.R) {
                        assertEquals("[token 1 writable]", next(loop));
                    }
                    assertCalm(loop);
                    pair[1].setOption(StandardSocketOptions.SO_LINGER, 0);
                    pair[1].close();
                    next(loop);
                    assertTrue(loop.events.isWriteClosed(0) && loop.events.isReadClosed(0), loop.events.toString());
                    assertCalm(loop);
                }
            }
        }

        static void theEndIsReportedWhileDataIsUnread() throws IOException {
            try (Loop loop = new Loop()) {
                TcpStream[] pair = loop.pair();
                loop.register(pair[0], 1, Loop.R);
                pair[1].write(new byte[5], 0, 5);
                assertEquals("[token 1 readable]", next(loop));
                assertCalm(loop);
                pair[1].shutdown(Shutdown.WRITE);
                next(loop);
                assertTrue(loop.events.isReadClosed(0) && !loop.events.isWriteClosed(0), loop.events.toString());
                assertCalm(loop);
            }
        }

        static void theEndOfAPipeIsReportedOnce() throws IOException {
            try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
                loop.register(pipe.receiver(), 1, Loop.R);
                assertCalm(loop);
                pipe.sender().close();
                next(loop);
                assertTrue(loop.events.isReadClosed(0), loop.events.toString());
                for (int i = 0; i < 3; i++) {
                    assertEquals(EOF, pipe.receiver().read(new byte[1], 0, 1));
                    assertCalm(loop);
                }
                loop.reregister(pipe.receiver(), 1, Loop.R.level());
                next(loop);
                next(loop);
                assertTrue(loop.events.isReadClosed(0), loop.events.toString());
            }
        }
    }
}
