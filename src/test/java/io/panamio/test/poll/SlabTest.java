package io.panamio.test.poll;

import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Slab;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SlabTest {
    @Test
    @Tag("any-platform")
    void tokenFindsItsObjectUntilItIsRemoved() {
        Slab<String> slab = new Slab<>();
        long a = slab.insert("a");
        long b = slab.insert("b");
        assertEquals("a", slab.get(a));
        assertEquals("b", slab.get(b));
        assertEquals(2, slab.size());
        assertEquals("a", slab.remove(a));
        assertNull(slab.get(a));
        assertNull(slab.remove(a));
        assertEquals("b", slab.get(b));
        assertEquals(1, slab.size());
    }

    @Test
    @Tag("any-platform")
    void tokenOfARemovedObjectDoesNotFindItsSuccessor() {
        Slab<String> slab = new Slab<>(1);
        Set<Long> stale = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            long token = slab.insert("object " + i);
            assertTrue(stale.add(token), "a token was assigned twice");
            assertEquals("object " + i, slab.remove(token));
        }
        long last = slab.insert("last");
        for (long token : stale) {
            assertNull(slab.get(token));
            assertNull(slab.remove(token));
        }
        assertEquals("last", slab.get(last));
        assertEquals(1, slab.size());
    }

    @Test
    @Tag("any-platform")
    void invalidTokensFindNothing() {
        Slab<String> slab = new Slab<>(4);
        long token = slab.insert("a");
        for (long number : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, token + 1, token + 4, token + 1000,
                token | 1L << 32, token | 1L << 31, token | 1L << 63}) {
            assertNull(slab.get(number));
            assertNull(slab.remove(number));
        }
        assertEquals("a", slab.get(token));
    }

    @Test
    @Tag("any-platform")
    void growsAndKeepsItsTokens() {
        Slab<Integer> slab = new Slab<>(1);
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            tokens.add(slab.insert(i));
        }
        assertEquals(10_000, slab.size());
        for (int i = 0; i < 10_000; i++) {
            assertTrue(tokens.get(i) >= 0);
            assertEquals(i, slab.get(tokens.get(i)));
        }
    }

    @Test
    @Tag("any-platform")
    void behavesLikeAMapWithUniqueTokens() {
        Slab<Object> slab = new Slab<>(2);
        Map<Long, Object> map = new HashMap<>();
        Set<Long> all = new HashSet<>();
        Random random = new Random(42);
        for (int i = 0; i < 100_000; i++) {
            if (map.isEmpty() || random.nextInt(100) < 51) {
                Object object = new Object();
                long token = slab.insert(object);
                assertTrue(all.add(token) && token >= 0);
                map.put(token, object);
            } else {
                long token = map.keySet().iterator().next();
                assertSame(map.remove(token), slab.remove(token));
            }
            assertEquals(map.size(), slab.size());
        }
        for (long token : all) {
            assertSame(map.get(token), slab.get(token));
        }
        Set<Object> seen = new HashSet<>();
        slab.forEach(seen::add);
        assertEquals(new HashSet<>(map.values()), seen);
    }

    @Test
    @Tag("any-platform")
    void forEachAllowsRemoval() {
        Slab<Long> slab = new Slab<>();
        Map<Long, Long> tokens = new HashMap<>();
        for (long i = 0; i < 10; i++) {
            tokens.put(i, slab.insert(i));
        }
        List<Long> seen = new ArrayList<>();
        slab.forEach(i -> {
            seen.add(i);
            slab.remove(tokens.get(i));
            slab.remove(tokens.get(i + 1)); // the next one, so the iteration skips it
        });
        assertEquals(List.of(0L, 2L, 4L, 6L, 8L), seen);
        assertEquals(0, slab.size());
    }

    @Test
    @Tag("any-platform")
    void tokensAreVisitedWhileObjectsAreRemovedAndInserted() {
        Slab<String> slab = new Slab<>(2);
        assertEquals(-1, slab.nextToken(-1));
        long a = slab.insert("a");
        long b = slab.insert("b");
        long c = slab.insert("c");
        long d = slab.insert("d");
        assertEquals(a, slab.nextToken(-1));
        assertEquals(a, slab.nextToken(Long.MIN_VALUE));
        assertEquals(b, slab.nextToken(a));
        slab.remove(b);
        slab.remove(c);
        assertEquals(d, slab.nextToken(b), "after one that was removed");
        long inC = slab.insert("in c's place");
        assertEquals(Slab.slot(c), Slab.slot(inC));
        assertEquals(inC, slab.nextToken(b));
        long inB = slab.insert("in b's place");
        assertEquals(inC, slab.nextToken(inB), "it is not visited again");
        assertEquals(d, slab.nextToken(inC));
        long e = slab.insert("e");
        assertEquals(e, slab.nextToken(d));
        assertEquals(-1, slab.nextToken(e));
        assertEquals(-1, slab.nextToken(Long.MAX_VALUE));
    }

    @Test
    @Tag("any-platform")
    void slotsAreIndexesBelowTheCapacity() {
        Slab<Integer> slab = new Slab<>(3);
        assertEquals(3, slab.capacity());
        long[] tokens = new long[100];
        for (int i = 0; i < 100; i++) {
            tokens[i] = slab.insert(i);
            assertEquals(i, Slab.slot(tokens[i]));
            assertTrue(i < slab.capacity());
        }
        slab.remove(tokens[42]);
        long again = slab.insert(142);
        assertNotEquals(tokens[42], again);
        assertEquals(42, Slab.slot(again));
        assertThrows(IllegalArgumentException.class, () -> Slab.slot(-1));
        assertThrows(IllegalArgumentException.class, () -> Slab.slot(0xFFFF_FFFFL));
    }

    @Test
    @Tag("any-platform")
    void nullAndCapacityBelowOneAreRejected() {
        Slab<String> slab = new Slab<>();
        assertThrows(NullPointerException.class, () -> slab.insert(null));
        assertEquals(0, slab.size());
        assertThrows(IllegalArgumentException.class, () -> new Slab<>(0));
        assertThrows(IllegalArgumentException.class, () -> new Slab<>(-1));
    }

    /** Two events in one batch: the handler of the first closes the source of the second, and opens another. */
    @Test
    void staleEventInABatchFindsNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Slab<EventFd> slab = new Slab<>();
            for (int i = 0; i < 2; i++) {
                EventFd source = loop.later(new EventFd(1));
                loop.register(source, slab.insert(source), R);
            }
            assertEquals(2, loop.poll.poll(loop.events, Loop.LONG));
            long stale = loop.events.token(1);
            slab.remove(stale).close();
            EventFd fresh = loop.later(new EventFd(1)); // reuses the descriptor number of the closed source
            long token = slab.insert(fresh); // and its slot
            loop.register(fresh, token, R);
            assertEquals(stale, loop.events.token(1));
            assertNull(slab.get(loop.events.token(1)));
            assertNotEquals(stale, token);
            assertEquals(1, loop.poll.poll(loop.events, Loop.LONG));
            assertSame(fresh, slab.get(loop.events.token(0)));
        }
    }
}
