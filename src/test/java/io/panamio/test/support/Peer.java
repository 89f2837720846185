package io.panamio.test.support;

import io.panamio.IoResult;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A datagram socket of the JDK, as the peer of one of the library. */
public final class Peer implements AutoCloseable {
    public final DatagramSocket socket;

    public Peer(InetAddress host) throws IOException {
        socket = new DatagramSocket(0, host);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
    }

    /** Binds a socket of the library. */
    public static UdpSocket bind(InetAddress host) throws IOException {
        return UdpSocket.bind(new InetSocketAddress(host, 0));
    }

    /** Returns an address to which no socket is bound. */
    public static InetSocketAddress nobody(InetAddress host) throws IOException {
        try (Peer peer = new Peer(host)) {
            return peer.address();
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    public SocketAddressBuffer buffer() {
        return SocketAddressBuffer.of(address());
    }

    public void send(byte[] data, InetSocketAddress to) throws IOException {
        socket.send(new DatagramPacket(data, data.length, to));
    }

    public void send(String data, InetSocketAddress to) throws IOException {
        send(data.getBytes(), to);
    }

    public void send(String data, UdpSocket to) throws IOException {
        send(data, to.localAddress());
    }

    public DatagramPacket receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[1 << 16], 1 << 16);
        socket.receive(packet);
        return packet;
    }

    public String receiveText() throws IOException {
        return text(receive());
    }

    public static String text(DatagramPacket packet) {
        return new String(packet.getData(), packet.getOffset(), packet.getLength());
    }

    /** Returns a text as bytes on the heap. */
    public static MemorySegment segment(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    /** An operation that may return WOULD_BLOCK. */
    public interface Receive {
        long receive() throws IOException;
    }

    /**
     * Returns the result that a receive must have for a datagram: its length, or where that of a truncated one is not
     * reported, a number that exceeds the size.
     */
    public static long reported(int length, long size) {
        return Behaviour.TRUNCATION_HIDES_THE_LENGTH.isHere() ? Math.min(length, size + 1) : length;
    }

    /** Repeats a receive for as long as it would block. */
    public static long await(Receive receive) throws IOException {
        long[] n = new long[1];
        Loop.until("received", () -> (n[0] = receive.receive()) != IoResult.WOULD_BLOCK);
        return n[0];
    }

    /** Returns the text of the next datagram once it has arrived. */
    public static String awaitText(UdpSocket socket) throws IOException {
        byte[] bytes = new byte[1 << 16];
        return new String(bytes, 0, (int) await(() -> socket.recv(bytes, 0, bytes.length)));
    }

    @Override
    public void close() {
        socket.close();
    }
}
