package io.panamio.sys.macos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.bindings.macos.tcp_connection_info;
import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import io.panamio.test.support.TcpStates;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How the state that macOS reports of a connection is read. */
@Tag("any-platform")
class MacosTcpInfoTest {
    @Test
    void whatMacosCountsIsReadAndTheRestIsUnknown() {
        TcpFields info = MacosTcpInfo.open();
        MemorySegment at = info.segment();
        tcp_connection_info.tcpi_state(at, (byte) 4);
        tcp_connection_info.tcpi_snd_wscale(at, (byte) 6);
        tcp_connection_info.tcpi_rcv_wscale(at, (byte) 5);
        tcp_connection_info.tcpi_options(at, 101);
        tcp_connection_info.tcpi_flags(at, 102);
        tcp_connection_info.tcpi_rto(at, -2); // unsigned, as are all
        tcp_connection_info.tcpi_maxseg(at, 1000);
        tcp_connection_info.tcpi_snd_ssthresh(at, 7001);
        tcp_connection_info.tcpi_snd_cwnd(at, -296);
        tcp_connection_info.tcpi_snd_wnd(at, 103);
        tcp_connection_info.tcpi_snd_sbbytes(at, 104);
        tcp_connection_info.tcpi_rcv_wnd(at, -3);
        tcp_connection_info.tcpi_rttcur(at, 105);
        tcp_connection_info.tcpi_srtt(at, 11);
        tcp_connection_info.tcpi_rttvar(at, 12);
        tcp_connection_info.tcpi_txpackets(at, 1L << 40);
        tcp_connection_info.tcpi_txbytes(at, 1L << 41);
        tcp_connection_info.tcpi_txretransmitbytes(at, 1L << 42);
        tcp_connection_info.tcpi_rxpackets(at, 1L << 43);
        tcp_connection_info.tcpi_rxbytes(at, 1L << 44);
        tcp_connection_info.tcpi_rxoutoforderbytes(at, 1L << 45);
        tcp_connection_info.tcpi_txretransmitpackets(at, 1L << 46);
        Map<Field, Long> known = new EnumMap<>(Field.class);
        known.put(Field.STATE, 1L);
        known.put(Field.RTO, 0xFFFF_FFFEL * 1000);
        known.put(Field.SND_MSS, 1000L);
        known.put(Field.RTT, 11_000L);
        known.put(Field.RTT_VAR, 12_000L);
        known.put(Field.SND_CWND, 4_294_967L);
        known.put(Field.SND_SSTHRESH, 7L);
        known.put(Field.RCV_SPACE, 0xFFFF_FFFDL);
        known.put(Field.TOTAL_RETRANS, 1L << 46);
        known.put(Field.BYTES_RECEIVED, 1L << 44);
        known.put(Field.BYTES_SENT, 1L << 41);
        known.put(Field.BYTES_RETRANS, 1L << 42);
        known.put(Field.SEGS_OUT, 1L << 40);
        known.put(Field.SEGS_IN, 1L << 43);
        TcpStates.assertFields(known, info);
    }

    /** From netinet/tcp_fsm.h, which Darwin has from BSD, to Linux's netinet/tcp.h. */
    @Test
    void statesHaveLinuxsNumbers() {
        TcpFields info = MacosTcpInfo.open();
        assertEquals(0, info.get(Field.STATE), "never filled");
        tcp_connection_info.tcpi_maxseg(info.segment(), 1000);
        TcpStates.assertStates(info, state -> tcp_connection_info.tcpi_state(info.segment(), (byte) state),
            7, 10, 2, 3, 1, 8, 4, 11, 9, 5, 6);
    }
}
