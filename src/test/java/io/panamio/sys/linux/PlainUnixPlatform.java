package io.panamio.sys.linux;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.bindings.linux.Linux;
import io.panamio.net.UnixCredentials;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Messages;
import io.panamio.sys.Pipes;
import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import io.panamio.sys.TcpFields;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.PollEvents;
import io.panamio.sys.unix.UnixConstants;
import io.panamio.sys.unix.UnixControl;
import io.panamio.sys.unix.UnixMessages;
import io.panamio.sys.unix.UnixPipes;
import io.panamio.sys.unix.UnixPlatform;
import io.panamio.sys.unix.UnixSockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Linux without its extensions to Unix: SOCK_NONBLOCK and SOCK_CLOEXEC, MSG_NOSIGNAL, MSG_CMSG_CLOEXEC, the whole
 * length of truncated messages, abstract names, and POLLRDHUP. Chosen by {@code -Dpanamio.test.platform}, with a
 * library that lacks accept4 and pipe2.
 */
public final class PlainUnixPlatform extends UnixPlatform {
    /** The option used as SO_NOSIGPIPE, which Linux lacks: any option that every socket of Linux has. */
    public static final int SO_NOSIGPIPE = Linux.SO_KEEPALIVE;

    private static final UnixConstants CONSTANTS = new LinuxConstants() {
        @Override protected int SOCK_NONBLOCK() { return 0; }
        @Override protected int SOCK_CLOEXEC() { return 0; }
        @Override protected int MSG_NOSIGNAL() { return 0; }
        @Override protected int SO_NOSIGPIPE() { return SO_NOSIGPIPE; }
        @Override protected int MSG_CMSG_CLOEXEC() { return 0; }
        @Override protected int MSG_WHOLE_LENGTH() { return 0; }
        @Override protected int POLLRDHUP() { return 0; }
        @Override protected boolean hasAbstractNames() { return false; }
        @Override protected boolean hidesErrors() { return true; }
    };

    private static final Platform LINUX = new LinuxPlatform();

    /** Creates the platform. */
    public PlainUnixPlatform() {
        super(CONSTANTS);
    }

    @Override
    public String toString() {
        return "a plain Unix";
    }

    @Override
    public Support support(Feature feature) {
        return switch (feature) {
            case EDGES, EXCLUSIVE, DATAGRAM_BATCHES, WRITE_MORE, MIRRORED_MEMORY -> Support.EMULATED;
            case PIPES, PIPE_DESCRIPTORS, UNIX_STREAMS, UNIX_DATAGRAMS, DESCRIPTOR_PASSING, SOURCE_MEMBERSHIP,
                PRIORITY, DATAGRAM_TRAFFIC_OPTIONS, IPV4_DATAGRAM_INTERFACE -> Support.SUPPORTED;
            default -> Support.REFUSED;
        };
    }

    @Override
    public Selector openSelector() throws IOException {
        return openPollSelector(fd -> false);
    }

    @Override
    public EventBuffer newEvents(int capacity) {
        return PollEvents.withCapacity(capacity);
    }

    @Override
    public MemorySegment map(long size) {
        return LINUX.map(size);
    }

    // ---- groups of calls

    private static final class Calls {
        static final Sockets SOCKETS = new PlainSockets();
        static final Streams STREAMS = streams(CONSTANTS, 0);
        static final Messages MESSAGES = new PlainMessages();
        static final Pipes PIPES = new UnixPipes(CONSTANTS);
    }

    @Override
    public Sockets sockets() {
        return Calls.SOCKETS;
    }

    @Override
    public Streams streams() {
        return Calls.STREAMS;
    }

    @Override
    public Messages messages() {
        return Calls.MESSAGES;
    }

    @Override
    public Pipes pipes() {
        return Calls.PIPES;
    }

    private static final class PlainSockets extends UnixSockets {
        PlainSockets() {
            super(CONSTANTS, LinuxOptions.BY_NAME);
        }

        @Override
        protected boolean isTcpOrUdp(int fd, SocketType type) {
            return true;
        }

        @Override
        protected boolean wasConnected(int fd) {
            return false;
        }

        @Override
        protected UnixCredentials credentials(int fd, int level, int name) {
            throw LINUX.refusal(Feature.DESCRIPTOR_PASSING);
        }

        @Override
        public TcpFields newTcpFields() {
            throw LINUX.refusal(Feature.TCP_INFO);
        }

        @Override
        public void tcpInfo(int fd, TcpFields into) {
            throw LINUX.refusal(Feature.TCP_INFO);
        }
    }

    private static final class PlainMessages extends UnixMessages {
        PlainMessages() {
            super(CONSTANTS);
        }

        @Override
        protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
            return new PlainControl(format, memory);
        }
    }

    private static final class PlainControl extends UnixControl {
        PlainControl(ControlFormat format, MemorySegment memory) {
            super(CONSTANTS, format, memory);
        }

        @Override
        public long timestampNanos() {
            return -1;
        }

        @Override
        public int segmentSize() {
            return -1;
        }

        @Override
        public int[] credentials() {
            return null;
        }

        @Override
        public void putTtl(int hops) {
            putNumber(Linux.IP_TTL, Linux.IPV6_HOPLIMIT, hops);
        }

        @Override
        public void putTrafficClass(int bits) {
            putNumber(Linux.IP_TOS, Linux.IPV6_TCLASS, bits);
        }

        @Override
        public void putSegmentSize(int bytes) {
            throw LINUX.refusal(Feature.DATAGRAM_SEGMENTATION);
        }

        @Override
        public void putCredentials(int pid, int uid, int gid) {
            throw LINUX.refusal(Feature.CREDENTIAL_PASSING);
        }
    }
}
