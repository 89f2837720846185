package io.panamio.test.snippets;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.Poll;
import io.panamio.test.support.Loop;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of {@code io.panamio.pipeline} run and do what they show. */
class PipelineExamplesTest {
    private static final byte[] BYTES = new byte[1 << 20];

    static {
        new Random(1).nextBytes(BYTES);
    }

    private static Void send(Socket peer, byte[] bytes) throws Exception {
        OutputStream out = peer.getOutputStream();
        out.write(bytes);
        peer.shutdownOutput();
        return null;
    }

    @Test
    void fileArrives(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("file"), BYTES);
        Connection.run((stream, peer) -> {
            Future<byte[]> received = start(() -> peer.getInputStream().readNBytes(BYTES.length));
            try (Poll poll = Poll.open()) {
                PipelineSnippets.sendFile(file, stream, poll);
            }
            assertArrayEquals(BYTES, result(received));
        });
    }

    @Test
    void spliceDeliversEverythingAndTheEnd() throws Exception {
        Connection.run((source, from) -> Connection.run((sink, to) -> {
            Future<Void> sent = start(() -> send(from, BYTES));
            Future<byte[]> received = start(() -> to.getInputStream().readAllBytes());
            try (Poll poll = Poll.open()) {
                PipelineSnippets.splice(source, sink, poll);
            }
            assertArrayEquals(BYTES, result(received));
            result(sent);
        }));
    }

    @Test
    void relayDeliversBothDirections() throws Exception {
        Connection.run((client, browser) -> Connection.run((server, service) -> {
            List<Future<Void>> sent = List.of(start(() -> send(browser, BYTES)), start(() -> send(service, BYTES)));
            Future<byte[]> up = start(() -> service.getInputStream().readAllBytes());
            Future<byte[]> down = start(() -> browser.getInputStream().readAllBytes());
            try (Poll poll = Poll.open()) {
                PipelineSnippets.relay(client, server, poll);
            }
            assertArrayEquals(BYTES, result(up));
            assertArrayEquals(BYTES, result(down));
            for (Future<Void> task : sent) {
                result(task);
            }
        }));
    }

    @Test
    void splicesShareAPool() throws Exception {
        Connection.run((client, a) -> Connection.run((server, b) -> {
            a.getOutputStream().write(1);
            b.getOutputStream().write(new byte[2]);
            while (client.peek(new byte[1], 0, 1) < 1 || server.peek(new byte[2], 0, 2) < 2) {
                Thread.onSpinWait();
            }
            assertEquals(3, PipelineSnippets.exchange(client, server));
        }));
    }

    @Test
    void linesAreParsedAcrossReads() throws Exception {
        List<String> lines = new ArrayList<>();
        Connection.run((stream, peer) -> {
            send(peer, "one\ntwo\n\nincomplete".getBytes(StandardCharsets.UTF_8));
            try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
                PipelineSnippets.readLines(stream, poll, arena, lines::add);
            }
        });
        assertEquals(List.of("one", "two", ""), lines);
    }

    @Test
    void zeroCopySendArrivesAndIsCompleted() throws Exception {
        Loop.assume(Feature.ZERO_COPY);
        Connection.run((stream, peer) -> {
            Future<byte[]> received = start(() -> peer.getInputStream().readNBytes(BYTES.length));
            try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
                MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_BYTE, BYTES);
                PipelineSnippets.sendZeroCopy(stream, data, poll);
            }
            assertArrayEquals(BYTES, result(received));
        });
    }
}
