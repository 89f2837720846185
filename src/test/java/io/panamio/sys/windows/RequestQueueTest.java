package io.panamio.sys.windows;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.sys.Readiness;
import io.panamio.sys.Watch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-platform")
class RequestQueueTest {
    private final RequestQueue queue = new RequestQueue();

    private static PollRequest request() {
        return new PollRequest(4, new Watch(4, 7, Readiness.READABLE, PollRequest.conditions(Readiness.READABLE)));
    }

    @Test
    void eachRequestIsRemovedOnceInOrder() {
        PollRequest first = request();
        PollRequest second = request();
        PollRequest third = request();
        for (int round = 0; round < 2; round++) {
            assertTrue(queue.isEmpty());
            assertNull(queue.remove());
            queue.add(first.update);
            queue.add(second.update);
            queue.add(first.update);
            queue.add(second.update);
            assertSame(first, queue.remove());
            queue.add(third.update);
            queue.add(first.update);
            assertSame(second, queue.remove());
            assertSame(third, queue.remove());
            assertSame(first, queue.remove());
        }
    }

    @Test
    void aRequestIsInTwoQueues() {
        RequestQueue other = new RequestQueue();
        PollRequest first = request();
        PollRequest second = request();
        queue.add(first.update);
        queue.add(second.update);
        other.add(second.due);
        other.add(first.due);
        assertSame(second, other.remove());
        assertSame(first, queue.remove());
        assertSame(second, queue.remove());
        assertSame(first, other.remove());
    }
}
