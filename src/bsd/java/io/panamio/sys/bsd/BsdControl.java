package io.panamio.sys.bsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.panamio.Feature;
import io.panamio.sys.Platform;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Structs;
import io.panamio.sys.unix.UnixControl;
import java.lang.foreign.MemorySegment;

/** Control messages as macOS and FreeBSD have them. */
public class BsdControl extends UnixControl {
    private final BsdConstants c;

    /** Creates empty control messages in 8-byte aligned memory. */
    public BsdControl(BsdConstants constants, ControlFormat format, MemorySegment memory) {
        super(constants, format, memory);
        c = constants;
    }

    /** struct timeval, in microseconds; macOS has an int there, and a message need not be aligned. */
    @Override
    public final long timestampNanos() {
        int data = find(c.SOL_SOCKET(), Bsd.SCM_TIMESTAMP, Structs.TIMEVAL_SIZE);
        return data < 0 ? -1 : memory.get(JAVA_LONG_UNALIGNED, data + Structs.TIMEVAL_SEC) * 1_000_000_000
            + memory.get(JAVA_INT, data + Structs.TIMEVAL_USEC) * 1000L;
    }

    @Override
    public final int segmentSize() {
        return -1;
    }

    @Override
    public final int[] credentials() {
        return null;
    }

    @Override
    public void putTtl(int hops) {
        throw Platform.current().refusal(Feature.DATAGRAM_TRAFFIC_OPTIONS,
            "the socket option IP_TTL sets that of all datagrams");
    }

    @Override
    public void putTrafficClass(int bits) {
        throw Platform.current().refusal(Feature.DATAGRAM_TRAFFIC_OPTIONS,
            "the socket option IP_TOS sets that of all datagrams");
    }

    @Override
    public final void putSegmentSize(int bytes) {
        throw Platform.current().refusal(Feature.DATAGRAM_SEGMENTATION);
    }

    @Override
    public final void putCredentials(int pid, int uid, int gid) {
        throw Platform.current().refusal(Feature.CREDENTIAL_PASSING);
    }
}
