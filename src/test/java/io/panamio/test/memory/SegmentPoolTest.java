package io.panamio.test.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.test.support.Background;
import io.panamio.test.support.Child;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Segment pools, unchecked and checked. */
@Tag("any-selector")
class SegmentPoolTest {
    private static final long KB = 1024;
    private static final long MB = 1024 * KB;
    private static final PoolOptions SIZES = PoolOptions.DEFAULT.sizes(4 * KB, 64 * KB);

    private static final Logger LOGGER = Logger.getLogger("io.panamio");

    @BeforeEach
    void muteLog() {
        LOGGER.setUseParentHandlers(false); // the leaks are intended
    }

    @AfterEach
    void unmuteLog() {
        LOGGER.setUseParentHandlers(true);
    }

    private static SegmentPool open(boolean checked) {
        return SegmentPool.open(SIZES.checked(checked));
    }

    private static long size(Lease lease) {
        return lease.segment().byteSize();
    }

    /** Asserts that a task throws an exception of a class in another thread. */
    private static void assertThrowsElsewhere(Class<? extends Throwable> kind, Executable task) {
        Throwable thrown = Background.failure(Background.start(() -> {
            try {
                task.execute();
                return null;
            } catch (Exception | Error e) {
                throw e;
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
        }));
        assertEquals(kind, thrown.getClass());
    }

    // ---- leases

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLeaseIsOfTheSmallestClassThatFits(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            assertEquals(0, pool.reserved());
            assertEquals(4 * KB, size(pool.acquire(0)));
            assertEquals(MB, pool.reserved());
            assertEquals(4 * KB, size(pool.acquire(1)));
            assertEquals(4 * KB, size(pool.acquire(4 * KB)));
            assertEquals(12 * KB, pool.acquired());
            assertEquals(MB, pool.reserved());
            assertEquals(64 * KB, size(pool.acquire(4 * KB + 1)));
            assertEquals(64 * KB, size(pool.acquire(64 * KB)));
            assertEquals(140 * KB, pool.acquired());
            assertEquals(2 * MB, pool.reserved());
            assertEquals("SegmentPool[143360 of 2097152 bytes]", pool.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void leasesAreDisjointAlignedAndUsable(boolean checked) {
        Random random = new Random(3);
        PoolOptions options = PoolOptions.DEFAULT.sizes(64, 192, 4 * KB, 12 * KB, 3 * MB).checked(checked);
        try (SegmentPool pool = SegmentPool.open(options)) {
            List<Lease> leases = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                if (leases.size() < 500 || random.nextBoolean()) {
                    long wanted = 1L << random.nextInt(i % 100 == 0 ? 24 : 14);
                    Lease lease = pool.acquire(wanted);
                    MemorySegment segment = lease.segment();
                    assertTrue(segment.byteSize() >= wanted);
                    long alignment = Math.min(Long.lowestOneBit(segment.byteSize()), 4096);
                    assertEquals(0, segment.address() % alignment);
                    segment.set(JAVA_LONG, 0, segment.address());
                    segment.set(JAVA_LONG, segment.byteSize() - 8, segment.address());
                    leases.add(lease);
                } else {
                    Lease lease = leases.remove(random.nextInt(leases.size()));
                    MemorySegment segment = lease.segment();
                    assertSame(segment, lease.segment());
                    assertEquals(segment.address(), segment.get(JAVA_LONG, 0));
                    assertEquals(segment.address(), segment.get(JAVA_LONG, segment.byteSize() - 8));
                    lease.release();
                }
            }
            assertEquals(leases.stream().mapToLong(SegmentPoolTest::size).sum(), pool.acquired());
            leases.forEach(Lease::release);
            assertEquals(0, pool.acquired());
        }
    }

    @Test
    void releasedMemoryIsReusedLastInFirstOut() {
        try (SegmentPool pool = open(false)) {
            Lease one = pool.acquire(1);
            Lease two = pool.acquire(1);
            MemorySegment segment = two.segment();
            one.release();
            two.release();
            assertSame(two, pool.acquire(1));
            assertSame(segment, two.segment());
            assertSame(one, pool.acquire(1));
            assertEquals(MB, pool.reserved());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPoolGrowsBySlabs(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            List<Lease> leases = new ArrayList<>();
            Set<Long> addresses = new HashSet<>();
            for (int i = 0; i < 1000; i++) {
                leases.add(pool.acquire(4 * KB));
                addresses.add(leases.get(i).segment().address());
            }
            assertEquals(1000, addresses.size());
            assertEquals(4 * MB, pool.reserved());
            leases.forEach(Lease::release);
            for (int i = 0; i < 1024; i++) {
                pool.acquire(1);
            }
            assertEquals(4 * MB, pool.reserved());
            pool.acquire(1);
            assertEquals(5 * MB, pool.reserved());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void dedicatedMemoryIsReturnedToTheSystem(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            Lease lease = pool.acquire(64 * KB + 1);
            MemorySegment segment = lease.segment();
            assertEquals(64 * KB + 1, segment.byteSize());
            assertEquals(0, segment.address() % 4096);
            assertEquals(64 * KB + 1, pool.acquired());
            assertEquals(64 * KB + 1, pool.reserved());
            segment.fill((byte) 1);
            lease.release();
            assertEquals(0, pool.acquired());
            assertEquals(0, pool.reserved());
            assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, lease::segment);
            assertThrows(IllegalStateException.class, lease::release);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void segmentsMayHaveMoreThan2Gb(boolean checked) {
        long size = 5L << 30; // only two of its pages are used
        try (SegmentPool pool = open(checked)) {
            for (int i = 0; i < 3; i++) {
                Lease lease = pool.acquire(size);
                lease.segment().set(JAVA_BYTE, 0, (byte) 1);
                lease.segment().set(JAVA_BYTE, size - 1, (byte) 2);
                assertEquals(size, pool.reserved());
                lease.release();
            }
        }
        try (SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.sizes(64, 3L << 30))) { // a size class of 3 GiB
            Lease lease = pool.acquire((3L << 30) - 1);
            lease.segment().set(JAVA_BYTE, (3L << 30) - 1, (byte) 1);
            assertEquals(3L << 30, pool.reserved());
            lease.release();
            assertSame(lease, pool.acquire(65));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPoolAtItsLimitRefusesUntilASegmentIsReleased(boolean checked) {
        try (SegmentPool pool = SegmentPool.open(SIZES.checked(checked).limit(128 * KB + 10 * KB))) {
            Lease large = pool.acquire(64 * KB);
            Lease other = pool.acquire(64 * KB);
            assertNull(pool.acquire(64 * KB));
            assertNull(pool.acquire(64 * KB + 1));
            assertNull(pool.acquire(Long.MAX_VALUE));
            assertNotNull(pool.acquire(1));
            assertNotNull(pool.acquire(1));
            assertNull(pool.acquire(1), "no room for a whole segment");
            assertEquals(136 * KB, pool.reserved());
            assertEquals(136 * KB, pool.acquired());
            large.release();
            assertEquals(64 * KB, size(pool.acquire(1)), "a free segment of a larger class is reused");
            assertNull(pool.acquire(1));
            other.release();
            assertEquals(64 * KB, size(pool.acquire(64 * KB)));
        }
        try (SegmentPool pool = SegmentPool.open(SIZES.checked(checked).limit(MB))) {
            Lease large = pool.acquire(MB);
            assertNull(pool.acquire(1));
            large.release();
            assertEquals(4 * KB, size(pool.acquire(1)));
            assertNull(pool.acquire(MB));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseInvalidatesAllSegments(boolean checked) {
        SegmentPool pool = open(checked);
        Lease small = pool.acquire(1);
        Lease large = pool.acquire(MB);
        Lease released = pool.acquire(1);
        released.release();
        Arena arena = pool.arena();
        List<MemorySegment> segments = List.of(small.segment(), large.segment(), arena.allocate(8));
        pool.close();
        for (MemorySegment segment : segments) {
            assertFalse(segment.scope().isAlive());
            assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
        }
        assertThrows(IllegalStateException.class, () -> pool.acquire(1));
        assertThrows(IllegalStateException.class, pool::arena);
        assertThrows(IllegalStateException.class, () -> arena.allocate(8));
        assertThrows(IllegalStateException.class, arena::close);
        assertEquals(0, pool.reserved());
        assertEquals(0, pool.acquired());
        assertTrue(pool.toString().contains("closed"), pool::toString);
        small.release();
        large.release();
        pool.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anotherThreadIsRefused(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            Lease lease = pool.acquire(1);
            MemorySegment segment = lease.segment();
            List<Executable> uses = List.of(() -> pool.acquire(1), pool::arena, pool::close, lease::release,
                pool::reserved, pool::acquired, () -> segment.get(JAVA_BYTE, 0));
            for (Executable use : uses) {
                assertThrowsElsewhere(WrongThreadException.class, use);
            }
            assertEquals(4 * KB, pool.acquired());
            lease.release();
        }
    }

    @Test
    void memoryIsReturnedToTheSystem() throws IOException {
        long before = Proc.residentBytes();
        for (int i = 0; i < 32; i++) {
            try (SegmentPool pool = SegmentPool.open(); Arena arena = pool.arena()) {
                for (int j = 0; j < 512; j++) {
                    pool.acquire(64 * KB).segment().fill((byte) 1);
                }
                pool.acquire(16 * MB).segment().fill((byte) 1);
                arena.allocate(16 * MB).fill((byte) 1);
            }
        }
        long grown = Proc.residentBytes() - before;
        assertTrue(grown < 512 * MB, "grown by " + grown + " bytes");
    }

    @Test
    void impossibleSizesAndOptionsAreRefused() {
        try (SegmentPool pool = SegmentPool.open()) {
            assertThrows(IllegalArgumentException.class, () -> pool.acquire(-1));
            assertThrows(IllegalArgumentException.class, () -> pool.acquire(Long.MIN_VALUE));
            Failures.assertFailure("calloc", "ENOMEM",
                assertThrows(OutOfMemoryError.class, () -> pool.acquire(1L << 60)));
            assertThrows(OutOfMemoryError.class, () -> pool.acquire(Long.MAX_VALUE));
            assertEquals(0, pool.acquired());
            assertEquals(64 * KB, size(pool.acquire(64 * KB)));
            assertEquals(8 * KB, size(pool.acquire(8 * KB - 1)));
        }
        PoolOptions options = PoolOptions.DEFAULT;
        for (long[] sizes : new long[][] {{}, {0}, {63}, {-64}, {100}, {64, 64}, {128, 64}, {64, 200}}) {
            assertThrows(IllegalArgumentException.class, () -> options.sizes(sizes), Arrays.toString(sizes));
        }
        for (long[] bounds : new long[][] {{32, 64}, {64, 32}, {65, 128}, {64, 100}, {0, 64}, {64, Long.MIN_VALUE}}) {
            assertThrows(IllegalArgumentException.class, () -> options.powersOfTwo(bounds[0], bounds[1]));
        }
        assertThrows(IllegalArgumentException.class, () -> options.limit(0));
        assertThrows(NullPointerException.class, () -> SegmentPool.open(null));
    }

    @Test
    void powersOfTwoAreClassesWithBothBounds() {
        try (SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.powersOfTwo(128, 1024))) {
            assertEquals(128, size(pool.acquire(1)));
            assertEquals(256, size(pool.acquire(129)));
            assertEquals(1024, size(pool.acquire(1024)));
            assertEquals(1025, size(pool.acquire(1025)));
        }
        try (SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.powersOfTwo(64, 64))) {
            assertEquals(64, size(pool.acquire(64)));
            assertEquals(65, size(pool.acquire(65)));
        }
    }

    // ---- misuse

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSecondReleaseIsRefusedAndChangesNothing(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            Lease lease = pool.acquire(1);
            Lease other = pool.acquire(1);
            lease.release();
            Throwable e = assertThrows(IllegalStateException.class, lease::release);
            assertEquals(checked, e.getCause() != null && e.getCause().getMessage().equals("released here"));
            assertThrows(IllegalStateException.class, lease::segment);
            assertEquals(4 * KB, pool.acquired());
            Lease next = pool.acquire(1);
            assertTrue(next.segment().address() != pool.acquire(1).segment().address());
            assertTrue(next.segment().address() != other.segment().address());
        }
    }

    @Test
    void aCheckedPoolRefusesASecondReleaseAfterTheNextAcquire() {
        try (SegmentPool pool = open(true)) {
            Lease lease = pool.acquire(1);
            long address = lease.segment().address();
            lease.release();
            Lease next = pool.acquire(1);
            assertEquals(address, next.segment().address());
            Exception e = assertThrows(IllegalStateException.class, lease::release);
            assertTrue(where(e.getCause()).contains("SegmentPoolTest"), e::toString);
            next.segment().set(JAVA_BYTE, 0, (byte) 1);
            next.release();
        }
    }

    @Test
    void aCheckedPoolRefusesUseAfterTheRelease() {
        try (SegmentPool pool = open(true)) {
            Lease lease = pool.acquire(1);
            MemorySegment segment = lease.segment();
            MemorySegment slice = segment.asSlice(8, 8);
            lease.release();
            assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
            pool.acquire(1);
            assertThrows(IllegalStateException.class, () -> slice.set(JAVA_BYTE, 0, (byte) 1));
        }
    }

    @Test
    void memoryFromACheckedPoolIsNotZero() {
        try (SegmentPool pool = open(true)) {
            MemorySegment segment = pool.acquire(1).segment();
            assertEquals(0xDEDEDEDE, segment.get(JAVA_INT, 0));
            assertEquals(0xDEDEDEDE, segment.get(JAVA_INT, segment.byteSize() - 4));
        }
    }

    /** Writes through the address, as native code does, without a check of the scope. */
    @SuppressWarnings("restricted")
    private static void poke(long address) {
        MemorySegment.ofAddress(address).reinterpret(1).set(JAVA_BYTE, 0, (byte) 1);
    }

    private static String where(Throwable trace) {
        return trace == null ? "nowhere" : Arrays.toString(trace.getStackTrace());
    }

    @Test
    void aCheckedPoolReportsWritesToReleasedMemory() {
        try (SegmentPool pool = open(true)) {
            Lease lease = pool.acquire(1);
            long address = lease.segment().address();
            lease.release();
            poke(address + 4095);
            Exception e = assertThrows(IllegalStateException.class, () -> pool.acquire(1));
            assertTrue(e.getMessage().contains("byte 4088 "), e.getMessage());
            assertEquals("released here", e.getCause().getMessage());
            assertTrue(where(e.getCause()).contains("aCheckedPoolReportsWritesToReleasedMemory"), e::toString);
            assertEquals(0, pool.acquired());
            assertEquals(address, pool.acquire(1).segment().address(), "reported once");
        }
    }

    // ---- logging

    private interface Task {
        void run();
    }

    /** Runs a task and returns what is logged about pools in the meantime. */
    private static List<LogRecord> logged(Task task) {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord report) {
                if (report.getMessage().contains("closed a pool")) {
                    records.add(report);
                }
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        LOGGER.addHandler(handler);
        try {
            task.run();
        } finally {
            LOGGER.removeHandler(handler);
        }
        return records;
    }

    @Test
    void aCheckedPoolReportsWhereLeaksWereAcquired() {
        SegmentPool pool = open(true);
        pool.acquire(1).release();
        pool.acquire(1);
        pool.acquire(MB);
        Arena arena = pool.arena();
        arena.allocate(8);
        List<LogRecord> records = logged(pool::close);
        assertEquals(List.of("4096", "1048576", "4096"),
            records.stream().map(r -> r.getMessage().split(" ")[7]).toList());
        for (LogRecord report : records) {
            assertTrue(report.getMessage().contains("not released"), report.getMessage());
            assertEquals("acquired here", report.getThrown().getMessage());
            assertTrue(where(report.getThrown()).contains("aCheckedPoolReportsWhereLeaksWereAcquired"));
        }
    }

    @Test
    void manyLeaksAreSummarized() {
        SegmentPool pool = open(true);
        for (int i = 0; i < 1000; i++) {
            pool.acquire(1);
        }
        List<LogRecord> records = logged(pool::close);
        assertEquals(11, records.size());
        assertTrue(records.getLast().getMessage().contains(" 1000 "), records.getLast().getMessage());
    }

    @Test
    void aCheckedPoolReportsWritesToReleasedMemoryWhenItIsClosed() {
        SegmentPool pool = open(true);
        Lease lease = pool.acquire(1);
        long address = lease.segment().address();
        lease.release();
        poke(address + 8);
        List<LogRecord> records = logged(pool::close);
        assertEquals(1, records.size());
        assertTrue(records.getFirst().getMessage().contains("written to after its release, at byte 8"),
            records.getFirst().getMessage());
        assertTrue(where(records.getFirst().getThrown()).contains("SegmentPoolTest"));
    }

    @Test
    void nothingIsLoggedWithoutMisuseOrChecks() {
        assertEquals(List.of(), logged(() -> {
            try (SegmentPool pool = open(true); Arena arena = pool.arena()) {
                arena.allocate(100);
                pool.acquire(1).release();
                pool.acquire(MB).release();
            }
            try (SegmentPool pool = open(false)) {
                pool.acquire(1);
                pool.acquire(MB);
                pool.arena().allocate(8);
            }
        }));
    }

    /** Prints whether the pools of this JVM are checked. */
    static final class Checked {
        private Checked() {
        }

        public static void main(String[] args) {
            try (SegmentPool pool = SegmentPool.open()) {
                System.out.print(pool.acquire(1).segment().get(JAVA_BYTE, 0) != 0);
            }
        }
    }

    @Test
    void allPoolsAreCheckedByAProperty() throws Exception {
        assertEquals("false", new Child().run(Checked.class).ok());
        Child.End end = new Child().with("-Dpanamio.checkedPools=true").run(Checked.class);
        assertEquals("true", end.ok());
        assertTrue(end.err().contains("not released"), end::err);
        assertTrue(end.err().contains("Checked.main"), end::err);
    }

    // ---- arenas

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anArenaAllocatesFromThePoolAndReturnsItsMemory(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            for (int round = 0; round < 3; round++) {
                MemorySegment small;
                MemorySegment more;
                try (Arena arena = pool.arena()) {
                    assertEquals(0, pool.acquired());
                    small = arena.allocate(10);
                    assertEquals(10, small.byteSize());
                    assertEquals(4 * KB, pool.acquired());
                    for (int i = 0; i < 100; i++) {
                        arena.allocate(JAVA_INT);
                    }
                    assertEquals(4 * KB, pool.acquired(), "small pieces share a segment");
                    more = arena.allocate(60 * KB);
                    assertEquals(68 * KB, pool.acquired());
                    arena.allocate(3 * KB);
                    assertEquals(68 * KB, pool.acquired(), "both segments have room");
                    assertEquals(2 * MB, arena.allocate(2 * MB).byteSize());
                    assertEquals(68 * KB + 2 * MB, pool.acquired());
                    assertSame(arena.scope(), arena.allocate(1).scope());
                }
                assertEquals(0, pool.acquired());
                assertEquals(2 * MB, pool.reserved());
                assertThrows(IllegalStateException.class, () -> small.get(JAVA_BYTE, 0));
                assertThrows(IllegalStateException.class, () -> more.get(JAVA_BYTE, 0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void memoryOfAnArenaIsZeroedAlignedAndDisjoint(boolean checked) {
        try (SegmentPool pool = open(checked)) {
            for (int round = 0; round < 3; round++) { // later rounds reuse memory that earlier ones have written to
                try (Arena arena = pool.arena()) {
                    for (long alignment = 1; alignment <= 8192; alignment *= 2) {
                        for (long size : new long[] {0, 1, 15, 16, 1000, 4096, 65536, 100_000}) {
                            MemorySegment segment = arena.allocate(size, alignment);
                            assertEquals(size, segment.byteSize());
                            assertEquals(0, segment.address() % alignment, size + " bytes aligned to " + alignment);
                            assertEquals(-1, segment.mismatch(MemorySegment.ofArray(new byte[(int) size])), "zero");
                            segment.fill((byte) 0xff);
                        }
                    }
                }
                assertEquals(0, pool.acquired());
            }
        }
    }

    @Test
    void aPageIsAlignedWithoutExtraMemory() {
        try (SegmentPool pool = open(false); Arena arena = pool.arena()) {
            arena.allocate(4096, 4096);
            assertEquals(4 * KB, pool.acquired());
            arena.allocate(64 * KB, 4096);
            assertEquals(68 * KB, pool.acquired());
        }
    }

    @Test
    void badSizesAndAlignmentsAreRefused() {
        try (SegmentPool pool = open(false); Arena arena = pool.arena()) {
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(-1));
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, 0));
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, 3));
            assertThrowsElsewhere(WrongThreadException.class, () -> arena.allocate(8));
            assertThrowsElsewhere(WrongThreadException.class, arena::close);
            assertEquals(0, pool.acquired());
        }
    }

    @Test
    void anArenaBeyondTheLimitIsOutOfMemory() {
        try (SegmentPool pool = SegmentPool.open(SIZES.limit(8 * KB)); Arena arena = pool.arena()) {
            arena.allocate(4 * KB);
            OutOfMemoryError e = assertThrows(OutOfMemoryError.class, () -> arena.allocate(5 * KB));
            assertTrue(e.getMessage().contains("5120") && e.getMessage().contains("limit"), e.getMessage());
            arena.allocate(4 * KB);
            assertEquals(8 * KB, pool.acquired());
        }
    }

    // ---- streams

    @Test
    void theArenaOfAStreamAllocatesFromAPool() throws IOException {
        try (Loop loop = new Loop(); SegmentPool pool = open(true)) {
            TcpStream[] pair = loop.pair();
            Arena arena = pair[0].arena(pool);
            assertSame(arena, pair[0].arena());
            MemorySegment segment = arena.allocate(100);
            assertEquals(4 * KB, pool.acquired());
            segment.copyFrom(MemorySegment.ofArray("hello".getBytes()));
            assertEquals(5, pair[0].write(segment, 0, 5));
            assertArrayEquals("hello".getBytes(), Loop.readFully(pair[1], 5));
            assertThrows(UnsupportedOperationException.class, arena::close);
            pair[0].close();
            assertEquals(0, pool.acquired());
            assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, () -> arena.allocate(1));
            assertThrows(IllegalStateException.class, () -> pair[0].arena(pool));

            MemorySegment given = pair[1].arena(pool).allocate(5000);
            NativeFds.close(pair[1].detach());
            assertEquals(0, pool.acquired());
            assertFalse(given.scope().isAlive());
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aStreamHasOneArena() throws IOException {
        try (Loop loop = new Loop(); SegmentPool pool = open(false); SegmentPool other = open(false)) {
            UnixStream[] pair = Local.pair(loop);
            pair[0].arena(pool);
            assertThrows(IllegalStateException.class, () -> pair[0].arena(pool));
            assertThrows(IllegalStateException.class, () -> pair[0].arena(other));
            pair[1].arena();
            assertThrows(IllegalStateException.class, () -> pair[1].arena(pool));
            assertThrows(NullPointerException.class, () -> loop.pair()[0].arena(null));
            UnixStream third = Local.pair(loop)[0];
            assertThrowsElsewhere(WrongThreadException.class, () -> third.arena(pool));
            third.arena(pool).allocate(1);
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void memoryOfAStreamClosedByAnotherThreadIsReturnedWhenTheOwnerPolls() throws Exception {
        try (Loop loop = new Loop(); SegmentPool pool = open(true)) {
            UnixStream[] pair = Local.pair(loop);
            MemorySegment segment = pair[0].arena(pool).allocate(100);
            Background.result(Background.start(() -> {
                pair[0].close();
                return null;
            }));
            assertEquals(4 * KB, pool.acquired());
            segment.set(JAVA_BYTE, 0, (byte) 1); // the owner may still be using it
            loop.poll.pollNow(loop.events);
            assertEquals(0, pool.acquired());
            assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void memoryOfAStreamClosedByAnotherThreadIsReusedBeforeThePoolGrows() throws Exception {
        try (Loop loop = new Loop(); SegmentPool pool = SegmentPool.open(SIZES.limit(4 * KB))) {
            UnixStream[] pair = Local.pair(loop);
            pair[0].arena(pool).allocate(100);
            assertNull(pool.acquire(1));
            Background.result(Background.start(() -> {
                pair[0].close();
                return null;
            }));
            assertNotNull(pool.acquire(1));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Requires(Feature.UNIX_STREAMS)
    void aPoolMayBeClosedBeforeItsStreams(boolean checked) throws Exception {
        try (Loop loop = new Loop()) {
            SegmentPool pool = open(checked);
            UnixStream[] pair = Local.pair(loop);
            MemorySegment[] segments = {pair[0].arena(pool).allocate(100), pair[1].arena(pool).allocate(100)};
            Background.result(Background.start(() -> {
                pair[1].close();
                return null;
            }));
            pool.close();
            for (MemorySegment segment : segments) {
                assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
            }
            assertThrows(IllegalStateException.class, () -> pair[0].arena().allocate(1));
            pair[0].close();
            loop.poll.pollNow(loop.events);
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aThreadThatDiesLeavesItsStreamsCloseable() throws Exception {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            Background.result(Background.start(() -> {
                SegmentPool pool = SegmentPool.open();
                pair[0].arena(pool).allocate(100);
                return null;
            }));
            pair[0].close();
            pair[1].close();
            loop.poll.pollNow(loop.events);
        }
    }
}
