package io.panamio.test;

import io.panamio.IoResult;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A datagram socket of the JDK, for the other end of one of ours. */
final class Peer implements AutoCloseable {
    final DatagramSocket socket;

    Peer(InetAddress host) throws IOException {
        socket = new DatagramSocket(0, host);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
    }

    /** A socket of ours. */
    static UdpSocket bind(InetAddress host) throws IOException {
        return UdpSocket.bind(new InetSocketAddress(host, 0));
    }

    /** A port of this machine that nobody is bound to. */
    static InetSocketAddress nobody(InetAddress host) throws IOException {
        try (Peer peer = new Peer(host)) {
            return peer.address();
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    SocketAddressBuffer buffer() {
        return SocketAddressBuffer.of(address());
    }

    void send(byte[] data, InetSocketAddress to) throws IOException {
        socket.send(new DatagramPacket(data, data.length, to));
    }

    void send(String data, InetSocketAddress to) throws IOException {
        send(data.getBytes(), to);
    }

    void send(String data, UdpSocket to) throws IOException {
        send(data, to.localAddress());
    }

    DatagramPacket receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[1 << 16], 1 << 16);
        socket.receive(packet);
        return packet;
    }

    String receiveText() throws IOException {
        return text(receive());
    }

    static String text(DatagramPacket packet) {
        return new String(packet.getData(), packet.getOffset(), packet.getLength());
    }

    /** A text as bytes on the heap. */
    static MemorySegment segment(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    /** Something that would block until it is time. */
    interface Receive {
        long receive() throws IOException;
    }

    /** Receives once something is there. */
    static long soon(Receive receive) throws IOException {
        long[] n = new long[1];
        Loop.until("received", () -> (n[0] = receive.receive()) != IoResult.WOULD_BLOCK);
        return n[0];
    }

    /** The text of the next datagram, once it is there. */
    static String textSoon(UdpSocket socket) throws IOException {
        byte[] bytes = new byte[1 << 16];
        return new String(bytes, 0, (int) soon(() -> socket.recv(bytes, 0, bytes.length)));
    }

    @Override
    public void close() {
        socket.close();
    }
}
