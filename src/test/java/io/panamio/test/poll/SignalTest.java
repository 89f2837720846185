package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.SystemError;
import io.panamio.net.ControlMessages;
import io.panamio.net.Pipe;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes to closed peers raise no SIGPIPE, which by default ends the process. */
class SignalTest {
    @ParameterizedTest
    @ValueSource(strings = {"-Xmx64m", "-Xrs"})
    void writingToAClosedPeerDoesNotEndTheProcess(String option) throws Exception {
        String out = new Child().with(option).run(Writer.class).ok();
        String unix = Feature.UNIX_STREAMS.isAvailable() ? "UnixStream UnixDatagram " : "";
        String packets = Feature.UNIX_SEQPACKETS.isAvailable() ? "UnixSeqpacket " : "";
        assertEquals("TcpStream " + unix + packets + "Sender still alive\n", out);
    }

    /** Writes to closed peers in every way, and prints the name of each. */
    static final class Writer {
        private static final MemorySegment BYTES = Arena.global().allocate(8);
        private static final MemorySegment HEAP = MemorySegment.ofArray(new byte[8]);
        private static final ControlMessages NOTHING = ControlMessages.withCapacity(64);

        private Writer() {
        }

        private interface Write {
            long run() throws IOException;
        }

        private static void assertBroken(IoSource source, List<Write> writes) throws IOException {
            try (Poll poll = Poll.open(); source) {
                poll.registry().register(source, 1, Interest.WRITABLE);
                poll.poll(Events.withCapacity(1), Duration.ofSeconds(10));
                for (int i = 0; i < writes.size(); i++) {
                    assertBroken(writes.get(i), source + ", write " + i);
                }
            }
            System.out.print(source.getClass().getSimpleName() + " ");
        }

        /** The first error may be a different one, that of the closed peer. */
        private static void assertBroken(Write write, String what) throws IOException {
            for (int i = 0; i < 2; i++) {
                try {
                    write.run();
                } catch (IOException e) {
                    if (e instanceof SystemError error && error.errnoName().equals("EPIPE")) {
                        return;
                    }
                    if (i == 1) {
                        throw e;
                    }
                }
            }
            throw new AssertionError(what);
        }

        public static void main(String[] args) throws IOException {
            TcpStream tcp = Loop.withClosedPeer();
            assertBroken(tcp, List.of(() -> tcp.write(BYTES), () -> tcp.write(HEAP),
                () -> tcp.write(new byte[8], 0, 8), () -> tcp.write(ByteBuffer.allocate(8)),
                () -> tcp.writeVectored(BYTES, BYTES), () -> tcp.writeVectored(BYTES, HEAP, BYTES, BYTES)));
            if (Feature.UNIX_STREAMS.isAvailable()) {
                writeToUnixSockets();
            }
            if (Feature.UNIX_SEQPACKETS.isAvailable()) {
                sendPackets();
            }

            Pipe pipe = Pipe.open();
            pipe.receiver().close();
            Pipe.Sender sender = pipe.sender();
            assertBroken(sender, List.of(() -> sender.write(BYTES), () -> sender.write(HEAP),
                () -> sender.write(new byte[8], 0, 8), () -> sender.write(ByteBuffer.allocate(8)),
                () -> sender.writeVectored(BYTES, BYTES), () -> sender.writeVectored(BYTES, HEAP, BYTES, BYTES)));
            System.out.println("still alive");
        }

        private static void writeToUnixSockets() throws IOException {
            UnixStream[] streams = UnixStream.pair();
            streams[1].close();
            UnixStream stream = streams[0];
            assertBroken(stream, List.of(() -> stream.write(BYTES), () -> stream.write(HEAP),
                () -> stream.write(new byte[8], 0, 8), () -> stream.write(ByteBuffer.allocate(8)),
                () -> stream.writeVectored(BYTES, BYTES), () -> stream.writeVectored(BYTES, HEAP, BYTES, BYTES),
                () -> stream.sendMsg(BYTES, NOTHING), () -> stream.sendMsg(HEAP, NOTHING)));

            UnixDatagram[] datagrams = UnixDatagram.pair();
            UnixDatagram datagram = datagrams[0];
            datagram.shutdown(Shutdown.WRITE);
            assertBroken(datagram, List.of(() -> datagram.send(BYTES), () -> datagram.send(HEAP),
                () -> datagram.send(new byte[8], 0, 8), () -> datagram.send(ByteBuffer.allocate(8)),
                () -> datagram.sendMsg(BYTES, NOTHING), () -> datagram.sendMsg(HEAP, NOTHING)));
            datagrams[1].close();
        }

        private static void sendPackets() throws IOException {
            UnixSeqpacket[] packets = UnixSeqpacket.pair();
            packets[1].close();
            UnixSeqpacket packet = packets[0];
            assertBroken(packet, List.of(() -> packet.send(BYTES), () -> packet.send(HEAP),
                () -> packet.send(new byte[8], 0, 8), () -> packet.send(ByteBuffer.allocate(8)),
                () -> packet.sendMsg(BYTES, NOTHING), () -> packet.sendMsg(HEAP, NOTHING)));
        }
    }
}
