package io.panamio.sys.windows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.bindings.windows._TCP_INFO_v0;
import io.panamio.sys.Platform;
import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import io.panamio.test.support.TcpStates;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How the state that Windows reports of a connection, and Wine does not, is read. */
@Tag("any-selector")
class WindowsTcpInfoTest {
    @BeforeEach
    void onlyOnWindows() {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has another structure");
    }

    @Test
    void whatWindowsCountsIsReadAndTheRestIsUnknown() {
        TcpFields info = WindowsTcpInfo.open();
        MemorySegment at = info.segment();
        _TCP_INFO_v0.State(at, 4);
        _TCP_INFO_v0.Mss(at, 1000);
        _TCP_INFO_v0.RttUs(at, -2); // unsigned
        _TCP_INFO_v0.MinRttUs(at, 3);
        _TCP_INFO_v0.Cwnd(at, 2001);
        _TCP_INFO_v0.BytesInFlight(at, 2000);
        _TCP_INFO_v0.RcvWnd(at, 65536);
        _TCP_INFO_v0.BytesIn(at, 1L << 40);
        _TCP_INFO_v0.BytesOut(at, 1L << 41);
        _TCP_INFO_v0.BytesRetrans(at, 7);
        Map<Field, Long> known = new EnumMap<>(Map.of(Field.STATE, 1L, Field.SND_MSS, 1000L, Field.RTT, 0xFFFF_FFFEL,
            Field.MIN_RTT, 3L, Field.SND_CWND, 3L, Field.UNACKED, 2L, Field.RCV_SPACE, 65536L, Field.BYTES_RECEIVED,
            1L << 40, Field.BYTES_SENT, 1L << 41, Field.BYTES_RETRANS, 7L));
        TcpStates.assertFields(known, info);
    }

    /** From MIB_TCP_STATE of Microsoft's documentation, less one, to netinet/tcp.h. */
    @Test
    void statesHaveLinuxsNumbers() {
        TcpFields info = WindowsTcpInfo.open();
        assertEquals(0, info.get(Field.STATE), "never filled");
        _TCP_INFO_v0.Mss(info.segment(), 1000);
        TcpStates.assertStates(info, state -> _TCP_INFO_v0.State(info.segment(), state),
            7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6);
    }
}
