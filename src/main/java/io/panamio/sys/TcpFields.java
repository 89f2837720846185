package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/** A platform's structure with the state of a TCP connection. */
public abstract class TcpFields {
    /** The fields; those that a platform does not have are -1. */
    public enum Field {
        STATE, RETRANSMITS, RTO, SND_MSS, RCV_MSS, UNACKED, LOST, RETRANS, LAST_DATA_SENT, LAST_DATA_RECV, PMTU, RTT,
        RTT_VAR, MIN_RTT, SND_CWND, SND_SSTHRESH, RCV_SPACE, TOTAL_RETRANS, PACING_RATE, DELIVERY_RATE, BYTES_ACKED,
        BYTES_RECEIVED, BYTES_SENT, BYTES_RETRANS, SEGS_OUT, SEGS_IN, NOTSENT_BYTES
    }

    /** The structure. */
    protected final MemorySegment info;

    /** Allocates the structure. */
    protected TcpFields(MemoryLayout layout) {
        info = Arena.ofAuto().allocate(layout);
    }

    /** Returns the structure. */
    public final MemorySegment segment() {
        return info;
    }

    /** Returns an unsigned field; only a field of 64 bits can be negative, if its value is 2^63 or more. */
    public abstract long get(Field field);
}
