package io.panamio.test;

import static io.panamio.Interest.PRIORITY;
import static io.panamio.Interest.READABLE;
import static io.panamio.Interest.WRITABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InterestTest {
    @Test
    void eachConstantIsItselfAlone() {
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
    void removeLeavesTheRestOrNull() {
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
}
