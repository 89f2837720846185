package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimersTest {
    private static final long MS = 1_000_000;
    private static final Duration TICK = Duration.ofMillis(1);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    /** Timers on a clock that stands still, and what they have to do with time. */
    @Nested
    @Tag("any-platform")
    class OnAGivenClock {
        private long time = 12_345;
        private final Timers timers = new Timers(TICK, () -> time);

        private List<Long> expired() {
            List<Long> tokens = new ArrayList<>();
            while (timers.expire()) {
                tokens.add(timers.token());
            }
            return tokens;
        }

        /** Waits as a loop would, and returns the tokens of the timers that then have expired. */
        private List<Long> awaitNext() {
            time += timers.nanosToNext();
            return expired();
        }

        @Test
        void aTimerExpiresOnceWithItsToken() {
            long timer = timers.schedule(-7, SECOND);
            assertEquals(1, timers.size());
            assertEquals(List.of(), expired());
            time += SECOND.toNanos();
            assertEquals(0, timers.nanosToNext());
            assertTrue(timers.expire());
            assertEquals(-7, timers.token());
            assertEquals(timer, timers.timer());
            assertEquals(0, timers.size());
            assertFalse(timers.expire());
            assertEquals(Long.MAX_VALUE, timers.nanosToNext());
        }

        @Test
        void noTimerExpiresEarlyOrMoreThanATickLate() {
            Random random = new Random(1);
            for (int i = 0; i < 10_000; i++) {
                time = random.nextLong();
                Timers fresh = new Timers(TICK, () -> time);
                fresh.schedule(0, FOREVER);
                time += random.nextLong(1L << random.nextInt(1, 62));
                long delay = random.nextLong(1L << random.nextInt(1, 62));
                long deadline = time + delay;
                fresh.schedule(1, Duration.ofNanos(delay));
                long wait = fresh.nanosToNext();
                if (wait > 0) {
                    time += wait - 1;
                    assertFalse(fresh.expire());
                    assertEquals(1, fresh.nanosToNext());
                    time++;
                }
                assertTrue(time - deadline >= 0 && time - deadline < TICK.toNanos(), delay + " ns");
                assertTrue(fresh.expire());
                assertEquals(1, fresh.token());
                assertFalse(fresh.expire());
            }
        }

        @Test
        void everyWaitEndsWithATimer() {
            Random random = new Random(2);
            Set<Long> tokens = new HashSet<>();
            for (long i = 0; i < 100_000; i++) {
                tokens.add(i);
                timers.schedule(i, Duration.ofNanos(random.nextLong(1L << random.nextInt(20, 60))));
            }
            while (timers.size() > 0) {
                long before = time;
                List<Long> expired = awaitNext();
                assertNotEquals(0, expired.size());
                assertTrue(tokens.containsAll(expired));
                expired.forEach(tokens::remove);
                assertTrue(time > before || before == 12_345, "two waits for the same tick");
            }
            assertEquals(Set.of(), tokens);
        }

        @Test
        void timersExpireInTheOrderOfTheirTicks() {
            for (long i : new long[] {5, 3, 9_999_999, 1, 4, 70_000, 2}) {
                timers.schedule(i, Duration.ofMillis(i));
            }
            time += Duration.ofDays(1).toNanos();
            assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 70_000L, 9_999_999L), expired());
        }

        @Test
        void timersOfOneTickExpireTogether() {
            Set<Long> tokens = new HashSet<>();
            for (long i = 0; i < 1000; i++) {
                timers.schedule(i, SECOND);
                tokens.add(i);
            }
            assertEquals(tokens, new HashSet<>(awaitNext()));
            assertEquals(0, timers.size());
        }

        /** A list for a single tick may have any length; another tick beside it needs more of the index than others. */
        @Test
        void fullTicksHaveNeighbours() {
            int n = 0;
            for (int i = 1; i <= 1000; i++) {
                Duration delay = Duration.ofMillis(i * (i % 2 == 0 ? 1000 : 1001));
                for (int k = 0; k < 32 + i % 2; k++, n++) {
                    timers.schedule(2 * i, delay);
                }
                if (i % 3 > 0) {
                    timers.schedule(2 * i + 1, delay.plusMillis(i % 30 + 1));
                    n++;
                }
            }
            assertEquals(n, timers.size());
            while (timers.size() > 0) {
                int expired = awaitNext().size();
                assertTrue(expired > 0);
                n -= expired;
            }
            assertEquals(0, n);
        }

        @Test
        void aCancelledTimerDoesNotExpire() {
            long timer = timers.schedule(1, SECOND);
            timers.schedule(2, SECOND.multipliedBy(2));
            assertTrue(timers.cancel(timer));
            assertFalse(timers.cancel(timer));
            assertFalse(timers.reschedule(timer, SECOND));
            assertEquals(1, timers.size());
            assertEquals(List.of(2L), awaitNext());
        }

        @Test
        void aRescheduledTimerExpiresAtItsNewDeadlineOnly() {
            long timer = timers.schedule(1, SECOND);
            long start = time;
            assertTrue(timers.reschedule(timer, SECOND.multipliedBy(2))); // later
            time = start + SECOND.toNanos() + MS;
            assertEquals(List.of(), expired());
            assertEquals(List.of(1L), awaitNext());
            assertEquals(start + 2 * SECOND.toNanos(), time, MS);
            assertFalse(timers.reschedule(timer, SECOND), "it has expired");

            long other = timers.schedule(2, SECOND);
            start = time;
            assertTrue(timers.reschedule(other, SECOND.dividedBy(2))); // sooner
            assertTrue(timers.reschedule(other, SECOND.dividedBy(2))); // the same tick
            assertEquals(1, timers.size());
            assertEquals(List.of(2L), awaitNext());
            assertEquals(start + SECOND.toNanos() / 2, time, MS);
            assertEquals(Long.MAX_VALUE, timers.nanosToNext());
        }

        @Test
        void aStaleTimerFindsNoSuccessor() {
            Set<Long> stale = new HashSet<>();
            for (int i = 0; i < 1000; i++) {
                long timer = timers.schedule(1, SECOND);
                assertTrue(timer >= 0 && stale.add(timer), "a timer was assigned twice");
                if (i % 2 == 0) {
                    timers.cancel(timer);
                } else {
                    assertEquals(List.of(1L), awaitNext());
                }
            }
            long last = timers.schedule(2, SECOND);
            for (long timer : stale) {
                assertFalse(timers.cancel(timer));
                assertFalse(timers.reschedule(timer, SECOND));
            }
            assertTrue(timers.cancel(last));
        }

        @Test
        void invalidTimersFindNothing() {
            long timer = timers.schedule(1, SECOND);
            for (long number : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, timer + 1, timer + 4, timer + 1000,
                    timer | 1L << 32, timer | 1L << 31, timer | 1L << 63}) {
                assertFalse(timers.cancel(number));
                assertFalse(timers.reschedule(number, SECOND));
            }
            timers.cancel(timer);
            assertFalse(timers.cancel(timer + (1L << 32)), "one that is not assigned yet");
        }

        @Test
        void aTimerScheduledByALoopOfExpirationsExpiresInALaterOne() {
            time = 12_345 + 5 * MS; // exactly on a tick, where no delay is rounded up
            timers.schedule(1, Duration.ZERO);
            int n = 0;
            for (; timers.expire(); n++) {
                timers.schedule(1, Duration.ZERO);
                time += MS;
                assertTrue(n < 2, "the loop does not end");
            }
            assertEquals(1, n);
            assertEquals(0, timers.nanosToNext());
            assertEquals(List.of(1L), expired());
        }

        @Test
        void aLoopThatWasLeftContinuesAtThePresentTime() {
            timers.schedule(1, Duration.ofMillis(1));
            timers.schedule(2, Duration.ofMillis(9));
            time += 2 * MS;
            assertTrue(timers.expire()); // and no further call
            assertEquals(List.of(2L), awaitNext());
        }

        @Test
        void aTimerMayBeCancelledOrRescheduledByALoopOfExpirations() {
            long[] ids = new long[100];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = timers.schedule(i, Duration.ofMillis(1 + i / 10));
            }
            time += SECOND.toNanos();
            Set<Long> expired = new HashSet<>();
            while (timers.expire()) {
                long token = timers.token();
                assertTrue(expired.add(token));
                for (int i = 0; i < ids.length; i++) {
                    if (token == 0 && i % 3 == 1) {
                        assertTrue(expired.contains((long) i) != timers.cancel(ids[i]));
                    } else if (token == 0 && i % 3 == 2) {
                        assertTrue(expired.contains((long) i) != timers.reschedule(ids[i], SECOND));
                    }
                }
            }
            assertTrue(expired.size() <= 34 + 10 && timers.size() >= 33 - 10, expired.toString());
            expired.addAll(awaitNext());
            for (long i = 10; i < ids.length; i++) {
                assertEquals(i % 3 != 1, expired.contains(i), i + " of " + expired);
            }
        }

        @Test
        void theClockMayOverflow() {
            for (long start : new long[] {Long.MAX_VALUE - 500 * MS, Long.MIN_VALUE, -1, 0, Long.MAX_VALUE}) {
                time = start;
                Timers fresh = new Timers(TICK, () -> time);
                fresh.schedule(1, SECOND);
                assertEquals(SECOND.toNanos(), fresh.nanosToNext());
                time += SECOND.toNanos() - 1;
                assertFalse(fresh.expire());
                time++;
                assertTrue(fresh.expire());
            }
        }

        @Test
        void aClockThatGoesBackIsTakenToStandStill() {
            timers.schedule(1, SECOND);
            time += SECOND.toNanos() / 2;
            long left = timers.nanosToNext();
            time -= Duration.ofDays(1).toNanos();
            assertEquals(left, timers.nanosToNext());
            timers.schedule(2, Duration.ZERO);
            assertTrue(timers.nanosToNext() <= MS);
            time += Duration.ofDays(1).toNanos() + MS;
            assertEquals(List.of(2L), expired());
            assertEquals(List.of(1L), awaitNext());
        }

        @Test
        void endlessDelaysNeverEnd() {
            time += Duration.ofDays(1).toNanos();
            Duration left = Duration.ofNanos(Long.MAX_VALUE).minusDays(1); // until the end of the clock
            for (Duration delay : List.of(FOREVER, Duration.ofNanos(Long.MAX_VALUE), left,
                    left.minusNanos(MS / 2))) {
                timers.schedule(1, delay);
                assertEquals(Long.MAX_VALUE, timers.nanosToNext());
            }
            time = 12_345 + Long.MAX_VALUE; // the end of the clock
            assertEquals(List.of(), expired());
        }

        @Test
        void invalidArgumentsAreRefusedAndChangeNothing() {
            long timer = timers.schedule(1, SECOND);
            long next = timers.nanosToNext();
            Duration negative = Duration.ofNanos(-1);
            assertThrows(IllegalArgumentException.class, () -> timers.schedule(2, negative));
            assertThrows(IllegalArgumentException.class, () -> timers.reschedule(timer, negative));
            assertThrows(IllegalArgumentException.class, () -> timers.reschedule(-1, negative));
            assertThrows(NullPointerException.class, () -> timers.schedule(2, null));
            assertThrows(NullPointerException.class, () -> timers.reschedule(timer, null));
            assertEquals(1, timers.size());
            assertEquals(next, timers.nanosToNext());
            for (Duration tick : List.of(Duration.ZERO, negative, Duration.ofNanos(999),
                    Duration.ofDays(1).plusNanos(1), FOREVER)) {
                assertThrows(IllegalArgumentException.class, () -> new Timers(tick));
            }
            assertThrows(NullPointerException.class, () -> new Timers(null));
            assertThrows(NullPointerException.class, () -> new Timers(TICK, null));
        }

        @Test
        void aClockThatFailsChangesNothing() {
            boolean[] fails = {false};
            Timers timers = new Timers(TICK, () -> {
                if (fails[0]) {
                    throw new IllegalStateException("no time");
                }
                return time;
            });
            long timer = timers.schedule(7, SECOND);
            fails[0] = true;
            assertThrows(IllegalStateException.class, () -> timers.schedule(8, Duration.ZERO));
            assertThrows(IllegalStateException.class, () -> timers.reschedule(timer, Duration.ZERO));
            assertThrows(IllegalStateException.class, timers::nanosToNext);
            assertThrows(IllegalStateException.class, timers::expire);
            assertThrows(IllegalStateException.class, () -> new Timers(TICK, () -> {
                throw new IllegalStateException("no time");
            }));
            fails[0] = false;
            assertEquals(1, timers.size());
            assertEquals(SECOND.toNanos(), timers.nanosToNext());
            time += SECOND.toNanos();
            assertTrue(timers.expire());
            assertEquals(7, timers.token());
            assertFalse(timers.expire());
        }

        @ParameterizedTest
        @ValueSource(longs = {1_000, 1_000_000, 999_999_937, 86_400_000_000_000L})
        void behavesLikeATreeOfDeadlines(long tick) {
            for (int seed = 0; seed < 8; seed++) {
                new Model(tick, seed).run(30_000);
            }
        }
    }

    /** Random operations, compared with those of a map from ticks to timers. */
    private static final class Model {
        /** Later, the time hardly advances, so that it does not overflow. */
        private static final long LATE = 1L << 61;
        private final Random random;
        private final int maxBits;
        private final int growth;
        private final long tick;
        private long time;
        private final Timers timers;
        private final TreeMap<Long, Set<Long>> map = new TreeMap<>();
        private final List<Long> live = new ArrayList<>();
        private final List<Long> ticks = new ArrayList<>(); // of the live ones
        private final TreeMap<Long, Integer> indexes = new TreeMap<>();
        private long stale = -1;

        Model(long tick, int seed) {
            this.tick = tick;
            random = new Random(seed);
            maxBits = 10 + 7 * (seed % 8);
            growth = 35 + 10 * (seed % 3);
            timers = new Timers(Duration.ofNanos(tick), () -> time + Long.MAX_VALUE - 1000);
        }

        void run(int operations) {
            for (int i = 0; i < operations; i++) {
                int what = random.nextInt(100);
                if (what < growth) {
                    long delay = delay();
                    add(timers.schedule(i, Duration.ofNanos(delay)), tickAfter(delay));
                } else if (what < 60 && !live.isEmpty()) {
                    long timer = live.get(random.nextInt(live.size()));
                    assertTrue(timers.cancel(timer));
                    remove(timer);
                    stale = timer;
                } else if (what < 85 && !live.isEmpty()) {
                    long timer = live.get(random.nextInt(live.size()));
                    long delay = delay();
                    assertTrue(timers.reschedule(timer, Duration.ofNanos(delay)));
                    remove(timer);
                    add(timer, tickAfter(delay));
                } else if (what < 90) {
                    assertFalse(timers.cancel(stale) || timers.reschedule(stale, Duration.ZERO));
                } else if (what < 97) {
                    time += time > LATE ? 1 : random.nextLong(1L << random.nextInt(1, maxBits));
                    expire();
                } else if (!map.isEmpty() && time < LATE) {
                    time += timers.nanosToNext();
                    assertTrue(map.firstKey() * tick <= time);
                    expire();
                }
                assertEquals(live.size(), timers.size());
                assertEquals(map.isEmpty() ? Long.MAX_VALUE : Math.max(map.firstKey() * tick - time, 0),
                    timers.nanosToNext());
            }
        }

        /** Few bits are frequent, so that many timers have the same tick and others are far apart. */
        private long delay() {
            return random.nextLong(1L << random.nextInt(1, maxBits));
        }

        private long lastTick = -1;

        private long tickAfter(long delay) {
            return Math.max(Math.ceilDiv(time + delay, tick), lastTick + 1);
        }

        private void add(long timer, long at) {
            map.computeIfAbsent(at, key -> new HashSet<>()).add(timer);
            indexes.put(timer, live.size());
            live.add(timer);
            ticks.add(at);
        }

        private void remove(long timer) {
            int i = indexes.remove(timer);
            long at = ticks.get(i);
            map.get(at).remove(timer);
            if (map.get(at).isEmpty()) {
                map.remove(at);
            }
            long last = live.removeLast();
            long lastAt = ticks.removeLast();
            if (last != timer) {
                live.set(i, last);
                ticks.set(i, lastAt);
                indexes.put(last, i);
            }
        }

        private void expire() {
            lastTick = time / tick;
            while (!map.isEmpty() && map.firstKey() <= lastTick) {
                assertTrue(timers.expire());
                stale = timers.timer();
                assertTrue(map.firstEntry().getValue().contains(stale));
                remove(stale);
            }
            assertFalse(timers.expire());
        }
    }

    // ---- with a Poll

    @Test
    void aPollWaitsForTheNextTimerAndNotLess() throws IOException {
        try (Loop loop = new Loop()) {
            Timers timers = new Timers();
            for (int i = 0; i < 20; i++) {
                long start = System.nanoTime();
                timers.schedule(i, Duration.ofMillis(3));
                assertEquals(0, loop.poll.poll(loop.events, timers));
                assertTrue(timers.expire());
                assertEquals(i, timers.token());
                assertTrue(System.nanoTime() - start >= 3 * MS);
            }
        }
    }

    @Test
    void aPollWaitsForEventsIfNoTimerExpiresBefore() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 1));
            Timers timers = new Timers();
            waker.wake();
            assertEquals(1, loop.poll.poll(loop.events, timers)); // no timer
            waker.wake();
            timers.schedule(2, FOREVER);
            assertEquals(1, loop.poll.poll(loop.events, timers));
            waker.wake();
            timers.schedule(3, Duration.ofHours(1));
            assertEquals(1, loop.poll.poll(loop.events, timers));
            assertFalse(timers.expire());
        }
    }

    @Test
    void aPollDoesNotWaitIfATimerHasExpired() throws IOException {
        try (Loop loop = new Loop()) {
            long[] time = {0};
            Timers timers = new Timers(TICK, () -> time[0]);
            timers.schedule(1, Duration.ofHours(1));
            time[0] = Duration.ofHours(2).toNanos();
            assertEquals(0, loop.poll.poll(loop.events, timers));
            assertTrue(timers.expire());
        }
    }

    // ---- memory

    /** Prints the growth of the heap in bytes for each of a million timers. */
    static final class Million {
        private static final int N = 1_000_000;

        private Million() {
        }

        public static void main(String[] args) {
            Random random = new Random(4);
            used(); // the JVM's own garbage
            print("equal", i -> Duration.ofMinutes(1).toNanos());
            print("a minute", i -> random.nextLong(Duration.ofMinutes(1).toNanos()));
            print("an hour", i -> random.nextLong(Duration.ofHours(1).toNanos()));
            print("ten years", i -> random.nextLong(Duration.ofDays(3650).toNanos()));
            print("all scales", i -> random.nextLong(1L << random.nextInt(1, 62)));
            print("forty at a time", i -> i / 40 * Duration.ofSeconds(1).toNanos());
            print("five in a node's range", i -> i / 5 * 16L * TICK.toNanos() + i % 5 * TICK.toNanos());
        }

        private static void print(String name, IntToLongFunction delay) {
            Timers timers = new Timers(TICK);
            long before = used();
            for (int i = 0; i < N; i++) {
                timers.schedule(i, Duration.ofNanos(delay.applyAsLong(i)));
            }
            System.out.println(name + ": " + (used() - before) / (double) N);
            if (timers.size() != N) { // and reachable
                throw new AssertionError(timers.size());
            }
        }

        private static long used() {
            System.gc();
            return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        }
    }

    @Test
    @Tag("any-platform")
    void aTimerTakesAtMostFortyBytes() throws Exception {
        String out = new Child().with("-XX:+UseSerialGC", "-Xmx256m", "-XX:+UseCompressedOops").run(Million.class).ok();
        List<String> lines = out.lines().toList();
        assertEquals(7, lines.size(), out);
        for (String line : lines) {
            double bytes = Double.parseDouble(line.substring(line.lastIndexOf(' ')));
            assertTrue(bytes > 20 && bytes <= 40, out);
        }
    }
}
