package io.panamio.test.net;

import static io.panamio.test.support.Loop.V4;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A descriptor can be adopted only as a source of its own kind. */
@Tag("any-selector")
@Requires({Feature.UNIX_STREAMS, Feature.UNIX_DATAGRAMS, Feature.PIPE_DESCRIPTORS})
class FromFdTest {
    private interface FromFd {
        AutoCloseable open(int fd) throws IOException;
    }

    private static final List<FromFd> ALL = List.of(TcpStream::fromFd, TcpListener::fromFd, UdpSocket::fromFd,
        UnixStream::fromFd, UnixListener::fromFd, UnixDatagram::fromFd, UnixSeqpacket::fromFd,
        UnixSeqpacketListener::fromFd);

    private static void assertRefused(int fd, List<FromFd> methods) {
        for (int i = 0; i < methods.size(); i++) {
            FromFd method = methods.get(i);
            assertThrows(IllegalArgumentException.class, () -> method.open(fd), "method " + i);
            assertTrue(NativeFds.isOpen(fd), "method " + i);
        }
    }

    /** Domain, type and protocol by Linux's numbers; a kernel may lack some. */
    private enum Kind {
        ROUTING(16, 2, 0), ROUTING_RAW(16, 3, 0), VSOCK(40, 1, 0), VSOCK_DATAGRAM(40, 2, 0), PACKET(17, 2, 0),
        ALG(38, 5, 0), RAW(2, 3, 1), RAW6(10, 3, 58), PING(2, 2, 1), PING6(10, 2, 58), UDPLITE(2, 2, 136),
        SCTP(2, 1, 132), DCCP(2, 6, 33);

        private final int domain;
        private final int type;
        private final int protocol;

        Kind(int domain, int type, int protocol) {
            this.domain = domain;
            this.type = type;
            this.protocol = protocol;
        }
    }

    @Test
    @Tag("any-platform")
    void anotherFamilyOrProtocolIsRefused() {
        int made = 0;
        for (Kind kind : Kind.values()) {
            int fd = NativeCalls.socket(kind.domain, kind.type, kind.protocol);
            if (fd >= 0) {
                made++;
                assertRefused(fd, ALL);
                NativeFds.close(fd);
            }
        }
        assertTrue(made >= 2, made + " kinds of sockets"); // netlink sockets exist everywhere
    }

    @Test
    void aConnectedSocketIsNoListenerAndAListenerNoStream() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener tcp = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
            assertRefused(tcp.fd(), List.of(TcpStream::fromFd));
            assertRefused(loop.connected().stream().fd(), List.of(TcpListener::fromFd));
            UnixListener unix = loop.later(UnixListener.bind(Local.address(loop)));
            assertRefused(unix.fd(), List.of(UnixStream::fromFd));
            if (Feature.UNIX_SEQPACKETS.isAvailable()) {
                UnixSeqpacketListener seqpacket = loop.later(UnixSeqpacketListener.bind(Local.address(loop)));
                assertRefused(seqpacket.fd(), List.of(UnixSeqpacket::fromFd));
            }
        }
    }

    @Test
    @Tag("any-platform")
    void multipathTcpIsTcp() throws IOException {
        int fd = NativeCalls.socket(2, 1, 262);
        if (fd >= 0) { // the kernel supports it
            TcpStream.fromFd(fd).close();
            assertFalse(NativeFds.isOpen(fd));
        }
    }
}
