package io.panamio.test.unix;

import static io.panamio.test.support.Failures.assertFails;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.net.ConnectOptions;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@Tag("any-selector")
@Requires({Feature.UNIX_STREAMS, Feature.UNIX_DATAGRAMS})
class UnixAddressTest {
    private static final int MAX = Behaviour.UNIX_PATHS_ARE_SHORTER.isHere() ? 103 : 107;

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** Returns a path of the given length, in the loop's directory. */
    private static byte[] path(Loop loop, int length) {
        byte[] begin = Local.path(loop).toString().getBytes();
        byte[] path = Arrays.copyOf(begin, length);
        Arrays.fill(path, begin.length, length, (byte) 'x');
        loop.later((AutoCloseable) () -> Files.deleteIfExists(Path.of(new String(path))));
        return path;
    }

    /** Creates a directory, which is deleted with its files. */
    private static Path directory(Loop loop) throws IOException {
        Path directory = Files.createDirectory(Local.path(loop));
        loop.later((AutoCloseable) () -> {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        });
        return directory;
    }

    // ---- forms of addresses

    @Test
    void aPathIsAPath() {
        UnixAddress address = UnixAddress.ofPath(Path.of("/tmp/name"));
        assertTrue(address.isPath());
        assertFalse(address.isAbstract() || address.isUnnamed());
        assertEquals(Path.of("/tmp/name"), address.path());
        assertArrayEquals("/tmp/name".getBytes(), address.bytes());
        assertEquals("/tmp/name", address.toString());
        assertEquals(Path.of("a/../b"), UnixAddress.ofPath(Path.of("a/../b")).path());
    }

    @Test
    void aPathIsEncodedAsTheJdkDoes() {
        assumeTrue(System.getProperty("sun.jnu.encoding").equals("UTF-8"), "the locale has another encoding");
        UnixAddress address = UnixAddress.ofPath(Path.of("/tmp/ä"));
        assertArrayEquals("/tmp/ä".getBytes(UTF_8), address.bytes());
        assertEquals(Path.of("/tmp/ä"), address.path());
        assertEquals("/tmp/ä", address.toString());
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void anAbstractNameHasNoPath() {
        UnixAddress address = UnixAddress.ofAbstract("name".getBytes());
        assertTrue(address.isAbstract());
        assertFalse(address.isPath() || address.isUnnamed());
        assertArrayEquals("name".getBytes(), address.bytes());
        assertEquals("@name", address.toString());
        assertThrows(IllegalStateException.class, address::path);
        assertThrows(UnsupportedOperationException.class, address::toJdk);
    }

    @Test
    void unnamedIsNeither() {
        UnixAddress address = UnixAddress.unnamed();
        assertTrue(address.isUnnamed());
        assertFalse(address.isPath() || address.isAbstract());
        assertEquals(0, address.bytes().length);
        assertEquals("(unnamed)", address.toString());
        assertThrows(IllegalStateException.class, address::path);
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void equalsAndHashCodeCompareKindAndBytes() {
        UnixAddress path = UnixAddress.ofPath(Path.of("name"));
        UnixAddress name = UnixAddress.ofAbstract("name".getBytes());
        assertEquals(path, UnixAddress.ofBytes("name".getBytes()));
        assertEquals(path.hashCode(), UnixAddress.ofBytes("name".getBytes()).hashCode());
        assertEquals(name, UnixAddress.ofAbstract("name".getBytes()));
        assertNotEquals(path, name);
        assertNotEquals(name, UnixAddress.ofAbstract("name\0".getBytes()));
        assertNotEquals(UnixAddress.unnamed(), UnixAddress.ofAbstract(new byte[0]));
        assertNotEquals(path, null);
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void bytesAreCopied() {
        byte[] name = "name".getBytes();
        UnixAddress address = UnixAddress.ofAbstract(name);
        name[0] = 'x';
        address.bytes()[1] = 'x';
        assertArrayEquals("name".getBytes(), address.bytes());
    }

    @Test
    void theJdksAddressesCorrespond() {
        UnixDomainSocketAddress jdk = UnixDomainSocketAddress.of("/tmp/name");
        assertEquals(jdk, UnixAddress.of(jdk).toJdk());
        assertEquals(UnixAddress.ofPath(Path.of("/tmp/name")), UnixAddress.of(jdk));
        UnixDomainSocketAddress unnamed = UnixDomainSocketAddress.of("");
        assertEquals(UnixAddress.unnamed(), UnixAddress.of(unnamed));
        assertEquals(unnamed, UnixAddress.unnamed().toJdk());
    }

    @Test
    void anUndecodablePathIsNeverReplacedByAnother() {
        UnixAddress address = UnixAddress.ofBytes(bytes('/', 0xff));
        assertThrows(InvalidPathException.class, address::path);
        assertThrows(InvalidPathException.class, address::toJdk);
        assertArrayEquals(bytes('/', 0xff), address.bytes());
    }

    @Test
    void anUndecodablePathCannotBecomeAPath() throws IOException {
        try (Loop loop = new Loop()) {
            Path directory = directory(loop);
            UnixDatagram.bind(notText(directory + "/", "name")).close();
            try (Stream<Path> files = Files.list(directory)) {
                Path file = files.findFirst().orElseThrow();
                assertThrows(IllegalArgumentException.class, () -> UnixAddress.ofPath(file));
            }
        }
    }

    // ---- rejected addresses

    @Test
    void anEmptyPathIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.ofPath(Path.of("")));
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.ofBytes(new byte[0]));
    }

