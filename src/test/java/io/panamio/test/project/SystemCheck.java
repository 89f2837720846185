package io.panamio.test.project;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.pipeline.FileSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Uses sources of most kinds. After a first line that names the system, what this prints is the same on every system
 * and back end. Needs nothing but the library.
 */
public final class SystemCheck {
    static final String EXPECTED = """
        woken by 9
        accepted
        received hello
        echoed hello
        the peer has ended
        a reset: ECONNRESET, and a write after it: EPIPE
        refused: ECONNREFUSED
        a pipe: bytes, then the end
        a datagram of 4 to itself
        a file of 1000000 bytes, and the same again
        """;

    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    private final Poll poll;
    private final Events events = Events.withCapacity(64);

    private SystemCheck(Poll poll) {
        this.poll = poll;
    }

    public static void main(String[] args) throws IOException {
        try (Poll poll = Poll.open()) {
            System.out.println(Stream.of("os.name", "os.version", "os.arch", "java.vm.version")
                .map(System::getProperty).collect(Collectors.joining(" ")));
            SystemCheck child = new SystemCheck(poll);
            child.wakes();
            child.streams();
            child.resets();
            child.refused();
            child.pipes();
            child.datagrams();
            child.transfers();
        }
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    /** Polls until a condition holds; without the event the child hangs, until its parent ends it. */
    private void until(Condition condition) throws IOException {
        while (!condition.holds()) {
            poll.poll(events, Duration.ofSeconds(60));
        }
    }

    private void wakes() throws IOException {
        Waker waker = Waker.open(poll.registry(), 9);
        waker.wake();
        until(() -> events.size() > 0);
        System.out.println("woken by " + events.token(0));
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress("127.0.0.1", 0);
    }

    private void streams() throws IOException {
        try (TcpListener listener = TcpListener.bind(loopback())) {
            poll.registry().register(listener, 1, Interest.READABLE);
            TcpStream client = TcpStream.connect(listener.localAddress());
            poll.registry().register(client, 2, BOTH);
            TcpStream[] server = new TcpStream[1];
            until(() -> (server[0] = listener.accept()) != null);
            poll.registry().register(server[0], 3, BOTH);
            System.out.println("accepted");

            byte[] bytes = "hello".getBytes(StandardCharsets.US_ASCII);
            send(client, bytes);
            System.out.println("received " + new String(receive(server[0], 5), StandardCharsets.US_ASCII));
            send(server[0], bytes);
            System.out.println("echoed " + new String(receive(client, 5), StandardCharsets.US_ASCII));

            server[0].close();
            byte[] one = new byte[1];
            until(() -> client.read(one, 0, 1) == IoResult.EOF);
            System.out.println("the peer has ended");
            client.close();
        }
    }

    private void resets() throws IOException {
        try (TcpListener listener = TcpListener.bind(loopback())) {
            poll.registry().register(listener, 1, Interest.READABLE);
            TcpStream client = TcpStream.connect(listener.localAddress());
            poll.registry().register(client, 2, BOTH);
            TcpStream[] server = new TcpStream[1];
            until(() -> (server[0] = listener.accept()) != null);
            server[0].setOption(StandardSocketOptions.SO_LINGER, 0);
            server[0].close();
            byte[] one = new byte[1];
            until(() -> {
                try {
                    return client.read(one, 0, 1) >= IoResult.EOF;
                } catch (IOException e) {
                    System.out.print("a reset: " + name(e));
                    return true;
                }
            });
            try {
                client.write(one, 0, 1);
            } catch (IOException e) { // and no SIGPIPE
                System.out.println(", and a write after it: " + name(e));
            }
            client.close();
        }
    }

    private void send(TcpStream stream, byte[] bytes) throws IOException {
        int[] sent = new int[1];
        until(() -> {
            long n = stream.write(bytes, sent[0], bytes.length - sent[0]);
            sent[0] += (int) Math.max(n, 0);
            return sent[0] == bytes.length;
        });
    }

    private byte[] receive(TcpStream stream, int length) throws IOException {
        byte[] bytes = new byte[length];
        int[] have = new int[1];
        until(() -> {
            long n = stream.read(bytes, have[0], length - have[0]);
            have[0] += (int) Math.max(n, 0);
            return have[0] == length;
        });
        return bytes;
    }

    private static String name(IOException e) {
        return e.getMessage().replaceAll(".*\\((E[A-Z]+),.*", "$1");
    }

    private void refused() throws IOException {
        InetSocketAddress closed;
        try (TcpListener listener = TcpListener.bind(loopback())) {
            closed = listener.localAddress();
        }
        try (TcpStream stream = TcpStream.connect(closed)) {
            poll.registry().register(stream, 4, BOTH);
            until(stream::finishConnect);
            System.out.println("connected");
        } catch (IOException e) {
            System.out.println("refused: " + name(e));
        }
    }

    private void pipes() throws IOException {
        Pipe pipe = Pipe.open();
        poll.registry().register(pipe.receiver(), 5, Interest.READABLE);
        byte[] bytes = new byte[3];
        until(() -> pipe.sender().write(bytes, 0, 3) == 3);
        pipe.sender().close();
        int[] have = new int[1];
        until(() -> {
            have[0] += (int) Math.max(pipe.receiver().read(bytes, have[0], 3 - have[0]), 0);
            return have[0] == 3;
        });
        until(() -> pipe.receiver().read(bytes, 0, 3) < 0);
        pipe.receiver().close();
        System.out.println("a pipe: bytes, then the end");
    }

    /** A file by sendfile(2), then the same bytes by writes: more than the buffers hold, and less may be taken. */
    private void transfers() throws IOException {
        byte[] bytes = new byte[1_000_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 >> 4);
        }
        Path path = Files.write(Files.createTempFile("panamio", ".bytes"), bytes);
        try (TcpListener listener = TcpListener.bind(loopback()); FileSource file = FileSource.open(path)) {
            poll.registry().register(listener, 7, Interest.READABLE);
            TcpStream sender = TcpStream.connect(listener.localAddress());
            TcpStream[] receiver = new TcpStream[1];
            until(() -> (receiver[0] = listener.accept()) != null);
            poll.registry().register(sender, 8, BOTH);
            poll.registry().register(receiver[0], 9, BOTH);
            byte[] got = new byte[2 * bytes.length];
            int[] have = new int[2]; // sent, received
            until(() -> {
                long n;
                while (have[0] < got.length && (n = send(file, bytes, have[0], sender)) > 0) {
                    have[0] += (int) n;
                }
                while (have[1] < got.length && (n = receiver[0].read(got, have[1], got.length - have[1])) > 0) {
                    have[1] += (int) n;
                }
                return have[1] == got.length;
            });
            boolean same = Arrays.equals(bytes, 0, bytes.length, got, 0, bytes.length)
                && Arrays.equals(bytes, 0, bytes.length, got, bytes.length, got.length);
            System.out.println("a file of " + bytes.length + " bytes, " + (same ? "and the same again" : "wrong"));
            sender.close();
            receiver[0].close();
        } finally {
            Files.delete(path);
        }
    }

    private static long send(FileSource file, byte[] bytes, int from, TcpStream to) throws IOException {
        return from < bytes.length ? file.transferTo(from, bytes.length - from, to)
            : to.write(bytes, from - bytes.length, 2 * bytes.length - from);
    }

    private void datagrams() throws IOException {
        try (UdpSocket socket = UdpSocket.bind(loopback())) {
            poll.registry().register(socket, 6, Interest.READABLE);
            MemorySegment bytes = MemorySegment.ofArray(new byte[5]);
            until(() -> socket.sendTo(bytes.asSlice(0, 4), socket.localAddress()) == 4);
            long[] n = new long[1];
            until(() -> (n[0] = socket.recv(bytes)) >= 0);
            System.out.println("a datagram of " + n[0] + " to itself");
        }
    }
}
