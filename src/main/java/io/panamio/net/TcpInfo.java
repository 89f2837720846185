package io.panamio.net;

import io.panamio.sys.Platform;
import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import java.lang.foreign.MemorySegment;

/**
 * The state of a TCP connection, as {@link TcpStream#info} fills it: a view of struct tcp_info of tcp(7) that is used
 * again and again. What an older kernel does not tell is zero. The system's counters are unsigned: those of 32 bits are
 * returned in a {@code long}, and so are never negative. For one thread at a time.
 */
public final class TcpInfo {
    final TcpFields part;

    private TcpInfo(TcpFields part) {
        this.part = part;
    }

    /** {@return an empty one, with zeros} */
    public static TcpInfo create() {
        return new TcpInfo(Platform.current().sockets().newTcpFields());
    }

    /** {@return the whole structure, as the system's headers have it, for what has no method here; always the same} */
    public MemorySegment segment() {
        return part.segment();
    }

    /** {@return the state, by its number in netinet/tcp.h: TCP_ESTABLISHED is 1} */
    public int state() {
        return (int) part.get(Field.STATE);
    }

    /** {@return the number of retransmissions of the oldest segment that have not been answered} */
    public long retransmits() {
        return part.get(Field.RETRANSMITS);
    }

    /** {@return the retransmission time-out, in microseconds} */
    public long rto() {
        return part.get(Field.RTO);
    }

    /** {@return the largest segment to send, in bytes} */
    public long sndMss() {
        return part.get(Field.SND_MSS);
    }

    /** {@return the largest segment to receive, in bytes} */
    public long rcvMss() {
        return part.get(Field.RCV_MSS);
    }

    /** {@return the number of segments that are sent and not acknowledged} */
    public long unacked() {
        return part.get(Field.UNACKED);
    }

    /** {@return the number of segments that are thought lost} */
    public long lost() {
        return part.get(Field.LOST);
    }

    /** {@return the number of segments that are being retransmitted} */
    public long retrans() {
        return part.get(Field.RETRANS);
    }

    /** {@return the time since data was sent, in milliseconds} */
    public long lastDataSent() {
        return part.get(Field.LAST_DATA_SENT);
    }

    /** {@return the time since data was received, in milliseconds} */
    public long lastDataRecv() {
        return part.get(Field.LAST_DATA_RECV);
    }

    /** {@return the largest packet that the path takes, in bytes} */
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

    /** {@return the shortest round-trip time seen, in microseconds; 2<sup>32</sup>-1 if none was} */
    public long minRtt() {
        return part.get(Field.MIN_RTT);
    }

    /** {@return the congestion window, in segments} */
    public long sndCwnd() {
        return part.get(Field.SND_CWND);
    }

    /** {@return the slow start threshold, in segments; 2<sup>31</sup>-1 if there is none} */
    public long sndSsthresh() {
        return part.get(Field.SND_SSTHRESH);
    }

    /** {@return the receive window that is advertised, in bytes} */
    public long rcvSpace() {
        return part.get(Field.RCV_SPACE);
    }

    /** {@return the number of segments that were retransmitted in all} */
    public long totalRetrans() {
        return part.get(Field.TOTAL_RETRANS);
    }

    /** {@return the pacing rate, in bytes a second; -1, as all 64 bits are set, if there is no limit} */
    public long pacingRate() {
        return part.get(Field.PACING_RATE);
    }

    /** {@return the latest delivery rate, in bytes a second} */
    public long deliveryRate() {
        return part.get(Field.DELIVERY_RATE);
    }

    /**
     * {@return the number of bytes that were sent and acknowledged; Linux counts one more for a stream that has
     * connected, not for one that was accepted}
     */
    public long bytesAcked() {
        return part.get(Field.BYTES_ACKED);
    }

    /** {@return the number of bytes that were received} */
    public long bytesReceived() {
        return part.get(Field.BYTES_RECEIVED);
    }

    /** {@return the number of bytes that were sent, retransmissions included} */
    public long bytesSent() {
        return part.get(Field.BYTES_SENT);
    }

    /** {@return the number of bytes that were retransmitted} */
    public long bytesRetrans() {
        return part.get(Field.BYTES_RETRANS);
    }

    /** {@return the number of segments that were sent} */
    public long segsOut() {
        return part.get(Field.SEGS_OUT);
    }

    /** {@return the number of segments that were received} */
    public long segsIn() {
        return part.get(Field.SEGS_IN);
    }

    /** {@return the number of bytes that wait to be sent for the first time} */
    public long notsentBytes() {
        return part.get(Field.NOTSENT_BYTES);
    }

    /** The most telling numbers, for people. */
    @Override
    public String toString() {
        return "TcpInfo[rtt " + rtt() + " µs, cwnd " + sndCwnd() + ", unacked " + unacked() + ", retransmitted "
            + totalRetrans() + ", acknowledged " + bytesAcked() + " B, received " + bytesReceived() + " B]";
    }
}
