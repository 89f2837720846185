package io.panamio.sys.macos;

import io.panamio.bindings.macos.tcp_connection_info;
import io.panamio.sys.TcpFields;
import io.panamio.sys.bsd.BsdTcpInfo;

/** struct tcp_connection_info of netinet/tcp.h, which has milliseconds. */
final class MacosTcpInfo extends BsdTcpInfo {
    private MacosTcpInfo() {
        super(tcp_connection_info.layout());
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link MacosSockets}. */
    static TcpFields open() {
        return new MacosTcpInfo();
    }

    @Override
    public long get(Field field) {
        return switch (field) {
            case STATE -> state(tcp_connection_info.tcpi_state(info));
            case RTO -> micros(tcp_connection_info.tcpi_rto(info));
            case SND_MSS -> Integer.toUnsignedLong(tcp_connection_info.tcpi_maxseg(info));
            case RTT -> micros(tcp_connection_info.tcpi_srtt(info));
            case RTT_VAR -> micros(tcp_connection_info.tcpi_rttvar(info));
            case SND_CWND -> segments(tcp_connection_info.tcpi_snd_cwnd(info));
            case SND_SSTHRESH -> segments(tcp_connection_info.tcpi_snd_ssthresh(info));
            case RCV_SPACE -> Integer.toUnsignedLong(tcp_connection_info.tcpi_rcv_wnd(info));
            case TOTAL_RETRANS -> tcp_connection_info.tcpi_txretransmitpackets(info);
            case BYTES_RECEIVED -> tcp_connection_info.tcpi_rxbytes(info);
            case BYTES_SENT -> tcp_connection_info.tcpi_txbytes(info);
            case BYTES_RETRANS -> tcp_connection_info.tcpi_txretransmitbytes(info);
            case SEGS_OUT -> tcp_connection_info.tcpi_txpackets(info);
            case SEGS_IN -> tcp_connection_info.tcpi_rxpackets(info);
            default -> -1;
        };
    }

    private static long micros(int millis) {
        return Integer.toUnsignedLong(millis) * 1000;
    }

    @Override
    protected int segmentSize() {
        return tcp_connection_info.tcpi_maxseg(info);
    }
}
