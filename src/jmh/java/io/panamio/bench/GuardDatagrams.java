package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BATCH;
import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.LongConsumer;

/** UDP: sends to an address and receives with the sender's address. */
public final class GuardDatagrams extends GuardOperations {
    @Override
    void put(Map<String, LongConsumer> operations) throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        UdpSocket client = UdpSocket.bind(any);
        UdpSocket server = UdpSocket.bind(any);
        SocketAddressBuffer to = SocketAddressBuffer.of(server.localAddress());
        SocketAddressBuffer from = SocketAddressBuffer.create();
        MemorySegment memory = Arena.ofAuto().allocate(BYTES);
        operations.put("a datagram of 64 bytes", repeat(() -> {
            check(client.sendTo(memory, to) == BYTES);
            check(server.recvFrom(memory, from) == BYTES);
        }));
        byte[] array = new byte[BYTES];
        operations.put("a datagram of 64 bytes, arrays", repeat(() -> {
            check(client.sendTo(array, 0, BYTES, to) == BYTES);
            check(server.recvFrom(array, 0, BYTES, from) == BYTES);
        }));
        DatagramBatch sent = DatagramBatch.allocate(BATCH, BYTES);
        DatagramBatch received = DatagramBatch.allocate(BATCH, BYTES);
        for (int i = 0; i < BATCH; i++) {
            sent.add(sent.data(i), to);
        }
        operations.put("32 datagrams in a batch", repeat(() -> {
            check(client.sendBatch(sent, 0) == BATCH);
            check(server.recvBatch(received) == BATCH);
        }));
    }
}
