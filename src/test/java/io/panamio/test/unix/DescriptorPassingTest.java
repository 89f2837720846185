package io.panamio.test.unix;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Failures.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.Pipe;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.UnixCredentials;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Requires;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Passing descriptors and credentials over Unix sockets. */
@Tag("any-selector")
@Requires(Feature.DESCRIPTOR_PASSING)
class DescriptorPassingTest {
    private static final int SOL_SOCKET = Behaviour.NUMBERS_ARE_LINUXS.isHere() ? 1 : 0xffff;
    private static final int SCM_RIGHTS = 1;
    private static final int MAX_FDS = 253; // SCM_MAX_FD

    /** Two connected sockets, of which the first sends and the second receives. */
    private interface Ends {
        long send(MemorySegment src, ControlMessages control) throws IOException;

        long receive(MemorySegment dst, ControlMessages control) throws IOException;

        /** Receives bytes without control messages. */
        long receive(MemorySegment dst) throws IOException;

        void passCredentials() throws IOException;
    }

    private record StreamEnds(UnixStream from, UnixStream to) implements Ends {
        @Override
        public long send(MemorySegment src, ControlMessages control) throws IOException {
            return from.sendMsg(src, control);
        }

        @Override
        public long receive(MemorySegment dst, ControlMessages control) throws IOException {
            return to.recvMsg(dst, control);
        }

        @Override
        public long receive(MemorySegment dst) throws IOException {
            return to.read(dst);
        }

        @Override
        public void passCredentials() throws IOException {
            to.setOption(SystemSocketOptions.SO_PASSCRED, true);
        }
    }

    private record DatagramEnds(UnixDatagram from, UnixDatagram to) implements Ends {
        @Override
        public long send(MemorySegment src, ControlMessages control) throws IOException {
            return from.sendMsg(src, control);
        }

        @Override
        public long receive(MemorySegment dst, ControlMessages control) throws IOException {
            return to.recvMsgFrom(dst, SocketAddressBuffer.create(), control);
        }

        @Override
        public long receive(MemorySegment dst) throws IOException {
            return to.recv(dst);
        }

        @Override
        public void passCredentials() throws IOException {
            to.setOption(SystemSocketOptions.SO_PASSCRED, true);
        }
    }

    private record SeqpacketEnds(UnixSeqpacket from, UnixSeqpacket to) implements Ends {
        @Override
        public long send(MemorySegment src, ControlMessages control) throws IOException {
            return from.sendMsg(src, control);
        }

        @Override
        public long receive(MemorySegment dst, ControlMessages control) throws IOException {
            return to.recvMsg(dst, control);
        }

        @Override
        public long receive(MemorySegment dst) throws IOException {
            return to.recv(dst);
        }

        @Override
        public void passCredentials() throws IOException {
            to.setOption(SystemSocketOptions.SO_PASSCRED, true);
        }
    }

    enum Kind {
        STREAM {
            @Override
            Ends open(Loop loop) throws IOException {
                UnixStream[] pair = Local.pair(loop);
                return new StreamEnds(pair[0], pair[1]);
            }
        },
        DATAGRAM {
            @Override
            Ends open(Loop loop) throws IOException {
                UnixDatagram[] pair = UnixDatagram.pair();
                return new DatagramEnds(loop.later(pair[0]), loop.later(pair[1]));
            }
        },
        SEQPACKET {
            @Override
            Ends open(Loop loop) throws IOException {
                Loop.assume(Feature.UNIX_SEQPACKETS);
                UnixSeqpacket[] pair = UnixSeqpacket.pair();
                return new SeqpacketEnds(loop.later(pair[0]), loop.later(pair[1]));
            }
        };

        abstract Ends open(Loop loop) throws IOException;
    }

