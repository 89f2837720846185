package io.panamio.test.net;

import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Failures.assertReset;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static io.panamio.test.support.Loop.readable;
import static io.panamio.test.support.Loop.until;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.bindings.linux.Linux;
import io.panamio.net.BindOptions;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ListenOptions;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingOptions;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.OptionCase;
import io.panamio.test.support.Peer;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("any-selector")
@ExtendWith({Qemu.class, MissingOptions.class})
class SocketOptionsTest {
    private record Named<T>(String name, Class<T> type) implements SocketOption<T> {
    }

    private static final int BUFFER_OF_20_000 = Behaviour.BUFFERS_HAVE_TWICE_THE_SIZE.isHere() ? 40_000 : 20_000;

    private static final SocketOption<Integer> UNKNOWN = new Named<>("SO_UNKNOWN", Integer.class);

    // ---- set and get

    static Stream<OptionCase<?>> cases() throws IOException {
        return Stream.of(
            OptionCase.of(OptionCase.UDP, StandardSocketOptions.SO_BROADCAST, true, false),
            OptionCase.of(OptionCase.TCP, StandardSocketOptions.SO_KEEPALIVE, true, false),
            OptionCase.of(OptionCase.ALL, StandardSocketOptions.SO_REUSEADDR, true, false),
            OptionCase.of(OptionCase.ALL, StandardSocketOptions.SO_REUSEPORT, true, false),
            List.of(new OptionCase<>(StandardSocketOptions.SO_SNDBUF, 20_000, BUFFER_OF_20_000, OptionCase.ALL),
                new OptionCase<>(StandardSocketOptions.SO_RCVBUF, 20_000, BUFFER_OF_20_000, OptionCase.ALL),
                new OptionCase<>(StandardSocketOptions.SO_LINGER, -7, -1, OptionCase.TCP)),
            OptionCase.of(OptionCase.TCP, StandardSocketOptions.SO_LINGER, 7, 0, -1),
            OptionCase.of(OptionCase.ALL, StandardSocketOptions.IP_TOS, 0x10, 0),
            OptionCase.of(OptionCase.UDP, StandardSocketOptions.IP_MULTICAST_IF, Loop.loopback()),
            OptionCase.of(OptionCase.UDP, StandardSocketOptions.IP_MULTICAST_TTL, 0, 255),
            OptionCase.of(OptionCase.UDP, StandardSocketOptions.IP_MULTICAST_LOOP, false, true),
            OptionCase.of(OptionCase.TCP, StandardSocketOptions.TCP_NODELAY, true, false),
            OptionCase.of(OptionCase.TCP, ExtendedSocketOptions.TCP_KEEPIDLE, 33),
            OptionCase.of(OptionCase.TCP, ExtendedSocketOptions.TCP_KEEPINTERVAL, 11),
            OptionCase.of(OptionCase.TCP, ExtendedSocketOptions.TCP_KEEPCOUNT, 5),
            OptionCase.of(OptionCase.UDP, ExtendedSocketOptions.IP_DONTFRAGMENT, true, false),
            OptionCase.of(OptionCase.ALL, SystemSocketOptions.IP_TTL, 1, 255),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.IP_PKTINFO, true, false),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.IP_RECVTTL, true, false),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.IP_RECVTOS, true, false),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.SO_TIMESTAMPNS, true, false),
            OptionCase.of(OptionCase.STREAM, SystemSocketOptions.TCP_CORK, true, false),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_KEEPIDLE, 44),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_KEEPINTVL, 22),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_KEEPCNT, 3),
            OptionCase.of(OptionCase.LISTENER, SystemSocketOptions.TCP_MAXSEG, 1000),
            OptionCase.of(OptionCase.LISTENER, SystemSocketOptions.TCP_FASTOPEN, 16),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_NOTSENT_LOWAT, 12345),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_CONGESTION, "reno")).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anOptionIsSetAndReadBack(OptionCase<?> c) throws IOException {
        c.setAndReadBack();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anOptionIsSetBeforeTheSocketIsBoundOrConnected(OptionCase<?> c) throws IOException {
        c.setBeforeAndReadBack();
    }

    /** Options of Linux only. */
    static Stream<OptionCase<?>> linuxCases() {
        return Stream.of(
            OptionCase.of(OptionCase.STREAM, ExtendedSocketOptions.TCP_QUICKACK, true, false),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.IP_MULTICAST_ALL, true, false),
            OptionCase.of(OptionCase.ALL, SystemSocketOptions.SO_PRIORITY, 6, 0),
            OptionCase.of(OptionCase.ALL, SystemSocketOptions.SO_BINDTODEVICE, "lo", ""),
            OptionCase.of(OptionCase.ALL, SystemSocketOptions.SO_INCOMING_CPU, 0),
            OptionCase.of(OptionCase.ALL, SystemSocketOptions.SO_BUSY_POLL, 0),
            OptionCase.of(OptionCase.STREAM, SystemSocketOptions.TCP_QUICKACK, true, false),
            OptionCase.of(OptionCase.LISTENER, SystemSocketOptions.TCP_DEFER_ACCEPT, 1, 0),
            OptionCase.of(OptionCase.TCP, SystemSocketOptions.TCP_USER_TIMEOUT, 5000, 0),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.UDP_SEGMENT, 1000, 0),
            OptionCase.of(OptionCase.UDP, SystemSocketOptions.UDP_GRO, true, false)).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("linuxCases")
    @Tag("any-platform")
    void anOptionOfLinuxIsSetAndReadBack(OptionCase<?> c) throws IOException {
        c.setAndReadBack();
    }

    @ParameterizedTest
    @MethodSource("linuxCases")
    @Tag("any-platform")
    void anOptionOfLinuxIsSetBeforeTheSocketIsBoundOrConnected(OptionCase<?> c) throws IOException {
        c.setBeforeAndReadBack();
    }

    /**
     * The options that the JDK documents, of those that its own channel supports: on a double, that is Linux's channel.
     */
    private static List<SocketOption<?>> documented(NetworkChannel channel) throws ReflectiveOperationException {
        Set<String> others = Behaviour.NUMBERS_ARE_LINUXS.isHere() ? Set.of()
            : Set.of("TCP_QUICKACK", "SO_INCOMING_NAPI_ID");
        List<SocketOption<?>> options = new ArrayList<>();
        for (Class<?> names : List.of(StandardSocketOptions.class, ExtendedSocketOptions.class)) {
            for (Field field : names.getFields()) {
                if (field.get(null) instanceof SocketOption<?> option && channel.supportedOptions().contains(option)
                        && !others.contains(option.name())) {
                    options.add(option);
                }
            }
        }
        return options;
    }

    @Test
    void everyOptionOfTheJdksSocketsIsSupported() throws Exception {
        try (Loop loop = new Loop()) {
            ServerSocketChannel server = loop.later(ServerSocketChannel.open()).bind(new InetSocketAddress(V4, 0));
            TcpStream stream = loop.later(TcpStream.connect((InetSocketAddress) server.getLocalAddress()));
            for (SocketOption<?> option : documented(loop.later(SocketChannel.open()))) {
                stream.getOption(option);
            }
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
            for (SocketOption<?> option : documented(server)) {
                listener.getOption(option);
            }
            UdpSocket socket = loop.later(Peer.bind(V4));
            for (SocketOption<?> option : documented(loop.later(DatagramChannel.open()))) {
                socket.getOption(option);
            }
            assertEquals(false, socket.getOption(ExtendedSocketOptions.IP_DONTFRAGMENT));
        }
    }

    @Test
    void theFamilyCanBeChosenOnlyBeforeBinding() throws IOException {
        try (Loop loop = new Loop()) {
            InetSocketAddress any = new InetSocketAddress("::", 0);
            assertEquals(false, loop.later(UdpSocket.bind(any)).getOption(SystemSocketOptions.IPV6_V6ONLY));
            UdpSocket socket = loop.later(UdpSocket.bind(any, BindOptions.DEFAULT.v6Only(true)));
            assertEquals(true, socket.getOption(SystemSocketOptions.IPV6_V6ONLY));
            assertFails(SocketException.class, "setsockopt", "EINVAL",
                () -> socket.setOption(SystemSocketOptions.IPV6_V6ONLY, false));
        }
    }

    @Test
    void anOptionOfBothFamiliesIsSetForBoth() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require();
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress("::", 0)));
            MemorySegment value = arena.allocate(JAVA_INT);
            Map<SocketOption<Integer>, Integer> inV4 = Map.of(SystemSocketOptions.IP_TTL, Linux.IP_TTL(),
                StandardSocketOptions.IP_TOS, Linux.IP_TOS(),
                StandardSocketOptions.IP_MULTICAST_TTL, Linux.IP_MULTICAST_TTL());
            for (var option : inV4.entrySet()) {
                socket.setOption(option.getKey(), 0x40);
                assertEquals(0x40, socket.getOption(option.getKey()));
                assertTrue(socket.getOption(Linux.IPPROTO_IP(), option.getValue(), value) > 0);
                assertEquals(0x40, value.get(JAVA_INT, 0), option.getKey().name());
            }
        }
    }

    @Test
    void noInterfaceForMulticastIsNull() throws IOException {
        try (Loop loop = new Loop()) {
            for (InetAddress host : List.of(V4, V6)) {
                assertNull(loop.later(Peer.bind(host)).getOption(StandardSocketOptions.IP_MULTICAST_IF));
            }
        }
    }

    @Test
    @Requires({Feature.DESCRIPTOR_PASSING, Feature.UNIX_STREAMS})
    void thePeersCredentialsAreAnOption() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = UnixStream.pair();
            loop.later(pair[0]);
            loop.later(pair[1]);
            assertEquals(ProcessHandle.current().pid(), pair[0].getOption(SystemSocketOptions.SO_PEERCRED).pid());
            assertThrows(UnsupportedOperationException.class, () -> pair[0].setOption(SystemSocketOptions.SO_PEERCRED,
                pair[0].getOption(SystemSocketOptions.SO_PEERCRED)));
        }
    }

    @Test
    @Tag("any-platform")
    void credentialsArePassedByAnOptionOfLinux() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram socket = loop.later(UnixDatagram.unbound());
            for (boolean on : new boolean[] {true, false}) {
                socket.setOption(SystemSocketOptions.SO_PASSCRED, on);
                assertEquals(on, socket.getOption(SystemSocketOptions.SO_PASSCRED));
            }
        }
    }

    @Test
    @Tag("any-platform")
    void readOnlyOptionsCannotBeSet() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            assertNotNull(stream.getOption(SystemSocketOptions.SO_INCOMING_NAPI_ID));
            assertNotNull(stream.getOption(ExtendedSocketOptions.SO_INCOMING_NAPI_ID));
            assertThrows(UnsupportedOperationException.class,
                () -> stream.setOption(SystemSocketOptions.SO_INCOMING_NAPI_ID, 1));
        }
    }

    // ---- rejected options

    @Test
    @Tag("any-platform")
    void anOptionThatTheSystemRefusesThrowsWithTheErrno() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket udp = loop.later(Peer.bind(V4));
            TcpStream tcp = loop.connected().stream();
            assertRefused("EINVAL", () -> udp.setOption(SystemSocketOptions.UDP_SEGMENT, 65536));
            assertRefused("EINVAL", () -> tcp.setOption(SystemSocketOptions.TCP_KEEPIDLE, 0));
            assertRefused("ENODEV", () -> udp.setOption(SystemSocketOptions.SO_BINDTODEVICE, "nonesuch"));
            assertRefused("ENOENT", () -> tcp.setOption(SystemSocketOptions.TCP_CONGESTION, "nonesuch"));
            assertRefused("ENOPROTOOPT", () -> tcp.setOption(SystemSocketOptions.UDP_GRO, true));
            assertThrows(IOException.class, () -> udp.setOption(StandardSocketOptions.TCP_NODELAY, true));
            assertThrows(IOException.class, () -> udp.getOption(StandardSocketOptions.TCP_NODELAY));
            assertRefused("EINVAL", () -> TcpStream.connect(Loop.nobody(),
                ConnectOptions.DEFAULT.with(SystemSocketOptions.TCP_KEEPCNT, 0)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SO_RCVBUF -5", "SO_SNDBUF -1", "IP_TOS -1", "IP_TOS 256", "IP_MULTICAST_TTL -1",
        "IP_MULTICAST_TTL 256"})
    void valuesThatNioRejectsAreRefusedBeforeAnyCall(String refused) throws IOException {
        String[] words = refused.split(" ");
        int value = Integer.parseInt(words[1]);
        SocketOption<Integer> option = new Named<>(words[0], Integer.class);
        try (Loop loop = new Loop(); DatagramChannel nio = DatagramChannel.open()) {
            for (SocketOption<?> known : nio.supportedOptions()) {
                if (known.name().equals(words[0])) {
                    @SuppressWarnings("unchecked") // it has a number
                    SocketOption<Integer> standard = (SocketOption<Integer>) known;
                    assertThrows(IllegalArgumentException.class, () -> nio.setOption(standard, value));
                }
            }
            assertIllegal(loop, option, value);
        }
    }

    @Test
    void valuesOutOfRangeAreRefusedBeforeAnyCall() throws IOException {
        try (Loop loop = new Loop()) {
            for (int hops : new int[] {0, 256, -2}) {
                assertIllegal(loop, SystemSocketOptions.IP_TTL, hops);
            }
        }
    }

    @Test
    @Tag("any-platform")
    void namesThatNoInterfaceCanHaveAreRefusedBeforeAnyCall() throws IOException {
        try (Loop loop = new Loop()) {
            assertIllegal(loop, SystemSocketOptions.SO_BINDTODEVICE, "a name that is too long");
            assertIllegal(loop, SystemSocketOptions.SO_BINDTODEVICE, "lo\0");
        }
    }

    /** No socket is created: a closed one throws ClosedChannelException, and a failed bind leaves no descriptor. */
    private static <T> void assertIllegal(Loop loop, SocketOption<T> option, T value) throws IOException {
        for (InetAddress host : List.of(V4, V6)) {
            UdpSocket udp = loop.later(Peer.bind(host));
            T before = udp.getOption(option);
            IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> udp.setOption(option, value));
            assertTrue(e.getMessage().contains(option.name()), e.getMessage());
            assertEquals(before, udp.getOption(option));
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.bind(new InetSocketAddress(host, 0),
                BindOptions.DEFAULT.with(option, value)));
        }
    }

    @Test
    @Requires({Feature.UNIX_DATAGRAMS, Feature.UNIX_STREAMS})
    void ipv6OnlyAppliesOnlyToIpv6Sockets() throws IOException {
        v6OnlyIsRefused(); // loads the classes: without descriptors none can be loaded
        try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
            v6OnlyIsRefused(); // no socket can be opened
            exhaustion.end();
        }
        try (Loop loop = new Loop()) { // false is allowed for IPv4, which is never IPv6-only
            InetSocketAddress v4 = new InetSocketAddress(V4, 0);
            loop.later(TcpListener.bind(v4, ListenOptions.DEFAULT.v6Only(false)));
            loop.later(UdpSocket.bind(v4, BindOptions.DEFAULT.v6Only(false)));
            loop.later(UnixDatagram.bind(Local.address(loop), BindOptions.DEFAULT.v6Only(false)));
        }
    }

    private static void v6OnlyIsRefused() {
        UnixAddress path = UnixAddress.ofPath(Path.of("nowhere"));
        for (InetSocketAddress v4 : List.of(new InetSocketAddress(V4, 0), new InetSocketAddress(0))) {
            for (boolean dualStack : new boolean[] {true, false}) {
                assertThrows(IllegalArgumentException.class, () -> TcpListener.bind(v4,
                    ListenOptions.DEFAULT.dualStack(dualStack).v6Only(true)));
                assertThrows(IllegalArgumentException.class, () -> UdpSocket.bind(v4,
                    BindOptions.DEFAULT.dualStack(dualStack).v6Only(true)));
            }
        }
        assertThrows(IllegalArgumentException.class, () -> UnixListener.bind(path,
            ListenOptions.DEFAULT.v6Only(true)));
        assertThrows(IllegalArgumentException.class, () -> UnixDatagram.bind(path,
            BindOptions.DEFAULT.v6Only(true)));
        assertThrows(IllegalArgumentException.class, () -> TcpStream.connect(new InetSocketAddress(V4, 1),
            ConnectOptions.DEFAULT.with(SystemSocketOptions.IPV6_V6ONLY, true)));
    }

    @Test
    @Tag("any-platform")
    void aMarkNeedsPrivileges() throws IOException {
        assumeTrue(!System.getProperty("user.name").equals("root"));
        try (Loop loop = new Loop()) {
            UdpSocket udp = loop.later(Peer.bind(V4));
            assertRefused("EPERM", () -> udp.setOption(SystemSocketOptions.SO_MARK, 1));
            assertRefused("EPERM", () -> udp.setOption(SystemSocketOptions.SO_PRIORITY, 7));
        }
    }

    @Test
    @Tag("any-platform")
    void aMarkIsSetWithPrivileges() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"));
        try (Loop loop = new Loop()) {
            UdpSocket udp = loop.later(Peer.bind(V4));
            udp.setOption(SystemSocketOptions.SO_MARK, 7);
            assertEquals(7, udp.getOption(SystemSocketOptions.SO_MARK));
        }
    }

    private static void assertRefused(String errnoName, Executable call) {
        assertFails(SocketException.class, "setsockopt", errnoName, call);
    }

    @Test
    @Requires(Feature.DESCRIPTOR_PASSING)
    void anUnknownOptionIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            SocketOption<Boolean> text = new Named<>("SO_BINDTODEVICE", Boolean.class);
            for (Executable call : List.<Executable>of(() -> socket.setOption(UNKNOWN, 1),
                    () -> socket.getOption(UNKNOWN), () -> socket.setOption(text, true),
                    () -> socket.getOption(text))) {
                assertThrows(UnsupportedOperationException.class, call);
            }
            assertThrows(UnsupportedOperationException.class,
                () -> socket.getOption(ExtendedSocketOptions.SO_PEERCRED), "another type");
            assertThrows(NullPointerException.class, () -> socket.setOption(SystemSocketOptions.IP_TTL, null));
        }
    }

    @Test
    void anUnknownOptionIsRefusedBeforeTheSocketIsCreated() throws IOException {
        bindWithUnknownOptions(); // loads the classes: without descriptors none can be loaded
        try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
            bindWithUnknownOptions(); // no socket can be opened
            exhaustion.end();
        }
    }

    private static void bindWithUnknownOptions() {
        InetSocketAddress any = new InetSocketAddress(V4, 0);
        assertThrows(UnsupportedOperationException.class,
            () -> UdpSocket.bind(any, BindOptions.DEFAULT.with(UNKNOWN, 1)));
        assertThrows(UnsupportedOperationException.class,
            () -> TcpListener.bind(any, ListenOptions.DEFAULT.with(UNKNOWN, 1)));
        assertThrows(UnsupportedOperationException.class,
            () -> TcpStream.connect(any, ConnectOptions.DEFAULT.with(UNKNOWN, 1)));
        assertThrows(UnsupportedOperationException.class, () -> UdpSocket.bind(any,
            BindOptions.DEFAULT.with(SystemSocketOptions.SO_INCOMING_NAPI_ID, 1)));
    }

    @Test
    @SuppressWarnings("unchecked")
    void aValueOfTheWrongTypeIsRefusedWhenItIsSet() {
        SocketOption<Object> raw = (SocketOption<Object>) (SocketOption<?>) SystemSocketOptions.IP_TTL;
        assertThrows(ClassCastException.class, () -> BindOptions.DEFAULT.with(raw, "10"));
        assertThrows(NullPointerException.class, () -> BindOptions.DEFAULT.with(raw, null));
    }

    @Test
    void optionsAreImmutable() {
        String listen = ListenOptions.DEFAULT.toString();
        ListenOptions changed = ListenOptions.DEFAULT.with(SystemSocketOptions.IP_TTL, 10).reusePort(true);
        assertTrue(changed.toString().contains("IP_TTL=10"), changed.toString());
        assertTrue(changed.toString().contains("SO_REUSEPORT=true"), changed.toString());
        assertEquals(listen, ListenOptions.DEFAULT.toString());
        String before = changed.toString();
        changed.reusePort(false);
        changed.with(SystemSocketOptions.IP_TTL, 11);
        assertEquals(before, changed.toString());
        ConnectOptions.DEFAULT.local(new InetSocketAddress(V4, 0)).with(SystemSocketOptions.IP_TTL, 10);
        BindOptions.DEFAULT.reuseAddress(true);
        assertTrue(!ConnectOptions.DEFAULT.toString().contains("IP_TTL"));
        assertTrue(!BindOptions.DEFAULT.toString().contains("REUSE"));
    }

    // ---- by number

    @Test
    void anyOptionCanBeSetAndReadByItsNumber() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require();
        Qemu.lacks("options by the kernel's own lengths");
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            UdpSocket socket = loop.later(Peer.bind(V4));
            MemorySegment value = arena.allocate(JAVA_INT, 2);
            value.set(JAVA_INT, 0, 30_000);
            socket.setOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), value);
            assertEquals(4, socket.getOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), value));
            assertEquals(60_000, value.get(JAVA_INT, 0));
            assertEquals(60_000, socket.getOption(StandardSocketOptions.SO_RCVBUF));
            value.fill((byte) 0);
            assertEquals(2, socket.getOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), value.asSlice(0, 2)), "cut");
            assertEquals((short) 60_000, value.get(JAVA_SHORT, 0));
            assertRefused("ENOPROTOOPT", () -> socket.setOption(Linux.SOL_SOCKET(), 9999, value));
            assertRefused("EINVAL", () -> socket.setOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), value.asSlice(0, 2)));
            assertFails(SocketException.class, "getsockopt", "ENOPROTOOPT",
                () -> socket.getOption(Linux.SOL_SOCKET(), 9999, value));
            MemorySegment heap = MemorySegment.ofArray(new int[1]);
            assertThrows(IllegalArgumentException.class,
                () -> socket.setOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), heap));
            assertThrows(IllegalArgumentException.class,
                () -> socket.getOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), heap));
            assertThrows(IllegalArgumentException.class,
                () -> socket.getOption(Linux.SOL_SOCKET(), Linux.SO_RCVBUF(), value.asReadOnly()));
        }
    }

    /** IP_MSFILTER: the value selects the group and the interface. */
    @Test
    @SuppressWarnings("restricted")
    void anOptionWithAnInputValueIsReadIntoMemoryOfEveryKind() throws IOException {
        Behaviour.NUMBERS_ARE_LINUXS.require();
        Qemu.lacks("IP_MSFILTER");
        int filter = 41;
        try (UdpSocket socket = Peer.bind(V4); Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            InetAddress group = InetAddress.getByName("239.1.2.3");
            NetworkInterface loopback = NetworkInterface.getByInetAddress(V4);
            socket.joinMulticast(group, loopback);
            for (Arena arena : List.of(confined, shared)) {
                MemorySegment value = arena.allocate(16, 4); // struct ip_msfilter: group, interface, mode, sources
                MemorySegment.copy(group.getAddress(), 0, value, JAVA_BYTE, 0, 4);
                MemorySegment.copy(V4.getAddress(), 0, value, JAVA_BYTE, 4, 4);
                value.set(JAVA_INT, 8, 7);
                assertEquals(16, socket.getOption(Linux.IPPROTO_IP(), filter, value));
                assertEquals(0, value.get(JAVA_INT, 8), "MCAST_EXCLUDE");
            }
            MemorySegment tooLarge = MemorySegment.NULL.reinterpret(1L << 31);
            assertThrows(IllegalArgumentException.class,
                () -> socket.getOption(Linux.IPPROTO_IP(), filter, tooLarge));
            assertThrows(IllegalArgumentException.class,
                () -> socket.setOption(Linux.IPPROTO_IP(), filter, tooLarge));
        }
    }

    // ---- effects of options

    @Test
    void aStreamConnectsFromTheLocalAddress() throws IOException {
        try (Loop loop = new Loop(); ServerSocket server = new ServerSocket(0, 50, V4)) {
            InetSocketAddress to = new InetSocketAddress(V4, server.getLocalPort());
            TcpStream stream = loop.later(TcpStream.connect(to,
                ConnectOptions.DEFAULT.local(new InetSocketAddress("127.0.0.2", 0))));
            Socket peer = loop.later(server.accept());
            assertEquals(InetAddress.getByName("127.0.0.2"), peer.getInetAddress());
            assertEquals(peer.getRemoteSocketAddress(), stream.localAddress());

            assertFails(BindException.class, "bind", "EADDRNOTAVAIL", () -> TcpStream.connect(to,
                ConnectOptions.DEFAULT.local(new InetSocketAddress("203.0.113.1", 0))));
            assertFails(BindException.class, "bind", "EADDRINUSE",
                () -> TcpStream.connect(to, ConnectOptions.DEFAULT.local(to)));
            assertThrows(IllegalArgumentException.class,
                () -> TcpStream.connect(to, ConnectOptions.DEFAULT.local(new InetSocketAddress(V6, 0))));
        }
    }

    @Test
    void aStreamThatLingersForNoTimeIsReset() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            pair.stream().setOption(StandardSocketOptions.SO_LINGER, 0);
            pair.stream().close();
            assertReset(pair.peer());
        }
    }

    @Test
    @Tag("any-platform")
    void aDeferringListenerReportsAConnectionOnceItHasData() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0),
                ListenOptions.DEFAULT.with(SystemSocketOptions.TCP_DEFER_ACCEPT, 10)));
            loop.register(listener, 1, R);
            Socket peer = loop.later(new Socket(V4, listener.localAddress().getPort()));
            loop.expectNothing();
            assertNull(listener.accept());
            peer.getOutputStream().write('x');
            loop.expect(readable(1));
            TcpStream stream = loop.later(listener.accept());
            assertEquals(1, stream.read(new byte[2], 0, 2));
        }
    }

    @Test
    @Requires(Feature.TCP_INFO)
    void theInfoOfAConnectionIsPlausible() throws IOException {
        Behaviour.TCP_INFO_IS_MISSING.skip();
        Qemu.lacks("TCP_INFO");
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.accepted();
            TcpInfo info = TcpInfo.create();
            assertEquals(0, info.state());
            assertEquals(1000, pair.stream().write(new byte[1000], 0, 1000));
            pair.peer().getInputStream().readNBytes(1000);
            pair.peer().getOutputStream().write(new byte[500]);
            Loop.readFully(pair.stream(), 500);
            until("acknowledged", () -> {
                pair.stream().info(info);
                return info.unacked() <= 0;
            });
            assertEquals(1, info.state(), "ESTABLISHED");
            assertKnown(1000, info.bytesAcked());
            assertKnown(1000, info.bytesSent());
            assertKnown(500, info.bytesReceived());
            for (long none : new long[] {info.bytesRetrans(), info.totalRetrans(), info.retrans(), info.retransmits(),
                info.lost(), info.notsentBytes()}) {
                assertKnown(0, none);
            }
            assertTrue(isKnown(info.segsOut(), 1) && isKnown(info.segsIn(), 2), info::toString);
            for (long positive : new long[] {info.rttVar(), info.minRtt(), info.rcvMss(), info.pmtu(), info.rto(),
                info.sndSsthresh()}) {
                assertTrue(isKnown(positive, 1), info::toString);
            }
            for (long positive : new long[] {info.rtt(), info.sndMss(), info.sndCwnd(), info.rcvSpace()}) { // on all
                assertTrue(positive > 0, info::toString);
            }
            assertTrue(info.rtt() < 10_000_000 && isKnown(info.pmtu(), 1280), info::toString);
            assertTrue(info.lastDataSent() < 60_000 && info.lastDataRecv() < 60_000, info::toString);
            if (!Behaviour.TCP_INFO_IS_SMALLER.isHere()) {
                assertTrue(info.pacingRate() != 0 && info.deliveryRate() >= 0, info::toString);
                assertTrue(info.toString().contains("acknowledged 1000 B, received 500 B"), info::toString);
            }

            pair.peer().close();
            until("FIN received", () -> {
                pair.stream().info(info);
                return info.state() == 8; // CLOSE_WAIT
            });
        }
    }

    /** Asserts a field that is -1 where the system lacks it. */
    private static void assertKnown(long expected, long field) {
        assertEquals(Behaviour.TCP_INFO_IS_SMALLER.isHere() && field == -1 ? -1 : expected, field);
    }

    private static boolean isKnown(long field, long atLeast) {
        return field >= atLeast || Behaviour.TCP_INFO_IS_SMALLER.isHere() && field == -1;
    }

    @Test
    @Tag("any-platform")
    void theCountersOfAnInfoAreUnsigned() throws ReflectiveOperationException {
        TcpInfo info = TcpInfo.create();
        info.segment().fill((byte) -1);
        Set<String> rates = Set.of("pacingRate", "deliveryRate", "bytesAcked", "bytesReceived", "bytesSent",
            "bytesRetrans"); // 64 bits wide
        assertEquals(255, info.state());
        assertEquals(255, info.retransmits());
        for (Method method : TcpInfo.class.getDeclaredMethods()) {
            if (method.getReturnType() == long.class && !method.getName().equals("retransmits")) {
                assertEquals(rates.contains(method.getName()) ? -1 : 0xFFFF_FFFFL, method.invoke(info),
                    method.getName());
            }
        }
    }

    @Test
    @Requires(Feature.TCP_INFO)
    void theInfoCountsTheHandshakeOfAStreamThatHasConnected() throws IOException {
        Behaviour.TCP_INFO_IS_MISSING.skip();
        Qemu.lacks("TCP_INFO");
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            TcpInfo info = TcpInfo.create();
            assertEquals(10, pair.stream().write(new byte[10], 0, 10));
            until("acknowledged", () -> {
                pair.stream().info(info);
                return info.unacked() <= 0;
            });
            assertKnown(10, info.bytesSent());
            assertKnown(11, info.bytesAcked());
            int established = Behaviour.TCP_INFO_IS_SMALLER.isHere() ? 4 : 1;
            assertEquals(established, info.segment().get(JAVA_BYTE, 0), "the state, as the headers have it");
        }
    }
}
