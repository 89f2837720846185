package io.panamio.test.hosts;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** An IP packet that a host has sent, and the packets by which a network would answer it. */
record Packet(Host from, byte[] bytes) {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;

    private static final int ICMP = 1;
    private static final int FRAGMENT_V6 = 44;
    private static final int ICMP_V6 = 58;

    private boolean isV6() {
        return bytes[0] >> 4 == 6;
    }

    /** Returns whether this belongs to a socket. If not, it is the network's own, such as an error or a query. */
    boolean isOfSocket() {
        return protocol() == TCP || protocol() == UDP || protocol() == FRAGMENT_V6;
    }

    int length() {
        return bytes.length;
    }

    int protocol() {
        return bytes[isV6() ? 6 : 9];
    }

    /** Returns whether this is a segment of TCP with all of these flags. */
    boolean has(int flags) {
        return protocol() == TCP && (bytes[header() + 13] & flags) == flags;
    }

    /** Returns the number of bytes of the connection in a segment of TCP. */
    int data() {
        return bytes.length - header() - ((bytes[header() + 12] & 0xf0) >> 2);
    }

    /** Returns the window of a segment of TCP, without its scale. */
    int window() {
        return view().getShort(header() + 14) & 0xffff;
    }

    InetAddress to() {
        try {
            return InetAddress.getByAddress(isV6() ? Arrays.copyOfRange(bytes, 24, 40)
                : Arrays.copyOfRange(bytes, 16, 20));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private int header() {
        return isV6() ? 40 : (bytes[0] & 15) << 2;
    }

    private ByteBuffer view() {
        return ByteBuffer.wrap(bytes);
    }

    // ---- answers

    /** Returns the answer that nobody has the port: a reset, or an error of ICMP. */
    byte[] refusal() {
        if (protocol() == UDP) {
            return unreachable(isV6() ? 4 : 3);
        }
        ByteBuffer sent = view().slice(header(), 20);
        boolean acknowledges = has(ACK);
        int end = sent.getInt(4) + data() + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
        ByteBuffer reset = ByteBuffer.allocate(20).putShort(sent.getShort(2)).putShort(sent.getShort(0))
            .putInt(acknowledges ? sent.getInt(8) : 0).putInt(acknowledges ? 0 : end)
            .put((byte) 0x50).put((byte) (acknowledges ? RST : RST | ACK));
        return answer(TCP, reset.array(), 16);
    }

    /** Returns the error of ICMP that the destination cannot be reached, for a reason with this code. */
    byte[] unreachable(int code) {
        return error(isV6() ? 1 : 3, code, 0);
    }

    /** Returns the error of ICMP that packets of more than this number of bytes are not carried. */
    byte[] tooBig(int mtu) {
        return isV6() ? error(2, 0, mtu) : error(3, 4, mtu);
    }

    private byte[] error(int type, int code, int argument) {
        int quoted = Math.min(bytes.length, isV6() ? 1280 - 48 : 576 - 28);
        ByteBuffer error = ByteBuffer.allocate(8 + quoted).put((byte) type).put((byte) code).putShort((short) 0)
            .putInt(argument).put(bytes, 0, quoted);
        return answer(isV6() ? ICMP_V6 : ICMP, error.array(), 2);
    }

    /** Returns a packet from this one's destination to its source, with the checksum at an offset of the content. */
    private byte[] answer(int protocol, byte[] content, int checksum) {
        int header = isV6() ? 40 : 20;
        ByteBuffer packet = ByteBuffer.allocate(header + content.length);
        int sum = 0;
        if (isV6()) {
            packet.putInt(6 << 28).putShort((short) content.length).put((byte) protocol).put((byte) 64)
                .put(bytes, 24, 16).put(bytes, 8, 16);
            sum = sum(packet.array(), 8, 40);
        } else {
            packet.putInt(0x45 << 24 | packet.capacity()).putInt(0).put((byte) 64).put((byte) protocol)
                .putShort((short) 0).put(bytes, 16, 4).put(bytes, 12, 4);
            packet.putShort(10, folded(sum(packet.array(), 0, 20)));
            sum = sum(packet.array(), 12, 20);
        }
        boolean pseudo = protocol != ICMP;
        packet.put(content);
        sum = (pseudo ? sum + protocol + content.length : 0) + sum(packet.array(), header, packet.capacity());
        return packet.putShort(header + checksum, folded(sum)).array();
    }

    private static int sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += (bytes[i] & 0xff) << ((i - from & 1) == 0 ? 8 : 0);
        }
        return sum;
    }

    private static short folded(int sum) {
        int folded = (sum & 0xffff) + (sum >>> 16);
        return (short) ~(folded + (folded >>> 16));
    }
}
