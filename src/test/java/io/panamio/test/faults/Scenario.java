package io.panamio.test.faults;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.BindOptions;
import io.panamio.net.Connector;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.Pipe;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.pipeline.RingBuffer;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.test.faults.Connections.End;
import io.panamio.test.faults.Connections.Pair;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What a program does with each part of the library, in which any one call may fail. Each operation that fails is
 * repeated, and must then go on as if it had not been called.
 */
enum Scenario {
    TCP(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Pair pair = Connections.tcp(run);
            run.all(pair.up(run, Pump.Memory.NATIVE, 100_000), pair.down(run, Pump.Memory.NATIVE, 100_000));
            Connections.finish(run, pair);
        }
    },
    UNIX(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Pair pair = Connections.unix(run);
            run.all(pair.up(run, Pump.Memory.NATIVE, 100_000), pair.down(run, Pump.Memory.SHARED, 100_000));
            Connections.finish(run, pair);
        }
    },
    MEMORY(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            UnixStream[] ends = run.tried(UnixStream::pair);
            Pair pair = new Pair(Connections.register(run, ends[0]), Connections.register(run, ends[1]));
            for (Pump.Memory memory : Pump.Memory.values()) {
                run.all(pair.up(run, memory, 200_000));
            }
            Connections.finish(run, pair);
        }
    },
    PIPE(Feature.PIPES) {
        @Override
        void run(Run run) throws IOException {
            Pipe pipe = run.later(run.tried(Pipe::open));
            int to = run.register(pipe.sender(), Interest.WRITABLE);
            int from = run.register(pipe.receiver(), Interest.READABLE);
            for (Pump.Memory memory : Pump.Memory.values()) {
                run.all(new Pump(run, pipe.sender(), to, pipe.receiver(), from, memory, 200_000));
            }
            pipe.sender().close();
            Connections.expectEnd(run, pipe.receiver(), from);
        }
    },
    UDP(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            InetAddress loopback = InetAddress.getByName("127.0.0.1");
            UdpSocket a = run.later(run.tried(() -> UdpSocket.bind(new InetSocketAddress(loopback, 0))));
            UdpSocket b = run.later(run.tried(() -> UdpSocket.bind(new InetSocketAddress(loopback, 0))));
            int receiving = run.register(b, Interest.READABLE);
            run.register(a, Connections.RW);
            InetSocketAddress there = run.tried(b::localAddress);
            SocketAddressBuffer to = SocketAddressBuffer.of(there);
            SocketAddressBuffer from = SocketAddressBuffer.create();
            MemorySegment message = run.arena.allocate(1000).fill((byte) 7);
            byte[] array = message.toArray(ValueLayout.JAVA_BYTE);
            MemorySegment room = run.arena.allocate(2000);
            MemorySegment heap = MemorySegment.ofArray(new byte[100_000]);
            sent(run, () -> a.sendTo(message, to));
            received(run, receiving, () -> b.recvFrom(room, from), room);
            sent(run, () -> a.sendTo(message, there));
            received(run, receiving, () -> b.peekFrom(room, from), room);
            received(run, receiving, () -> b.recvFrom(heap, from), heap);
            sent(run, () -> a.sendTo(array, 0, array.length, to));
            ControlMessages control = ControlMessages.withCapacity(256);
            received(run, receiving, () -> b.recvMsgFrom(room, from, control), room);
            run.tried(() -> {
                a.connect(there);
                return null;
            });
            control.clear();
            sent(run, () -> a.send(message));
            received(run, receiving, () -> b.recv(room), room);
            sent(run, () -> a.sendMsg(message, control));
            received(run, receiving, () -> b.recv(array, 0, array.length), MemorySegment.ofArray(array));
            received(run, receiving, 0, () -> b.recv(room));
        }
    },
    BATCH(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            InetAddress loopback = InetAddress.getByName("127.0.0.1");
            UdpSocket a = run.later(run.tried(() -> UdpSocket.bind(new InetSocketAddress(loopback, 0))));
            UdpSocket b = run.later(run.tried(() -> UdpSocket.bind(new InetSocketAddress(loopback, 0))));
            int receiving = run.register(b, Interest.READABLE);
            SocketAddressBuffer to = SocketAddressBuffer.of(run.tried(b::localAddress));
            int count = 12;
            DatagramBatch out = DatagramBatch.allocate(count, 64);
            for (int i = 0; i < count; i++) {
                out.add(run.arena.allocate(64).fill((byte) i), to);
            }
            for (int first = 0; first < count;) {
                int at = first;
                first += Math.max(0, run.tried(() -> a.sendBatch(out, at)));
            }
            DatagramBatch in = DatagramBatch.allocate(5, 64);
            for (int got = 0; got < count;) {
                run.await(receiving, Run.READABLE);
                int n = run.tried(() -> b.recvBatch(in));
                if (n < 0) {
                    run.blocked(receiving, Run.READABLE | Run.SPECIAL);
                }
                for (int i = 0; i < n; i++, got++) {
                    if (in.data(i).get(ValueLayout.JAVA_BYTE, 0) != got || in.length(i) != 64) {
                        throw new Run.Defect("datagram " + got + " is another one", run.failure());
                    }
                }
            }
        }
    },
    UNIX_MESSAGES(Feature.UNIX_DATAGRAMS) {
        @Override
        void run(Run run) throws IOException {
            UnixDatagram[] ends = run.tried(UnixDatagram::pair);
            run.later(ends[0]);
            run.later(ends[1]);
            int receiving = run.register(ends[1], Interest.READABLE);
            MemorySegment message = MemorySegment.ofArray(new byte[1500]).fill((byte) 7);
            MemorySegment room = MemorySegment.ofArray(new byte[100_000]);
            sent(run, () -> ends[0].send(message));
            received(run, receiving, () -> ends[1].recv(room), room);
        }
    },
    SEQPACKET(Feature.UNIX_SEQPACKETS) {
        @Override
        void run(Run run) throws IOException {
            UnixSeqpacket[] ends = run.tried(UnixSeqpacket::pair);
            run.later(ends[0]);
            run.later(ends[1]);
            int receiving = run.register(ends[1], Interest.READABLE);
            MemorySegment message = run.arena.allocate(1500).fill((byte) 7);
            MemorySegment room = run.arena.allocate(2000);
            sent(run, () -> ends[0].send(message));
            received(run, receiving, () -> ends[1].recv(room), room);
        }
    },
    DESCRIPTORS(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            UnixStream[] ends = run.tried(UnixStream::pair);
            Pair pair = new Pair(Connections.register(run, ends[0]), Connections.register(run, ends[1]));
            Pipe pipe = run.later(run.tried(Pipe::open));
            ControlMessages out = ControlMessages.withCapacity(64);
            out.putFds(pipe.sender().fd());
            MemorySegment byteOf = run.arena.allocate(1);
            sent(run, () -> ends[0].sendMsg(byteOf, out));
            ControlMessages in = ControlMessages.withCapacity(64);
            long n = received(run, pair.server().token(), 1, () -> ends[1].recvMsg(byteOf, in));
            int[] fds = in.takeFds();
            if (fds == null || fds.length != 1) {
                throw new Run.Defect("no descriptor arrived: " + n, run.failure());
            }
            try (Pipe.Sender sender = sender(run, fds[0])) {
                int to = run.register(sender, Interest.WRITABLE);
                int from = run.register(pipe.receiver(), Interest.READABLE);
                run.all(new Pump(run, sender, to, pipe.receiver(), from, Pump.Memory.NATIVE, 1000));
            }
        }

        /** A descriptor that cannot be adopted remains its owner's. */
        private Pipe.Sender sender(Run run, int fd) throws IOException {
            return run.tried(() -> Pipe.Sender.fromFd(fd));
        }
    },
    OPTIONS(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Pair pair = Connections.tcp(run);
            TcpStream stream = (TcpStream) pair.client().stream();
            set(run, () -> stream.setNoDelay(true));
            check(run, run.tried(stream::noDelay));
            set(run, () -> stream.setOption(StandardSocketOptions.SO_LINGER, 10));
            check(run, run.tried(() -> stream.getOption(StandardSocketOptions.SO_LINGER)) == 10);
            set(run, () -> stream.setOption(StandardSocketOptions.SO_RCVBUF, 50_000));
            check(run, run.tried(() -> stream.getOption(StandardSocketOptions.SO_RCVBUF)) >= 50_000);
            check(run, run.tried(stream::takeError) == null);
            if (Feature.TCP_INFO.isAvailable()) {
                TcpInfo info = TcpInfo.create();
                set(run, () -> stream.info(info));
            }
            check(run, run.tried(stream::peerAddress).equals(run.tried(pair.server().stream()::localAddress)));
            reregister(run, pair.client());
            set(run, () -> stream.setOption(StandardSocketOptions.SO_LINGER, -1));
            run.all(pair.up(run, Pump.Memory.NATIVE, 1000));
            // adoption
            set(run, () -> run.poll().registry().deregister(stream));
            int fd = stream.detach();
            TcpStream adopted = run.later(run.tried(() -> TcpStream.fromFd(fd)));
            set(run, () -> IoSource.makeNonBlocking(fd));
            End end = Connections.register(run, adopted);
            Pair again = new Pair(end, pair.server());
            run.all(again.up(run, Pump.Memory.NATIVE, 1000), again.down(run, Pump.Memory.NATIVE, 1000));
            Connections.finish(run, again);
        }
    },
    MULTICAST(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            UdpSocket socket = run.later(run.tried(() -> UdpSocket.bind(new InetSocketAddress("0.0.0.0", 0),
                BindOptions.DEFAULT.reuseAddress(true))));
            InetAddress group = InetAddress.getByName("239.1.2.3");
            NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getByName("127.0.0.1"));
            set(run, () -> socket.joinMulticast(group, loopback));
            set(run, () -> socket.leaveMulticast(group, loopback));
            set(run, () -> socket.setBroadcast(true));
            check(run, run.tried(socket::broadcast));
            set(run, () -> socket.setMulticastTtl(2));
            check(run, run.tried(socket::multicastTtl) == 2);
        }
    },
    POLL(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Poll poll = run.later(run.tried(Poll::open));
            Waker waker = run.later(run.tried(() -> Waker.open(poll.registry(), 5)));
            waker.wake();
            Events events = Events.withCapacity(4);
            check(run, run.tried(() -> poll.pollNow(events)) == 1);
            Pipe pipe = run.later(run.tried(Pipe::open));
            set(run, () -> poll.registry().register(pipe.sender(), 6, Interest.WRITABLE));
            check(run, run.tried(() -> poll.poll(events, Duration.ofSeconds(2))) == 1);
            set(run, () -> poll.registry().reregister(pipe.sender(), 7, Interest.WRITABLE));
            check(run, run.tried(() -> poll.poll(events, Duration.ofSeconds(2))) == 1 && events.token(0) == 7);
            run.tried(() -> poll.poll(events, Duration.ofNanos(1_500_000)));
            unregister(run, poll, pipe);
            set(run, () -> poll.registry().register(pipe.sender(), 8, Interest.WRITABLE));
            check(run, run.tried(() -> poll.poll(events, Duration.ofSeconds(2))) == 1 && events.token(0) == 8);
        }

        /** A deregistration that fails is one: the system does not watch the source any more. */
        private void unregister(Run run, Poll poll, Pipe pipe) throws IOException {
            try {
                poll.registry().deregister(pipe.sender());
            } catch (IOException e) {
                run.surfaced(e);
                pipe.close();
                Pipe other = run.later(Pipe.open());
                poll.registry().register(other.sender(), 8, Interest.WRITABLE);
            }
        }
    },
    /**
     * Wakes a poller in another thread: no wake may be lost. Where the system refuses the call itself, which no
     * interruption is, the next wake must succeed.
     */
    WAKE(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Poll poll = run.later(run.tried(Poll::open));
            Waker waker = run.later(run.tried(() -> Waker.open(poll.registry(), 5)));
            AtomicInteger woken = new AtomicInteger();
            Thread poller = Thread.ofPlatform().daemon().start(() -> {
                Events events = Events.withCapacity(4);
                while (woken.get() < 8) {
                    try {
                        poll.poll(events);
                        woken.addAndGet(events.size());
                    } catch (IOException e) {
                        run.surfaced(e);
                    } catch (ClosedSelectorException e) {
                        return; // the test has failed
                    }
                }
            });
            for (int i = 0; i < 8; i++) {
                LockSupport.parkNanos(300_000); // the poller sleeps by then
                waker.wake();
                if (!isWoken(woken, i, run.isRefusal() ? 100 : 2000) && run.isRefusal()) {
                    waker.wake();
                    if (!isWoken(woken, i, 2000)) {
                        throw new Run.Defect("later wakes are lost, too", run.failure());
                    }
                } else if (woken.get() <= i) {
                    throw new Run.Defect("wake " + i + " was lost", run.failure());
                }
            }
            try {
                poller.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private boolean isWoken(AtomicInteger woken, int before, long millis) {
            long deadline = System.nanoTime() + millis * 1_000_000;
            while (woken.get() <= before && System.nanoTime() < deadline) {
                LockSupport.parkNanos(20_000);
            }
            return woken.get() > before;
        }
    },
    CONNECTOR(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            TcpListener listener = run.later(run.tried(() -> TcpListener.bind(
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0))));
            int port = run.tried(listener::localAddress).getPort();
            for (int tries = 0; tries < 2; tries++) {
                try (Connector connector = run.tried(() -> Connector.connect("127.0.0.1", port,
                        Duration.ofSeconds(5)))) {
                    int token = run.register(connector, Interest.WRITABLE);
                    TcpStream stream = null;
                    while (stream == null) {
                        run.await(token, Run.WRITABLE | Run.READABLE);
                        stream = run.tried(connector::finishConnect);
                        if (stream == null) {
                            run.blocked(token, Run.WRITABLE | Run.READABLE | Run.SPECIAL);
                        }
                    }
                    Connections.register(run, stream);
                    return;
                } catch (Run.Defect e) {
                    if (run.failure() == null || tries > 0) {
                        throw e;
                    }
                }
            }
        }
    },
    FILE(Feature.SEND_FILE) {
        @Override
        void run(Run run) throws IOException {
            Path file = Files.createTempFile("panamio", null);
            run.later(() -> Files.delete(file));
            byte[] bytes = new byte[100_000];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i * 31 >>> 3);
            }
            Files.write(file, bytes);
            Pair pair = Connections.tcp(run);
            FileSource source = run.later(run.tried(() -> FileSource.open(file)));
            check(run, run.tried(source::size) == bytes.length);
            int to = pair.client().token();
            int from = pair.server().token();
            byte[] got = new byte[bytes.length];
            long[] at = {0, 0};
            while (at[1] < bytes.length) {
                boolean progress = false;
                if (at[0] < bytes.length && run.isReady(to, Run.WRITABLE)) {
                    long n = run.tried(() -> source.transferTo(at[0], bytes.length - at[0], pair.client().stream()));
                    at[0] += Math.max(n, 0);
                    if (n == IoResult.WOULD_BLOCK) {
                        run.blocked(to, Run.WRITABLE);
                    }
                    progress = true;
                }
                if (run.isReady(from, Run.READABLE)) {
                    long n = run.tried(() -> pair.server().stream().read(got, (int) at[1], got.length - (int) at[1]));
                    at[1] += Math.max(n, 0);
                    if (n == IoResult.WOULD_BLOCK) {
                        run.blocked(from, Run.READABLE | Run.SPECIAL);
                    }
                    progress = true;
                }
                if (!progress) {
                    run.await();
                }
            }
            check(run, java.util.Arrays.equals(bytes, got));
        }
    },
    SPLICE(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Pair in = Connections.tcp(run);
            Pair out = Connections.tcp(run);
            PipePool pool = run.later(new PipePool());
            Splice splice = run.later(new Splice(in.server().stream(), out.client().stream(), pool));
            Pump pump = new Pump(run, in.client().stream(), in.client().token(), out.server().stream(),
                out.server().token(), Pump.Memory.NATIVE, 300_000);
            try {
                run.all(pump, new Run.Step() {
                    @Override
                    public boolean run() throws IOException {
                        if (!run.isReady(in.server().token(), Run.READABLE) && !(splice.buffered() > 0
                                && run.isReady(out.client().token(), Run.WRITABLE))) {
                            return false;
                        }
                        long n = transfer(run, splice::transfer);
                        if (n < 0 && splice.buffered() > 0) {
                            run.blocked(out.client().token(), Run.WRITABLE);
                        } else if (n < 0) {
                            run.blocked(in.server().token(), Run.READABLE | Run.SPECIAL);
                        }
                        return true;
                    }

                    @Override
                    public boolean isDone() {
                        return pump.isDone();
                    }
                });
            } catch (Over e) {
                return;
            }
        }
    },
    RELAY(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            Pair in = Connections.tcp(run);
            Pair out = Connections.tcp(run);
            PipePool pool = run.later(new PipePool());
            Relay relay = run.later(new Relay(in.server().stream(), out.client().stream(), pool));
            Pump up = new Pump(run, in.client().stream(), in.client().token(), out.server().stream(),
                out.server().token(), Pump.Memory.NATIVE, 150_000);
            Pump down = new Pump(run, out.server().stream(), out.server().token(), in.client().stream(),
                in.client().token(), Pump.Memory.NATIVE, 150_000);
            try {
                run.all(up, down, step(run, relay, in.server(), up, down), step(run, relay, out.client(), up, down));
                in.client().stream().close();
                run.await(in.server().token(), Run.SPECIAL);
                transfer(run, () -> relay.transfer(in.server().stream()));
                Connections.expectEnd(run, out.server().stream(), out.server().token());
            } catch (Over e) {
                return;
            }
        }

        private Run.Step step(Run run, Relay relay, End end, Pump up, Pump down) {
            int any = Run.READABLE | Run.WRITABLE | Run.SPECIAL;
            return new Run.Step() {
                @Override
                public boolean run() throws IOException {
                    if (!run.isReady(end.token(), any)) {
                        return false;
                    }
                    if (transfer(run, () -> relay.transfer(end.stream())) < 0) {
                        run.blocked(end.token(), any);
                    }
                    return true;
                }

                @Override
                public boolean isDone() {
                    return up.isDone() && down.isDone();
                }
            };
        }
    },
    ZERO_COPY(Feature.ZERO_COPY) {
        @Override
        void run(Run run) throws IOException {
            Pair pair = Connections.tcp(run);
            TcpStream stream = (TcpStream) pair.client().stream();
            ZeroCopySender sender = ZeroCopySender.of(stream);
            sender.setThreshold(0);
            int size = 60_000;
            ZeroCopyBuffer buffer = run.tried(() -> ZeroCopyBuffer.allocate(size));
            try {
                buffer.segment().fill((byte) 9);
                long sent = 0;
                long got = 0;
                MemorySegment room = run.arena.allocate(20_000);
                while (got < size || buffer.isPending()) {
                    long at = sent;
                    boolean progress = false;
                    if (sent < size && run.isReady(pair.client().token(), Run.WRITABLE)) {
                        long n = run.tried(() -> sender.send(buffer, at, Math.min(20_000, size - at)));
                        if (n == IoResult.WOULD_BLOCK) {
                            run.blocked(pair.client().token(), Run.WRITABLE);
                        }
                        sent += Math.max(n, 0);
                        progress = true;
                    }
                    if (run.isReady(pair.server().token(), Run.READABLE)) {
                        long n = run.tried(() -> pair.server().stream().read(room));
                        if (n == IoResult.WOULD_BLOCK) {
                            run.blocked(pair.server().token(), Run.READABLE | Run.SPECIAL);
                        }
                        for (long i = 0; i < n; i++) {
                            check(run, room.get(ValueLayout.JAVA_BYTE, i) == 9);
                        }
                        got += Math.max(n, 0);
                        progress = true;
                    }
                    if (run.isReady(pair.client().token(), Run.SPECIAL)) {
                        run.tried(sender::drainCompletions);
                        check(run, run.tried(stream::takeError) == null);
                        run.blocked(pair.client().token(), Run.SPECIAL);
                        progress = true;
                    }
                    if (!progress) {
                        run.await();
                    }
                }
            } finally {
                buffer.close();
            }
        }
    },
    RING(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            UnixStream[] ends = run.tried(UnixStream::pair);
            Pair pair = new Pair(Connections.register(run, ends[0]), Connections.register(run, ends[1]));
            try (Arena arena = Arena.ofConfined()) {
                RingBuffer ring = run.tried(() -> RingBuffer.allocate(arena, 65536));
                byte[] chunk = new byte[10_000];
                byte[] back = new byte[chunk.length];
                for (int round = 0; round < 10; round++) {
                    for (int i = 0; i < chunk.length; i++) {
                        chunk[i] = (byte) (i * 7 + round);
                    }
                    ring.put(chunk, 0, chunk.length);
                    while (ring.readableBytes() > 0) {
                        run.await(pair.client().token(), Run.WRITABLE);
                        if (run.tried(() -> ring.writeTo(ends[0])) == IoResult.WOULD_BLOCK) {
                            run.blocked(pair.client().token(), Run.WRITABLE);
                        }
                    }
                    while (ring.readableBytes() < chunk.length) {
                        run.await(pair.server().token(), Run.READABLE);
                        if (run.tried(() -> ring.readFrom(ends[1])) == IoResult.WOULD_BLOCK) {
                            run.blocked(pair.server().token(), Run.READABLE | Run.SPECIAL);
                        }
                    }
                    ring.get(back, 0, back.length);
                    check(run, java.util.Arrays.equals(chunk, back));
                }
            }
        }
    },
    ARENA(Feature.EDGES) {
        @Override
        void run(Run run) throws IOException {
            UnixStream[] ends = run.tried(UnixStream::pair);
            Pair pair = new Pair(Connections.register(run, ends[0]), Connections.register(run, ends[1]));
            MemorySegment of = run.tried(() -> ends[0].arena().allocate(5000));
            sent(run, () -> ends[0].write(of));
            MemorySegment room = run.tried(() -> ends[1].arena().allocate(50_000));
            check(run, received(run, pair.server().token(), 1, () -> ends[1].read(room)) == 5000);
        }
    };

    private final Feature feature;

    Scenario(Feature feature) {
        this.feature = feature;
    }

    boolean isAvailable() {
        return feature.isAvailable();
    }

    abstract void run(Run run) throws IOException;

    /** The end of a transfer that a fault has ended, as it may. */
    static final class Over extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** A transfer, which a failure ends unless there was no memory or no descriptor: these lose nothing. */
    static long transfer(Run run, Run.Call<Long> transfer) throws IOException {
        try {
            return transfer.run();
        } catch (IOException e) {
            run.surfaced(e);
            String error = ((io.panamio.SystemError) e).errnoName();
            if (Set.of("ENOMEM", "ENOBUFS", "EMFILE", "ENFILE").contains(error)) {
                return transfer.run();
            }
            throw new Over();
        }
    }

    /** A call without a result. */
    interface Action {
        void run() throws IOException;
    }

    static void set(Run run, Action action) throws IOException {
        run.tried(() -> {
            action.run();
            return null;
        });
    }

    static void reregister(Run run, End end) throws IOException {
        run.reregister(end.stream(), end.token(), Connections.RW);
    }

    static void check(Run run, boolean holds) {
        if (!holds) {
            throw new Run.Defect("a wrong result", run.failure());
        }
    }

    /** Sends a message: again if the fault says that it would block. */
    static void sent(Run run, Run.Call<Long> send) throws IOException {
        long n = run.tried(send);
        if (n == IoResult.WOULD_BLOCK) {
            n = run.tried(send);
        }
        check(run, n > 0);
    }

    /** Receives a message of sevens after its event. */
    static void received(Run run, int token, Run.Call<Long> receive, MemorySegment room) throws IOException {
        long n = received(run, token, 1, receive);
        for (long i = 0; i < Math.min(n, 1000); i++) {
            check(run, room.get(ValueLayout.JAVA_BYTE, i) == 7);
        }
    }

    /** Receives {@code count} messages, none or one. */
    static long received(Run run, int token, int count, Run.Call<Long> receive) throws IOException {
        for (;;) {
            if (count > 0) {
                run.await(token, Run.READABLE);
            }
            long n = run.tried(receive);
            if (n != IoResult.WOULD_BLOCK) {
                check(run, count == 1);
                return n;
            }
            run.blocked(token, Run.READABLE | Run.SPECIAL);
            if (count == 0) {
                return n;
            }
        }
    }
}
