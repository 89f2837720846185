package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.net.ControlMessages;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages to and from heap memory larger than a thread's copy buffer. */
@Tag("any-selector")
@Requires({Feature.UNIX_DATAGRAMS, Feature.UNIX_SEQPACKETS})
class LargeMessagesTest {
    /** A function of the test library, which has no memory for large copies. */
    private static final String NO_MEMORY = """
        void *calloc(unsigned long n, unsigned long size) {
            if (n * size >= 1 << 20) { errno = ENOMEM; return 0; }
            return ((void *(*)(unsigned long, unsigned long)) real_calloc)(n, size);
        }
        """;

    /** Receives in every way: messages that were sent before or, given an argument, none. */
    static final class Receiving {
        private static final int ROOM = 4 << 20;
        private static final byte[] ARRAY = new byte[ROOM];
        private static final MemorySegment HEAP = MemorySegment.ofArray(ARRAY);

        private interface Receive {
            long run() throws IOException;
        }

        private static void require(long expected, long actual, String message) {
            if (expected != actual) {
                throw new AssertionError(message + ": " + actual + " and not " + expected);
            }
        }

        private static void expect(long expected, Receive... ways) throws IOException {
            for (int i = 0; i < ways.length; i++) {
                long end = System.nanoTime() + Loop.LONG.toNanos();
                long n;
                do {
                    n = ways[i].run();
                } while (n == IoResult.WOULD_BLOCK && expected >= 0 && System.nanoTime() < end);
                require(expected, n, "way " + i);
            }
        }

        public static void main(String[] args) throws IOException {
            boolean sending = args.length == 0;
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try (UdpSocket udp = UdpSocket.bind(any)) {
                SocketAddressBuffer at = SocketAddressBuffer.of(udp.localAddress());
                udp(udp, IoResult.WOULD_BLOCK, () -> 0);
                if (sending) {
                    udp(udp, 1000, () -> udp.sendTo(new byte[1000], 0, 1000, at));
                }
            }
            UnixDatagram[] datagrams = UnixDatagram.pair();
            try (UnixDatagram a = datagrams[0]; UnixDatagram b = datagrams[1]) {
                if (Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere()) {
                    a.setOption(StandardSocketOptions.SO_SNDBUF, 200_000);
                    b.setOption(StandardSocketOptions.SO_RCVBUF, 200_000);
                }
                unix(b, IoResult.WOULD_BLOCK, () -> 0);
                if (sending) {
                    large(a, b);
                }
            }
            UnixSeqpacket[] packets = UnixSeqpacket.pair();
            try (UnixSeqpacket b = packets[1]) {
                expect(IoResult.WOULD_BLOCK, () -> b.recv(ARRAY, 0, ROOM));
                packets[0].close();
                if (sending) {
                    expect(IoResult.EOF, () -> b.recv(ARRAY, 0, ROOM));
                }
            }
            System.out.println("ok");
        }

        private static void large(UnixDatagram a, UnixDatagram b) throws IOException {
            byte[] sent = new byte[150_000];
            new Random(1).nextBytes(sent);
            unix(b, 100, () -> a.send(sent, 0, 100));
            unix(b, sent.length, () -> a.send(sent, 0, sent.length));
            a.send(MemorySegment.ofArray(sent));
            Arrays.fill(ARRAY, (byte) 0);
            require(sent.length, b.recv(ARRAY, 0, ROOM), "the array");
            require(-1, Arrays.mismatch(ARRAY, 0, sent.length, sent, 0, sent.length), "a byte differs");
        }

        private static void udp(UdpSocket udp, long expected, Receive send) throws IOException {
            SocketAddressBuffer from = SocketAddressBuffer.create();
            ControlMessages control = ControlMessages.withCapacity(64);
            Receive[] ways = {() -> udp.recv(ARRAY, 0, ROOM), () -> udp.recv(HEAP),
                () -> udp.recvFrom(ARRAY, 0, ROOM, from), () -> udp.recvFrom(HEAP, from),
                () -> udp.recvMsg(HEAP, control), () -> udp.recvMsgFrom(HEAP, from, control)};
            for (Receive way : ways) {
                send.run();
                expect(expected, () -> udp.peek(HEAP), way);
            }
        }

        private static void unix(UnixDatagram socket, long expected, Receive send) throws IOException {
            ControlMessages control = ControlMessages.withCapacity(64);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment shared = arena.allocate(200_000);
                Receive[] ways = {() -> socket.recv(ARRAY, 0, ROOM), () -> socket.recv(HEAP),
                    () -> socket.recvMsg(HEAP, control), () -> socket.recvMsg(shared, control)};
                for (Receive way : ways) {
                    send.run();
                    expect(expected, () -> socket.peek(HEAP), way);
                }
            }
        }
    }

    @Test
    void largeMessagesNeedNoExtraDirectMemory() throws Exception {
        assertEquals("ok", new Child().with("-XX:MaxDirectMemorySize=1m").run(Receiving.class).ok().trim());
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void aReceiveThatWouldBlockNeedsNoMemoryForACopy(@TempDir Path directory) throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "calloc", NO_MEMORY);
        assertEquals("ok", new Child().with("-Dpanamio.test.library=" + library).run(Receiving.class, "nothing").ok()
            .trim());
    }
}
