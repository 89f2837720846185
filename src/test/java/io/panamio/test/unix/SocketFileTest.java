package io.panamio.test.unix;

import static io.panamio.test.support.Failures.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.net.BindOptions;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The file that a Unix socket is bound to: its permissions, its replacement and its deletion. */
@Tag("any-selector")
@Requires({Feature.UNIX_STREAMS, Feature.UNIX_DATAGRAMS})
class SocketFileTest {
    /** The kinds of sockets that can be bound to a path. */
    private enum Kind {
        STREAM, SEQPACKET, DATAGRAM;

        IoSource bind(UnixAddress address, Set<PosixFilePermission> permissions, boolean replace, boolean delete)
                throws IOException {
            ListenOptions listen = ListenOptions.DEFAULT.replaceDead(replace).deleteOnClose(delete);
            BindOptions bind = BindOptions.DEFAULT.replaceDead(replace).deleteOnClose(delete);
            if (permissions != null) {
                listen = listen.permissions(permissions);
                bind = bind.permissions(permissions);
            }
            return switch (this) {
                case STREAM -> UnixListener.bind(address, listen);
                case SEQPACKET -> UnixSeqpacketListener.bind(address, listen);
                case DATAGRAM -> UnixDatagram.bind(address, bind);
            };
        }

        IoSource bind(UnixAddress address) throws IOException {
            return bind(address, null, false, false);
        }

        IoSource replace(UnixAddress address) throws IOException {
            return bind(address, null, true, false);
        }

        /** Asserts that the file is bound to a live socket of this kind. */
        void assertAlive(UnixAddress address) throws IOException {
            switch (this) {
                case STREAM -> UnixStream.connect(address).close();
                case SEQPACKET -> UnixSeqpacket.connect(address).close();
                case DATAGRAM -> {
                    try (UnixDatagram socket = UnixDatagram.unbound()) {
                        socket.connect(address);
                    }
                }
            }
        }
    }

    static List<Kind> kinds() {
        return Feature.UNIX_SEQPACKETS.isAvailable() ? List.of(Kind.values()) : List.of(Kind.STREAM, Kind.DATAGRAM);
    }

    /** Creates the file of a socket that no longer exists. */
    private static UnixAddress dead(Loop loop, Kind kind) throws IOException {
        UnixAddress address = Local.address(loop);
        kind.bind(address).close();
        assertTrue(Files.exists(address.path()), "close leaves it");
        return address;
    }

    // ---- permissions

