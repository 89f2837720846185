package io.panamio.test.project;

import static io.panamio.test.support.Loop.V4;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.SourceFd;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.NamedPipe;
import io.panamio.net.Pipe;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixCredentials;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.RingBuffer;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.sys.Platform;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FeatureTest {
    private static final MemorySegment TEXT = Arena.global().allocateFrom("text").asSlice(0, 4);

    @TempDir
    private Path directory;

    @Test
    @Tag("any-selector")
    void everyFeatureHasASupportLevel() {
        for (Feature feature : Feature.values()) {
            assertNotNull(feature.support());
            assertEquals(feature.support() != Support.REFUSED, feature.isAvailable());
        }
    }

    /** A call either works or, if its feature is missing, throws an exception that names the system and the feature. */
    @ParameterizedTest
    @EnumSource
    @ExtendWith(Qemu.class)
    void theAnswerIsThatOfACall(Feature feature) throws Throwable {
        switch (feature) {
            case PIPE_DESCRIPTORS, PIPE_REDIRECTS -> Loop.assume(Feature.PIPES);
            case ABSTRACT_ADDRESSES -> Loop.assume(Feature.UNIX_DATAGRAMS);
            case TCP_INFO -> Behaviour.TCP_INFO_IS_MISSING.skip();
            default -> {
            }
        }
        try (Loop loop = new Loop()) {
            if (feature.isAvailable()) {
                use(feature, loop);
                return;
            }
            String message = assertThrows(UnsupportedOperationException.class, () -> use(feature, loop)).getMessage();
            String system = Platform.current().toString().split(" with ")[0];
            assertTrue(message.startsWith("Feature." + feature + " is not supported on " + system), message);
            assertTrue(feature != Feature.EXCLUSIVE || message.contains(": "), message); // the reason
        }
    }

    private void use(Feature feature, Loop loop) throws IOException {
        switch (feature) {
            case EDGES -> loop.register(loop.pair()[0], 1, Loop.W);
            case EXCLUSIVE -> loop.register(loop.pair()[0], 1, Interest.READABLE.exclusive());
            case PRIORITY -> loop.register(loop.pair()[0], 1, Interest.PRIORITY);
            case POLL_DESCRIPTOR -> assertTrue(loop.poll.fd() >= 0);
            case BUSY_POLL -> busyPoll(loop);
            case DESCRIPTORS -> loop.register(loop.later(new SourceFd(noSocket(loop))), 1, Loop.R);
            case PIPES -> loop.later(Pipe.open());
            case PIPE_DESCRIPTORS -> loop.later(Pipe.Sender.fromFd(loop.later(Pipe.open()).sender().detach()));
            case PIPE_REDIRECTS -> assertNotNull(loop.later(Pipe.open()).sender().redirect());
            case NAMED_PIPES ->
                NamedPipe.create("\\\\.\\pipe\\panamio-" + System.nanoTime(), NamedPipe.Mode.BYTES).close();
            case UNIX_STREAMS -> closeAll(UnixStream.pair());
            case UNIX_DATAGRAMS -> closeAll(UnixDatagram.pair());
            case UNIX_SEQPACKETS -> closeAll(UnixSeqpacket.pair());
            case ABSTRACT_ADDRESSES ->
                UnixDatagram.bind(UnixAddress.ofAbstract(("panamio-" + System.nanoTime()).getBytes())).close();
            case CREDENTIAL_PASSING ->
                ControlMessages.withCapacity(64).putCredentials(new UnixCredentials(1, 2, 3));
            case DESCRIPTOR_PASSING -> passDescriptor(loop);
            case DATAGRAM_BATCHES -> {
                UdpSocket socket = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0)));
                SocketAddressBuffer self = SocketAddressBuffer.of(socket.localAddress());
                DatagramBatch batch = DatagramBatch.allocate(2, 10);
                batch.add(TEXT, self);
                batch.add(TEXT, self);
                assertEquals(2, socket.sendBatch(batch, 0));
            }
            case DATAGRAM_SEGMENTATION -> ControlMessages.withCapacity(64).putSegmentSize(100);
            case DATAGRAM_TRAFFIC_OPTIONS -> ControlMessages.withCapacity(128).putTtl(7).putTrafficClass(8);
            case IPV4_DATAGRAM_INTERFACE -> ControlMessages.withCapacity(64).putSource(V4, 1);
            case SOURCE_MEMBERSHIP -> {
                UdpSocket socket =
                    loop.later(UdpSocket.bind(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0)));
                socket.joinMulticast(InetAddress.getByName("239.192.7.14"), NetworkInterface.getByInetAddress(V4), V4);
            }
            case TCP_INFO -> loop.pair()[0].info(TcpInfo.create());
            case WRITE_MORE -> assertEquals(4, loop.pair()[0].writeMore(TEXT, 0, 4));
            case SEND_FILE -> assertEquals(4, loop.later(file()).transferTo(0, 4, loop.pair()[0]));
            case SPLICE -> {
                TcpStream[] source = loop.pair();
                Splice splice = loop.later(new Splice(source[1], loop.pair()[0], loop.later(new PipePool())));
                source[0].write(TEXT);
                Loop.until("spliced", () -> splice.transfer() == 4);
            }
            case ZERO_COPY -> assertEquals(0, ZeroCopySender.of(loop.pair()[0]).sent());
            case MIRRORED_MEMORY -> {
                try (Arena arena = Arena.ofConfined()) {
                    RingBuffer.allocate(arena, 1 << 16).put((byte) 1);
                }
            }
        }
    }

    private FileSource file() throws IOException {
        return FileSource.open(Files.writeString(directory.resolve("file"), "text"));
    }

    /** Returns a descriptor that is not a socket's, and that can be registered where the system allows that. */
    private int noSocket(Loop loop) throws IOException {
        return Feature.PIPES.isAvailable() ? loop.later(Pipe.open()).receiver().fd() : loop.later(file()).fd();
    }

    private static void passDescriptor(Loop loop) throws IOException {
        ControlMessages control = ControlMessages.withCapacity(64).putFds(loop.pair()[0].fd());
        UnixStream[] pair = UnixStream.pair();
        loop.later(pair[0]).sendMsg(TEXT, control);
        loop.later(pair[1]).recvMsg(MemorySegment.ofArray(new byte[4]), control);
        int[] taken = control.takeFds();
        assertEquals(1, taken.length);
        NativeFds.close(taken[0]);
    }

    private static void closeAll(IoSource[] sources) {
        for (IoSource source : sources) {
            source.close();
        }
    }

    private static void busyPoll(Loop loop) throws IOException {
        try {
            loop.poll.setBusyPoll(Duration.ZERO, 0, false);
        } catch (UnsupportedOperationException e) { // the kernel is older than the feature
            assertEquals(Feature.BUSY_POLL.isAvailable(), e.getMessage().contains("EPIOCSPARAMS"), e.getMessage());
            if (!Feature.BUSY_POLL.isAvailable()) {
                throw e;
            }
        }
    }

    /** A selector in the kernel, which has a descriptor, reports edges; for any other selector they are emulated. */
    @Test
    void edgesAreSupportedOrEmulated() {
        assertEquals(Feature.POLL_DESCRIPTOR.isAvailable() ? Support.SUPPORTED : Support.EMULATED,
            Feature.EDGES.support());
    }
}
