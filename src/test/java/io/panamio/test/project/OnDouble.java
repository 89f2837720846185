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
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A child that uses a platform: its output is the same on every system and back end. */
final class OnDouble {
    static final String EXPECTED = """
        woken by 9
        accepted
        received hello
        echoed hello
        the peer has ended
        a reset: ECONNRESET
        refused: ECONNREFUSED
        a pipe: bytes, then the end
        a datagram of 4 to itself
        """;

    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    private final Poll poll;
    private final Events events = Events.withCapacity(64);

    private OnDouble(Poll poll) {
        this.poll = poll;
    }

    public static void main(String[] args) throws IOException {
        try (Poll poll = Poll.open()) {
            OnDouble child = new OnDouble(poll);
            child.wakes();
            child.streams();
            child.refused();
            child.pipes();
            child.datagrams();
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
            until(() -> client.write(bytes, 0, 5) == 5);
            System.out.println("received " + new String(receive(server[0], 5), StandardCharsets.US_ASCII));
            until(() -> server[0].write(bytes, 0, 5) == 5);
            System.out.println("echoed " + new String(receive(client, 5), StandardCharsets.US_ASCII));

            server[0].close();
            byte[] one = new byte[1];
            until(() -> client.read(one, 0, 1) == IoResult.EOF);
            System.out.println("the peer has ended");
            client.write(one, 0, 1);
            until(() -> {
                try {
                    return client.read(one, 0, 1) > 0;
                } catch (IOException e) {
                    System.out.println("a reset: " + name(e));
                    return true;
                }
            });
            client.close();
        }
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
        until(() -> pipe.receiver().read(bytes, 0, 3) == 3);
        until(() -> pipe.receiver().read(bytes, 0, 3) < 0);
        pipe.receiver().close();
        System.out.println("a pipe: bytes, then the end");
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
