package io.panamio.net;

import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;

/**
 * The state of a TCP connection, as {@link TcpStream#info} fills it: a view of struct tcp_info of tcp(7) that is used
 * again and again. What an older kernel does not tell is zero.
 */
public abstract class TcpInfo {
    /** For the platforms. */
    protected TcpInfo() {
    }

    /**
     * An empty one.
     *
     * @return the info, with zeros
     */
    public static TcpInfo create() {
        return Platform.current().sockets().newTcpInfo();
    }

    /**
     * The whole structure, as the system's headers have it, for what has no method here.
     *
     * @return the memory, always the same
     */
    public abstract MemorySegment segment();

    /**
     * Tells the state, as TCP_ESTABLISHED (1) and so on are numbered in netinet/tcp.h.
     *
     * @return as said
     */
    public abstract int state();

    /**
     * Tells how many retransmissions of the oldest segment have not been answered.
     *
     * @return as said
     */
    public abstract int retransmits();

    /**
     * Tells the retransmission timeout, in microseconds.
     *
     * @return as said
     */
    public abstract int rto();

    /**
     * Tells the largest segment to send, in bytes.
     *
     * @return as said
     */
    public abstract int sndMss();

    /**
     * Tells the largest segment to receive, in bytes.
     *
     * @return as said
     */
    public abstract int rcvMss();

    /**
     * Tells how many segments are sent and not acknowledged.
     *
     * @return as said
     */
    public abstract int unacked();

    /**
     * Tells how many segments are thought lost.
     *
     * @return as said
     */
    public abstract int lost();

    /**
     * Tells how many segments are being retransmitted.
     *
     * @return as said
     */
    public abstract int retrans();

    /**
     * Tells how long ago data was sent, in milliseconds.
     *
     * @return as said
     */
    public abstract int lastDataSent();

    /**
     * Tells how long ago data was received, in milliseconds.
     *
     * @return as said
     */
    public abstract int lastDataRecv();

    /**
     * Tells the largest packet that the path takes, in bytes.
     *
     * @return as said
     */
    public abstract int pmtu();

    /**
     * Tells the smoothed round-trip time, in microseconds.
     *
     * @return as said
     */
    public abstract int rtt();

    /**
     * Tells the variation of the round-trip time, in microseconds.
     *
     * @return as said
     */
    public abstract int rttVar();

    /**
     * Tells the shortest round-trip time seen, in microseconds.
     *
     * @return as said
     */
    public abstract int minRtt();

    /**
     * Tells the congestion window, in segments.
     *
     * @return as said
     */
    public abstract int sndCwnd();

    /**
     * Tells the slow start threshold, in segments.
     *
     * @return as said
     */
    public abstract int sndSsthresh();

    /**
     * Tells the receive window that is advertised, in bytes.
     *
     * @return as said
     */
    public abstract int rcvSpace();

    /**
     * Tells how many segments were retransmitted in all.
     *
     * @return as said
     */
    public abstract int totalRetrans();

    /**
     * Tells the pacing rate, in bytes a second; -1 for no limit.
     *
     * @return as said
     */
    public abstract long pacingRate();

    /**
     * Tells the latest delivery rate, in bytes a second.
     *
     * @return as said
     */
    public abstract long deliveryRate();

    /**
     * Tells how many bytes were sent and acknowledged; Linux counts one more for a stream that has connected, not one
     * that was accepted.
     *
     * @return as said
     */
    public abstract long bytesAcked();

    /**
     * Tells how many bytes were received.
     *
     * @return as said
     */
    public abstract long bytesReceived();

    /**
     * Tells how many bytes were sent, retransmissions included.
     *
     * @return as said
     */
    public abstract long bytesSent();

    /**
     * Tells how many bytes were retransmitted.
     *
     * @return as said
     */
    public abstract long bytesRetrans();

    /**
     * Tells how many segments were sent.
     *
     * @return as said
     */
    public abstract int segsOut();

    /**
     * Tells how many segments were received.
     *
     * @return as said
     */
    public abstract int segsIn();

    /**
     * Tells how many bytes wait to be sent for the first time.
     *
     * @return as said
     */
    public abstract int notsentBytes();

    /** The most telling numbers, for people. */
    @Override
    public String toString() {
        return "TcpInfo[rtt " + rtt() + " µs, cwnd " + sndCwnd() + ", unacked " + unacked() + ", retransmitted "
            + totalRetrans() + ", acknowledged " + bytesAcked() + " B, received " + bytesReceived() + " B]";
    }
}
