package io.panamio.test.poll;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.test.support.Background;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventsTest {
    /** Fills the loop's events with one event for each token, in this order. */
    private static void fill(Loop loop, long... tokens) throws IOException {
        for (long token : tokens) {
            loop.register(loop.later(new EventFd(1)), token, R);
        }
        assertEquals(tokens.length, loop.poll.poll(loop.events, Loop.LONG));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    @Tag("any-platform")
    void capacityIsTheNumberRequested(int capacity) {
        Events events = Events.withCapacity(capacity);
        assertEquals(capacity, events.capacity());
        assertEquals(0, events.size());
        assertTrue(events.isEmpty());
        assertFalse(events.iterator().hasNext());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, 16_777_217, Integer.MAX_VALUE})
    @Tag("any-platform")
    void capacityOutOfRangeIsRejected(int capacity) {
        assertThrows(IllegalArgumentException.class, () -> Events.withCapacity(capacity));
    }

    @Test
    void indexAndCursorReturnTheSame() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            boolean two = Loop.hasTwoEvents();
            loop.register(pair.stream(), 1, two ? R : RW);
            loop.expect(new Loop.Expected(1, two ? "r rc wc e" : "r w rc wc e"));
            Events events = loop.events;
            Event event = events.iterator().next();
            assertEquals(1, event.token());
            assertEquals(1, events.token(0));
            assertTrue(event.isReadable() && events.isReadable(0));
            assertTrue(event.isWritable() != two && events.isWritable(0) != two);
            assertTrue(event.isReadClosed() && events.isReadClosed(0));
            assertTrue(event.isWriteClosed() && events.isWriteClosed(0));
            assertTrue(event.isError() == Loop.hasErrors() && events.isError(0) == Loop.hasErrors());
            assertFalse(event.isPriority() || events.isPriority(0));
        }
    }

    @Test
    @Requires(Feature.PRIORITY)
    void aPriorityEventIsReadable() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, Interest.PRIORITY);
            pair.peer().sendUrgentData('!');
            loop.expect(new Loop.Expected(1, "p r"));
            assertTrue(loop.events.isPriority(0) && loop.events.isReadable(0));
            assertFalse(loop.events.isWritable(0) || loop.events.isError(0));
        }
    }

    @Test
    void indexOutOfRangeIsRejected() throws IOException {
        try (Loop loop = new Loop()) {
            fill(loop, 1, 2);
            Events events = loop.events;
            for (IntConsumer access : List.<IntConsumer>of(events::token, events::isReadable, events::isWritable,
                    events::isPriority, events::isReadClosed, events::isWriteClosed, events::isError)) {
                access.accept(1);
                for (int i : new int[] {-1, 2, events.capacity(), Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                    assertThrows(IndexOutOfBoundsException.class, () -> access.accept(i));
                }
            }
        }
    }

    @Test
    void iterationVisitsAllEventsWithOneCursor() throws IOException {
        try (Loop loop = new Loop()) {
            fill(loop, 1, 2);
            Iterator<Event> cursor = loop.events.iterator();
            Event first = cursor.next();
            assertSame(cursor, first);
            assertEquals(loop.events.token(0), first.token());
            assertSame(first, cursor.next());
            assertEquals(loop.events.token(1), first.token());
            assertFalse(cursor.hasNext());
            assertThrows(NoSuchElementException.class, cursor::next);
            assertEquals(loop.events.token(1), first.token());

            assertSame(cursor, loop.events.iterator());
            assertEquals(loop.events.token(0), cursor.next().token());
        }
    }

    @Test
    void aCursorAtNoEventThrows() throws IOException {
        try (Loop loop = new Loop()) {
            fill(loop, 1);
            Event event = (Event) loop.events.iterator();
            assertEquals("no event", event.toString());
            assertThrows(IndexOutOfBoundsException.class, event::token);
            assertEquals("token 1 readable", event.next().toString());
            loop.events.clear();
            assertEquals("no event", event.toString());
            assertThrows(IndexOutOfBoundsException.class, event::isReadable);
        }
    }

    @Test
    void clearDiscardsAllEvents() throws IOException {
        try (Loop loop = new Loop()) {
            fill(loop, 1, 2);
            assertEquals(2, loop.events.size());
            assertFalse(loop.events.isEmpty());
            loop.events.clear();
            assertEquals(0, loop.events.size());
            assertTrue(loop.events.isEmpty());
            assertFalse(loop.events.iterator().hasNext());
            assertThrows(IndexOutOfBoundsException.class, () -> loop.events.token(0));
        }
    }

    @Test
    void toStringShowsEveryEvent() throws IOException {
        try (Loop loop = new Loop()) {
            assertEquals("[]", loop.events.toString());
            Loop.Pair pair = loop.connected();
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            loop.register(pair.stream(), -1, Loop.hasTwoEvents() ? R : RW);
            loop.expect(new Loop.Expected(-1, "wc e"));
            assertEquals("[token -1 readable " + (Loop.hasTwoEvents() ? "" : "writable ")
                + (Loop.hasErrors() ? "error " : "") + "read-closed write-closed]", loop.events.toString());

            fill(loop, 1, 2);
            assertTrue(List.of("[token 1 readable, token 2 readable]", "[token 2 readable, token 1 readable]")
                .contains(loop.events.toString()));
        }
    }

    @Test
    void anotherThreadMayReadEventsAfterwards() throws Exception {
        try (Loop loop = new Loop()) {
            fill(loop, 1);
            assertEquals("[token 1 readable]", Background.result(Background.start(loop.events::toString)));
        }
    }

    @Test
    void onePollMayUseSeveralEvents() throws IOException {
        try (Loop loop = new Loop()) {
            fill(loop, 1);
            loop.register(loop.later(new EventFd(1)), 2, R);
            Events others = Events.withCapacity(1);
            assertEquals(1, loop.poll.poll(others));
            assertEquals("[token 2 readable]", others.toString());
            assertEquals("[token 1 readable]", loop.events.toString());
        }
    }
}
