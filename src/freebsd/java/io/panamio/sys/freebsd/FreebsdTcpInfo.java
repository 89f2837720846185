package io.panamio.sys.freebsd;

import io.panamio.bindings.freebsd.tcp_info;
import io.panamio.sys.TcpFields;
import io.panamio.sys.bsd.BsdTcpInfo;

/** struct tcp_info of netinet/tcp.h, with the names of Linux, of which FreeBSD fills some. */
final class FreebsdTcpInfo extends BsdTcpInfo {
    private FreebsdTcpInfo() {
        super(tcp_info.layout());
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link FreebsdSockets}. */
    static TcpFields open() {
        return new FreebsdTcpInfo();
    }

    @Override
    public long get(Field field) {
        return switch (field) {
            case STATE -> state(tcp_info.tcpi_state(info));
            case RTO -> Integer.toUnsignedLong(tcp_info.tcpi_rto(info));
            case SND_MSS -> Integer.toUnsignedLong(tcp_info.tcpi_snd_mss(info));
            case RCV_MSS -> Integer.toUnsignedLong(tcp_info.tcpi_rcv_mss(info));
            case LAST_DATA_RECV -> Integer.toUnsignedLong(tcp_info.tcpi_last_data_recv(info)) / 1000;
            case RTT -> Integer.toUnsignedLong(tcp_info.tcpi_rtt(info));
            case RTT_VAR -> Integer.toUnsignedLong(tcp_info.tcpi_rttvar(info));
            case SND_CWND -> segments(tcp_info.tcpi_snd_cwnd(info));
            case SND_SSTHRESH -> segments(tcp_info.tcpi_snd_ssthresh(info));
            case RCV_SPACE -> Integer.toUnsignedLong(tcp_info.tcpi_rcv_space(info));
            case TOTAL_RETRANS -> Integer.toUnsignedLong(tcp_info.tcpi_snd_rexmitpack(info));
            default -> -1;
        };
    }

    @Override
    protected int segmentSize() {
        return tcp_info.tcpi_snd_mss(info);
    }
}
