package io.panamio.test.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.SystemError;
import io.panamio.net.Pipe;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Like {@code SignalTest}, for sendfile(2) and splice(2), which have no MSG_NOSIGNAL. */
@Requires(Feature.UNIX_STREAMS)
class PipelineSignalTest {
    @ParameterizedTest
    @ValueSource(strings = {"-Xmx64m", "-Xrs"})
    void sendingToAClosedPeerDoesNotEndTheProcess(String option) throws Exception {
        String out = new Child().with(option).run(Sender.class).ok();
        assertEquals("TcpStream UnixStream Sender zero-copy still alive\n", out);
    }

    /** Sends to closed peers in every way. */
    static final class Sender {
        private Sender() {
        }

        private interface Send {
            long run() throws IOException;
        }

        /** The first error may be a different one, that of the closed peer. */
        private static void assertBroken(Send send) throws IOException {
            for (int i = 0; i < 2; i++) {
                try {
                    send.run();
                } catch (IOException e) {
                    if (e instanceof SystemError error && error.errnoName().equals("EPIPE")) {
                        return;
                    }
                }
            }
            throw new AssertionError("no EPIPE");
        }

        private static void assertBroken(Path path, WritableStream to) throws IOException {
            try (FileSource file = FileSource.open(path); FileChannel channel = FileChannel.open(path)) {
                assertBroken(() -> file.transferTo(0, 10, to));
                assertBroken(() -> FileSource.transfer(channel, 0, 10, to));
            }
            assertBroken(() -> {
                UnixStream[] in = UnixStream.pair();
                in[0].write(new byte[10], 0, 10);
                try (PipePool pool = new PipePool(); Splice splice = new Splice(in[1], to, pool)) {
                    return splice.transfer();
                } finally {
                    in[0].close();
                    in[1].close();
                }
            });
            System.out.print(to.getClass().getSimpleName() + " ");
        }

        public static void main(String[] args) throws IOException {
            Path path = Files.write(Files.createTempFile("panamio", ""), new byte[10]);
            try {
                TcpStream tcp = Loop.withClosedPeer();
                assertBroken(path, tcp);
                UnixStream[] unix = UnixStream.pair();
                unix[1].close();
                assertBroken(path, unix[0]);
                Pipe pipe = Pipe.open();
                pipe.receiver().close();
                assertBroken(path, pipe.sender());
                ZeroCopySender sender = ZeroCopySender.of(tcp);
                sender.setThreshold(0);
                ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(10);
                assertBroken(() -> sender.send(buffer, 0, 10));
                System.out.println("zero-copy still alive");
            } finally {
                Files.delete(path);
            }
        }
    }
}
