package io.panamio.test.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.memory.SegmentPool;
import io.panamio.net.ControlMessages;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The library keeps very little memory for each thread that uses it. */
class ThreadMemoryTest {
    private static final int VIRTUAL_THREADS = 10_000;
    private static final int PLATFORM_THREADS = 1_000;
    private static final long MIB = 1 << 20;

    /** A connection that transfers one byte at a time. */
    private interface Connection {
        void pass(byte[] into) throws IOException;
    }

    private static void requireOne(long moved) { // the child has no JUnit
        if (moved != 1) {
            throw new AssertionError(moved + " bytes");
        }
    }

    private static Connection ours() throws IOException {
        UnixStream[] pair = UnixStream.pair();
        return into -> {
            requireOne(pair[0].write(into, 0, 1));
            requireOne(pair[1].read(into, 0, into.length));
            pair[1].takeError();
        };
    }

    private static Connection nio() throws IOException {
        Path path = Files.createTempFile("panamio", ".sock");
        Files.delete(path);
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
            SocketChannel accepted = server.accept();
            accepted.configureBlocking(false);
            return into -> {
                requireOne(client.write(ByteBuffer.wrap(into, 0, 1)));
                requireOne(accepted.read(ByteBuffer.wrap(into)));
            };
        } finally {
            Files.deleteIfExists(path);
        }
    }

    /**
     * Prints the resident and the direct memory of a process whose threads have read into arrays and stay alive, in
     * MiB, and the number of its direct buffers.
     */
    static final class Readers {
        private static final int CONNECTIONS = 16;

        public static void main(String[] args) throws Exception {
            boolean ours = args[0].equals("ours");
            Thread.Builder threads = args[1].equals("virtual") ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
            int count = Integer.parseInt(args[2]);
            byte[][] arrays = new byte[CONNECTIONS][Integer.parseInt(args[3])];
            List<Connection> connections = new ArrayList<>();
            List<ReentrantLock> locks = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(ours ? ours() : nio());
                locks.add(new ReentrantLock());
            }
            CountDownLatch done = new CountDownLatch(count);
            CountDownLatch end = new CountDownLatch(1);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (int i = 0; i < count; i++) {
                int n = i % CONNECTIONS;
                threads.start(() -> {
                    locks.get(n).lock();
                    try {
                        connections.get(n).pass(arrays[n]);
                    } catch (Throwable t) {
                        failure.set(t);
                    } finally {
                        locks.get(n).unlock();
                        done.countDown();
                    }
                    park(end);
                });
            }
            done.await();
            if (failure.get() != null) {
                throw new AssertionError("a thread failed", failure.get());
            }
            BufferPoolMXBean direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).findFirst().orElseThrow();
            System.out.println(residentMib() + " " + direct.getMemoryUsed() / MIB + " " + direct.getCount());
            end.countDown();
        }

        private static void park(CountDownLatch until) {
            try {
                until.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private static long residentMib() throws IOException {
            String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / MIB;
        }
    }

    private static long[] run(String whose, String kind, int count, int arraySize) throws Exception {
        Proc.require("self/status");
        String[] out = new Child().with("-Xmx256m", "-XX:MaxDirectMemorySize=32m", "-XX:+UseSerialGC", "-Xss256k",
            "--enable-native-access=ALL-UNNAMED").run(Readers.class, whose, kind, Integer.toString(count),
                Integer.toString(arraySize)).ok().trim().split(" ");
        return Arrays.stream(out).mapToLong(Long::parseLong).toArray();
    }

    @Test
    void virtualThreadsThatReadIntoArraysKeepNothing() throws Exception {
        long[] ours = run("ours", "virtual", VIRTUAL_THREADS, 64 * 1024);
        long[] nio = run("nio", "virtual", VIRTUAL_THREADS, 64 * 1024);
        assertTrue(ours[1] < 16, "direct memory: " + ours[1] + " MiB");
        assertTrue(ours[2] < VIRTUAL_THREADS / 2, ours[2] + " direct buffers");
        assertTrue(ours[0] < nio[0] + 50, "resident memory: " + ours[0] + " MiB, with NIO " + nio[0] + " MiB");
    }

    @Test
    void platformThreadsShareLargeBuffers() throws Exception {
        long[] ours = run("ours", "platform", PLATFORM_THREADS, 64 * 1024);
        assertTrue(ours[1] < 16, "direct memory: " + ours[1] + " MiB");
    }

    // ---- TLS

    /** Handshakes in memory of its own, and sends one byte each way. */
    private static Void encrypt(SSLContext server, SSLContext client) throws IOException {
        UnixStream[] below = UnixStream.pair();
        try (SegmentPool pool = SegmentPool.open();
                TlsStream a = TlsStream.client(below[0], client.createSSLEngine("localhost", 1), pool);
                TlsStream b = TlsStream.server(below[1], server.createSSLEngine(), pool)) {
            Loop.until("handshake", () -> a.finishHandshake() & b.finishHandshake());
            byte[] one = new byte[1];
            for (TlsStream[] way : new TlsStream[][] {{a, b}, {b, a}}) {
                assertEquals(1, way[0].write(one, 0, 1));
                Loop.until("read", () -> way[1].read(one, 0, 1) == 1);
            }
        }
        return null;
    }

    private static SSLContext context(String... aliases) {
        SSLContext context = Certificates.context(aliases);
        context.getServerSessionContext().setSessionCacheSize(1); // sessions are no memory of threads
        context.getClientSessionContext().setSessionCacheSize(1);
        return context;
    }

    private static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) { // what was freed by a cleaner, too
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    /** A record has 17 KB, and there may be as many virtual threads as connections. */
    @Test
    @Tag("any-selector")
    @Requires(Feature.UNIX_STREAMS)
    void virtualThreadsThatUseTlsKeepNoRecord() throws Exception {
        SSLContext server = context(Certificates.ALPHA);
        SSLContext client = context();
        for (int i = 0; i < 10; i++) {
            Background.result(Background.startVirtual(() -> encrypt(server, client)));
        }
        int count = 100;
        CountDownLatch end = new CountDownLatch(1);
        List<Future<Void>> threads = new ArrayList<>();
        long before = heap();
        for (int i = 0; i < count; i++) {
            FutureTask<Void> task = new FutureTask<>(() -> encrypt(server, client));
            threads.add(Background.startVirtual(() -> {
                task.run();
                end.await();
                return null;
            }));
            Background.result(task); // one after the other
        }
        long kept = (heap() - before) / count;
        end.countDown();
        for (Future<Void> thread : threads) {
            Background.result(thread);
        }
        assertTrue(kept < 8192, kept + " bytes for each thread");
    }

    // ---- borrowed scratch

    private static final int SIZE = 20_000; // more than a thread's own scratch holds

    private static byte[] bytes(long seed) {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Sends and receives by every path that copies, and checks the bytes. */
    private static Void exchange(int id) throws Exception {
        UnixStream[] pair = UnixStream.pair();
        UnixDatagram[] datagrams = UnixDatagram.pair();
        try (UnixStream a = pair[0]; UnixStream b = pair[1]; UnixDatagram c = datagrams[0];
                UnixDatagram d = datagrams[1]) {
            if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                c.setOption(StandardSocketOptions.SO_SNDBUF, SIZE);
                d.setOption(StandardSocketOptions.SO_RCVBUF, 2 * SIZE);
            }
            for (int round = 0; round < 50; round++) {
                byte[] sent = bytes(id * 1000L + round);
                byte[] received = new byte[SIZE];
                assertEquals(SIZE, a.write(sent, 0, SIZE));
                Thread.yield();
                assertEquals(SIZE, b.tryIo(fd -> b.read(received, 0, SIZE))); // a nested operation
                assertArrayEquals(sent, received);

                MemorySegment out = MemorySegment.ofArray(sent);
                MemorySegment in = MemorySegment.ofArray(new byte[SIZE]);
                assertEquals(SIZE, a.writeVectored(out.asSlice(0, 10), out.asSlice(10)));
                Thread.yield();
                assertEquals(SIZE, b.readVectored(in.asSlice(0, 15_000), in.asSlice(15_000)));
                assertEquals(-1, in.mismatch(out));

                assertEquals(SIZE, c.send(sent, 0, SIZE));
                Arrays.fill(received, (byte) 0);
                assertEquals(SIZE, d.recv(received, 0, SIZE));
                assertArrayEquals(sent, received);

                ControlMessages control = ControlMessages.withCapacity(64);
                assertEquals(SIZE, c.sendMsg(out, control));
                in.fill((byte) 0);
                assertEquals(SIZE, d.recvMsg(in, control));
                assertEquals(-1, in.mismatch(out));
            }
        }
        return null;
    }

    @Test
    @Tag("any-selector")
    @Requires({Feature.UNIX_DATAGRAMS, Feature.UNIX_STREAMS})
    void noThreadSeesTheBytesOfAnother() throws Exception {
        List<Future<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            int id = i;
            tasks.add(i % 4 == 0 ? Background.start(() -> exchange(id)) : Background.startVirtual(() -> exchange(id)));
        }
        for (Future<Void> task : tasks) {
            Background.result(task);
        }
    }

    /** Operations that read the results of a call from the scratch after a further call. */
    private static Void ask() throws IOException {
        InetSocketAddress any = new InetSocketAddress(Loop.V4, 0);
        try (Loop loop = new Loop(); UdpSocket udp = UdpSocket.bind(any)) {
            Loop.Pair pair = loop.connected();
            assertEquals(pair.peer().getLocalPort(), pair.stream().peerAddress().getPort());
            assertEquals(pair.peer().getPort(), pair.stream().localAddress().getPort());
            for (int seconds : new int[] {-1, 3}) {
                pair.stream().setOption(StandardSocketOptions.SO_LINGER, seconds);
                assertEquals(seconds, pair.stream().getOption(StandardSocketOptions.SO_LINGER));
            }
            SocketAddressBuffer to = SocketAddressBuffer.create();
            to.set(udp.localAddress());
            assertEquals(2, udp.sendTo(new byte[] {1, 2}, 0, 2, to));
            byte[] got = new byte[9];
            Loop.until("a datagram", () -> udp.recvFrom(got, 0, 9, to) == 2);
            assertEquals(udp.localAddress(), to.get());
        }
        return null;
    }

    @Test
    @Tag("any-selector")
    void virtualThreadsGetTheirOwnResults() throws Exception {
        Background.result(Background.startVirtual(ThreadMemoryTest::ask));
    }

    @Test
    @ExtendWith(Qemu.class)
    @Tag("any-selector")
    void virtualThreadsGetTheirMulticastInterface() throws Exception {
        Background.result(Background.startVirtual(() -> {
            try (UdpSocket udp = UdpSocket.bind(new InetSocketAddress(Loop.V4, 0))) {
                assertEquals(null, udp.getOption(StandardSocketOptions.IP_MULTICAST_IF));
            }
            return null;
        }));
    }
}
