package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/** A platform's structure that tells of a TCP connection. */
public abstract class TcpFields {
    /** What it tells; what a platform does not know is 0. */
    public enum Field {
        STATE, RETRANSMITS, RTO, SND_MSS, RCV_MSS, UNACKED, LOST, RETRANS, LAST_DATA_SENT, LAST_DATA_RECV, PMTU, RTT,
        RTT_VAR, MIN_RTT, SND_CWND, SND_SSTHRESH, RCV_SPACE, TOTAL_RETRANS, PACING_RATE, DELIVERY_RATE, BYTES_ACKED,
        BYTES_RECEIVED, BYTES_SENT, BYTES_RETRANS, SEGS_OUT, SEGS_IN, NOTSENT_BYTES
    }

    /** For the platforms. */
    protected TcpFields() {
    }

    /** The structure. */
    public abstract MemorySegment segment();

    /** A field of it: never negative, but for one of 64 bits beyond 2^63. */
    public abstract long get(Field field);
}