    @Test
    void aZeroInAPathIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.ofBytes(bytes('a', 0, 'b')));
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.ofBytes(bytes('a', 0)));
    }

    @Test
    @Requires({Feature.ABSTRACT_ADDRESSES, Feature.UNIX_SEQPACKETS})
    void anAddressThatIsTooLongIsRefusedBeforeAnySystemCall() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram socket = loop.later(UnixDatagram.unbound());
            byte[] name = path(loop, MAX + 1);
            for (UnixAddress address : List.of(UnixAddress.ofBytes(name), UnixAddress.ofAbstract(name))) {
                ConnectOptions fromThere = ConnectOptions.DEFAULT.local(address);
                List<Executable> uses = List.of(() -> UnixStream.connect(address), () -> UnixListener.bind(address),
                    () -> UnixStream.connect(Local.address(loop), fromThere), () -> UnixDatagram.bind(address),
                    () -> UnixSeqpacket.connect(address), () -> socket.connect(address),
                    () -> socket.sendTo(MemorySegment.NULL, address), () -> SocketAddressBuffer.of(address));
                for (int i = 0; i < uses.size(); i++) {
                    IllegalArgumentException e =
                        assertThrows(IllegalArgumentException.class, uses.get(i), address + ", use " + i);
                    assertTrue(e.getMessage().contains("108 bytes, of at most 107"), e.getMessage());
                }
            }
            assertFalse(Files.exists(Path.of(new String(name))));
        }
    }

    @Test
    @Requires(Feature.UNIX_SEQPACKETS)
    void anAddressWithoutANameCannotBeConnectedOrSentTo() throws IOException {
        try (Loop loop = new Loop()) {
            UnixDatagram socket = loop.later(UnixDatagram.unbound());
            List<Executable> uses = List.of(() -> UnixStream.connect(UnixAddress.unnamed()),
                () -> UnixSeqpacket.connect(UnixAddress.unnamed()), () -> socket.connect(UnixAddress.unnamed()),
                () -> socket.sendTo(MemorySegment.NULL, UnixAddress.unnamed()),
                () -> socket.sendTo(MemorySegment.NULL, SocketAddressBuffer.create()),
                () -> socket.sendTo(MemorySegment.NULL, SocketAddressBuffer.of(UnixAddress.unnamed())));
            for (int i = 0; i < uses.size(); i++) {
                assertThrows(IllegalArgumentException.class, uses.get(i), "use " + i);
            }
        }
    }

    // ---- round trips through the system

    /** Binds a listener and a client, and checks every method that returns an address. */
    private static void assertRoundTrip(Loop loop, UnixAddress server, UnixAddress client) throws IOException {
        UnixListener listener = loop.later(UnixListener.bind(server));
        assertEquals(server, listener.localAddress());
        UnixStream stream = loop.later(UnixStream.connect(server, ConnectOptions.DEFAULT.local(client)));
        assertEquals(client, stream.localAddress());
        assertEquals(server, stream.peerAddress());
        SocketAddressBuffer from = SocketAddressBuffer.create();
        UnixStream accepted = loop.later(listener.accept(from));
        assertEquals(client, from.get());
        assertEquals(client, accepted.peerAddress());
        assertEquals(server, accepted.localAddress());
    }

    @Test
    void pathsOfTheMaximumLengthMakeTheRoundTrip() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress server = UnixAddress.ofBytes(path(loop, MAX));
            assertRoundTrip(loop, server, UnixAddress.ofBytes(path(loop, MAX)));
        }
    }

    @Test
    void pathsThatAreNotTextMakeTheRoundTrip() throws IOException {
        try (Loop loop = new Loop()) {
            String directory = directory(loop) + "/";
            assertRoundTrip(loop, notText(directory, "server"), notText(directory, "client"));
        }
    }

    private static UnixAddress notText(String directory, String name) {
        byte[] path = (directory + name + "##").getBytes();
        path[path.length - 2] = (byte) 0xff;
        path[path.length - 1] = (byte) 0xc0;
        return UnixAddress.ofBytes(path);
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void abstractNamesKeepEveryByte() throws IOException {
        byte[] longest = new byte[MAX];
        longest[MAX - 1] = 7;
        byte[] id = Local.abstractAddress().bytes();
        byte[] zeros = Arrays.copyOf(id, id.length + 3);
        byte[] first = new byte[id.length + 1];
        System.arraycopy(id, 0, first, 1, id.length);
        try (Loop loop = new Loop()) {
            for (byte[] name : List.of(id, zeros, first, longest)) {
                byte[] client = name.clone();
                client[client.length / 2] = (byte) 0xff;
                assertRoundTrip(loop, UnixAddress.ofAbstract(name), UnixAddress.ofAbstract(client));
            }
        }
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void theSystemChoosesAnAbstractNameForAnEmptyOne() throws IOException {
        try (Loop loop = new Loop()) {
            for (UnixAddress none : List.of(UnixAddress.unnamed(), UnixAddress.ofAbstract(new byte[0]))) {
                UnixListener listener = loop.later(UnixListener.bind(none));
                assertTrue(listener.localAddress().isAbstract());
                assertEquals(5, listener.localAddress().bytes().length);
                UnixDatagram socket = loop.later(UnixDatagram.bind(none));
                assertTrue(socket.localAddress().isAbstract());
                assertNotEquals(listener.localAddress(), socket.localAddress());
                UnixStream stream = loop.later(UnixStream.connect(listener.localAddress(),
                    ConnectOptions.DEFAULT.local(none)));
                assertTrue(stream.localAddress().isAbstract());
            }
        }
    }

    @Test
    void aPeerWithoutANameIsUnnamed() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            UnixStream stream = loop.later(UnixStream.connect(address));
            assertEquals(UnixAddress.unnamed(), stream.localAddress());
            SocketAddressBuffer from = SocketAddressBuffer.of(address);
            assertEquals(UnixAddress.unnamed(), loop.later(listener.accept(from)).peerAddress());
            assertTrue(from.isEmpty());
            assertNull(from.get());
        }
    }

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void anAbstractNameIsFreeAfterItsLastSocketIsClosed() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress name = Local.abstractAddress();
            UnixListener.bind(name).close();
            assertFails(SocketException.class, "connect", "ECONNREFUSED", () -> UnixStream.connect(name));
            loop.later(UnixListener.bind(name));
        }
    }

    // ---- paths of the maximum length, without a terminating zero

    @Test
    void aPeerWithAPathOf108BytesIsAcceptedAndReported() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] path = path(loop, MAX + 1);
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            int peer = NativeCalls.unixSocket(1);
            loop.later((AutoCloseable) () -> NativeFds.close(peer));
            assertEquals(0, NativeCalls.unixBind(peer, path));
            assertEquals(0, NativeCalls.unixConnect(peer, address.bytes()));
            SocketAddressBuffer from = SocketAddressBuffer.create();
            UnixStream stream = loop.later(listener.accept(from));
            assertEquals(UnixAddress.ofBytes(path), from.get());
            assertEquals(UnixAddress.ofBytes(path), stream.peerAddress());
        }
    }

    @Test
    void aSenderWithAPathOf108BytesCanBeAnswered() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] path = path(loop, MAX + 1);
            UnixAddress address = Local.address(loop);
            UnixDatagram socket = loop.later(UnixDatagram.bind(address));
            int raw = NativeCalls.unixSocket(2);
            assertEquals(0, NativeCalls.unixBind(raw, path));
            IoSource.makeNonBlocking(raw);
            UnixDatagram peer = loop.later(UnixDatagram.fromFd(raw));
            assertEquals(UnixAddress.ofBytes(path), peer.localAddress());
            peer.connect(address);
            peer.send("ab".getBytes(), 0, 2);

            byte[] got = new byte[4];
            SocketAddressBuffer from = SocketAddressBuffer.create();
            assertEquals(2, socket.recvFrom(got, 0, 4, from));
            assertEquals(UnixAddress.ofBytes(path), from.get());
            assertEquals(2, socket.sendTo(got, 0, 2, from));
            assertEquals(2, peer.recv(got, 2, 2));
            assertArrayEquals("abab".getBytes(), got);

            peer.send("cd".getBytes(), 0, 2);
            DatagramBatch batch = DatagramBatch.allocate(1, 4);
            assertEquals(1, socket.recvBatch(batch));
            assertEquals(1, socket.sendBatch(batch, 0));
            assertEquals(2, peer.recv(got, 0, 4));
            assertArrayEquals("cdab".getBytes(), got);
        }
    }
}
