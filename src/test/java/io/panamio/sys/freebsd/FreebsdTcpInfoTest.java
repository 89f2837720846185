package io.panamio.sys.freebsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.bindings.freebsd.tcp_info;
import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import io.panamio.test.support.TcpStates;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How the state that FreeBSD reports of a connection is read. */
@Tag("any-platform")
class FreebsdTcpInfoTest {
    @Test
    void whatFreebsdCountsIsReadAndTheRestIsUnknown() {
        TcpFields info = FreebsdTcpInfo.open();
        MemorySegment at = info.segment();
        for (long i = 0; i < at.byteSize() / 4; i++) { // every other field has a number of its own
            at.setAtIndex(JAVA_INT, i, 100_000 + (int) i);
        }
        tcp_info.tcpi_state(at, (byte) 4);
        tcp_info.tcpi_rto(at, -2); // unsigned, as are all
        tcp_info.tcpi_snd_mss(at, 1000);
        tcp_info.tcpi_rcv_mss(at, 1001);
        tcp_info.tcpi_last_data_recv(at, 13_999);
        tcp_info.tcpi_rtt(at, 11);
        tcp_info.tcpi_rttvar(at, 12);
        tcp_info.tcpi_snd_ssthresh(at, 7001);
        tcp_info.tcpi_snd_cwnd(at, -296);
        tcp_info.tcpi_rcv_space(at, -3);
        tcp_info.tcpi_snd_rexmitpack(at, -4);
        Map<Field, Long> known = new EnumMap<>(Field.class);
        known.put(Field.STATE, 1L);
        known.put(Field.RTO, 0xFFFF_FFFEL);
        known.put(Field.SND_MSS, 1000L);
        known.put(Field.RCV_MSS, 1001L);
        known.put(Field.LAST_DATA_RECV, 13L); // FreeBSD has microseconds
        known.put(Field.RTT, 11L);
        known.put(Field.RTT_VAR, 12L);
        known.put(Field.SND_CWND, 4_294_967L);
        known.put(Field.SND_SSTHRESH, 7L);
        known.put(Field.RCV_SPACE, 0xFFFF_FFFDL);
        known.put(Field.TOTAL_RETRANS, 0xFFFF_FFFCL);
        TcpStates.assertFields(known, info);
    }

    /** From netinet/tcp_fsm.h to Linux's netinet/tcp.h. */
    @Test
    void statesHaveLinuxsNumbers() {
        TcpFields info = FreebsdTcpInfo.open();
        assertEquals(0, info.get(Field.STATE), "never filled");
        tcp_info.tcpi_snd_mss(info.segment(), 1000);
        TcpStates.assertStates(info, state -> tcp_info.tcpi_state(info.segment(), (byte) state),
            7, 10, 2, 3, 1, 8, 4, 11, 9, 5, 6);
    }
}
