package io.panamio.test.snippets;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.Connector;
import io.panamio.net.NamedPipe;
import io.panamio.net.Pipe;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of {@code io.panamio.net} run and do what they show. */
class JavadocExamplesTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    /** Sends a request and returns the number of bytes of the response. */
    private interface Request {
        long send(int port, byte[] request, MemorySegment response) throws IOException;
    }

    private static void assertAnswered(Request client) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, LOOPBACK); Arena arena = Arena.ofConfined()) {
            Future<String> asked = start(() -> {
                try (Socket peer = server.accept()) {
                    byte[] request = peer.getInputStream().readNBytes(4);
                    peer.getOutputStream().write("pong!".getBytes(StandardCharsets.US_ASCII));
                    return new String(request, StandardCharsets.US_ASCII);
                }
            });
            MemorySegment response = arena.allocate(16);
            long n = client.send(server.getLocalPort(), "ping".getBytes(StandardCharsets.US_ASCII), response);
            assertEquals("ping", result(asked));
            assertEquals(5, n);
            assertEquals("pong!", response.getString(0));
        }
    }

    @Test
    void tcpConnectSendsTheRequestAndReadsTheResponse() throws Exception {
        assertAnswered((port, request, response) ->
            TcpSnippets.request(new InetSocketAddress(LOOPBACK, port), request, response));
    }

    @Test
    void aConnectByNameSendsTheRequestAndReadsTheResponse() throws Exception {
        assertAnswered((port, request, response) -> TcpSnippets.request("localhost", port, request, response));
    }

    @Test
    void anExecutorResolvesNames() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, LOOPBACK);
             Connector connector = TcpSnippets.connect("localhost", server.getLocalPort(), Runnable::run)) {
            TcpStream[] stream = new TcpStream[1];
            Loop.until("connected", () -> (stream[0] = connector.finishConnect()) != null);
            stream[0].close();
        }
    }

    @Test
    void aFileIsSentAndAResponseReceivedByAChannel(@TempDir Path directory) throws Exception {
        byte[] request = new byte[100_000];
        Arrays.fill(request, (byte) 'q');
        Path file = Files.write(directory.resolve("request"), request);
        try (ServerSocket server = new ServerSocket(0, 1, LOOPBACK)) {
            Future<Integer> asked = start(() -> {
                try (Socket peer = server.accept()) {
                    int n = peer.getInputStream().readAllBytes().length;
                    peer.getOutputStream().write("pong!".getBytes(StandardCharsets.US_ASCII));
                    return n;
                }
            });
            TcpStream stream = TcpStream.connect(new InetSocketAddress(LOOPBACK, server.getLocalPort()));
            while (!stream.finishConnect()) {
                Thread.onSpinWait();
            }
            try (Poll poll = Poll.open(); FileChannel channel = FileChannel.open(file)) {
                assertEquals(5, OptionSnippets.exchange(poll, stream, channel, ByteBuffer.allocateDirect(16)));
            }
            assertEquals(request.length, result(asked));
            assertFalse(stream.isOpen());
        }
    }

    @Test
    void tcpAcceptServesEveryConnectionUntilItsEnd() throws Exception {
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(LOOPBACK, 0))) {
            Future<Void> served = start(() -> {
                TcpSnippets.serve(listener, Behaviour.RESET_CONNECTIONS_ARE_NOT_ACCEPTED.isHere() ? 2 : 3);
                return null;
            });
            try (Socket first = new Socket(LOOPBACK, listener.localAddress().getPort());
                    Socket second = new Socket(LOOPBACK, listener.localAddress().getPort())) {
                if (!Behaviour.RESET_CONNECTIONS_ARE_NOT_ACCEPTED.isHere()) {
                    Socket reset = new Socket(LOOPBACK, listener.localAddress().getPort());
                    reset.setSoLinger(true, 0);
                    reset.close();
                }
                first.getOutputStream().write(new byte[100_000]);
                second.getOutputStream().write(1);
                first.shutdownOutput();
                assertEquals(-1, first.getInputStream().read());
                second.shutdownOutput();
                assertEquals(-1, second.getInputStream().read());
            }
            assertNull(result(served));
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void unixListenerAcceptsAndDeletesItsFile(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("socket");
        Future<UnixStream> accepted = start(() -> UnixSnippets.listen(path));
        while (!accepted.isDone()) { // until it listens
            try {
                UnixStream.connect(UnixAddress.ofPath(path)).close();
                result(accepted).close();
            } catch (SocketException e) { // no file yet, or no listener
                Thread.onSpinWait();
            }
        }
        assertTrue(Files.notExists(path));
    }

    @Test
    @Requires({Feature.DESCRIPTOR_PASSING, Feature.PIPE_DESCRIPTORS})
    void unixStreamPassesADescriptor() throws Exception {
        try (Pipe pipe = Pipe.open()) {
            int passed = UnixSnippets.pass(pipe.sender().fd());
            try (Pipe.Sender duplicate = Pipe.Sender.fromFd(passed)) {
                assertEquals(1, duplicate.write(new byte[] {7}, 0, 1));
            }
            byte[] read = new byte[2];
            assertEquals(1, pipe.receiver().read(read, 0, 2));
            assertEquals(7, read[0]);
        }
    }

    @Test
    @Requires(Feature.UNIX_SEQPACKETS)
    void unixSeqpacketAsksAListener(@TempDir Path directory) throws Exception {
        UnixAddress address = UnixAddress.ofPath(directory.resolve("socket"));
        Future<Void> answered = start(() -> {
            UnixSnippets.answer(address);
            return null;
        });
        byte[] answer = new byte[10];
        long n = -1;
        while (n < 0) { // until it listens
            try {
                n = UnixSnippets.ask(address, new byte[] {1, 2, 3}, answer);
            } catch (SocketException e) { // no file yet, or no listener
                Thread.onSpinWait();
            }
        }
        assertArrayEquals(new byte[] {1, 2, 3}, Arrays.copyOf(answer, (int) n));
        assertNull(result(answered));
        assertTrue(Files.notExists(address.path()));
    }

    @Test
    void unixAddressesAreOfPathsAndNames() {
        assertEquals(List.of(true, false, true), UnixSnippets.addresses().stream().map(UnixAddress::isPath).toList());
    }

    @Test
    @Requires(Feature.UNIX_DATAGRAMS)
    void unixDatagramWaitsForRoom(@TempDir Path directory) throws Exception {
        Behaviour.FULL_RECEIVERS_ARE_AN_ERROR.skip();
        UnixAddress address = UnixAddress.ofPath(directory.resolve("socket"));
        try (UnixDatagram receiver = UnixDatagram.bind(address)) {
            MemorySegment[] datagrams = new MemorySegment[500]; // more than a receive queue holds
            Arrays.fill(datagrams, MemorySegment.ofArray(new byte[100]));
            Future<Void> sent = start(() -> {
                UnixSnippets.send(address, datagrams);
                return null;
            });
            for (int n = 0; n < datagrams.length;) {
                n += receiver.recv(new byte[200], 0, 200) == 100 ? 1 : 0;
            }
            assertNull(result(sent));
        }
    }

    @Test
    void pipeCarriesBytes() throws Exception {
        assertArrayEquals(new byte[] {1, 2, 3}, PipeSnippets.pipe(new byte[] {1, 2, 3}));
    }

    @Test
    @Requires(Feature.NAMED_PIPES)
    void aNamedPipeServesOneClientAfterTheOther() throws Exception {
        String name = "\\\\.\\pipe\\panamio-example-" + System.nanoTime();
        Future<Void> server = start(() -> {
            NamedPipeSnippets.serve(name);
            return null;
        });
        for (String text : List.of("first", "second", "")) {
            NamedPipe[] opened = new NamedPipe[1];
            Loop.until("open", () -> {
                try {
                    opened[0] = NamedPipe.open(name, NamedPipe.Mode.MESSAGES);
                } catch (IOException e) { // not created yet, or still with the last client
                    assertFalse(server.isDone());
                }
                return opened[0] != null;
            });
            try (Loop loop = new Loop(); NamedPipe client = opened[0]) {
                loop.register(client, 1, Loop.RW);
                assertEquals(text.length(), client.write(text.getBytes(StandardCharsets.US_ASCII), 0, text.length()));
                byte[] answer = new byte[10];
                long n;
                while ((n = client.read(answer, 0, 10)) == IoResult.WOULD_BLOCK) {
                    loop.poll.poll(loop.events, Loop.LONG);
                }
                assertEquals(text.isEmpty() ? IoResult.EOF : text.length(), n);
            }
        }
        result(server);
    }

    @Test
    @Requires(Feature.PIPE_REDIRECTS)
    void pipeReadsTheOutputOfAChild() throws Exception {
        assertEquals("hello\n", new String(PipeSnippets.output("echo", "hello"), StandardCharsets.US_ASCII));
    }

    private interface Echo {
        void run(UdpSocket socket) throws IOException;
    }

    private static void assertEchoes(Echo echo) throws Exception {
        InetSocketAddress any = new InetSocketAddress(LOOPBACK, 0);
        try (UdpSocket socket = UdpSocket.bind(any); UdpSocket client = UdpSocket.bind(any)) {
            Future<Void> echoed = start(() -> {
                echo.run(socket);
                return null;
            });
            client.connect(socket.localAddress());
            for (int i = 1; i <= 100; i++) {
                byte[] bytes = new byte[i];
                assertEquals(i, client.send(bytes, 0, i));
                long n;
                while ((n = client.recv(new byte[200], 0, 200)) == IoResult.WOULD_BLOCK) {
                    Thread.onSpinWait();
                }
                assertEquals(i, n);
            }
            assertEquals(0, client.send(new byte[0], 0, 0));
            assertNull(result(echoed));
        }
    }

    @Test
    void udpSocketEchoes() throws Exception {
        assertEchoes(UdpSnippets::echo);
    }

    @Test
    void datagramBatchEchoes() throws Exception {
        assertEchoes(UdpSnippets::echoBatches);
    }

    @Test
    @ExtendWith(MissingOptions.class)
    void optionsAreSetBeforeTheSocketIsBoundOrConnected() throws Exception {
        InetSocketAddress any = new InetSocketAddress(LOOPBACK, 0);
        try (TcpListener listener = OptionSnippets.listen(any);
                TcpStream stream = OptionSnippets.connect(any, listener.localAddress());
                UdpSocket socket = OptionSnippets.bind(any)) {
            assertTrue(listener.getOption(StandardSocketOptions.TCP_NODELAY));
            assertEquals(30_000, stream.getOption(SystemSocketOptions.TCP_USER_TIMEOUT));
            assertTrue(socket.getOption(StandardSocketOptions.SO_REUSEPORT));
        }
    }

    @Test
    @Requires(Feature.TCP_INFO)
    void tcpInfoIsReadRepeatedly() throws Exception {
        Behaviour.TCP_INFO_IS_MISSING.skip();
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            TcpInfo info = TcpInfo.create();
            boolean slow = OptionSnippets.isSlow(stream, info);
            assertTrue(info.rtt() >= 0); // 0 on a fast loopback device with a coarse clock
            assertEquals(info.rtt() > 200_000 || info.lost() > 0, slow);
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void gatherListIsWrittenRepeatedly() throws Exception {
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream writer = pair[0]; UnixStream reader = pair[1]; Arena arena = Arena.ofConfined()) {
            MemorySegment[] bodies = {arena.allocateFrom("one"), arena.allocateFrom("three"), arena.allocate(4 << 20)};
            AtomicLong read = new AtomicLong();
            byte[] buffer = new byte[1 << 20];
            OptionSnippets.respond(writer, arena.allocateFrom("head"), bodies,
                () -> read.addAndGet(read(reader, buffer)));
            long n;
            while ((n = read(reader, buffer)) > 0) {
                read.addAndGet(n);
            }
            assertEquals(3 * 5 + 4 + 6 + (4 << 20), read.get());
        }
    }

    private static long read(UnixStream reader, byte[] buffer) {
        try {
            return reader.read(buffer, 0, buffer.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
