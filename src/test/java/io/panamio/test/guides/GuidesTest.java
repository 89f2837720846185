package io.panamio.test.guides;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Poll;
import io.panamio.SystemError;
import io.panamio.Timers;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Requires;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** The programs of the guides run and do what the pages say. */
class GuidesTest {
    private static TcpListener listen() throws IOException {
        return TcpListener.bind(new InetSocketAddress(Loop.V4, 0),
            ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true));
    }

    private static Socket connect(TcpListener listener) throws IOException {
        Socket socket = new Socket(Loop.V4, listener.localAddress().getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        return socket;
    }

    private static void ping(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes());
        assertEquals(text, read(socket, text.length()));
    }

    private static String read(Socket socket, int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length));
    }

    /** Runs until the Poll is closed. */
    private interface Server {
        void run() throws IOException;
    }

    private static Future<Void> start(Server server) {
        return Background.start(() -> {
            server.run();
            return null;
        });
    }

    private static void stop(Poll poll, Future<?> server) {
        poll.close();
        assertInstanceOf(ClosedSelectorException.class, Background.failure(server));
    }

    // ---- fairness.md

    /** A turn reads no more than two times 16 buffers, for an event and for the rest of the last turn. */
    @Test
    void aFloodWaitsForItsTurn() throws Exception {
        try (TcpListener listener = listen(); SocketChannel flood = SocketChannel.open(listener.localAddress());
                Socket other = connect(listener)) {
            flood.configureBlocking(false);
            long queued = 0;
            for (int n; (n = flood.write(ByteBuffer.allocate(1 << 16))) > 0;) {
                queued += n;
            }
            FairEcho server = new FairEcho(listener);
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            long back = 0;
            for (int turns = 1; back < queued; turns++) {
                other.getOutputStream().write('y'); // an event, so that the turn begins
                server.turn();
                for (int n; (n = flood.read(buffer.clear())) > 0;) {
                    back += n;
                }
                assertTrue(back <= turns * 2L * 16 * FairEcho.SIZE, back + " of " + queued + " in " + turns + " turns");
            }
            assertEquals('y', other.getInputStream().read());
            server.poll.close();
            server.clients.forEach(client -> client.stream.close());
        }
    }

    @Test
    void whoDoesNotReadIsNotRead() throws Exception {
        try (TcpListener listener = listen(); Socket one = connect(listener); Socket other = connect(listener)) {
            FairEcho echo = new FairEcho(listener);
            Future<Void> server = start(() -> {
                for (;;) {
                    echo.turn();
                }
            });
            byte[] sent = Local.random(48 << 20); // more than the system queues
            Future<Void> sending = start(() -> one.getOutputStream().write(sent));
            for (int i = 0; i < 50; i++) {
                ping(other, "ping " + i);
            }
            assertFalse(sending.isDone());
            assertArrayEquals(sent, one.getInputStream().readNBytes(sent.length));
            Background.result(sending);
            stop(echo.poll, server);
            echo.clients.forEach(client -> client.stream.close());
        }
    }

    // ---- pending-output.md

    @Test
    void theOthersGetEverythingAndWhoIsTooSlowIsDisconnected() throws Exception {
        try (TcpListener listener = listen(); Socket sender = connect(listener); Socket reader = connect(listener);
                Socket late = connect(listener); Socket slow = connect(listener)) {
            Chat chat = new Chat(listener);
            Future<Void> server = start(chat::run);
            sender.getOutputStream().write("here".getBytes());
            for (Socket socket : List.of(reader, late, slow)) {
                assertEquals("here", read(socket, 4));
            }
            byte[] half = Local.random(Chat.LIMIT / 2);
            sender.getOutputStream().write(half);
            assertArrayEquals(half, reader.getInputStream().readNBytes(half.length));
            assertArrayEquals(half, late.getInputStream().readNBytes(half.length));
            late.shutdownOutput(); // the server closes the connection
            assertEquals(-1, late.getInputStream().read());
            byte[] piece = Local.random(1 << 16);
            int pieces = 512;
            for (int i = 0; i < pieces; i++) { // 32 MiB, more than the system queues; the reader keeps up
                sender.getOutputStream().write(piece);
                assertArrayEquals(piece, reader.getInputStream().readNBytes(piece.length));
            }
            assertTrue(remaining(slow) < (long) pieces * piece.length);
            stop(chat.poll, server);
            chat.clients.forEach(client -> client.stream.close());
        }
    }

    /** With small buffers, most of half a megabyte waits in the server, written in parts as there is room. */
    @Test
    void whoReadsLateGetsEverything() throws Exception {
        ListenOptions small = ListenOptions.DEFAULT.with(StandardSocketOptions.SO_SNDBUF, 1 << 16);
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(Loop.V4, 0), small);
                Socket sender = connect(listener); Socket late = new Socket(); Socket reader = connect(listener)) {
            late.setReceiveBufferSize(1 << 14);
            late.connect(listener.localAddress());
            late.setSoTimeout((int) Loop.LONG.toMillis());
            Chat chat = new Chat(listener);
            Future<Void> server = start(chat::run);
            sender.getOutputStream().write("here".getBytes());
            assertEquals("here", read(late, 4));
            byte[] half = Local.random(Chat.LIMIT / 2);
            sender.getOutputStream().write(half);
            assertArrayEquals(half, Arrays.copyOfRange(reader.getInputStream().readNBytes(half.length + 4), 4,
                half.length + 4));
            assertArrayEquals(half, late.getInputStream().readNBytes(half.length));
            stop(chat.poll, server);
            chat.clients.forEach(client -> client.stream.close());
        }
    }

    /** Returns how many bytes a connection still delivers before its end or reset. */
    private static long remaining(Socket socket) throws IOException {
        long all = 0;
        byte[] bytes = new byte[1 << 16];
        InputStream in = socket.getInputStream();
        try {
            for (int n; (n = in.read(bytes)) >= 0;) {
                all += n;
            }
        } catch (SocketException e) {
            // a reset
        }
        return all;
    }

    // ---- several-loops.md

    @Test
    void connectionsAreHandedOverInTurn() throws Exception {
        Loops.Worker[] workers = {new Loops.Worker("a"), new Loops.Worker("b"), new Loops.Worker("c")};
        try (TcpListener listener = listen(); Poll poll = Poll.open()) {
            Future<Void> server = start(() -> Loops.accept(poll, listener, workers));
            List<String> names = new ArrayList<>();
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                sockets.add(connect(listener));
                names.add(read(sockets.get(i), 2).strip());
            }
            assertEquals(List.of("a", "b", "c", "a", "b", "c"), names);
            for (Socket socket : sockets) {
                ping(socket, "ping");
            }
            for (Loops.Worker worker : workers) {
                worker.close();
            }
            for (Socket socket : sockets) {
                assertEquals(0, remaining(socket));
                socket.close();
            }
            stop(poll, server);
        }
    }

    // ---- udp.md

    @Test
    void aQuestionIsRepeatedUntilItIsAnswered() throws Exception {
        try (Peer peer = new Peer(Loop.V4); Peer stranger = new Peer(Loop.V4)) {
            Future<byte[]> answer =
                Background.start(() -> UdpAsk.ask(peer.address(), "why?".getBytes(), Loop.SHORT, Integer.MAX_VALUE));
            assertEquals("why?", peer.receiveText());
            DatagramPacket question = peer.receive();
            InetSocketAddress from = (InetSocketAddress) question.getSocketAddress();
            stranger.send("a forged answer", from);
            peer.send("therefore", from);
            assertEquals("therefore", new String(Background.result(answer)));
        }
    }

    @Test
    void aQuestionIsGivenUp() throws Exception {
        try (Peer silent = new Peer(Loop.V4)) {
            assertThrows(SocketTimeoutException.class,
                () -> UdpAsk.ask(silent.address(), new byte[3], Duration.ofMillis(10), 2));
            assertEquals(3, silent.receive().getLength());
            assertEquals(3, silent.receive().getLength());
            silent.socket.setSoTimeout((int) Loop.SHORT.toMillis());
            assertThrows(SocketTimeoutException.class, silent::receive, "asked more often");
        }
    }

    @Test
    void answersAreEmptyOrTooLong() throws Exception {
        for (InetAddress host : List.of(Loop.V4, Loop.V6)) {
            try (Peer peer = new Peer(host)) {
                for (int length : new int[] {0, 1500, 1501}) {
                    Future<byte[]> answer =
                        Background.start(() -> UdpAsk.ask(peer.address(), new byte[1], Loop.LONG, 1));
                    peer.send(new byte[length], (InetSocketAddress) peer.receive().getSocketAddress());
                    if (length > 1500) {
                        assertEquals("the answer is longer than 1500 bytes", Background.failure(answer).getMessage());
                    } else {
                        assertEquals(length, Background.result(answer).length);
                    }
                }
            }
        }
    }

    // ---- unix-sockets.md

    @Test
    @Requires(Feature.DESCRIPTOR_PASSING)
    void aSuccessorAcceptsWhatArrivedBefore() throws Exception {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(listen());
            UnixAddress address = Local.address(loop);
            assertThrows(SocketException.class, () -> TakeOver.take(address));
            UnixListener at = loop.later(UnixListener.bind(address));
            Future<Void> giving = start(() -> TakeOver.give(at, listener));
            try (Socket waiting = connect(listener); TcpListener taken = TakeOver.take(address)) {
                Background.result(giving);
                listener.close(); // the descriptor of the first process, not the socket
                assertEquals(waiting.getPort(), taken.localAddress().getPort());
                try (TcpStream stream = Loop.accept(taken); Socket later = connect(taken);
                        TcpStream next = Loop.accept(taken)) {
                    assertEquals(waiting.getLocalPort(), stream.peerAddress().getPort());
                    assertEquals(later.getLocalPort(), next.peerAddress().getPort());
                }
            }
        }
    }

    // ---- errors.md

    @Test
    void aRefusedConnectMayBeRepeated() throws Exception {
        ConnectException e = assertThrows(ConnectException.class, () -> Reach.connect(Loop.nobody(), Loop.LONG));
        assertEquals("ECONNREFUSED", assertInstanceOf(SystemError.class, e).errnoName());
        assertTrue(Reach.mayHelpToRepeat(e));
        assertFalse(Reach.mayHelpToRepeat(new IOException("a bug")));
        assertTrue(Reach.mayHelpToRepeat(new SocketTimeoutException()));
        try (TcpListener listener = listen(); TcpStream stream = Reach.connect(listener.localAddress(), Loop.LONG)) {
            assertEquals(listener.localAddress(), stream.peerAddress());
        }
    }

    // ---- from-netty.md

    @Test
    void linesAreAnsweredInUpperCase() throws Exception {
        try (TcpListener listener = listen(); Socket socket = connect(listener); Socket other = connect(listener)) {
            LineServer lines = new LineServer(listener);
            Future<Void> server = start(lines::run);
            socket.getOutputStream().write("one\ntwo\nthr".getBytes());
            assertEquals("ONE\nTWO\n", read(socket, 8));
            socket.getOutputStream().write("ee\n".getBytes());
            assertEquals("THREE\n", read(socket, 6));
            byte[] endless = new byte[1 << 17];
            Arrays.fill(endless, (byte) 'x');
            try {
                socket.getOutputStream().write(endless);
            } catch (SocketException e) {
                // a reset: the line is too long
            }
            assertEquals(0, remaining(socket));
            other.getOutputStream().write("four\n".getBytes());
            assertEquals("FOUR\n", read(other, 5));
            stop(lines.poll, server);
            lines.clients.forEach(client -> client.stream.close());
        }
    }

    // ---- tls.md

    @Test
    void aLineIsAskedByTls() throws Exception {
        SSLContext context = Certificates.context(Certificates.ALPHA);
        try (ServerSocket peer = context.getServerSocketFactory().createServerSocket(0, 1, Loop.V4)) {
            Future<String> answer = Background.start(
                () -> TlsAsk.ask(context, "localhost", peer.getLocalPort(), "why?\n", Loop.LONG));
            try (Socket socket = peer.accept()) {
                assertEquals("why?\n", read(socket, 5));
                socket.getOutputStream().write("there".getBytes());
                socket.getOutputStream().write("fore\n".getBytes());
                assertEquals("therefore\n", Background.result(answer));
            }
        }
    }

    @Test
    void aLongLineIsAskedAndAPartOfAnAnswerIsNone() throws Exception {
        SSLContext context = Certificates.context(Certificates.ALPHA);
        String line = "?".repeat(4 << 20) + "\n"; // more than is accepted at once
        try (ServerSocket peer = context.getServerSocketFactory().createServerSocket(0, 1, Loop.V4)) {
            Future<String> answer = Background.start(
                () -> TlsAsk.ask(context, "localhost", peer.getLocalPort(), line, Loop.LONG.multipliedBy(2)));
            try (Socket socket = peer.accept()) {
                assertEquals(line, read(socket, line.length()));
                socket.getOutputStream().write("there".getBytes());
            }
            EOFException e = assertInstanceOf(EOFException.class, Background.failure(answer));
            assertEquals("the end, after 5 bytes of the answer", e.getMessage());
        }
    }

    @Test
    void oneDeadlineCoversTheHandshake() throws Exception {
        SSLContext context = Certificates.context(Certificates.ALPHA);
        try (ServerSocket silent = new ServerSocket(0, 1, Loop.V4)) {
            SocketTimeoutException e = assertThrows(SocketTimeoutException.class,
                () -> TlsAsk.ask(context, "localhost", silent.getLocalPort(), "why?\n", Duration.ofMillis(10)));
            assertTrue(e.getMessage().startsWith("timeout: "), e.getMessage());
        }
    }

    // ---- virtual-threads.md

    @Test
    void aThreadServesEachClientUntilTheListenerIsClosed() throws Exception {
        TcpListener listener = listen();
        ThreadServer threads = new ThreadServer(listener, Loop.LONG.multipliedBy(2)); // longer than this waits
        Future<Void> server = start(threads::run);
        try (Socket socket = connect(listener); Socket other = connect(listener)) {
            socket.getOutputStream().write("one\nthree\nfo".getBytes());
            assertEquals("3\n5\n", read(socket, 4));
            other.getOutputStream().write("\n".getBytes());
            assertEquals("0\n", read(other, 2));
            socket.getOutputStream().write("ur\n".getBytes());
            assertEquals("4\n", read(socket, 2));
            try (Socket ended = connect(listener); Socket reset = connect(listener)) {
                ended.getOutputStream().write("last\n".getBytes());
                ended.shutdownOutput();
                assertEquals(2, remaining(ended));
                reset.getOutputStream().write("\n".getBytes());
                assertEquals("0\n", read(reset, 2));
                reset.setSoLinger(true, 0);
            }
            Loop.until("forgotten", () -> threads.streams.size() == 2);
            listener.close();
            Background.result(server);
            assertEquals(0, remaining(socket));
            assertEquals(0, remaining(other));
        }
    }

    @Test
    void anIdleClientIsDisconnected() throws Exception {
        TcpListener listener = listen();
        Future<Void> server = start(new ThreadServer(listener, Duration.ofMillis(10))::run);
        try (Socket socket = connect(listener)) {
            assertEquals(0, remaining(socket));
            listener.close();
            Background.result(server);
        }
    }

    // ---- timers.md

    @Test
    void whoIsIdleForAMinuteIsDisconnected() throws Exception {
        long[] time = {0};
        try (TcpListener listener = listen(); Socket idle = connect(listener); Socket busy = connect(listener)) {
            IdleEcho echo = new IdleEcho(listener, new Timers(Duration.ofMillis(1), () -> time[0]));
            while (echo.clients.size() < 2) {
                echo.turn();
            }
            for (int seconds = 5; seconds <= 60; seconds += 5) {
                time[0] = Duration.ofSeconds(seconds - 1).toNanos();
                busy.getOutputStream().write('x');
                while (busy.getInputStream().available() == 0) {
                    echo.turn();
                }
                assertEquals('x', busy.getInputStream().read());
                assertEquals(2, echo.clients.size(), seconds + " seconds");
            }
            time[0] = Duration.ofMinutes(1).plusMillis(2).toNanos();
            echo.turn(); // for the timer, as there is no event
            assertEquals(1, echo.clients.size());
            assertEquals(-1, idle.getInputStream().read());
            busy.shutdownOutput();
            while (echo.clients.size() > 0) {
                echo.turn();
            }
            assertEquals(-1, busy.getInputStream().read());
            echo.poll.close();
        }
    }

    // ---- connecting.md

    @Test
    void everyServerHasAnOutcome() throws Exception {
        try (TcpListener listener = listen()) {
            int port = listener.localAddress().getPort();
            int nobody = Loop.nobody().getPort();
            List<String> outcomes = Probe.probe(
                List.of("127.0.0.1:" + nobody, "localhost:" + port, "127.0.0.1:" + port), Loop.LONG);
            assertEquals(3, outcomes.size());
            String refused = outcomes.stream().filter(line -> line.contains("ECONNREFUSED")).findAny().orElseThrow();
            assertTrue(refused.startsWith("127.0.0.1:" + nobody + ": no connection: "), refused);
            for (String host : List.of("localhost", "127.0.0.1")) {
                String expected = host + ":" + port + ": connected to " + listener.localAddress();
                assertTrue(outcomes.contains(expected), outcomes + " without " + expected);
            }
        }
    }

    // ---- zero-copy.md

    @Test
    @SuppressWarnings("try") // closed within the block
    void connectionsArePassedOnBothWays() throws Exception {
        boolean endsFirst = !Behaviour.ENDS_CANCEL_PENDING_SENDS.isHere(); // before the client reads
        try (TcpListener listener = listen(); ServerSocket target = new ServerSocket(0, 5, Loop.V4)) {
            Forward forward = new Forward(listener, new InetSocketAddress(Loop.V4, target.getLocalPort()));
            Future<Void> server = start(forward::run);
            byte[] there = Local.random(5 << 20);
            byte[] back = Local.random(6 << 20);
            try (Socket socket = connect(listener); Socket behind = target.accept();
                    Socket other = connect(listener); Socket otherBehind = target.accept()) {
                Future<Void> sending = start(() -> {
                    socket.getOutputStream().write(there);
                    if (endsFirst) {
                        socket.shutdownOutput();
                    }
                });
                Future<Void> answering = start(() -> behind.getOutputStream().write(back)); // read by nobody yet
                assertArrayEquals(there, behind.getInputStream().readNBytes(there.length));
                Background.result(sending);
                if (endsFirst) {
                    assertEquals(-1, behind.getInputStream().read());
                }
                other.getOutputStream().write("ping".getBytes());
                assertEquals("ping", read(otherBehind, 4));
                assertArrayEquals(back, socket.getInputStream().readNBytes(back.length));
                Background.result(answering);
                if (!endsFirst) {
                    socket.shutdownOutput();
                    assertEquals(-1, behind.getInputStream().read());
                }
                behind.shutdownOutput();
                assertEquals(-1, socket.getInputStream().read());
                otherBehind.close();
                assertEquals(0, remaining(other));
            }
            target.close();
            try (Socket refused = connect(listener)) {
                assertEquals(0, remaining(refused));
            }
            stop(forward.poll, server);
            Loop.until("closed", () -> forward.ends.size() == 0);
        }
    }
}
