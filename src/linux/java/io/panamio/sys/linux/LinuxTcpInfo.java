package io.panamio.sys.linux;

import io.panamio.bindings.linux.tcp_info;
import io.panamio.sys.TcpFields;

/** struct tcp_info of linux/tcp.h. */
final class LinuxTcpInfo extends TcpFields {
    private LinuxTcpInfo() {
        super(tcp_info.layout());
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link LinuxSockets}. */
    static TcpFields open() {
        return new LinuxTcpInfo();
    }

    @Override
    public long get(Field field) {
        return switch (field) {
            case STATE -> Byte.toUnsignedLong(tcp_info.tcpi_state(info));
            case RETRANSMITS -> Byte.toUnsignedLong(tcp_info.tcpi_retransmits(info));
            case RTO -> Integer.toUnsignedLong(tcp_info.tcpi_rto(info));
            case SND_MSS -> Integer.toUnsignedLong(tcp_info.tcpi_snd_mss(info));
            case RCV_MSS -> Integer.toUnsignedLong(tcp_info.tcpi_rcv_mss(info));
            case UNACKED -> Integer.toUnsignedLong(tcp_info.tcpi_unacked(info));
            case LOST -> Integer.toUnsignedLong(tcp_info.tcpi_lost(info));
            case RETRANS -> Integer.toUnsignedLong(tcp_info.tcpi_retrans(info));
            case LAST_DATA_SENT -> Integer.toUnsignedLong(tcp_info.tcpi_last_data_sent(info));
            case LAST_DATA_RECV -> Integer.toUnsignedLong(tcp_info.tcpi_last_data_recv(info));
            case PMTU -> Integer.toUnsignedLong(tcp_info.tcpi_pmtu(info));
            case RTT -> Integer.toUnsignedLong(tcp_info.tcpi_rtt(info));
            case RTT_VAR -> Integer.toUnsignedLong(tcp_info.tcpi_rttvar(info));
            case MIN_RTT -> Integer.toUnsignedLong(tcp_info.tcpi_min_rtt(info));
            case SND_CWND -> Integer.toUnsignedLong(tcp_info.tcpi_snd_cwnd(info));
            case SND_SSTHRESH -> Integer.toUnsignedLong(tcp_info.tcpi_snd_ssthresh(info));
            case RCV_SPACE -> Integer.toUnsignedLong(tcp_info.tcpi_rcv_space(info));
            case TOTAL_RETRANS -> Integer.toUnsignedLong(tcp_info.tcpi_total_retrans(info));
            case PACING_RATE -> tcp_info.tcpi_pacing_rate(info);
            case DELIVERY_RATE -> tcp_info.tcpi_delivery_rate(info);
            case BYTES_ACKED -> tcp_info.tcpi_bytes_acked(info);
            case BYTES_RECEIVED -> tcp_info.tcpi_bytes_received(info);
            case BYTES_SENT -> tcp_info.tcpi_bytes_sent(info);
            case BYTES_RETRANS -> tcp_info.tcpi_bytes_retrans(info);
            case SEGS_OUT -> Integer.toUnsignedLong(tcp_info.tcpi_segs_out(info));
            case SEGS_IN -> Integer.toUnsignedLong(tcp_info.tcpi_segs_in(info));
            case NOTSENT_BYTES -> Integer.toUnsignedLong(tcp_info.tcpi_notsent_bytes(info));
        };
    }
}
