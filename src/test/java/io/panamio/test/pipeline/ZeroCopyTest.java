package io.panamio.test.pipeline;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Local.random;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.until;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.test.pipeline.Pipelines.Expected;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirDeletionStrategy.IgnoreFailures;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * On loopback the kernel copies nevertheless: these tests show that zero-copy sends are correct, not that they are
 * fast.
 */
@Requires(Feature.ZERO_COPY)
class ZeroCopyTest {
    private static final int EPERM = 1;
    private static final int ENOBUFS = 105;
    private static final int MSG_ZEROCOPY = 0x4000000;
    private static final int SIZE = 64 << 10;

    @TempDir(deletionStrategy = IgnoreFailures.class) // Windows does not delete a file while it is mapped
    private Path directory;

    /** A sender, and the stream at the other end of its stream. */
    private record Pair(TcpStream stream, ZeroCopySender sender, TcpStream peer) {
    }

    /** Opens a pair; where the system copies every send, the sender does too. */
    private static Pair open(Loop loop) throws IOException {
        TcpStream[] pair = loop.pair();
        return new Pair(pair[0], ZeroCopySender.of(pair[0]), pair[1]);
    }

    private static Pair openEnabled(Loop loop) throws IOException {
        Pair pair = open(loop);
        assumeTrue(pair.sender.isEnabled(), "this kernel has no SO_ZEROCOPY");
        return pair;
    }

