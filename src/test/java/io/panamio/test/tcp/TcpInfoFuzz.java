package io.panamio.test.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.net.TcpInfo;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The struct tcp_info of Linux, read by {@link TcpInfo} and at the offsets of linux/tcp.h. */
public final class TcpInfoFuzz {
    private TcpInfoFuzz() {
    }

    /** The input is the structure, or its first part as an older kernel fills it. */
    public static void fuzzerTestOneInput(byte[] input) {
        TcpInfo info = TcpInfo.create();
        int size = (int) Math.min(info.segment().byteSize(), input.length);
        MemorySegment.copy(MemorySegment.ofArray(input), 0, info.segment(), 0, size);
        ByteBuffer b = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder()).put(0, input, 0, size);
        assertEquals(b.get(0) & 255, info.state());
        assertEquals(b.get(2) & 255, info.retransmits());
        long[] ints = {info.rto(), 8, info.sndMss(), 16, info.rcvMss(), 20, info.unacked(), 24, info.lost(), 32,
            info.retrans(), 36, info.lastDataSent(), 44, info.lastDataRecv(), 52, info.pmtu(), 60, info.rtt(), 68,
            info.rttVar(), 72, info.sndSsthresh(), 76, info.sndCwnd(), 80, info.rcvSpace(), 96, info.totalRetrans(), 100,
            info.segsOut(), 136, info.segsIn(), 140, info.notsentBytes(), 144, info.minRtt(), 148};
        for (int i = 0; i < ints.length; i += 2) {
            assertEquals(Integer.toUnsignedLong(b.getInt((int) ints[i + 1])), ints[i], "at " + ints[i + 1]);
        }
        long[] longs = {info.pacingRate(), 104, info.bytesAcked(), 120, info.bytesReceived(), 128,
            info.deliveryRate(), 160, info.bytesSent(), 200, info.bytesRetrans(), 208};
        for (int i = 0; i < longs.length; i += 2) {
            assertEquals(b.getLong((int) longs[i + 1]), longs[i], "at " + longs[i + 1]);
        }
        assertEquals("TcpInfo[rtt " + info.rtt() + " µs, cwnd " + info.sndCwnd() + ", unacked " + info.unacked()
            + ", retransmitted " + info.totalRetrans() + ", acknowledged " + info.bytesAcked() + " B, received "
            + info.bytesReceived() + " B]", info.toString());
    }
}
