package io.panamio.test.poll;

import static io.panamio.Interest.HANG_UP;
import static io.panamio.Interest.PRIORITY;
import static io.panamio.Interest.READABLE;
import static io.panamio.Interest.WRITABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Interest;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-platform")
class InterestTest {
    @Test
    void eachConstantHasOnlyItsCondition() {
        assertTrue(READABLE.isReadable() && !READABLE.isWritable() && !READABLE.isPriority());
        assertTrue(!WRITABLE.isReadable() && WRITABLE.isWritable() && !WRITABLE.isPriority());
        assertTrue(!PRIORITY.isReadable() && !PRIORITY.isWritable() && PRIORITY.isPriority());
    }

    @Test
    void addUnites() {
        assertTrue(READABLE.add(WRITABLE).isReadable());
        assertTrue(READABLE.add(WRITABLE).isWritable());
        assertFalse(READABLE.add(WRITABLE).isPriority());
        assertSame(WRITABLE.add(READABLE), READABLE.add(WRITABLE));
    }

    @Test
    void removeReturnsTheRestOrNull() {
        assertSame(WRITABLE, READABLE.add(WRITABLE).remove(READABLE));
        assertSame(READABLE, READABLE.remove(WRITABLE));
        assertNull(READABLE.remove(READABLE));
    }

    @Test
    void toStringNamesAll() {
        assertEquals("READABLE", READABLE.toString());
        assertEquals("READABLE | WRITABLE | PRIORITY", PRIORITY.add(WRITABLE).add(READABLE).toString());
        assertEquals("WRITABLE | PRIORITY", PRIORITY.add(WRITABLE).toString());
    }

    // ---- modes

    @Test
    void thereIsOneObjectForEachValue() {
        assertSame(READABLE.level().oneShot(), READABLE.oneShot().level());
        assertSame(READABLE.add(WRITABLE).level(), READABLE.level().add(WRITABLE));
        assertSame(READABLE.add(WRITABLE).level(), READABLE.add(WRITABLE.level()));
        assertSame(READABLE.exclusive(), READABLE.exclusive().exclusive());
        assertNotSame(READABLE, READABLE.level());
        assertNotSame(READABLE.level(), READABLE.oneShot());
        assertNotSame(HANG_UP, READABLE.add(HANG_UP));
    }

    @Test
    void modesDoNotChangeTheDirections() {
        Interest readable = READABLE.level().oneShot();
        assertTrue(readable.isReadable() && !readable.isWritable() && !readable.isPriority());
        assertTrue(!HANG_UP.isReadable() && !HANG_UP.isWritable() && !HANG_UP.isPriority());
    }

    @Test
    void removeRemovesModes() {
        assertSame(READABLE.level(), READABLE.add(WRITABLE).level().remove(WRITABLE));
        assertSame(READABLE, READABLE.add(WRITABLE).level().remove(WRITABLE.level()));
        assertSame(READABLE, READABLE.exclusive().add(WRITABLE).remove(WRITABLE.exclusive()));
        assertSame(HANG_UP, READABLE.add(HANG_UP).remove(READABLE));
    }

    @Test
    void removingTheLastConditionReturnsNull() {
        assertNull(READABLE.level().remove(READABLE));
        assertNull(WRITABLE.exclusive().remove(WRITABLE));
        assertNull(HANG_UP.oneShot().level().remove(HANG_UP));
    }

    @Test
    void exclusiveRejectsWhatTheKernelRejects() {
        for (Interest other : List.of(READABLE.oneShot(), PRIORITY, HANG_UP, READABLE.add(PRIORITY).level())) {
            String message = assertThrows(IllegalArgumentException.class, other::exclusive).getMessage();
            assertEquals("exclusive cannot be combined with " + other, message);
            assertThrows(IllegalArgumentException.class, () -> READABLE.exclusive().add(other));
            assertThrows(IllegalArgumentException.class, () -> other.add(READABLE.exclusive()));
        }
        Interest exclusive = READABLE.exclusive();
        assertThrows(IllegalArgumentException.class, exclusive::oneShot);
        assertEquals("READABLE | exclusive", exclusive.toString());
    }

    @Test
    void toStringNamesTheModes() {
        assertEquals("HANG_UP", HANG_UP.toString());
        assertEquals("READABLE | HANG_UP | level | one-shot", READABLE.oneShot().level().add(HANG_UP).toString());
        assertEquals("READABLE | WRITABLE | level | exclusive", READABLE.exclusive().add(WRITABLE.level()).toString());
    }
}