    @ParameterizedTest
    @MethodSource("kinds")
    void theFileHasThePermissionsWhateverTheUmask(Kind kind) throws IOException {
        for (String text : List.of("rwxrwxrwx", "rw-rw----", "rw-------", "--------x", "---------")) {
            try (Loop loop = new Loop()) {
                UnixAddress address = Local.address(loop);
                loop.later(kind.bind(address, PosixFilePermissions.fromString(text), false, false));
                assertEquals(text, PosixFilePermissions.toString(Files.getPosixFilePermissions(address.path())));
                if (text.startsWith("rw")) {
                    kind.assertAlive(address);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theFileNeverHasMorePermissions(Kind kind) throws Exception {
        Behaviour.PERMISSIONS_FOLLOW_THE_BIND.skip();
        Set<PosixFilePermission> own = EnumSet.of(PosixFilePermission.OWNER_WRITE);
        AtomicBoolean over = new AtomicBoolean();
        try (Loop loop = new Loop()) {
            Path path = Local.path(loop);
            AtomicInteger seen = new AtomicInteger();
            Future<Void> watcher = Background.start(() -> {
                while (!over.get()) {
                    try {
                        assertEquals(own, Files.getPosixFilePermissions(path));
                        seen.incrementAndGet();
                    } catch (NoSuchFileException e) {
                        continue; // not bound at the moment
                    }
                }
                return null;
            });
            long deadline = System.nanoTime() + Loop.LONG.toNanos();
            for (int i = 0; (i < 300 || seen.get() < 10) && !watcher.isDone() && System.nanoTime() < deadline; i++) {
                kind.bind(UnixAddress.ofPath(path), own, false, true).close();
            }
            over.set(true);
            Background.result(watcher);
            assertTrue(seen.get() >= 10);
        }
    }

    // ---- replacing

    @ParameterizedTest
    @MethodSource("kinds")
    void aDeadSocketIsReplacedIfConfigured(Kind kind) throws IOException {
        for (Kind before : kinds()) {
            try (Loop loop = new Loop()) {
                UnixAddress address = dead(loop, before);
                assertFails(BindException.class, "bind", "EADDRINUSE", () -> kind.bind(address));
                loop.later(kind.replace(address));
                kind.assertAlive(address);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFreePathIsBoundAsUsual(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            loop.later(kind.replace(address));
            kind.assertAlive(address);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aLiveSocketIsNotReplacedAndNotDisturbed(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            for (Kind alive : kinds()) {
                UnixAddress address = Local.address(loop);
                IoSource socket = loop.later(alive.bind(address));
                assertFails(BindException.class, "bind", "EADDRINUSE", () -> kind.replace(address));
                if (socket instanceof UnixListener listener) {
                    assertNull(listener.accept());
                }
                if (socket instanceof UnixSeqpacketListener listener) {
                    assertNull(listener.accept());
                }
                alive.assertAlive(address);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aSocketThatWillListenAndOneThatHasAnotherPeerAreAlive(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            for (int type : new int[] {1, 5}) {
                UnixAddress address = Local.address(loop);
                int fd = NativeCalls.unixSocket(type);
                assertEquals(0, NativeCalls.unixBind(fd, address.bytes()));
                assertFails(BindException.class, "bind", "EADDRINUSE", () -> kind.replace(address));
                assertTrue(Files.exists(address.path()));
                NativeFds.close(fd);
                loop.later(kind.replace(address));
            }
            UnixAddress taken = Local.address(loop);
            UnixAddress peer = Local.address(loop);
            loop.later(UnixDatagram.bind(peer));
            loop.later(UnixDatagram.bind(taken)).connect(peer);
            assertFails(BindException.class, "bind", "EADDRINUSE", () -> kind.replace(taken));
            assertTrue(Files.exists(taken.path()));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anythingButASocketIsNotReplaced(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            List<Path> others = List.of(Files.createFile(Local.path(loop)), Files.createDirectory(Local.path(loop)),
                Files.createSymbolicLink(Local.path(loop), dead(loop, kind).path()),
                Files.createSymbolicLink(Local.path(loop), Local.path(loop)));
            for (Path other : others) {
                assertFails(BindException.class, "bind", "EADDRINUSE",
                    () -> kind.replace(UnixAddress.ofPath(other)));
                assertTrue(Files.exists(other, LinkOption.NOFOLLOW_LINKS), other.toString());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void onlyOneOfManyReplacesADeadSocket(Kind kind) throws Exception {
        for (int round = 0; round < 100; round++) {
            try (Loop loop = new Loop()) {
                UnixAddress address = dead(loop, kind);
                List<Future<IoSource>> all = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    all.add(Background.start(() -> {
                        try {
                            return kind.replace(address);
                        } catch (BindException e) {
                            return null;
                        }
                    }));
                }
                int bound = 0;
                for (Future<IoSource> one : all) {
                    IoSource socket = Background.result(one);
                    if (socket != null) {
                        loop.later(socket);
                        bound++;
                    }
                }
                assertEquals(1, bound, "round " + round);
                kind.assertAlive(address);
            }
        }
    }

    @Test
    void aForeignLockDelaysABindOnlyBriefly(@TempDir Path directory) throws Exception {
        UnixAddress address = UnixAddress.ofPath(directory.resolve("dead"));
        UnixListener.bind(address).close();
        int lock = NativeCalls.lock(directory);
        try {
            Background.result(Background.start(() -> {
                IoSource free = Kind.STREAM.bind(UnixAddress.ofPath(directory.resolve("free")), null, true, true);
                free.close(); // nothing to wait for
                return assertFails(BindException.class, "bind", "EADDRINUSE", () -> Kind.STREAM.replace(address));
            }));
        } finally {
            NativeFds.close(lock);
        }
        Kind.STREAM.replace(address).close();
        assertFalse(Files.exists(directory.resolve("free")));
    }

    // ---- deleting

    @ParameterizedTest
    @MethodSource("kinds")
    void theFileIsDeletedWithTheSocketIfConfigured(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            for (int i = 0; i < 2; i++) {
                IoSource socket = kind.bind(address, null, false, true);
                assertTrue(Files.exists(address.path()));
                socket.close();
                assertFalse(Files.exists(address.path()));
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anotherFileAtThePathIsKept(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            IoSource first = kind.bind(address, null, false, true);
            Files.delete(address.path());
            first.close();
            assertFalse(Files.exists(address.path()));

            IoSource second = kind.bind(address, null, false, true);
            Files.delete(address.path());
            loop.later(kind.bind(address));
            second.close();
            kind.assertAlive(address);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aDetachedDescriptorKeepsItsFile(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            int fd = kind.bind(address, null, false, true).detach();
            kind.assertAlive(address);
            NativeFds.close(fd);
            assertTrue(Files.exists(address.path()));
        }
    }

    // ---- sockets without a file

    @Test
    @Requires(Feature.ABSTRACT_ADDRESSES)
    void onlyAPathHasAFile() {
        InetSocketAddress any = new InetSocketAddress(Loop.V4, 0);
        List<ListenOptions> listen = List.of(ListenOptions.DEFAULT.permissions(Set.of()),
            ListenOptions.DEFAULT.replaceDead(true), ListenOptions.DEFAULT.deleteOnClose(true));
        List<BindOptions> bind = List.of(BindOptions.DEFAULT.permissions(Set.of()),
            BindOptions.DEFAULT.replaceDead(true), BindOptions.DEFAULT.deleteOnClose(true));
        for (int i = 0; i < 3; i++) {
            ListenOptions listening = listen.get(i);
            BindOptions binding = bind.get(i);
            assertThrows(IllegalArgumentException.class, () -> TcpListener.bind(any, listening));
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.bind(any, binding));
            for (UnixAddress address : List.of(UnixAddress.unnamed(), Local.abstractAddress())) {
                assertThrows(IllegalArgumentException.class, () -> UnixListener.bind(address, listening));
                assertThrows(IllegalArgumentException.class, () -> UnixSeqpacketListener.bind(address, listening));
                assertThrows(IllegalArgumentException.class, () -> UnixDatagram.bind(address, binding));
            }
        }
    }
}
