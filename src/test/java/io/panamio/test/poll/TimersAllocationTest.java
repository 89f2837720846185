package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimersAllocationTest {
    @Test
    void aLoopWithTimersAllocatesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Waker waker = loop.later(Waker.open(loop.poll.registry(), 1));
            Timers timers = new Timers(Duration.ofNanos(1000));
            Duration[] delays = new Duration[64];
            for (int i = 0; i < delays.length; i++) {
                delays[i] = Duration.ofNanos((1L << i % 32) + i);
            }
            long[] ids = new long[1000];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = timers.schedule(i, delays[i % delays.length]);
            }
            Random random = new Random(3);
            Allocations.assertAtMost(0, () -> {
                waker.wake();
                loop.poll.poll(loop.events, timers);
                while (timers.expire()) {
                    int i = (int) timers.token();
                    ids[i] = timers.schedule(i, delays[random.nextInt(delays.length)]);
                }
                for (int n = 0; n < 10; n++) {
                    int i = random.nextInt(ids.length);
                    assertTrue(timers.reschedule(ids[i], delays[random.nextInt(delays.length)]));
                    i = random.nextInt(ids.length);
                    assertTrue(timers.cancel(ids[i]));
                    ids[i] = timers.schedule(i, delays[random.nextInt(delays.length)]);
                }
            });
        }
    }
}
