package io.panamio.test.poll;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.net.Pipe;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is reported of a source after an earlier event: every new change, and nothing repeatedly. It is the same on
 * epoll, whose edges come from the kernel, and on poll(2), where they are emulated.
 */
class EdgesTest {
    private static final Interest P = Interest.PRIORITY;
    private static final byte[] BUFFER = new byte[64];

    /** Asserts that the next event of token 1 has at least these flags. */
    private static void expect(Loop loop, String flags) throws IOException {
        loop.expect(new Loop.Expected(1, flags));
    }

    // ---- errors

    static List<Interest> interests() {
        List<Interest> interests = List.of(R, W, RW, Interest.HANG_UP, P);
        return Feature.PRIORITY.isAvailable() ? interests : interests.subList(0, 4);
    }

    /** A UDP socket whose datagrams are refused by the peer. */
    private static UdpSocket refused(Loop loop, Interest interest) throws IOException {
        Behaviour.REFUSED_DATAGRAMS_ARE_READABLE.skip();
        UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0)));
        socket.connect(Loop.nobody());
        loop.register(socket, 1, interest);
        loop.expectQuiet();
        return socket;
    }

    /** Expects an error, or where it is no flag, that it makes the socket ready. */
    private static void expectError(Loop loop, Interest interest) throws IOException {
        boolean noFlag = Behaviour.DATAGRAM_ERRORS_ARE_NO_FLAG.isHere();
        assumeTrue(!noFlag || interest.isReadable() || interest.isWritable(), "a source that is never ready");
        assumeTrue(!noFlag || Loop.hasEdges(), "poll(2) reports only that the source is still ready");
        expect(loop, !noFlag ? "e" : interest.isReadable() ? "r" : "w");
    }

    @ParameterizedTest
    @MethodSource("interests")
    void anErrorIsReportedAfterTakeErrorTookAnEarlierOne(Interest interest) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, interest);
            for (int i = 0; i < 3; i++) {
                assertEquals(1, socket.send(BUFFER, 0, 1));
                expectError(loop, interest);
                assertNotNull(socket.takeError());
                assertNull(socket.takeError());
                loop.expectQuiet();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("interests")
    void anErrorIsReportedAfterASendThrewAnEarlierOne(Interest interest) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, interest);
            for (int i = 0; i < 3; i++) {
                assertEquals(1, socket.send(BUFFER, 0, 1));
                expectError(loop, interest);
                assertThrows(IOException.class, () -> socket.send(BUFFER, 0, 1));
                loop.expectQuiet();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("interests")
    void anErrorIsReportedAfterAUserCallThrewAnEarlierOne(Interest interest) throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = refused(loop, interest);
            for (int i = 0; i < 3; i++) {
                assertEquals(1, socket.send(BUFFER, 0, 1));
                expectError(loop, interest);
                assertThrows(IOException.class, () -> socket.tryIo(W, fd -> {
                    throw socket.takeError();
                }));
                loop.expectQuiet();
            }
        }
    }

    /** Datagrams are still reported after an error was reported and not taken. */
    @Test
    void dataAfterAPendingErrorIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket peer = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0)));
            UdpSocket socket = refused(loop, R);
            assertEquals(1, socket.send(BUFFER, 0, 1));
            expectError(loop, R);
            loop.expectQuiet();
            InetSocketAddress nobody = socket.peerAddress();
            socket.connect(peer.localAddress());
            assertEquals(1, peer.sendTo(MemorySegment.ofArray(new byte[1]), socket.localAddress()));
            expect(loop, "r");
            assertNotNull(nobody);
        }
    }

    /** With IP_RECVERR the error stays until its message is read from the error queue, which does not happen here. */
    @Test
    void aQueuedErrorIsNotReportedRepeatedly() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require(); // of IP_RECVERR, which only Linux has
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0)));
            socket.setOption(0, 11, arena.allocateFrom(ValueLayout.JAVA_INT, 1)); // IP_RECVERR
            socket.connect(Loop.nobody());
            loop.register(socket, 1, RW);
            loop.expectQuiet();
            assertEquals(1, socket.send(BUFFER, 0, 1));
            expect(loop, "e");
            int events = 0;
            long end = System.nanoTime() + Duration.ofMillis(200).toNanos();
            while (System.nanoTime() < end) {
                events += loop.poll.poll(loop.events, Duration.ofMillis(20));
                socket.takeError();
                try {
                    while (socket.recv(BUFFER, 0, BUFFER.length) != WOULD_BLOCK) {
                        Thread.onSpinWait();
                    }
                } catch (IOException e) {
                    assertEquals("ECONNREFUSED", assertInstanceOf(SystemError.class, e).errnoName());
                }
            }
            assertTrue(events <= 5, events + " events");
            loop.expectQuiet();
        }
    }

    // ---- ends

    private static FileOutputStream writer(Path fifo) throws IOException {
        return new FileOutputStream(fifo.toFile());
    }

    /** On kqueue(2), each read of a pipe reports what is left, the end included. */
    private static void expectNothingNew(Loop loop) throws IOException {
        if (Loop.hasTwoEvents()) {
            loop.expectQuiet();
        } else {
            loop.expectNothing();
        }
    }

    private static void readToTheEnd(Pipe.Receiver receiver, int bytes) throws IOException {
        int got = 0;
        for (long n; (n = receiver.read(BUFFER, 0, BUFFER.length)) != EOF;) {
            assertTrue(n > 0, "no end");
            got += (int) n;
        }
        assertEquals(bytes, got);
    }

    @Test
    @Requires(Feature.PIPE_DESCRIPTORS)
    void dataOfAnotherWriterOfAFifoIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Path fifo = Local.path(loop);
            NativeCalls.makeFifo(fifo);
            Pipe.Receiver receiver = loop.later(Pipe.Receiver.fromFd(NativeCalls.open(fifo, 0)));
            loop.register(receiver, 1, R);
            loop.expectNothing();
            for (int i = 0; i < 3; i++) {
                try (FileOutputStream writer = writer(fifo)) {
                    loop.expectNothing();
                    writer.write(1);
                    assertEquals("r", loop.next(1));
                    assertEquals(1, receiver.read(BUFFER, 0, BUFFER.length));
                    writer.write(2);
                    expect(loop, "r");
                }
                expect(loop, "rc");
                readToTheEnd(receiver, 1);
                expectNothingNew(loop);
            }
            try (FileOutputStream writer = writer(fifo)) {
                writer.write(new byte[3]);
            }
            expect(loop, "r rc");
            readToTheEnd(receiver, 3);
            expectNothingNew(loop);
        }
    }

    /** After a read of exactly the pending bytes, only the end shows that the stream is drained. */
    @Test
    @Requires(Feature.PIPE_DESCRIPTORS)
    void dataThroughAFifoAfterItsEndIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Path fifo = Local.path(loop);
            NativeCalls.makeFifo(fifo);
            Pipe.Receiver receiver = loop.later(Pipe.Receiver.fromFd(NativeCalls.open(fifo, 0)));
            loop.register(receiver, 1, R);
            for (int i = 0; i < 3; i++) {
                try (FileOutputStream writer = writer(fifo)) {
                    writer.write(1);
                    expect(loop, "r");
                }
                expect(loop, "rc");
                assertEquals(1, receiver.read(BUFFER, 0, 1));
                assertEquals(EOF, receiver.read(BUFFER, 0, 1));
                loop.expectQuiet();
            }
        }
    }

    /** Control-D on a terminal is an end that more data can follow; a hang-up is final. */
    @Test
    @Requires(Feature.PIPE_DESCRIPTORS)
    void aTerminalContinuesAfterAnEndAndHangsUpOnce() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require(); // by which the test opens a terminal
        try (Loop loop = new Loop()) {
            int master = NativeCalls.openTerminal();
            IoSource.makeNonBlocking(master);
            Pipe.Sender keyboard = loop.later(Pipe.Sender.fromFd(master));
            Pipe.Receiver receiver = loop.later(Pipe.Receiver.fromFd(NativeCalls.openTerminalOf(master)));
            loop.register(receiver, 1, R);
            for (int i = 0; i < 3; i++) {
                assertEquals(4, keyboard.write("abc\n".getBytes(), 0, 4));
                assertEquals("r", loop.next(1));
                assertEquals(4, receiver.read(BUFFER, 0, BUFFER.length));
                assertEquals(1, keyboard.write(new byte[] {4}, 0, 1));
                assertEquals("r", loop.next(1));
                assertEquals(EOF, receiver.read(BUFFER, 0, BUFFER.length));
                loop.expectQuiet();
            }
            keyboard.close();
            int events = 0;
            while (loop.poll.poll(loop.events, Loop.SHORT) > 0) {
                assertTrue(loop.events.iterator().next().isReadClosed(), loop.events.toString());
                assertEquals(EOF, receiver.read(BUFFER, 0, BUFFER.length));
                assertTrue(++events <= 5, "it hangs up repeatedly");
            }
            assertTrue(events > 0, "no hang-up was reported");
        }
    }

    /** A program that does not read a client's input must be notified that the client has disconnected. */
    @Test
    void anEndWhileAReadableEventWasNotDrainedIsReported() throws IOException {
        Behaviour.UNREAD_BYTES_HIDE_AN_END.skip();
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            pair.peer().getOutputStream().write(new byte[3]);
            assertEquals("r", loop.next(1));
            pair.peer().shutdownOutput();
            expect(loop, "rc");
            loop.expectQuiet();
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            expect(loop, "rc wc e");
            loop.expectQuiet();
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void anEndOfAUnixStreamWhileAReadableEventWasNotDrainedIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            loop.register(pair[0], 1, R);
            pair[1].write(BUFFER, 0, 3);
            assertEquals("r", loop.next(1));
            pair[1].close();
            expect(loop, Loop.hasTwoEvents() ? "rc" : "rc wc");
            loop.expectQuiet();
            assertEquals(3, pair[0].read(BUFFER, 0, BUFFER.length));
            assertEquals(EOF, pair[0].read(BUFFER, 0, BUFFER.length));
            loop.expectQuiet();
        }
    }

    @Test
    @Requires(Feature.PIPES)
    void anEndOfAPipeWhileAReadableEventWasNotDrainedIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = loop.later(Pipe.open());
            loop.register(pipe.receiver(), 1, R);
            pipe.sender().write(BUFFER, 0, 3);
            assertEquals("r", loop.next(1));
            pipe.sender().close();
            expect(loop, "rc");
            loop.expectQuiet();
            readToTheEnd(pipe.receiver(), 3);
            loop.expectQuiet();
        }
    }

    /** The hang-up was reported before: an unconnected socket has ended in both directions. */
    @Test
    void aConnectOfARegisteredSocketIsReported() throws IOException {
        Behaviour.NO_EVENT_OF_A_FOREIGN_CONNECT.skip();
        try (Loop loop = new Loop()) {
            try (java.net.ServerSocket server = new java.net.ServerSocket(0, 1, V4)) {
                TcpStream stream = loop.later(TcpStream.fromFd(NativeCalls.socket()));
                loop.register(stream, 1, R);
                if (!Behaviour.NO_EVENT_BEFORE_A_CONNECT.isHere()) {
                    assertEquals("rc wc", loop.next(1));
                }
                loop.expectQuiet();
                NativeCalls.connect(stream.fd(), server.getLocalPort());
                java.net.Socket peer = loop.later(server.accept());
                loop.expectQuiet();
                peer.getOutputStream().write(1);
                assertEquals("r", loop.next(1));
            }
        }
    }

    // ---- urgent bytes

    static List<Interest> priorities() {
        return List.of(P, R.add(P));
    }

    @ParameterizedTest
    @MethodSource("priorities")
    @Requires(Feature.PRIORITY)
    void everyReceivedUrgentByteIsReported(Interest interest) throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, interest);
            for (int i = 1; i <= 3; i++) {
                pair.peer().sendUrgentData(i);
                expect(loop, "r p");
                assertEquals(i, pair.stream().tryIo(P, NativeCalls::receiveUrgent));
                loop.expectQuiet();
            }
        }
    }

    /** A reader that does not receive urgent bytes skips them when it reads the bytes after them. */
    @Test
    @Requires(Feature.PRIORITY)
    void everySkippedUrgentByteIsReported() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R.add(P));
            for (int i = 1; i <= 3; i++) {
                pair.peer().sendUrgentData(i);
                expect(loop, "p");
                pair.peer().getOutputStream().write(2);
                assertEquals(1, Loop.awaitRead(pair.stream(), BUFFER));
                assertEquals(WOULD_BLOCK, pair.stream().read(BUFFER, 0, BUFFER.length));
                loop.expectQuiet();
            }
        }
    }

    /** It stays pending, alone, while reads would block. */
    @Test
    @Requires(Feature.PRIORITY)
    void aPendingUrgentByteIsNotReportedRepeatedly() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R.add(P));
            pair.peer().sendUrgentData(1);
            expect(loop, "p");
            for (int i = 0; i < 3; i++) {
                assertEquals(WOULD_BLOCK, pair.stream().read(BUFFER, 0, BUFFER.length));
                loop.expectNothing();
            }
        }
    }

    // ---- waits while other sources have ended

    @Test
    @Requires(Feature.PIPES)
    void anEndedSourceDoesNotMakeAWaitSpin() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = loop.later(Pipe.open());
            loop.register(pipe.receiver(), 1, R);
            UdpSocket socket = refused(loop, R);
            socket.send(BUFFER, 0, 1);
            pipe.sender().close();
            loop.expectQuiet();
            long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            long start = System.nanoTime();
            assertEquals(0, loop.poll.poll(loop.events, Duration.ofMillis(300)));
            assertTrue(System.nanoTime() - start >= 300_000_000);
            long used = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
            assertTrue(used < 100_000_000, used + " ns of processor time");
        }
    }

    @Test
    @Requires({Feature.DESCRIPTORS, Feature.PIPES})
    void anEndedSourceDelaysNoOther() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = loop.later(Pipe.open());
            loop.register(pipe.receiver(), 1, R);
            pipe.sender().close();
            expect(loop, "rc");
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 2, R);
            for (int i = 0; i < 100; i++) {
                source.add(1);
                assertEquals(1, loop.poll.poll(loop.events, LONG));
                assertEquals(2, loop.events.token(0));
                while (source.take() != WOULD_BLOCK) {
                    Thread.onSpinWait();
                }
                assertEquals(0, loop.poll.pollNow(loop.events));
            }
        }
    }

    // ---- limits

    /** More sources than the limit on descriptors, which leaves a few for the JVM. */
    static final class Limited {
        public static void main(String[] args) throws IOException {
            int count = 200;
            try (Poll poll = Poll.open()) {
                Events events = Events.withCapacity(2 * count);
                EventFd[] low = new EventFd[count / 2];
                for (int i = 0; i < low.length; i++) {
                    low[i] = new EventFd(0);
                }
                EventFd[] sources = new EventFd[count];
                for (int i = 0; i < count; i++) {
                    sources[i] = new EventFd(1);
                    poll.registry().register(sources[i], i, R);
                }
                for (EventFd fd : low) {
                    fd.close();
                }
                long before = NativeCalls.limitDescriptors(count / 2);
                for (int i = 0; i < 2; i++) {
                    try {
                        System.out.print(poll.poll(events, LONG) + " ");
                    } catch (ResourceExhaustedException e) {
                        System.out.print(events.size() + " " + e.getMessage() + " ");
                    }
                    if (i == 0) {
                        poll.registry().reregister(sources[0], 0, R);
                    }
                }
                NativeCalls.limitDescriptors(before);
                System.out.println(poll.poll(events, Duration.ofMillis(100)));
            }
        }
    }

    @Test
    void sourcesBeyondTheLimitOfDescriptorsAreNotLost() throws Exception {
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        String refused = "0 poll of 201 descriptors, which is more than RLIMIT_NOFILE: "
            + "Invalid argument (EINVAL, errno 22) ";
        boolean fails = !Loop.hasEdges() && Behaviour.POLL_HAS_THE_LIMIT_OF_DESCRIPTORS.isHere();
        assertEquals(fails ? refused + refused + "200" : "200 1 0",
            new Child().with("--enable-native-access=ALL-UNNAMED").run(Limited.class).ok().trim());
    }
}