    private static ZeroCopyBuffer buffer(Loop loop, byte[] bytes) {
        ZeroCopyBuffer buffer = loop.later(ZeroCopyBuffer.allocate(bytes.length));
        MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, 0, bytes.length);
        return buffer;
    }

    /** Sends a part while the peer reads it, and waits for the completions. */
    private static void assertArrives(Pair pair, ZeroCopyBuffer buffer, long from, long to, Expected expected)
            throws IOException {
        long[] position = {from};
        until("sent", () -> {
            if (position[0] < to) {
                long n = pair.sender.send(buffer, position[0], to - position[0]);
                assertTrue(n > 0 || n == WOULD_BLOCK, "result " + n);
                position[0] += Math.max(n, 0);
            }
            expected.read(pair.peer);
            pair.sender.drainCompletions();
            return expected.isComplete() && !buffer.isPending();
        });
        assertEquals(to, position[0]);
    }

    // ---- contents

    @ParameterizedTest
    @ValueSource(ints = {1, 4095, 4096, 4097, 16 << 10, 65537, (1 << 20) + 1, (9 << 20) + 3})
    void everyByteArrives(int size) throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = open(loop);
            pair.sender.setThreshold(0);
            byte[] bytes = random(size);
            ZeroCopyBuffer buffer = buffer(loop, bytes);
            assertEquals(size, buffer.byteSize());
            for (int from : new int[] {0, size / 3, size - 1}) {
                byte[] part = Arrays.copyOfRange(bytes, from, size);
                assertArrives(pair, buffer, from, size, new Expected(part));
            }
            assertEquals(pair.sender.sent(), pair.sender.completed());
            assertEquals(pair.sender.sent(), pair.sender.copied(), "on loopback");
            assertEquals(pair.sender.isEnabled(), pair.sender.sent() >= 3);
        }
    }

    @Test
    void buffersAreReusedAfterCompletion() throws Exception {
        try (Loop loop = new Loop()) {
            Loop.Pair connected = loop.connected();
            ZeroCopySender sender = ZeroCopySender.of(connected.stream());
            byte[] bytes = random(20 << 20);
            Future<byte[]> received = Background.start(() -> connected.peer().getInputStream().readAllBytes());
            Queue<ZeroCopyBuffer> free = new ArrayDeque<>();
            Queue<ZeroCopyBuffer> pending = new ArrayDeque<>();
            for (int i = 0; i < 8; i++) {
                free.add(loop.later(ZeroCopyBuffer.allocate(SIZE)));
            }
            for (int done = 0; done < bytes.length;) {
                until("a buffer", () -> {
                    sender.drainCompletions();
                    while (!pending.isEmpty() && !pending.peek().isPending()) {
                        free.add(pending.remove());
                    }
                    return !free.isEmpty();
                });
                ZeroCopyBuffer buffer = free.remove();
                int length = Math.min(SIZE, bytes.length - done);
                MemorySegment.copy(bytes, done, buffer.segment(), JAVA_BYTE, 0, length);
                int[] off = new int[1];
                until("sent", () -> {
                    off[0] += (int) Math.max(0, sender.send(buffer, off[0], length - off[0]));
                    return off[0] == length;
                });
                pending.add(buffer);
                done += length;
            }
            connected.stream().shutdown(Shutdown.WRITE);
            assertArrayEquals(bytes, Background.result(received));
        }
    }

    @Test
    void oneBufferMayBeSentToManyPeers() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(SIZE);
            ZeroCopyBuffer buffer = buffer(loop, bytes);
            List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                pairs.add(openEnabled(loop));
                assertEquals(SIZE, pairs.get(i).sender.send(buffer, 0, SIZE));
            }
            assertTrue(buffer.isPending());
            for (Pair pair : pairs) {
                assertTrue(buffer.isPending());
                assertThrows(IllegalStateException.class, buffer::segment);
                assertArrayEquals(bytes, Local.readFully(pair.peer, SIZE));
                until("completed", () -> pair.sender.drainCompletions() == 1);
            }
            assertFalse(buffer.isPending());
            assertEquals(bytes[5], buffer.segment().get(JAVA_BYTE, 5));
        }
    }

    // ---- ownership

    @Test
    void sentMemoryIsInaccessibleUntilCompletion() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            ZeroCopyBuffer buffer = loop.later(ZeroCopyBuffer.allocate(SIZE));
            MemorySegment lent = buffer.segment();
            assertSame(lent, buffer.segment());
            assertEquals(0, lent.address() % 4096);
            MemorySegment part = lent.asSlice(10, 10);
            lent.fill((byte) 7);
            assertEquals(SIZE, pair.sender.send(buffer, 0, SIZE));
            assertTrue(buffer.isPending());
            for (MemorySegment dead : List.of(lent, part)) {
                assertThrows(IllegalStateException.class, () -> dead.set(JAVA_BYTE, 0, (byte) 1));
                assertThrows(IllegalStateException.class, () -> dead.fill((byte) 1));
                assertThrows(IllegalStateException.class, () -> pair.peer.read(dead));
            }
            assertThrows(IllegalStateException.class, buffer::segment);
            byte[] got = Local.readFully(pair.peer, SIZE);
            until("completed", () -> pair.sender.drainCompletions() == 1);
            assertFalse(buffer.isPending());
            MemorySegment again = buffer.segment();
            assertNotSame(lent, again);
            again.fill((byte) 8);
            assertThrows(IllegalStateException.class, () -> lent.get(JAVA_BYTE, 0));
            for (byte b : got) {
                assertEquals(7, b);
            }
        }
    }

    /** A lent segment is invalid after every send, whether the kernel copies or not. */
    @Test
    void aCopyingSendTakesTheLentMemoryBackToo() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = open(loop);
            ZeroCopyBuffer buffer = loop.later(ZeroCopyBuffer.allocate(SIZE));
            MemorySegment lent = buffer.segment();
            assertEquals(100, pair.sender.send(buffer, 0, 100));
            assertFalse(buffer.isPending());
            assertThrows(IllegalStateException.class, () -> lent.get(JAVA_BYTE, 0));
            assertEquals(0, buffer.segment().get(JAVA_BYTE, 0));
            assertEquals(0, pair.sender.sent());
            assertEquals(0, pair.sender.drainCompletions());
        }
    }

    @Test
    void memoryThatCouldBeFreedIsRefused() throws IOException {
        Path path = Files.write(directory.resolve("file"), random(SIZE));
        try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared();
             FileChannel channel = FileChannel.open(path)) {
            for (MemorySegment wrong : List.of(confined.allocate(SIZE), shared.allocate(SIZE),
                    Arena.ofAuto().allocate(SIZE), MemorySegment.ofArray(new byte[SIZE]),
                    MemorySegment.ofBuffer(ByteBuffer.allocateDirect(SIZE)),
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE, confined),
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE, shared))) {
                assertThrows(IllegalArgumentException.class, () -> ZeroCopyBuffer.of(wrong), wrong::toString);
            }
            assertThrows(IllegalArgumentException.class, () -> ZeroCopyBuffer.allocate(0));
            assertThrows(IllegalArgumentException.class, () -> ZeroCopyBuffer.allocate(-1));
            Throwable e = assertThrows(OutOfMemoryError.class, () -> ZeroCopyBuffer.allocate(1L << 60));
            if (!Behaviour.HUGE_MAPPINGS_ARE_INVALID.isHere()) {
                Failures.assertFailure("mmap", "ENOMEM", e);
            }
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE, Arena.ofAuto());
            try (ZeroCopyBuffer ok = ZeroCopyBuffer.of(mapped);
                 ZeroCopyBuffer global = ZeroCopyBuffer.of(Arena.global().allocate(8))) {
                assertTrue(ok.segment().isReadOnly());
                global.segment().fill((byte) 1);
            }
        }
    }

    @Test
    void aMappedFileIsSentInPlace() throws IOException {
        try (Loop loop = new Loop()) {
            byte[] bytes = random(3 * SIZE);
            Path path = Files.write(directory.resolve("file"), bytes);
            try (FileChannel channel = FileChannel.open(path)) {
                ZeroCopyBuffer buffer = loop.later(ZeroCopyBuffer.of(
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.length, Arena.ofAuto())));
                assertArrives(open(loop), buffer, 0, bytes.length, new Expected(bytes));
            }
        }
    }

    @Test
    void anotherThreadCannotUseABuffer() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = open(loop);
            ZeroCopyBuffer buffer = buffer(loop, new byte[SIZE]);
            Background.result(Background.start(() -> {
                assertThrows(WrongThreadException.class, buffer::segment);
                assertThrows(WrongThreadException.class, buffer::close);
                assertThrows(WrongThreadException.class, () -> pair.sender.send(buffer, 0, SIZE));
                return null;
            }));
            assertEquals(0, pair.sender.sent());
            assertThrows(IndexOutOfBoundsException.class, () -> pair.sender.send(buffer, 1, SIZE));
            assertThrows(IndexOutOfBoundsException.class, () -> pair.sender.send(buffer, -1, 1));
            assertThrows(IllegalArgumentException.class, () -> pair.sender.setThreshold(-1));
            assertEquals(0, pair.sender.send(buffer, 7, 0));
        }
    }

    @Test
    void aStreamHasOneSender() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            assertThrows(IllegalStateException.class, () -> ZeroCopySender.of(pair.stream));
            pair.stream.close();
            assertThrows(ClosedChannelException.class, () -> ZeroCopySender.of(pair.stream));
            ZeroCopyBuffer buffer = buffer(loop, new byte[SIZE]);
            assertThrows(ClosedChannelException.class, () -> pair.sender.send(buffer, 0, SIZE));
            assertThrows(ClosedChannelException.class, () -> pair.sender.send(buffer, 0, 0));
            assertFalse(buffer.isPending());
        }
    }

    // ---- close during a pending send

    private static boolean isMapped(long address) throws IOException {
        return Proc.lines("self/maps").stream()
            .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
            .anyMatch(range -> Long.parseUnsignedLong(range[0], 16) <= address
                && address < Long.parseUnsignedLong(range[1], 16));
    }

    /** The bytes are still unsent when their memory is unmapped and other memory is mapped in its place. */
    @Test
    void aBufferClosedDuringASendArrivesUnchanged() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            pair.stream.setOption(StandardSocketOptions.SO_SNDBUF, 8 << 20);
            byte[] bytes = random(4 << 20);
            ZeroCopyBuffer buffer = buffer(loop, bytes);
            long address = buffer.segment().address();
            long sent = pair.sender.send(buffer, 0, bytes.length);
            assertTrue(sent > 0 && buffer.isPending(), "sent " + sent);
            buffer.close();
            buffer.close();
            assertThrows(IllegalStateException.class, buffer::segment);
            assertThrows(IllegalStateException.class, () -> pair.sender.send(buffer, 0, 1));
            ZeroCopyBuffer next = loop.later(ZeroCopyBuffer.allocate(bytes.length));
            next.segment().fill((byte) 0x55);
            assertTrue(next.segment().address() == address || !isMapped(address), "still mapped");
            Expected expected = new Expected(Arrays.copyOf(bytes, (int) sent));
            until("all arrived", () -> {
                expected.read(pair.peer);
                return expected.isComplete();
            });
            until("completed", () -> {
                pair.sender.drainCompletions();
                return pair.sender.completed() == pair.sender.sent();
            });
            assertFalse(buffer.isPending());
        }
    }

    @Test
    void bytesSentBeforeTheStreamWasClosedArrive() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            pair.stream.setOption(StandardSocketOptions.SO_SNDBUF, 8 << 20);
            byte[] bytes = random(4 << 20);
            ZeroCopyBuffer buffer = buffer(loop, bytes);
            long sent = pair.sender.send(buffer, 0, bytes.length);
            pair.stream.close();
            assertThrows(ClosedChannelException.class, pair.sender::drainCompletions);
            assertTrue(buffer.isPending());
            assertThrows(IllegalStateException.class, buffer::segment); // permanently: nobody can overwrite it
            buffer.close();
            assertTrue(new ArrayDeque<>(List.of(ZeroCopyBuffer.allocate(bytes.length))).stream()
                .peek(b -> b.segment().fill((byte) 0x55)).allMatch(b -> b.byteSize() == bytes.length));
            Expected expected = new Expected(Arrays.copyOf(bytes, (int) sent));
            until("all arrived", () -> {
                expected.read(pair.peer);
                return expected.isComplete();
            });
            Pipelines.expectEnd(pair.peer);
        }
    }

    /** A method of its own, so that no local variable keeps the buffer reachable. */
    private static MemorySegment lentByADroppedBuffer() {
        return ZeroCopyBuffer.allocate(SIZE).segment();
    }

    private static long addressOfADroppedBuffer() {
        return ZeroCopyBuffer.allocate(1 << 20).segment().address();
    }

    @Test
    void aDroppedBufferIsUnmappedButNotUnderASegment() throws IOException {
        MemorySegment lent = lentByADroppedBuffer();
        long address = addressOfADroppedBuffer();
        Loop.untilCollected("unmapped by the cleaner", () -> !isMapped(address));
        lent.fill((byte) 1); // would crash if the memory had been unmapped
        assertEquals(1, lent.get(JAVA_BYTE, SIZE - 1));
    }

    // ---- completions

    @Test
    void completionsAreAnErrorEventAndTheStreamIsNotBroken() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            ZeroCopyBuffer buffer = buffer(loop, random(SIZE));
            loop.register(pair.stream, 1, RW);
            loop.expect(Loop.writable(1));
            for (int i = 0; i < 50; i++) { // repeatedly, on poll(2) too
                assertEquals(SIZE, pair.sender.send(buffer, 0, SIZE));
                Local.readFully(pair.peer, SIZE);
                long completed = pair.sender.completed();
                while (pair.sender.completed() == completed) {
                    String event = loop.next(1);
                    assertFalse(event.contains("rc"), event);
                    if (event.endsWith("e")) {
                        assertEquals(1, pair.sender.drainCompletions());
                        assertNull(pair.stream.takeError());
                    }
                }
                assertFalse(buffer.isPending());
            }
            assertEquals(5, pair.peer.write("hello".getBytes(), 0, 5)); // the stream still works in both directions
            loop.expect(Loop.readable(1));
            assertArrayEquals("hello".getBytes(), Local.readFully(pair.stream, 5));
            assertEquals(5, pair.stream.write("again".getBytes(), 0, 5));
            assertArrayEquals("again".getBytes(), Local.readFully(pair.peer, 5));
            loop.poll.pollNow(loop.events);
            loop.expectNothing(); // no busy loop
        }
    }

    @Test
    void aBrokenConnectionIsDistinguishedFromACompletion() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            ZeroCopyBuffer buffer = buffer(loop, random(SIZE));
            loop.register(pair.stream, 1, RW);
            loop.expect(Loop.writable(1));
            assertEquals(SIZE, pair.sender.send(buffer, 0, SIZE));
            pair.peer.setOption(StandardSocketOptions.SO_LINGER, 0);
            pair.peer.close();
            loop.expect(new Loop.Expected(1, "e rc wc"));
            until("completed", () -> {
                pair.sender.drainCompletions();
                return !buffer.isPending();
            });
            assertNotNull(pair.stream.takeError());
            assertThrows(IOException.class, () -> pair.sender.send(buffer, 0, SIZE));
        }
    }

    @Test
    void completionsComeInRanges() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            int count = 300;
            ZeroCopyBuffer[] buffers = new ZeroCopyBuffer[7];
            for (int i = 0; i < buffers.length; i++) {
                buffers[i] = buffer(loop, random(16 << 10));
            }
            for (int i = 0; i < count; i++) { // the ring grows
                assertEquals(16 << 10, pair.sender.send(buffers[i % 7], 0, 16 << 10));
                assertArrayEquals(random(16 << 10), Local.readFully(pair.peer, 16 << 10));
            }
            assertEquals(count, pair.sender.sent());
            long[] calls = new long[1];
            until("all completed", () -> {
                calls[0] += pair.sender.drainCompletions() > 0 ? 1 : 0;
                return pair.sender.completed() == count;
            });
            assertTrue(calls[0] < count / 10, calls[0] + " calls");
            for (ZeroCopyBuffer buffer : buffers) {
                assertFalse(buffer.isPending());
            }
        }
    }

    /**
     * Numbers wrap around after 4294967296 sends, too many for a test, and may arrive in any order; they are simulated
     * here.
     */
    @Test
    void numbersWrapAroundAndComeInAnyOrder() throws Exception {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            ZeroCopyBuffer[] buffers = new ZeroCopyBuffer[8];
            ZeroCopyBuffer[] ring = (ZeroCopyBuffer[]) field("ring").get(pair.sender);
            long first = 0xFFFF_FFFCL;
            field("oldest").set(pair.sender, first);
            field("sent").set(pair.sender, first + 8);
            Method sent = ZeroCopyBuffer.class.getDeclaredMethod("sent");
            sent.setAccessible(true);
            for (int i = 0; i < 8; i++) {
                buffers[i] = loop.later(ZeroCopyBuffer.allocate(1));
                ring[(int) (first + i & ring.length - 1)] = buffers[i];
                sent.invoke(buffers[i]);
            }
            complete(pair.sender, 2, 3);
            assertPending(buffers, "PPPPPP..");
            complete(pair.sender, -3, 0);
            assertPending(buffers, "P....P..");
            assertEquals(first, field("oldest").get(pair.sender));
            complete(pair.sender, -3, -3); // repeated, and older than the oldest: ignored
            complete(pair.sender, -5, -5);
            assertPending(buffers, "P....P..");
            complete(pair.sender, -4, -4);
            assertEquals(first + 5, field("oldest").get(pair.sender));
            complete(pair.sender, 1, 1);
            assertEquals(first + 8, field("oldest").get(pair.sender));
            assertPending(buffers, "........");
        }
    }

    private static Field field(String name) throws ReflectiveOperationException {
        Field field = ZeroCopySender.class.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private static void complete(ZeroCopySender sender, int first, int last) throws ReflectiveOperationException {
        Method method = ZeroCopySender.class.getDeclaredMethod("completed", int.class, int.class, boolean.class);
        method.setAccessible(true);
        method.invoke(sender, first, last, false);
    }

    private static void assertPending(ZeroCopyBuffer[] buffers, String expected) {
        StringBuilder pending = new StringBuilder();
        for (ZeroCopyBuffer buffer : buffers) {
            pending.append(buffer.isPending() ? 'P' : '.');
        }
        assertEquals(expected, pending.toString());
    }

    // ---- readiness

    @Test
    void aFullStreamWouldBlockAndThenReportsRoom() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = open(loop);
            byte[] bytes = random(24 << 20);
            ZeroCopyBuffer buffer = buffer(loop, bytes);
            loop.register(pair.stream, 1, RW);
            Expected expected = new Expected(bytes);
            long position = 0;
            while (position < bytes.length) {
                String event = loop.next(1);
                if (event.contains("e")) {
                    pair.sender.drainCompletions();
                }
                long n;
                while (position < bytes.length
                        && (n = pair.sender.send(buffer, position, bytes.length - position)) > 0) {
                    position += n;
                }
                expected.read(pair.peer);
            }
            until("all arrived and completed", () -> {
                expected.read(pair.peer);
                pair.sender.drainCompletions();
                return expected.isComplete() && !buffer.isPending();
            });
        }
    }

    // ---- falling back

    @Test
    void sendsBelowTheThresholdAreCopied() throws IOException {
        try (Loop loop = new Loop()) {
            Pair pair = openEnabled(loop);
            ZeroCopyBuffer buffer = buffer(loop, random(SIZE));
            int threshold = (int) ZeroCopySender.DEFAULT_THRESHOLD;
            assertEquals(threshold - 1, pair.sender.send(buffer, 0, threshold - 1));
            assertEquals(0, pair.sender.sent());
            assertFalse(buffer.isPending());
            assertEquals(threshold, pair.sender.send(buffer, 0, threshold));
            assertEquals(1, pair.sender.sent());
            pair.sender.setThreshold(Long.MAX_VALUE);
            assertEquals(SIZE, pair.sender.send(buffer, 0, SIZE));
            assertEquals(1, pair.sender.sent());
            pair.sender.setThreshold(0);
            assertEquals(1, pair.sender.send(buffer, 0, 1));
            assertEquals(2, pair.sender.sent());
        }
    }

    @Test
    void withoutSystemSupportEverythingIsCopied() throws Exception {
        assumeTrue(Background.result(Background.start(() -> {
            try (Loop loop = new Loop()) {
                TcpStream[] pair = loop.pair();
                if (!Seccomp.refuse(SystemCall.SETSOCKOPT, EPERM)) {
                    return false;
                }
                ZeroCopySender sender = ZeroCopySender.of(pair[0]);
                assertFalse(sender.isEnabled());
                byte[] bytes = random(3 * SIZE);
                ZeroCopyBuffer buffer = buffer(loop, bytes);
                assertArrives(new Pair(pair[0], sender, pair[1]), buffer, 0, bytes.length, new Expected(bytes));
                assertEquals(0, sender.sent());
                buffer.segment().fill((byte) 0);
            }
            return true;
        })), "no seccomp(2) here");
    }

    @Test
    void aSendThatTheKernelHasNoRoomForIsCopied() throws Exception {
        try (Loop loop = new Loop()) {
            openEnabled(loop); // otherwise the test is skipped here
        }
        assumeTrue(Background.result(Background.start(() -> {
            try (Loop loop = new Loop()) {
                Pair pair = openEnabled(loop);
                if (!Seccomp.refuse(SystemCall.SENDTO, 3, MSG_ZEROCOPY, ENOBUFS)) {
                    return false;
                }
                byte[] bytes = random(3 * SIZE);
                ZeroCopyBuffer buffer = buffer(loop, bytes);
                assertArrives(pair, buffer, 0, bytes.length, new Expected(bytes));
                assertEquals(0, pair.sender.sent());
                buffer.segment().fill((byte) 0);
            }
            return true;
        })), "no seccomp(2) here");
    }

    // ---- beyond 2 GB

    @Test
    void aBufferMayBeLargerThanTwoGigabytes() throws IOException {
        Behaviour.TRANSFERS_ARE_SLOW.skip();
        long size = 5L << 30;
        try (Loop loop = new Loop()) {
            byte[] tail = random(200_000);
            Path path = directory.resolve("sparse");
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(tail), size - tail.length);
                ZeroCopyBuffer mapped = loop.later(ZeroCopyBuffer.of(
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto())));
                Pair pair = open(loop);
                assertArrives(pair, mapped, size - tail.length, size, new Expected(tail));
                long n = pair.sender.send(mapped, 0, size); // as many bytes as there is room for
                assertTrue(n > 0 && n < 1 << 30, "result " + n);
                Expected zeros = new Expected(new byte[(int) n]);
                until("all arrived", () -> {
                    zeros.read(pair.peer);
                    return zeros.isComplete();
                });
            }
            ZeroCopyBuffer own = loop.later(ZeroCopyBuffer.allocate(3L << 30));
            long at = own.byteSize() - tail.length;
            MemorySegment.copy(tail, 0, own.segment(), JAVA_BYTE, at, tail.length);
            assertArrives(open(loop), own, at, own.byteSize(), new Expected(tail));
        }
    }
}
