package io.panamio.sys.linux;

import io.panamio.bindings.linux.tcp_info;
import io.panamio.net.TcpInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** struct tcp_info of linux/tcp.h. */
final class LinuxTcpInfo extends TcpInfo {
    private final MemorySegment info = Arena.ofAuto().allocate(tcp_info.layout());

    private LinuxTcpInfo() {
    }

    /** Returned as what it extends, so that the verifier does not load this class for {@link LinuxSockets}. */
    static TcpInfo open() {
        return new LinuxTcpInfo();
    }

    @Override
    public MemorySegment segment() {
        return info;
    }

    @Override
    public int state() {
        return Byte.toUnsignedInt(tcp_info.tcpi_state(info));
    }

    @Override
    public int retransmits() {
        return Byte.toUnsignedInt(tcp_info.tcpi_retransmits(info));
    }

    @Override
    public int rto() {
        return tcp_info.tcpi_rto(info);
    }

    @Override
    public int sndMss() {
        return tcp_info.tcpi_snd_mss(info);
    }

    @Override
    public int rcvMss() {
        return tcp_info.tcpi_rcv_mss(info);
    }

    @Override
    public int unacked() {
        return tcp_info.tcpi_unacked(info);
    }

    @Override
    public int lost() {
        return tcp_info.tcpi_lost(info);
    }

    @Override
    public int retrans() {
        return tcp_info.tcpi_retrans(info);
    }

    @Override
    public int lastDataSent() {
        return tcp_info.tcpi_last_data_sent(info);
    }

    @Override
    public int lastDataRecv() {
        return tcp_info.tcpi_last_data_recv(info);
    }

    @Override
    public int pmtu() {
        return tcp_info.tcpi_pmtu(info);
    }

    @Override
    public int rtt() {
        return tcp_info.tcpi_rtt(info);
    }

    @Override
    public int rttVar() {
        return tcp_info.tcpi_rttvar(info);
    }

    @Override
    public int minRtt() {
        return tcp_info.tcpi_min_rtt(info);
    }

    @Override
    public int sndCwnd() {
        return tcp_info.tcpi_snd_cwnd(info);
    }

    @Override
    public int sndSsthresh() {
        return tcp_info.tcpi_snd_ssthresh(info);
    }

    @Override
    public int rcvSpace() {
        return tcp_info.tcpi_rcv_space(info);
    }

    @Override
    public int totalRetrans() {
        return tcp_info.tcpi_total_retrans(info);
    }

    @Override
    public long pacingRate() {
        return tcp_info.tcpi_pacing_rate(info);
    }

    @Override
    public long deliveryRate() {
        return tcp_info.tcpi_delivery_rate(info);
    }

    @Override
    public long bytesAcked() {
        return tcp_info.tcpi_bytes_acked(info);
    }

    @Override
    public long bytesReceived() {
        return tcp_info.tcpi_bytes_received(info);
    }

    @Override
    public long bytesSent() {
        return tcp_info.tcpi_bytes_sent(info);
    }

    @Override
    public long bytesRetrans() {
        return tcp_info.tcpi_bytes_retrans(info);
    }

    @Override
    public int segsOut() {
        return tcp_info.tcpi_segs_out(info);
    }

    @Override
    public int segsIn() {
        return tcp_info.tcpi_segs_in(info);
    }

    @Override
    public int notsentBytes() {
        return tcp_info.tcpi_notsent_bytes(info);
    }
}
