package io.panamio.test.project;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.memory.Lease;
import io.panamio.memory.SegmentPool;
import io.panamio.net.ControlMessages;
import io.panamio.net.Pipe;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.RingBuffer;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;

/** An application that uses every part of the library, without JUnit, and closes everything that it opens. */
public final class Everything implements Callable<Void> {
    private final byte[] array = new byte[20_000];

    @Override
    public Void call() throws Exception {
        try (Poll poll = Poll.open(); TcpListener listener = TcpListener.bind(local(0))) {
            Waker waker = Waker.open(poll.registry(), -1);
            Slab<TcpListener> slab = new Slab<>();
            poll.registry().register(listener, slab.insert(listener), Interest.READABLE);
            Timers timers = new Timers();
            timers.schedule(-2, Duration.ZERO);
            until(timers::expire);
            try (TcpStream client = TcpStream.connect(listener.localAddress())) {
                Events events = Events.withCapacity(8);
                until(() -> poll.pollNow(events) > 0);
                try (TcpStream server = listener.accept()) {
                    until(client::finishConnect);
                    poll.registry().register(server, 2, Interest.READABLE);
                    streams(client, server);
                    transfers(client, server);
                }
            }
            waker.wake();
            waker.close();
            datagrams();
            fail();
        }
        return null;
    }

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void until(Condition condition) throws IOException {
        for (long end = System.nanoTime() + 10_000_000_000L; !condition.holds();) {
            if (System.nanoTime() > end) {
                throw new AssertionError("timed out");
            }
            Thread.yield();
        }
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new AssertionError();
        }
    }

    private void readAll(TcpStream from, long count) throws IOException {
        for (long left = count; left > 0;) {
            long n = from.read(array, 0, (int) Math.min(left, array.length));
            require(n != IoResult.EOF);
            left -= Math.max(n, 0);
        }
    }

    private void streams(TcpStream client, TcpStream server) throws IOException {
        require(client.write(array, 0, array.length) == array.length);
        readAll(server, array.length);
        require(client.writeVectored(MemorySegment.ofArray(array), client.arena().allocate(100)) == array.length + 100);
        readAll(server, array.length + 100);
        try (SegmentPool pool = SegmentPool.open()) {
            Lease lease = pool.acquire(100);
            require(client.write(lease.segment(), 0, 100) == 100);
            lease.release();
            server.arena(pool).allocate(10);
            RingBuffer ring = RingBuffer.allocate(pool.arena(), 4096);
            until(() -> ring.readFrom(server) + ring.readableBytes() >= 100);
        }
    }

    private void transfers(TcpStream client, TcpStream server) throws IOException {
        Path path = Files.createTempFile("panamio", ".bytes");
        Files.write(path, array);
        try (FileSource file = FileSource.open(path); ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(array.length)) {
            require(file.transferTo(0, array.length, client) == array.length);
            readAll(server, array.length);
            ZeroCopySender sender = ZeroCopySender.of(client);
            require(sender.send(buffer, 0, array.length) == array.length);
            readAll(server, array.length);
            until(() -> {
                sender.drainCompletions();
                return !buffer.isPending();
            });
        } finally {
            Files.delete(path);
        }
        try (Pipe pipe = Pipe.open(); PipePool pipes = new PipePool()) {
            Splice splice = new Splice(pipe.receiver(), client, pipes);
            require(pipe.sender().write(array, 0, 100) == 100);
            require(splice.transfer(100) == 100);
            readAll(server, 100);
            splice.close();
        }
    }

    private void datagrams() throws IOException {
        try (UdpSocket a = UdpSocket.bind(local(0)); UdpSocket b = UdpSocket.bind(local(0))) {
            require(a.sendTo(array, 0, 100, SocketAddressBuffer.of(b.localAddress())) == 100);
            until(() -> b.recv(array, 0, array.length) == 100);
        }
        if (Feature.UNIX_DATAGRAMS.isAvailable()) {
            unixSockets();
        }
    }

    private static void unixSockets() throws IOException {
        UnixDatagram[] pair = UnixDatagram.pair();
        try (UnixDatagram a = pair[0]; UnixDatagram b = pair[1]; Arena arena = Arena.ofConfined()) {
            ControlMessages control = ControlMessages.withCapacity(100);
            require(a.sendMsg(arena.allocate(100), control) == 100);
            require(b.recvMsg(arena.allocate(100), control) == 100);
        }
        UnixStream[] streams = UnixStream.pair();
        streams[0].close();
        streams[1].close();
    }

    private static void fail() throws IOException {
        int port;
        try (TcpListener listener = TcpListener.bind(local(0))) {
            port = listener.localAddress().getPort();
        }
        try (TcpStream refused = TcpStream.connect(local(port))) {
            until(refused::finishConnect);
            throw new AssertionError("connected");
        } catch (ConnectException e) {
            require(e.getMessage().contains("ECONNREFUSED"));
        }
    }
}
