package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.memory.SegmentPool;
import io.panamio.net.Poller;
import io.panamio.net.StreamChannel;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Certificates;
import io.panamio.test.support.Loop;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Blocking streams and channels. */
class PollerStreamsTest {
    private static final int CONNECTIONS = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 100 : 1000;
    private static final int ROUNDS = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 2 : 10;
    private static final int MESSAGE = 5000;
    private static final int MUCH = 4_000_000; // more than fits into the buffers of a connection

    private Loop loop;
    private Poller poller;

    @BeforeEach
    void open() throws IOException {
        loop = new Loop();
        poller = loop.later(Poller.open());
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
    }

    private static byte[] random(int seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void manyThreadsExchangeMessages() throws Exception {
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            TcpStream[] pair = loop.pair();
            byte[] message = random(i, 1 + i * 17 % MESSAGE);
            ends.add(Background.startVirtual(() -> exchange(pair[0], message, true)));
            ends.add(Background.startVirtual(() -> exchange(pair[1], message, false)));
        }
        for (Future<?> end : ends) {
            Background.result(end);
        }
    }

    /** Sends and receives the same message in turn, changed in each round. */
    private Void exchange(TcpStream stream, byte[] message, boolean sends) throws IOException {
        InputStream in = poller.inputStream(stream);
        OutputStream out = poller.outputStream(stream);
        byte[] next = message.clone();
        for (int i = 0; i < 2 * ROUNDS; i++) {
            next[i % next.length]++;
            if (sends == (i % 2 == 0)) {
                out.write(next);
            } else {
                assertArrayEquals(next, in.readNBytes(next.length));
            }
        }
        return null;
    }

