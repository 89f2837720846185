package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.IoResult;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code writeMore}, a write that announces another one. */
class WriteMoreTest {
    private static final MemorySegment HEAD = Arena.global().allocateFrom("head").asSlice(0, 4);

    @TempDir
    private Path directory;

    private static long segments(TcpStream stream) throws IOException {
        TcpInfo info = TcpInfo.create();
        stream.info(info);
        return info.segsOut();
    }

    @Test
    @Requires({Feature.WRITE_MORE, Feature.TCP_INFO})
    @Tag("any-selector")
    void headAndFileAreSentInOnePacket() throws IOException {
        Behaviour.TCP_INFO_IS_MISSING.skip();
        assumeTrue(Feature.WRITE_MORE.support() == Support.SUPPORTED, "it is an ordinary write");
        try (Loop loop = new Loop();
             FileSource file = FileSource.open(Files.writeString(directory.resolve("file"), "body"))) {
            TcpStream[] pair = loop.pair();
            pair[0].setNoDelay(true);
            assumeTrue(segments(pair[0]) > 0, "no tcpi_segs_out here"); // includes the handshake
            Loop.until("one packet", () -> { // TCP holds the head back for 200 ms, which can elapse before the body
                long before = segments(pair[0]);
                assertEquals(4, pair[0].writeMore(HEAD, 0, 4));
                assertEquals(4, file.transferTo(0, 4, pair[0]));
                assertArrayEquals("headbody".getBytes(), Loop.readFully(pair[1], 8));
                return segments(pair[0]) == before + 1;
            });
        }
    }

    @Test
    @Tag("any-selector")
    void partsOfASegmentArrive() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            assertEquals(2, pair[0].writeMore(HEAD, 1, 2));
            assertEquals(0, pair[0].writeMore(HEAD, 1, 0));
            assertEquals(1, pair[0].write(HEAD, 3, 1));
            assertArrayEquals("ead".getBytes(), Loop.readFully(pair[1], 3));
            assertThrows(IndexOutOfBoundsException.class, () -> pair[0].writeMore(HEAD, 1, 4));
        }
    }

    @Test
    @Tag("any-selector")
    void heldBackBytesAreSentEventually() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            assertEquals(4, pair[0].writeMore(HEAD, 0, 4));
            assertArrayEquals("head".getBytes(), Loop.readFully(pair[1], 4));
        }
    }

    @Test
    void fullStreamWouldBlockAndGetsAnEvent() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            loop.register(pair[0], 1, Loop.W);
            loop.expect(Loop.writable(1));
            MemorySegment much = Arena.global().allocate(1 << 20);
            long sent = 0;
            for (long n; (n = pair[0].writeMore(much, 0, much.byteSize())) != IoResult.WOULD_BLOCK;) {
                sent += n;
            }
            Loop.readFully(pair[1], (int) sent);
            loop.expect(Loop.writable(1));
        }
    }

    @Test
    @Tag("any-selector")
    void aClosedStreamThrowsClosedChannelException() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            pair[0].close();
            assertThrows(ClosedChannelException.class, () -> pair[0].writeMore(HEAD, 0, 4));
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    @Tag("any-selector")
    void unixStreamSendsAtOnce() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            assertEquals(4, pair[0].writeMore(HEAD, 0, 4));
            assertEquals(4, pair[1].read(new byte[8], 0, 8));
        }
    }
}
