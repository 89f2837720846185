package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs random histories, see {@link History}, on the back end in use, and compares what events report about each source
 * with a {@link Model}; on epoll also with the same history on poll(2). {@code -Dpanamio.test.fuzz=300} runs new
 * histories for 300 seconds; {@code -Dpanamio.test.seed=…} repeats one.
 */
class DifferentialTest {
    private static final Long SECONDS = Long.getLong("panamio.test.fuzz");
    private static final Long SEED = Long.getLong("panamio.test.seed");
    /** How many histories are run however slow the machine is: enough to find each of the known faults. */
    private static final int AT_LEAST = 60;
    /** The number of repetitions, each slower than the one before, in which a difference must recur to be a failure. */
    private static final int TRIES = 3;

    @Test
    @Tag("any-selector")
    void bothBackEndsReportTheSame() throws Exception {
        assumeTrue(Loop.hasEdges(), "the back end in use is poll(2) itself");
        Behaviour.ENDS_ARE_REPORTED_BY_DIRECTION.skip();
        long first = SEED != null ? SEED : SECONDS != null ? System.nanoTime() >>> 8 : 1;
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS == null ? 6 : SECONDS).toNanos() / 2;
        while (SEED == null && System.nanoTime() < end || first == (SEED != null ? SEED : 1)) {
            Map<Long, List<String>> here = new LinkedHashMap<>();
            long batch = Math.min(end, System.nanoTime() + Duration.ofSeconds(10).toNanos());
            long seed = first;
            do {
                here.put(seed, History.run(seed, Duration.ZERO));
                seed++;
            } while (SEED == null && (System.nanoTime() < batch || SECONDS == null && here.size() < AT_LEAST));
            Map<Long, List<String>> there = onPoll(first, here.size(), 0);
            for (Map.Entry<Long, List<String>> history : here.entrySet()) {
                if (!known(history.getValue()).equals(known(there.get(history.getKey())))) {
                    assertSameAgain(history.getKey());
                }
            }
            first = seed;
        }
    }

    /** What holds is reported, nothing else is, and nothing twice without a cause, but for what is level-triggered. */
    @Test
    void eventsAreThoseOfTheModel() throws Exception {
        long first = SEED != null ? SEED : SECONDS != null ? System.nanoTime() >>> 8 : 1;
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS == null ? 0 : SECONDS).toNanos();
        long seed = first;
        do {
            assertModelAgain(seed++);
        } while (SEED == null && (SECONDS == null ? seed < first + AT_LEAST : System.nanoTime() < end));
    }

    private static void assertModelAgain(long seed) throws Exception {
        String fault = History.check(seed, Duration.ZERO);
        for (int i = 1; i <= TRIES && !fault.isEmpty(); i++) {
            assertTrue(!fault.contains("LOST"), fault); // does not depend on timing
            fault = History.check(seed, Duration.ofMillis(10L * i));
        }
        assertEquals("", fault);
    }

    private static void assertSameAgain(long seed) throws Exception {
        List<String> here = null;
        List<String> there = null;
        for (int i = 1; i <= TRIES; i++) {
            here = History.run(seed, Duration.ofMillis(10L * i));
            there = onPoll(seed, 1, 10L * i).get(seed);
            if (known(here).equals(known(there))) {
                return;
            }
        }
        int at = 0;
        while (known(here).get(at).equals(known(there).get(at))) {
            at++;
        }
        fail("seed " + seed + ", " + here.get(at) + ", but on the other back end " + there.get(at) + ", after\n"
            + String.join("\n", here.subList(Math.max(0, at - 20), at)));
    }

    /** Returns what was known after each step. Results are not compared, as they can depend on timing. */
    private static List<String> known(List<String> history) {
        return history.stream().map(line -> line.substring(line.indexOf(History.KNOWN))).toList();
    }

    /** Runs histories on poll(2). */
    private static Map<Long, List<String>> onPoll(long first, int count, long settle) throws Exception {
        String out = new Child()
            .with("-Dpanamio.selector=poll", "--enable-native-access=ALL-UNNAMED")
            .run(History.class, Long.toString(first), Integer.toString(count), Long.toString(settle)).ok();
        Map<Long, List<String>> histories = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        for (String line : out.split("\n")) {
            if (line.matches("\\d+")) {
                lines = new ArrayList<>();
                histories.put(Long.valueOf(line), lines);
            } else {
                lines.add(line);
            }
        }
        assertEquals(count, histories.size());
        assertFalse(lines.isEmpty());
        return histories;
    }
}
