package io.panamio.test.unix;

import static io.panamio.IoResult.EOF;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Local.readFully;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.readable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.IoSource;
import io.panamio.SystemError;
import io.panamio.net.ControlMessages;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@Requires(Feature.UNIX_STREAMS)
class UnixListenerTest {
    @Test
    void acceptsUntilNoneIsPending() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            assertTrue(NativeFds.isNonBlocking(listener.fd()));
            assertTrue(NativeFds.isCloseOnExec(listener.fd()));
            assertEquals(address, listener.localAddress());
            assertNull(listener.takeError());
            loop.register(listener, 1, RW);
            loop.expectNothing();

            for (int i = 0; i < 3; i++) {
                SocketChannel peer = Local.client(loop, address);
                assertEquals("r", loop.next(1));
                UnixStream stream = loop.later(listener.accept());
                assertTrue(NativeFds.isNonBlocking(stream.fd()));
                assertTrue(NativeFds.isCloseOnExec(stream.fd()));
                Local.send(peer, new byte[7]);
                readFully(stream, 7);
                assertNull(listener.accept());
            }
        }
    }

    @Test
    void oneEventReportsManyConnections() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            Local.client(loop, address);
            Local.client(loop, address);
            loop.register(listener, 1, R);
            loop.expect(readable(1));
            loop.later(listener.accept());
            if (!Behaviour.ACCEPTS_ARE_REPORTED.isHere()) {
                loop.expectNothing();
            }
            loop.later(listener.accept());
            assertNull(listener.accept());
        }
    }

    @Test
    @Tag("any-selector")
    void acceptReportsThePeersAddress() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixAddress local = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            SocketChannel named = loop.later(SocketChannel.open(StandardProtocolFamily.UNIX));
            named.bind(local.toJdk()).connect(address.toJdk());
            SocketAddressBuffer from = SocketAddressBuffer.create();
            assertEquals(local, loop.later(listener.accept(from)).peerAddress());
            assertEquals(local, from.get());
            assertNull(listener.accept(from));
            assertTrue(from.isEmpty());
            Local.client(loop, address);
            assertEquals(UnixAddress.unnamed(), loop.later(listener.accept(from)).peerAddress());
            assertTrue(from.isEmpty());
        }
    }

    @Test
    void aDeregisteredListenerIsQuiet() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            loop.register(listener, 1, R);
            loop.expectNothing();
            Local.client(loop, address);
            loop.poll.registry().deregister(listener);
            loop.expectNothing();
            loop.later(listener.accept());
        }
    }

    @Test
    @Tag("any-selector")
    void anExistingPathIsInUse() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            BindException e =
                assertFails(BindException.class, "bind", "EADDRINUSE", () -> UnixListener.bind(address));
            assertTrue(e.getMessage().contains(address.toString()), e.getMessage());
            listener.close();
            assertTrue(Files.exists(address.path()), "close leaves the file");
            assertFails(BindException.class, "bind", "EADDRINUSE", () -> UnixListener.bind(address));
            Files.delete(address.path());
            loop.later(UnixListener.bind(address));

            UnixAddress file = UnixAddress.ofPath(Files.createFile(Local.path(loop)));
            assertFails(BindException.class, "bind", "EADDRINUSE", () -> UnixListener.bind(file));
            UnixAddress nowhere = UnixAddress.ofPath(Local.path(loop).resolve("socket"));
            assertFails(SocketException.class, "bind", "ENOENT", () -> UnixListener.bind(nowhere));
        }
    }

    @Test
    void closingAListenerResetsUnacceptedConnections() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            UnixStream stream = loop.later(UnixStream.connect(address));
            loop.register(stream, 1, RW);
            loop.expect(Loop.writable(1));
            listener.close();
            if (Behaviour.UNACCEPTED_CONNECTIONS_END_WITHOUT_ERROR.isHere()) {
                loop.expect(new Loop.Expected(1, "rc wc"));
            } else {
                loop.expect(new Loop.Expected(1, "rc wc e"));
                assertFails(SocketException.class, "recv", "ECONNRESET", () -> stream.read(new byte[1], 0, 1));
            }
            assertEquals(EOF, stream.read(new byte[1], 0, 1));
            assertFails(SocketException.class, "send", "EPIPE", () -> stream.write(new byte[1], 0, 1));
        }
    }

    /** On macOS and FreeBSD, the error of either is EPIPE, which hides a reset. */
    @Test
    @Tag("any-selector")
    void aMessageFailsAsAWriteDoes() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            UnixStream writer = loop.later(UnixStream.connect(address));
            UnixStream sender = loop.later(UnixStream.connect(address));
            listener.close();
            IOException written = assertThrows(SocketException.class, () -> writer.write(new byte[1], 0, 1));
            MemorySegment message = Arena.ofAuto().allocate(1);
            IOException sent = assertThrows(SocketException.class,
                () -> sender.sendMsg(message, ControlMessages.withCapacity(64)));
            assertEquals(((SystemError) written).errnoName(), ((SystemError) sent).errnoName());
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedClientIsStillAccepted() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            UnixListener listener = loop.later(UnixListener.bind(address));
            SocketChannel peer = Local.client(loop, address);
            Local.send(peer, new byte[2]);
            peer.close();
            UnixStream stream = loop.later(listener.accept());
            readFully(stream, 2);
            assertEquals(EOF, stream.read(new byte[1], 0, 1));
        }
    }

    @Test
    void adoptsADescriptorAndDetachesIt() throws IOException {
        try (Loop loop = new Loop()) {
            UnixAddress address = Local.address(loop);
            int fd = UnixListener.bind(address).detach();
            assertTrue(NativeFds.isOpen(fd));
            UnixListener listener = loop.later(UnixListener.fromFd(fd));
            loop.register(listener, 1, R);
            Local.client(loop, address);
            loop.expect(readable(1));
            loop.later(listener.accept());
            listener.close();
            assertFalse(NativeFds.isOpen(fd));
        }
    }

    @Test
    @Tag("any-selector")
    @Requires(Feature.DESCRIPTORS)
    void fromFdRefusesAnythingButAUnixListener() throws IOException {
        try (Loop loop = new Loop()) {
            int[] others = {NativeCalls.socket(), NativeCalls.eventfd(0), NativeCalls.unixSocket(2)};
            for (int fd : others) {
                assertThrows(IllegalArgumentException.class, () -> UnixListener.fromFd(fd));
                assertTrue(NativeFds.isOpen(fd));
                NativeFds.close(fd);
            }
            int blocking = UnixListener.bind(Local.address(loop)).detach();
            NativeFds.setBlocking(blocking);
            assertThrows(IllegalArgumentException.class, () -> UnixListener.fromFd(blocking));
            IoSource.makeNonBlocking(blocking);
            UnixListener listener = loop.later(UnixListener.fromFd(blocking));
            assertTrue(NativeFds.isNonBlocking(blocking));
            assertNull(listener.accept());
        }
        assertFails(IOException.class, "getsockopt", "EBADF", () -> UnixListener.fromFd(1 << 20));
    }

    @Test
    void everythingIsRefusedAfterTheClose() throws IOException {
        try (Loop loop = new Loop()) {
            UnixListener listener = UnixListener.bind(Local.address(loop));
            listener.close();
            listener.close();
            List<Executable> operations = List.of(listener::accept, listener::localAddress, listener::takeError,
                listener::fd, listener::detach, () -> loop.register(listener, 1, R));
            for (int i = 0; i < operations.size(); i++) {
                assertThrows(ClosedChannelException.class, operations.get(i), "operation " + i);
            }
        }
    }
}
