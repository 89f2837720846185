package io.panamio.test.pipeline;

import static io.panamio.test.support.Allocations.assertAtMost;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.test.pipeline.Pipelines.Kind;
import io.panamio.test.pipeline.Pipelines.Way;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The pipeline package allocates nothing once warm, except what its Javadoc documents. */
class PipelineAllocationTest {
    private static final int SIZE = 64;
    private static final MemorySegment BYTES = Arena.global().allocate(2 * SIZE);

    @TempDir
    private Path directory;

    private static void moved(long n) throws IOException {
        if (n != SIZE) {
            throw new IOException("moved " + n);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsSentWithoutGarbage(Kind kind) throws IOException {
        if (kind == Kind.PIPE) {
            Behaviour.SENDFILE_REQUIRES_A_SOCKET.skip();
        }
        assumeTrue(Feature.SEND_FILE.support() == Support.SUPPORTED, "a copy of a file allocates its buffer");
        try (Loop loop = new Loop();
             FileSource file = FileSource.open(Files.write(directory.resolve("file"), new byte[2 * SIZE]))) {
            Way way = kind.open(loop);
            assertAtMost(0, () -> {
                moved(file.transferTo(SIZE, SIZE, way.in()));
                moved(way.out().read(BYTES));
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSpliceMovesWithoutGarbage(Kind kind) throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            Way in = kind.open(loop);
            Way out = kind.open(loop);
            Splice splice = loop.later(new Splice(in.out(), out.in(), pool));
            assertAtMost(0, () -> {
                moved(in.in().write(BYTES, 0, SIZE));
                moved(splice.transfer());
                splice.transfer();
                moved(out.out().read(BYTES));
            });
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aRelayMovesWithoutGarbage() throws IOException {
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            UnixStream[] one = Local.pair(loop);
            UnixStream[] two = Local.pair(loop);
            Relay relay = loop.later(new Relay(one[1], two[0], pool));
            loop.register(one[1], 1, Loop.RW);
            loop.register(two[0], 2, Loop.RW);
            assertAtMost(0, () -> {
                moved(one[0].write(BYTES, 0, SIZE));
                moved(two[1].write(BYTES, 0, SIZE));
                long before = relay.transferred();
                while (relay.transferred() < before + 2 * SIZE) {
                    int n = loop.poll.poll(loop.events);
                    for (int i = 0; i < n; i++) {
                        relay.transfer(loop.events.token(i) == 1 ? one[1] : two[0]);
                    }
                }
                moved(two[1].read(BYTES));
                moved(one[0].read(BYTES));
            });
        }
    }

    private static void zeroCopy(long garbage, boolean refill) throws IOException {
        try (Loop loop = new Loop(); ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(SIZE)) {
            TcpStream[] pair = loop.pair();
            ZeroCopySender sender = ZeroCopySender.of(pair[0]);
            sender.setThreshold(0);
            assertAtMost(garbage, () -> {
                if (refill) {
                    buffer.segment().fill((byte) 1);
                }
                moved(sender.send(buffer, 0, SIZE));
                moved(pair[1].read(BYTES));
                while (buffer.isPending()) {
                    sender.drainCompletions();
                }
            });
        }
    }

    @Test
    @Requires(Feature.ZERO_COPY)
    void zeroCopySendsMakeNoGarbage() throws IOException {
        zeroCopy(0, false);
    }

    @Test
    @Requires(Feature.ZERO_COPY)
    void lendingABufferAllocatesAViewAndAnArena() throws IOException {
        zeroCopy(256, true);
    }
}