    @Test
    void twoThreadsUseBothDirectionsAtOnce() throws Exception {
        TcpStream[] pair = loop.pair();
        List<Future<byte[]>> readers = new ArrayList<>();
        List<Future<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            TcpStream stream = pair[i];
            byte[] sent = random(i, MUCH);
            readers.add(Background.startVirtual(() -> poller.inputStream(stream).readNBytes(MUCH)));
            writers.add(Background.startVirtual(() -> {
                poller.outputStream(stream).write(sent);
                return null;
            }));
        }
        for (int i = 0; i < 2; i++) {
            Background.result(writers.get(i));
            assertArrayEquals(random(1 - i, MUCH), Background.result(readers.get(i)));
        }
    }

    @Test
    void bytesAreReadAndWrittenOneByOne() throws Exception {
        TcpStream[] pair = loop.pair();
        Future<Void> reader = Background.startVirtual(() -> {
            InputStream in = poller.inputStream(pair[0]);
            for (int b = 0; b < 256; b++) {
                assertEquals(b, in.read());
            }
            assertEquals(-1, in.read());
            assertEquals(-1, in.read(new byte[1]));
            return null;
        });
        try (OutputStream out = poller.outputStream(pair[1])) {
            for (int b = 0; b < 256; b++) {
                out.write(b);
            }
            out.flush();
        }
        Background.result(reader);
        assertFalse(pair[1].isOpen());
        assertThrows(ClosedChannelException.class, () -> poller.outputStream(pair[1]).write(new byte[0]));
        assertThrows(ClosedChannelException.class, () -> poller.inputStream(pair[1]).read(new byte[0]));
    }

    @Test
    void aChannelGathersAndScattersAll() throws Exception {
        TcpStream[] pair = loop.pair();
        byte[] sent = random(1, MUCH);
        for (boolean direct : new boolean[] {false, true}) {
            ByteBuffer[] parts = {buffer(sent, 0, 10, direct), buffer(sent, 10, 0, direct),
                buffer(sent, 10, MUCH - 20, direct), buffer(sent, MUCH - 10, 10, direct)};
            Future<Long> writer = Background.startVirtual(() -> poller.writing(pair[0]).write(parts));
            ByteBuffer[] got = {ByteBuffer.allocateDirect(7), ByteBuffer.allocate(MUCH - 7)};
            while (got[1].hasRemaining()) {
                assertTrue(poller.reading(pair[1]).read(got) > 0);
            }
            assertEquals(MUCH, Background.result(writer));
            assertFalse(Arrays.stream(parts).anyMatch(ByteBuffer::hasRemaining));
            byte[] all = new byte[MUCH];
            got[0].flip().get(all, 0, 7);
            got[1].flip().get(all, 7, MUCH - 7);
            assertArrayEquals(sent, all);
        }
    }

    private static ByteBuffer buffer(byte[] of, int from, int size, boolean direct) {
        return direct ? ByteBuffer.allocateDirect(size).put(of, from, size).flip() : ByteBuffer.wrap(of, from, size);
    }

    @Test
    void aChannelReadsAndWritesOneBuffer() throws Exception {
        TcpStream[] pair = loop.pair();
        byte[] sent = random(2, MUCH);
        StreamChannel channel = poller.channel(pair[0]);
        Future<Integer> writer = Background.startVirtual(() -> channel.write(buffer(sent, 0, MUCH, true)));
        ByteBuffer got = ByteBuffer.allocateDirect(MUCH);
        while (got.hasRemaining()) {
            assertTrue(poller.channel(pair[1]).read(got) > 0);
        }
        assertEquals(MUCH, Background.result(writer));
        assertEquals(ByteBuffer.wrap(sent), got.flip());
        assertEquals(0, channel.write(ByteBuffer.allocate(0)));
        assertEquals(0, channel.write(new ByteBuffer[0]));
        assertEquals(0, channel.read(ByteBuffer.allocate(0)));
        GatheringByteChannel writing = poller.writing(pair[0]);
        assertThrows(NonReadableChannelException.class, () -> ((ReadableByteChannel) writing).read(null));
        channel.close();
        assertFalse(pair[0].isOpen());
    }

    /** Refused at once, not after a wait, with nothing read or written. */
    @Test
    void invalidArgumentsAreRefusedAndNothingIsTransferred() throws Exception {
        TcpStream[] pair = loop.pair();
        StreamChannel channel = poller.channel(pair[0]);
        InputStream in = poller.inputStream(pair[0]);
        OutputStream out = poller.outputStream(pair[0]);
        ByteBuffer good = ByteBuffer.allocate(5);
        byte[] bytes = new byte[5];
        for (ByteBuffer readOnly : List.of(good.asReadOnlyBuffer(), ByteBuffer.allocateDirect(1).asReadOnlyBuffer())) {
            assertThrows(IllegalArgumentException.class, () -> channel.read(readOnly));
            assertThrows(IllegalArgumentException.class, () -> channel.read(new ByteBuffer[] {good, readOnly}));
        }
        assertThrows(NullPointerException.class, () -> channel.read((ByteBuffer) null));
        assertThrows(NullPointerException.class, () -> channel.read(new ByteBuffer[] {good, null}));
        assertThrows(NullPointerException.class, () -> channel.write((ByteBuffer) null));
        assertThrows(NullPointerException.class, () -> channel.write(new ByteBuffer[] {good, null}));
        assertThrows(NullPointerException.class, () -> in.read(null));
        assertThrows(NullPointerException.class, () -> out.write((byte[]) null));
        ByteBuffer[] some = {good, ByteBuffer.allocate(3)};
        for (int[] range : new int[][] {{-1, 1}, {0, 6}, {6, 0}, {1, -1}, {1, Integer.MAX_VALUE}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> channel.read(some, range[0], range[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> channel.write(some, range[0], range[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> in.read(bytes, range[0], range[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> out.write(bytes, range[0], range[1]));
        }
        assertEquals(0, good.position());
        assertEquals(0, in.read(bytes, 5, 0), "without waiting");
        out.write(bytes, 5, 0);
        out.write(7);
        assertEquals(7, Loop.readFully(pair[1], 1)[0]);
    }

    @Test
    void anInterruptedWriteTellsWhatItHasWritten() throws Exception {
        TcpStream[] pair = loop.pair();
        byte[] sent = random(3, 3 * MUCH);
        AtomicReference<Thread> thread = new AtomicReference<>();
        Future<Integer> writer = Background.startVirtual(() -> {
            thread.set(Thread.currentThread());
            OutputStream out = poller.outputStream(pair[0]);
            int done = assertThrows(InterruptedIOException.class, () -> out.write(sent)).bytesTransferred;
            assertTrue(Thread.interrupted());
            out.write(sent, done, sent.length - done);
            return done;
        });
        Loop.until("waiting", () -> thread.get() != null && thread.get().getState() == Thread.State.WAITING);
        thread.get().interrupt();
        assertArrayEquals(sent, poller.inputStream(pair[1]).readNBytes(sent.length));
        int done = Background.result(writer);
        assertTrue(done > 0 && done < sent.length, () -> done + " bytes");
    }

    @Test
    void aCloseEndsAReadAndAWrite() throws Exception {
        TcpStream[] pair = loop.pair();
        Future<?> reader = Background.startVirtual(() -> poller.inputStream(pair[0]).read());
        Future<?> writer = Background.startVirtual(() -> {
            poller.outputStream(pair[0]).write(new byte[3 * MUCH]);
            return null;
        });
        Loop.until("full", () -> pair[1].peek(new byte[1], 0, 1) > 0);
        assertFalse(reader.isDone() || writer.isDone());
        poller.inputStream(pair[0]).close();
        assertInstanceOf(ClosedChannelException.class, Background.failure(reader));
        assertInstanceOf(ClosedChannelException.class, Background.failure(writer));
        Future<?> other = Background.startVirtual(() -> poller.reading(pair[1]).read(ByteBuffer.allocate(MUCH)));
        Background.result(other);
    }

    @Test
    void aClosedPollerEndsAReadWithAnIoException() throws Exception {
        TcpStream[] pair = loop.pair();
        Future<?> reader = Background.startVirtual(() -> poller.inputStream(pair[0]).read());
        poller.close();
        Throwable failure = Background.failure(reader);
        assertInstanceOf(IOException.class, failure);
        assertInstanceOf(ClosedSelectorException.class, failure.getCause());
        pair[1].write(new byte[] {7}, 0, 1);
        Loop.until("arrived", () -> pair[0].peek(new byte[1], 0, 1) > 0);
        assertEquals(7, poller.inputStream(pair[0]).read()); // what need not wait
    }

    @Test
    void encryptedStreamsBlockToo() throws Exception {
        TcpStream[] pair = loop.pair();
        SSLContext server = Certificates.context(Certificates.ALPHA);
        SSLContext client = Certificates.context();
        byte[] sent = random(4, 500_000);
        Future<Void> echo = Background.startVirtual(() -> {
            try (SegmentPool pool = SegmentPool.open();
                    TlsStream stream = TlsStream.server(pair[0], server.createSSLEngine(), pool)) {
                byte[] got = poller.inputStream(stream).readNBytes(sent.length);
                poller.outputStream(stream).write(got);
            }
            return null;
        });
        Future<byte[]> asked = Background.startVirtual(() -> {
            try (SegmentPool pool = SegmentPool.open();
                    TlsStream stream = TlsStream.client(pair[1], client.createSSLEngine("localhost", 1), pool)) {
                poller.outputStream(stream).write(sent);
                return poller.inputStream(stream).readAllBytes();
            }
        });
        assertArrayEquals(sent, Background.result(asked));
        Background.result(echo);
    }
}
