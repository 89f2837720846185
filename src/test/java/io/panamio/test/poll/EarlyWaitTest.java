package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Waits that the system ends early, as Windows may and Wine never does. */
@Tag("any-platform")
class EarlyWaitTest {
    @Test
    void theWaitIsRepeatedForTheRestOfTheTimeout() throws IOException {
        List<Long> waits = new ArrayList<>();
        Selector selector = new HandleTest.Recorder() {
            @Override
            protected int await(EventBuffer events, int max, long nanos) {
                waits.add(nanos);
                LockSupport.parkNanos(nanos / 10);
                return 0;
            }
        };
        long timeout = Duration.ofMillis(300).toNanos();
        long start = System.nanoTime();
        assertEquals(0, selector.select(Platform.current().newEvents(1), timeout));
        assertTrue(System.nanoTime() - start >= timeout);
        assertTrue(waits.getFirst() <= timeout);
        assertEquals(waits.stream().sorted(Comparator.reverseOrder()).toList(), waits);
    }
}
