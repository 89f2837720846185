package io.panamio.test.programs;

import static io.panamio.test.support.Proxying.pass;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.panamio.examples.proxy.Mode;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Proxying;
import io.panamio.test.support.Proxying.Joined;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The example {@code proxy} allocates nothing for a request once it is warm. */
class ProxyAllocationTest {
    @ParameterizedTest
    @CsvSource({"AUTO, 100", "AUTO, 100000", "COPY, 1000", "COPY, 100000", "RING, 1000", "RING, 100000",
        "SPLICE, 1000", "SPLICE, 100000"})
    void aRequestAllocatesNothing(Mode mode, int size) throws Exception {
        int rounds = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 20 : 200;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Proxying p = new Proxying(mode)) {
            Joined j = p.join();
            long min = Long.MAX_VALUE;
            long deadline = System.nanoTime() + Loop.LONG.toNanos();
            while (min > 0 && System.nanoTime() < deadline) { // until it is warm
                long before = threads.getThreadAllocatedBytes(p.thread());
                for (int i = 0; i < rounds; i++) {
                    pass(j.client(), j.server(), 100);
                    pass(j.server(), j.client(), size);
                }
                min = Math.min(min, threads.getThreadAllocatedBytes(p.thread()) - before);
            }
            assertEquals(0, min);
        }
    }
}
