package io.panamio.test.udp;

import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UdpSocket;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A warm datagram echo allocates nothing, according to the JVM's count of the bytes that a thread allocates. */
class DatagramAllocationTest {
    private static final int SIZE = 64;

    /** The ways to receive and send datagrams. */
    private interface Way {
        /** Returns whether a datagram was received, which is then the next to be sent. */
        boolean receive(UdpSocket socket) throws IOException;

        void send(UdpSocket socket) throws IOException;
    }

    /** A client and a server that echoes, in one loop. */
    private static final class Echo implements AutoCloseable {
        private final Loop loop = new Loop();
        private final UdpSocket client;
        private final UdpSocket server;
        private final Way way;

        Echo(InetAddress host, Way way, SocketAddressBuffer to) throws IOException {
            this.way = way;
            client = loop.later(Peer.bind(host));
            server = loop.later(Peer.bind(host));
            server.setOption(SystemSocketOptions.IP_RECVTTL, true); // for the ways that receive control messages
            to.set(server.localAddress());
            loop.register(client, 1, RW);
            loop.register(server, 2, RW);
        }

        /** Each sends to the address of the last sender, so that the two answer each other forever. */
        void round() throws IOException {
            way.send(client);
            await(server, 2);
            way.send(server);
            await(client, 1);
        }

        private void await(UdpSocket socket, long token) throws IOException {
            while (true) {
                int n = loop.poll.poll(loop.events, Loop.LONG);
                assertTrue(n > 0, "no datagram arrived");
                for (int i = 0; i < n; i++) {
                    if (loop.events.token(i) == token && loop.events.isReadable(i) && way.receive(socket)) {
                        return;
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            loop.close();
        }
    }

    private static void assertAllocatesNothing(InetAddress host, Way way, SocketAddressBuffer to) throws IOException {
        try (Echo echo = new Echo(host, way, to)) {
            Allocations.assertAtMost(0, echo::round);
        }
    }

    private interface Receive {
        long from(UdpSocket socket, SocketAddressBuffer address) throws IOException;
    }

    private interface Send {
        long to(UdpSocket socket, SocketAddressBuffer address) throws IOException;
    }

    private static void assertAllocatesNothing(InetAddress host, Receive receive, Send send) throws IOException {
        SocketAddressBuffer address = SocketAddressBuffer.create();
        assertAllocatesNothing(host, new Way() {
            @Override
            public boolean receive(UdpSocket socket) throws IOException {
                if (receive.from(socket, address) != SIZE || address.port() == 0) {
                    return false;
                }
                return socket.tryIo(fd -> IoResult.WOULD_BLOCK) < 0;
            }

            @Override
            public void send(UdpSocket socket) throws IOException {
                if (send.to(socket, address) != SIZE) {
                    throw new IOException("the datagram was not sent");
                }
            }
        }, address);
    }

    static List<InetAddress> hosts() {
        return List.of(V4, V6);
    }

    @ParameterizedTest
    @MethodSource("hosts")
    void anEchoOfNativeSegmentsAllocatesNothing(InetAddress host) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SIZE);
            assertAllocatesNothing(host, (s, a) -> s.recvFrom(memory, a), (s, a) -> s.sendTo(memory, a));
        }
    }

    @Test
    void anEchoOfHeapSegmentsAllocatesNothing() throws IOException {
        MemorySegment memory = MemorySegment.ofArray(new byte[SIZE]);
        assertAllocatesNothing(V4, (s, a) -> s.recvFrom(memory, a), (s, a) -> s.sendTo(memory, a));
    }

    @Test
    void anEchoOfArraysAllocatesNothing() throws IOException {
        byte[] memory = new byte[SIZE];
        assertAllocatesNothing(V4, (s, a) -> s.recvFrom(memory, 0, SIZE, a), (s, a) -> s.sendTo(memory, 0, SIZE, a));
    }

    @Test
    void anEchoOfHeapBuffersAllocatesNothing() throws IOException {
        ByteBuffer memory = ByteBuffer.allocate(SIZE);
        assertAllocatesNothing(V4, (s, a) -> s.recvFrom(memory.clear(), a), (s, a) -> s.sendTo(memory.clear(), a));
    }

    /** Adds the control messages that the system can send. */
    private static ControlMessages put(ControlMessages control) {
        return Feature.DATAGRAM_TRAFFIC_OPTIONS.isAvailable() ? control.putTtl(9).putTrafficClass(8)
            : control; // an address would be copied by the JDK
    }

    @Test
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void anEchoWithControlMessagesAllocatesNothing() throws IOException {
        Qemu.misorders("control messages that are sent");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SIZE);
            ControlMessages in = ControlMessages.withCapacity(128);
            ControlMessages out = ControlMessages.withCapacity(128);
            assertAllocatesNothing(V4, (s, a) -> {
                long n = s.recvMsgFrom(memory, a, in);
                return in.ttl() == 0 ? -1 : n;
            }, (s, a) -> {
                out.clear();
                return s.sendMsgTo(memory, a, put(out));
            });
        }
    }

    @Test
    @Requires(Feature.DATAGRAM_TRAFFIC_OPTIONS)
    void anEchoOfBatchesAllocatesNothing() throws IOException {
        Qemu.misorders("control messages that are sent");
        DatagramBatch batch = DatagramBatch.allocate(8, SIZE, 128);
        SocketAddressBuffer address = SocketAddressBuffer.create();
        MemorySegment memory = Arena.ofAuto().allocate(SIZE);
        assertAllocatesNothing(V4, new Way() {
            @Override
            public boolean receive(UdpSocket socket) throws IOException {
                if (socket.recvBatch(batch) != 4) {
                    return false;
                }
                batch.address(3, address);
                return batch.length(3) == SIZE && !batch.isTruncated(3);
            }

            @Override
            public void send(UdpSocket socket) throws IOException {
                batch.clear();
                for (int i = 0; i < 4; i++) {
                    batch.add(memory, address);
                    put(batch.control(i));
                }
                if (socket.sendBatch(batch, 0) != 4) {
                    throw new IOException("not all was sent");
                }
            }
        }, address);
    }

    @Test
    void anEchoOfAnUnchangedBatchAllocatesNothing() throws IOException {
        DatagramBatch batch = DatagramBatch.allocate(2, SIZE); // never full: it drains the socket
        SocketAddressBuffer address = SocketAddressBuffer.create();
        batch.add(Arena.ofAuto().allocate(SIZE), address);
        assertAllocatesNothing(V4, new Way() {
            private boolean first = true;

            @Override
            public boolean receive(UdpSocket socket) throws IOException {
                return socket.recvBatch(batch) == 1;
            }

            @Override
            public void send(UdpSocket socket) throws IOException {
                if (first) {
                    batch.setAddress(0, address);
                    first = false;
                }
                if (socket.sendBatch(batch, 0) != 1) {
                    throw new IOException("it was not sent");
                }
            }
        }, address);
    }
}
