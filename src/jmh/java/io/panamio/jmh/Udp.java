package io.panamio.jmh;

import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Sends a datagram of 64 bytes to an address and receives it with the sender's address, in one thread: two system
 * calls. A batch of 32 takes two calls for all of them; one operation is still one datagram. NIO has no batches.
 */
public class Udp extends Operation {
    private static final int BATCH = 32;

    /** Two sockets of Panamio. */
    @State(Scope.Thread)
    public static class Panamio {
        UdpSocket client;
        UdpSocket server;
        SocketAddressBuffer to;
        final SocketAddressBuffer from = SocketAddressBuffer.create();
        final DatagramBatch sent = DatagramBatch.allocate(BATCH, Memory.BYTES);
        final DatagramBatch received = DatagramBatch.allocate(BATCH, Memory.BYTES);

        /** Binds. */
        @Setup
        public void open() throws IOException {
            client = UdpSocket.bind(PanamioPair.loopback());
            server = UdpSocket.bind(PanamioPair.loopback());
            to = SocketAddressBuffer.of(server.localAddress());
            for (int i = 0; i < BATCH; i++) {
                sent.add(sent.data(i), to);
            }
        }

        /** Closes both. */
        @TearDown
        public void close() {
            client.close();
            server.close();
        }
    }

    /** Two channels of NIO. */
    @State(Scope.Thread)
    public static class Nio {
        DatagramChannel client;
        DatagramChannel server;
        InetSocketAddress to;

        /** Binds. */
        @Setup
        public void open() throws IOException {
            client = bind();
            server = bind();
            to = (InetSocketAddress) server.getLocalAddress();
        }

        private static DatagramChannel bind() throws IOException {
            DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
            channel.bind(PanamioPair.loopback()).configureBlocking(false);
            return channel;
        }

        /** Closes both. */
        @TearDown
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    @Benchmark
    public void panamio(Panamio udp, Memory memory) throws IOException {
        check(udp.client.sendTo(memory.segment, udp.to) == Memory.BYTES);
        check(udp.server.recvFrom(memory.segment, udp.from) == Memory.BYTES);
    }

    @Benchmark
    public void panamioHeap(Panamio udp, Memory memory) throws IOException {
        check(udp.client.sendTo(memory.array, 0, Memory.BYTES, udp.to) == Memory.BYTES);
        check(udp.server.recvFrom(memory.array, 0, Memory.BYTES, udp.from) == Memory.BYTES);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void panamioBatch(Panamio udp) throws IOException {
        check(udp.client.sendBatch(udp.sent, 0) == BATCH);
        check(udp.server.recvBatch(udp.received) == BATCH);
    }

    @Benchmark
    public void nio(Nio udp, Memory memory) throws IOException {
        exchange(udp, memory.direct);
    }

    @Benchmark
    public void nioHeap(Nio udp, Memory memory) throws IOException {
        exchange(udp, memory.heap);
    }

    private static void exchange(Nio udp, ByteBuffer memory) throws IOException {
        check(udp.client.send(memory.clear(), udp.to) == Memory.BYTES);
        check(udp.server.receive(memory.clear()) != null);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS * BATCH)
    public void cBatch(Plain plain) throws Throwable {
        plain.run();
    }
}
