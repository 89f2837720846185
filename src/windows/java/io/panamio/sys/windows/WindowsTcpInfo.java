package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._TCP_INFO_v0;
import io.panamio.sys.TcpFields;

/** TCP_INFO_v0, which Windows has since version 10 1703. */
final class WindowsTcpInfo extends TcpFields {
    private WindowsTcpInfo() {
        super(_TCP_INFO_v0.layout());
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link WindowsSockets}. */
    static TcpFields open() {
        return new WindowsTcpInfo();
    }

    @Override
    public long get(Field field) {
        return switch (field) {
            case STATE -> state(_TCP_INFO_v0.State(info));
            case SND_MSS -> unsigned(_TCP_INFO_v0.Mss(info));
            case RTT -> unsigned(_TCP_INFO_v0.RttUs(info));
            case MIN_RTT -> unsigned(_TCP_INFO_v0.MinRttUs(info));
            case SND_CWND -> segments(unsigned(_TCP_INFO_v0.Cwnd(info)));
            case UNACKED -> segments(unsigned(_TCP_INFO_v0.BytesInFlight(info)));
            case RCV_SPACE -> unsigned(_TCP_INFO_v0.RcvWnd(info));
            case BYTES_RECEIVED -> _TCP_INFO_v0.BytesIn(info);
            case BYTES_SENT -> _TCP_INFO_v0.BytesOut(info);
            case BYTES_RETRANS -> unsigned(_TCP_INFO_v0.BytesRetrans(info));
            default -> -1;
        };
    }

    private static long unsigned(int number) {
        return Integer.toUnsignedLong(number);
    }

    /** Windows counts bytes. */
    private long segments(long bytes) {
        long size = unsigned(_TCP_INFO_v0.Mss(info));
        return size == 0 ? 0 : (bytes + size - 1) / size;
    }

    /** Returns the number of a state in netinet/tcp.h; 0 if the structure was never filled. */
    private long state(int number) {
        return switch (number) {
            case Windows.TCPSTATE_ESTABLISHED -> 1;
            case Windows.TCPSTATE_SYN_SENT -> 2;
            case Windows.TCPSTATE_SYN_RCVD -> 3;
            case Windows.TCPSTATE_FIN_WAIT_1 -> 4;
            case Windows.TCPSTATE_FIN_WAIT_2 -> 5;
            case Windows.TCPSTATE_TIME_WAIT -> 6;
            case Windows.TCPSTATE_CLOSED -> _TCP_INFO_v0.Mss(info) == 0 ? 0 : 7;
            case Windows.TCPSTATE_CLOSE_WAIT -> 8;
            case Windows.TCPSTATE_LAST_ACK -> 9;
            case Windows.TCPSTATE_LISTEN -> 10;
            case Windows.TCPSTATE_CLOSING -> 11;
            default -> 0;
        };
    }
}
