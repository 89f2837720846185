package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The calls on a completion port: mio's test of several packets in one call. */
@Tag("any-selector")
class CompletionPortTest {
    @BeforeEach
    void onlyWhereThereAreSome() {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no completion ports");
    }

    @Test
    void packetsComeInTheirOrder() { // T186
        int port = Kernel32.createPort();
        assertTrue(port > 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment taken = arena.allocate(JAVA_INT);
            CompletionEvents events = new CompletionEvents(4);
            assertEquals(-Windows.WAIT_TIMEOUT, Kernel32.dequeue(port, events.packets, 4, taken, 0));
            assertEquals(0, Kernel32.post(port, 7));
            assertEquals(0, Kernel32.post(port, -1));
            assertEquals(0, Kernel32.post(port, Long.MAX_VALUE));
            assertEquals(0, Kernel32.dequeue(port, events.packets, 2, taken, 0));
            assertEquals(2, taken.get(JAVA_INT, 0), "as many as there is room for");
            assertEquals(7, events.key(0));
            assertEquals(-1, events.key(1));
            assertEquals(0, events.request(0));
            assertEquals(0, Kernel32.dequeue(port, events.packets, 4, taken, 0));
            assertEquals(1, taken.get(JAVA_INT, 0));
            assertEquals(Long.MAX_VALUE, events.key(0));
        } finally {
            assertEquals(0, Kernel32.closeHandle(port));
        }
    }
}
