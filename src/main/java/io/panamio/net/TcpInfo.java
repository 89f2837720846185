package io.panamio.net;

import io.panamio.sys.Platform;
import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import java.lang.foreign.MemorySegment;

/**
 * The state of a TCP connection, which {@link TcpStream#info} stores: a reusable view of struct tcp_info of tcp(7).
 * Fields that an older Linux kernel does not supply are zero; fields that another system does not have are -1. All
 * other values are unsigned: 32-bit fields are never negative, as they are returned in a {@code long}. Not thread-safe.
 * {@snippet file="OptionSnippets.java" region="info"}
 */
public final class TcpInfo {
    final TcpFields part;

    private TcpInfo(TcpFields part) {
        this.part = part;
    }

    /** {@return a new object with all fields zero} */
    public static TcpInfo create() {
        return new TcpInfo(Platform.current().sockets().newTcpFields());
    }

    /** {@return the whole structure in the system's layout, for fields without a method; always the same memory} */
    public MemorySegment segment() {
        return part.segment();
    }

    /** {@return the number of the state in Linux's netinet/tcp.h, on all systems; TCP_ESTABLISHED is 1} */
    public int state() {
        return (int) part.get(Field.STATE);
    }

    /** {@return the number of unacknowledged retransmissions of the oldest segment} */
    public long retransmits() {
        return part.get(Field.RETRANSMITS);
    }

    /** {@return the retransmission timeout, in microseconds} */
    public long rto() {
        return part.get(Field.RTO);
    }

    /** {@return the maximum segment size for sending, in bytes} */
    public long sndMss() {
        return part.get(Field.SND_MSS);
    }

    /** {@return the maximum segment size for receiving, in bytes} */
    public long rcvMss() {
        return part.get(Field.RCV_MSS);
    }

    /** {@return the number of segments sent but not yet acknowledged} */
    public long unacked() {
        return part.get(Field.UNACKED);
    }

    /** {@return the number of segments presumed lost} */
    public long lost() {
        return part.get(Field.LOST);
    }

    /** {@return the number of segments being retransmitted} */
    public long retrans() {
        return part.get(Field.RETRANS);
    }

    /** {@return the time since data was last sent, in milliseconds} */
    public long lastDataSent() {
        return part.get(Field.LAST_DATA_SENT);
    }

    /** {@return the time since data was last received, in milliseconds} */
    public long lastDataRecv() {
        return part.get(Field.LAST_DATA_RECV);
    }

    /** {@return the path MTU, in bytes} */
    public long pmtu() {
        return part.get(Field.PMTU);
    }

    /** {@return the smoothed round-trip time, in microseconds} */
    public long rtt() {
        return part.get(Field.RTT);
    }

    /** {@return the variation of the round-trip time, in microseconds} */
    public long rttVar() {
        return part.get(Field.RTT_VAR);
    }

    /** {@return the minimum round-trip time observed, in microseconds; 2<sup>32</sup>-1 if none was} */
    public long minRtt() {
        return part.get(Field.MIN_RTT);
    }

    /** {@return the congestion window, in segments} */
    public long sndCwnd() {
        return part.get(Field.SND_CWND);
    }

    /** {@return the slow start threshold, in segments; 2<sup>31</sup>-1 if none is set} */
    public long sndSsthresh() {
        return part.get(Field.SND_SSTHRESH);
    }

    /** {@return the advertised receive window, in bytes} */
    public long rcvSpace() {
        return part.get(Field.RCV_SPACE);
    }

    /** {@return the total number of retransmitted segments} */
    public long totalRetrans() {
        return part.get(Field.TOTAL_RETRANS);
    }

    /** {@return the pacing rate, in bytes per second; -1 (all 64 bits set) if unlimited} */
    public long pacingRate() {
        return part.get(Field.PACING_RATE);
    }

    /** {@return the most recent delivery rate, in bytes per second} */
    public long deliveryRate() {
        return part.get(Field.DELIVERY_RATE);
    }

    /**
     * {@return the number of bytes sent and acknowledged; Linux counts one more for a stream that connected than for
     * one that was accepted}
     */
    public long bytesAcked() {
        return part.get(Field.BYTES_ACKED);
    }

    /** {@return the number of bytes received} */
    public long bytesReceived() {
        return part.get(Field.BYTES_RECEIVED);
    }

    /** {@return the number of bytes sent, including retransmissions} */
    public long bytesSent() {
        return part.get(Field.BYTES_SENT);
    }

    /** {@return the number of bytes retransmitted} */
    public long bytesRetrans() {
        return part.get(Field.BYTES_RETRANS);
    }

    /** {@return the number of segments sent} */
    public long segsOut() {
        return part.get(Field.SEGS_OUT);
    }

    /** {@return the number of segments received} */
    public long segsIn() {
        return part.get(Field.SEGS_IN);
    }

    /** {@return the number of bytes queued but not yet sent for the first time} */
    public long notsentBytes() {
        return part.get(Field.NOTSENT_BYTES);
    }

    /** {@return the most important fields} */
    @Override
    public String toString() {
        return "TcpInfo[rtt " + rtt() + " µs, cwnd " + sndCwnd() + ", unacked " + unacked() + ", retransmitted "
            + totalRetrans() + ", acknowledged " + bytesAcked() + " B, received " + bytesReceived() + " B]";
    }
}
