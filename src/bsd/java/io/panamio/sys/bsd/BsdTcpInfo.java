package io.panamio.sys.bsd;

import io.panamio.sys.TcpFields;
import java.lang.foreign.MemoryLayout;

/** What the structures of macOS and FreeBSD have in common: the numbers of TCP states, and windows in bytes. */
public abstract class BsdTcpInfo extends TcpFields {
    /** Linux's numbers of the states, indexed by those of netinet/tcp_fsm.h. */
    private static final byte[] STATES = {
        7, // TCPS_CLOSED
        10, // TCPS_LISTEN
        2, // TCPS_SYN_SENT
        3, // TCPS_SYN_RECEIVED
        1, // TCPS_ESTABLISHED
        8, // TCPS_CLOSE_WAIT
        4, // TCPS_FIN_WAIT_1
        11, // TCPS_CLOSING
        9, // TCPS_LAST_ACK
        5, // TCPS_FIN_WAIT_2
        6, // TCPS_TIME_WAIT
    };

    /** Allocates the structure. */
    protected BsdTcpInfo(MemoryLayout layout) {
        super(layout);
    }

    /** Returns the maximum segment size; 0 if the structure was never filled. */
    protected abstract int segmentSize();

    /** Returns Linux's number of a state; 0 if the structure was never filled. */
    protected final long state(byte number) {
        return segmentSize() == 0 || number < 0 || number >= STATES.length ? 0 : STATES[number];
    }

    /** Converts a number of bytes to segments, the unit that Linux uses. */
    protected final long segments(int bytes) {
        return Integer.toUnsignedLong(bytes) / Math.max(1, Integer.toUnsignedLong(segmentSize()));
    }
}
