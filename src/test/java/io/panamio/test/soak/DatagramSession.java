package io.panamio.test.soak;

import io.panamio.Feature;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Two datagram sockets in one loop, each of which sends to the other. */
final class DatagramSession extends Session {
    private static final int MAX_COUNT = 2000;

    private final DatagramEnd[] ends = new DatagramEnd[2];

    DatagramSession(SoakLoop loop) {
        super(loop);
    }

    @Override
    void start() throws IOException {
        int count = 1 + random.nextInt(MAX_COUNT);
        if (Feature.UNIX_DATAGRAMS.isAvailable() && random.nextInt(3) == 0) {
            UnixDatagram[] pair = UnixDatagram.pair();
            for (int i = 0; i < 2; i++) {
                ends[i] = new DatagramEnd(this, pair[i], SocketAddressBuffer.create(), 2 * number + i, count, 3, 500);
            }
        } else {
            UdpSocket[] pair = new UdpSocket[2];
            for (int i = 0; i < 2; i++) {
                pair[i] = UdpSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            }
            boolean connected = random.nextBoolean();
            for (int i = 0; i < 2; i++) {
                SocketAddressBuffer to = connected ? SocketAddressBuffer.create()
                    : SocketAddressBuffer.of(pair[1 - i].localAddress());
                if (connected) {
                    pair[i].connect(pair[1 - i].localAddress());
                }
                ends[i] = new DatagramEnd(this, pair[i], to, 2 * number + i, count, 16, 1200);
            }
        }
        loop.run.calls.add(Kind.CONNECT, 2);
        for (DatagramEnd end : ends) {
            end.open(ends[0] == end ? ends[1] : ends[0]);
        }
    }

    /** Closes both sockets once both have received everything. */
    void received() throws IOException {
        if (ends[0].isDone() && ends[1].isDone()) {
            for (DatagramEnd end : ends) {
                end.close();
            }
            finish();
        }
    }

    @Override
    public String toString() {
        return "datagrams, " + ends[0] + ", " + ends[1];
    }
}