    private static MemorySegment bytes(String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    private static MemorySegment room(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    private static ControlMessages control() {
        return ControlMessages.withCapacity(64);
    }

    private static ControlMessages fds(int... fds) {
        return ControlMessages.withCapacity(32 + 4 * fds.length).putFds(fds);
    }

    // ---- descriptors

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PIPES)
    void thePassedEndOfAPipeIsUsed(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            Pipe pipe = loop.later(Pipe.open());
            assertEquals(5, ends.send(bytes("bytes"), fds(pipe.sender().fd())));
            pipe.sender().close();
            ControlMessages control = control();
            MemorySegment got = room(10);
            assertEquals(5, ends.receive(got, control));
            assertEquals(-1, got.asSlice(0, 5).mismatch(bytes("bytes")));
            assertFalse(control.isTruncated() || control.isEmpty());
            assertEquals(4, control.get(SOL_SOCKET, SCM_RIGHTS).byteSize());
            int[] fds = control.takeFds();
            assertEquals(1, fds.length);
            assertTrue(NativeFds.isCloseOnExec(fds[0]));
            assertTrue(NativeFds.isNonBlocking(fds[0]), "as the sender's");
            try (Pipe.Sender sender = Pipe.Sender.fromFd(fds[0])) {
                assertEquals(2, sender.write("ab".getBytes(), 0, 2));
            }
            assertArrayEquals("ab".getBytes(), Local.readFully(pipe.receiver(), 2));
            assertEquals(EOF, pipe.receiver().read(new byte[1], 0, 1));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.UNIX_STREAMS)
    void aPassedSocketIsUsed(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            Local.Pair pair = Local.connected(loop);
            ends.send(bytes("x"), fds(pair.stream().fd()));
            pair.stream().close();
            ControlMessages control = control();
            ends.receive(room(1), control);
            UnixStream stream = loop.later(UnixStream.fromFd(control.takeFds()[0]));
            Local.send(pair.peer(), "hello".getBytes());
            assertArrayEquals("hello".getBytes(), Local.readFully(stream, 5));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPassedFileIsRead(Kind kind) throws IOException {
        Proc.require("self/fd");
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            int file = NativeCalls.regularFile();
            Path path = Path.of("/proc/self/fd/" + file);
            Files.writeString(path, "content");
            ends.send(bytes("x"), fds(file));
            NativeFds.close(file);
            ControlMessages control = control();
            ends.receive(room(1), control);
            int fd = control.takeFds()[0];
            assertFalse(NativeFds.isNonBlocking(fd), "as the sender's");
            try (FileInputStream in = new FileInputStream("/proc/self/fd/" + fd)) {
                assertEquals("content", new String(in.readAllBytes()));
            }
            NativeFds.close(fd);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.DESCRIPTORS)
    void severalDescriptorsCanBeTakenOnce(Kind kind) throws IOException {
        Qemu.misorders("an eventfd that it has not created");
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            for (int count : new int[] {2, 3, MAX_FDS}) {
                NativeFds.Opened opened = new NativeFds.Opened();
                int[] eventfds = new int[count];
                Arrays.setAll(eventfds, i -> NativeCalls.eventfd(i));
                ControlMessages sent = fds(eventfds);
                ends.send(bytes("x"), sent);
                ends.send(bytes("y"), sent); // sending does not change it
                Arrays.stream(eventfds).forEach(NativeFds::close);
                for (int i = 0; i < 2; i++) {
                    ControlMessages control = ControlMessages.withCapacity(32 + 4 * count);
                    assertEquals(1, ends.receive(room(10), control));
                    int[] fds = control.takeFds();
                    assertEquals(count, fds.length);
                    for (int j = 0; j < count; j++) {
                        assertEquals(j == 0 ? -1 : j, NativeCalls.eventfdRead(fds[j]), "in their order");
                        NativeCalls.eventfdWrite(fds[j], j);
                    }
                    assertEquals(0, control.takeFds().length);
                    control.clear();
                    assertTrue(NativeFds.isOpen(fds[0]));
                    Arrays.stream(fds).forEach(NativeFds::close);
                }
                opened.expect(0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PIPES)
    void descriptorsThatAreNotTakenAreClosed(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            int fd = loop.later(Pipe.open()).sender().fd();
            ControlMessages sent = fds(fd, fd);
            ControlMessages control = control();
            int before = NativeFds.count(fd);
            for (int i = 0; i < 3; i++) {
                ends.send(bytes("x"), sent);
                ends.receive(room(1), control); // closes the descriptors received before
                assertEquals(before + 2, NativeFds.count(fd));
            }
            assertEquals(WOULD_BLOCK, ends.receive(room(1), control));
            assertEquals(before, NativeFds.count(fd));
            assertTrue(control.isEmpty());

            ends.send(bytes("x"), sent);
            ends.receive(room(1), control);
            control.clear();
            assertEquals(before, NativeFds.count(fd));
            assertTrue(control.isEmpty());

            ends.send(bytes("x"), sent);
            ends.receive(room(1), control);
            control.putFds(fd);
            assertEquals(before, NativeFds.count(fd), "putting descriptors discards the received ones");
            control.clear();
            control.clear();
            assertTrue(NativeFds.isOpen(fd), "descriptors to send stay open");
        }
    }

    @ParameterizedTest
    @EnumSource
    void receivedMessagesAreNotSent(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            ControlMessages control = fds(0);
            ends.send(bytes("x"), control);
            ends.receive(room(1), control);
            ends.send(bytes("x"), control);
            int[] taken = control.takeFds();
            assertEquals(1, taken.length);
            NativeFds.close(taken[0]);
            ends.receive(room(1), control);
            assertTrue(control.isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PIPES)
    void descriptorsThatDoNotFitAreReportedAndClosed(Kind kind) throws IOException {
        Qemu.lacks("the truncation of control messages");
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            int fd = loop.later(Pipe.open()).sender().fd();
            int before = NativeFds.count(fd);
            for (int capacity : new int[] {1, 16, 24, 32}) {
                ends.send(bytes("x"), fds(fd, fd, fd, fd, fd, fd, fd));
                ControlMessages control = ControlMessages.withCapacity(capacity);
                assertEquals(1, ends.receive(room(10), control));
                assertTrue(control.isTruncated());
                int fit = Behaviour.DESCRIPTORS_ARRIVE_TOGETHER.isHere() ? 0
                    : Math.max(0, ((capacity + 7 & ~7) - 16) / 4);
                assertEquals(before + fit, NativeFds.count(fd));
                int[] fds = control.takeFds();
                assertEquals(fit, fds.length);
                Arrays.stream(fds).forEach(NativeFds::close);
                control.clear();
                assertFalse(control.isTruncated());
            }
            assertEquals(before, NativeFds.count(fd));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.PIPES)
    void aReceiveWithoutControlMessagesClosesTheDescriptors(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            int fd = loop.later(Pipe.open()).sender().fd();
            int before = NativeFds.count(fd);
            ends.send(bytes("x"), fds(fd, fd));
            assertEquals(1, ends.receive(room(10)));
            assertEquals(before, NativeFds.count(fd));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDescriptorThatIsNotOpenIsRefused(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            assertFails(SocketException.class, "sendmsg", "EBADF", () -> ends.send(bytes("x"), fds(1 << 20)));
            assertFails(SocketException.class, "sendmsg", "EINVAL",
                () -> ends.send(bytes("x"), fds(new int[MAX_FDS + 1])));
            assertEquals(WOULD_BLOCK, ends.receive(room(1), control()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyKindOfSegmentCanBeSentAndReceived(Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            Ends ends = kind.open(loop);
            int much = Behaviour.BUFFERS_LIMIT_DATAGRAMS.isHere() ? 2000
                : kind == Kind.STREAM ? 30_000 : 100_000; // fits into a buffer
            for (MemorySegment segment : new MemorySegment[] {confined.allocate(much), shared.allocate(much),
                Arena.ofAuto().allocate(much), room(much), confined.allocate(1), shared.allocate(1), room(1)}) {
                byte[] expected = Local.random((int) segment.byteSize());
                segment.copyFrom(MemorySegment.ofArray(expected));
                assertEquals(expected.length, ends.send(segment, fds(0)));
                segment.fill((byte) 0);
                ControlMessages control = control();
                assertEquals(expected.length, ends.receive(segment, control));
                assertEquals(-1, segment.mismatch(MemorySegment.ofArray(expected)));
                NativeFds.close(control.takeFds()[0]);
            }
        }
    }

    @Test
    void aReadNeverJoinsBytesWithDifferentDescriptors() throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = Kind.STREAM.open(loop);
            ends.send(bytes("ab"), fds(0));
            ends.send(bytes("cd"), fds(1));
            ControlMessages control = control();
            assertEquals(2, ends.receive(room(10), control));
            assertEquals(2, ends.receive(room(10), control));
            control.clear();
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aReadWithoutControlMessagesMayStopAtDescriptors() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            loop.register(pair[1], 1, Loop.R);
            pair[0].sendMsg(bytes("ab"), fds(0));
            pair[0].write("cd".getBytes(), 0, 2);
            loop.expect(Loop.readable(1));
            assertEquals(2, pair[1].read(room(10)));
            assertEquals(2, pair[1].read(room(10)), "there was more");
            assertEquals(WOULD_BLOCK, pair[1].read(room(10)));
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aShortReadBeforeTheNextDescriptorsDoesNotLoseAnEvent() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            loop.register(pair[1], 1, Loop.R);
            pair[0].sendMsg(bytes("ab"), fds(0));
            pair[0].sendMsg(bytes("cd"), fds(1));
            loop.expect(Loop.readable(1));
            ControlMessages control = control();
            while (pair[1].recvMsg(room(10), control) != WOULD_BLOCK) {
                control.clear();
            }
            pair[0].sendMsg(bytes("ef"), fds(0));
            loop.expect(Loop.readable(1));
            assertEquals(2, pair[1].recvMsg(room(10), control));
            control.clear();
        }
    }

    @Test
    void controlMessagesNeedAByteOnAStream() throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = Kind.STREAM.open(loop);
            assertThrows(IllegalArgumentException.class, () -> ends.send(room(0), fds(0)));
            assertThrows(IllegalArgumentException.class, () -> ends.receive(room(0), control()));
            assertThrows(IllegalArgumentException.class, () -> ends.receive(room(1).asReadOnly(), control()));
        }
    }

    @Test
    void anEmptyDatagramPassesDescriptors() throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = Kind.DATAGRAM.open(loop);
            assertEquals(0, ends.send(room(0), fds(0)));
            ControlMessages control = control();
            assertEquals(0, ends.receive(room(0), control));
            NativeFds.close(control.takeFds()[0]);
        }
    }

    @Test
    @Requires(Feature.PIPES)
    void aBatchTakesDescriptors() throws IOException {
        try (Loop loop = new Loop()) {
            DatagramEnds ends = (DatagramEnds) Kind.DATAGRAM.open(loop);
            DatagramBatch batch = DatagramBatch.allocate(4, 10, 64);
            int fd = loop.later(Pipe.open()).sender().fd();
            int before = NativeFds.count(fd);
            for (int round = 0; round < 3; round++) {
                ends.send(bytes("a"), fds(fd));
                ends.send(bytes("b"), fds(fd, fd));
                ends.send(bytes("c"), control());
                assertEquals(3, ends.to.recvBatch(batch)); // closes the descriptors received before
                assertEquals(before + 3, NativeFds.count(fd));
            }
            int[] fds = batch.control(1).takeFds();
            assertEquals(2, fds.length);
            assertTrue(NativeFds.isCloseOnExec(fds[1]));
            assertEquals(0, batch.control(2).takeFds().length);
            assertEquals(WOULD_BLOCK, ends.to.recvBatch(batch));
            assertEquals(before + 2, NativeFds.count(fd));
            Arrays.stream(fds).forEach(NativeFds::close);
            ends.send(bytes("a"), fds(fd));
            assertEquals(1, ends.to.recvBatch(batch));
            batch.clear();
            assertEquals(before, NativeFds.count(fd));
        }
    }

    @Test
    void aBatchSendsDescriptors() throws IOException {
        try (Loop loop = new Loop()) {
            DatagramEnds ends = (DatagramEnds) Kind.DATAGRAM.open(loop);
            DatagramBatch batch = DatagramBatch.allocate(2, 10, 64);
            for (int i = 0; i < 2; i++) {
                batch.control(batch.add(bytes("x"), SocketAddressBuffer.create())).putFds(new int[i + 1]);
            }
            assertEquals(2, ends.from.sendBatch(batch, 0));
            for (int i = 0; i < 2; i++) {
                ControlMessages control = control();
                assertEquals(1, ends.receive(room(1), control));
                int[] fds = control.takeFds();
                assertEquals(i + 1, fds.length);
                Arrays.stream(fds).forEach(NativeFds::close);
            }
        }
    }

    // ---- credentials

    private static UnixCredentials own() throws IOException {
        Proc.require("self");
        Path self = Path.of("/proc/self");
        return new UnixCredentials((int) ProcessHandle.current().pid(), (int) Files.getAttribute(self, "unix:uid"),
            (int) Files.getAttribute(self, "unix:gid"));
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void thePeersCredentialsAreReported() throws IOException {
        try (Loop loop = new Loop()) {
            assertEquals(own(), Local.connected(loop).stream().getOption(SystemSocketOptions.SO_PEERCRED));
            assertEquals(own(), Local.accepted(loop).stream().getOption(SystemSocketOptions.SO_PEERCRED));
            SeqpacketEnds ends = (SeqpacketEnds) Kind.SEQPACKET.open(loop);
            assertEquals(own(), ends.to.getOption(SystemSocketOptions.SO_PEERCRED));
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.CREDENTIAL_PASSING)
    void credentialsAreReceivedIfRequested(Kind kind) throws IOException {
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            ControlMessages control = ControlMessages.withCapacity(128);
            ends.send(bytes("x"), control);
            ends.receive(room(1), control);
            assertNull(control.credentials());
            ends.passCredentials();
            control.clear();
            ends.send(bytes("x"), control); // without put: the kernel adds them
            ends.receive(room(1), control);
            assertEquals(own(), control.credentials());
            ends.send(bytes("x"), control().putCredentials(own()));
            ends.receive(room(1), control);
            assertEquals(own(), control.credentials());
            control.clear();
            ends.send(bytes("x"), control.putFds(0).putCredentials(own()));
            ends.receive(room(1), control);
            assertEquals(own(), control.credentials());
            NativeFds.close(control.takeFds()[0]);
            assertNotEquals("ControlMessages[]", control.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Requires(Feature.CREDENTIAL_PASSING)
    void truncatedCredentialsAreNotReported(Kind kind) throws IOException {
        Qemu.lacks("the truncation of control messages");
        try (Loop loop = new Loop()) {
            Ends ends = kind.open(loop);
            ends.passCredentials();
            for (int capacity : new int[] {1, 16, 24}) {
                ends.send(bytes("x"), fds(0));
                ControlMessages control = ControlMessages.withCapacity(capacity);
                ends.receive(room(1), control);
                assertTrue(control.isTruncated());
                assertNull(control.credentials());
                assertEquals(0, control.takeFds().length);
            }
        }
    }

    // ---- the memory of control messages

    @Test
    void messagesThatDoNotFitAreRefused() {
        ControlMessages control = // for two
            ControlMessages.withCapacity(Behaviour.CONTROL_MESSAGES_ARE_PACKED.isHere() ? 20 : 24);
        assertThrows(IndexOutOfBoundsException.class, () -> control.putFds(0, 1, 2));
        assertTrue(control.isEmpty());
        control.putFds(0, 1);
        assertFalse(control.isEmpty());
        assertThrows(IndexOutOfBoundsException.class, () -> control.putFds(0));
        assertThrows(IllegalArgumentException.class, () -> ControlMessages.withCapacity(0));
    }

    @Test
    void descriptorsToSendAreNotTaken() {
        assertEquals(0, fds(0, 1).takeFds().length);
    }
}
