package io.panamio.test.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FeatureTest {
    /** Asserts that a call works if its feature is available, and is refused by name if not. */
    private static void assertAsSupported(Feature feature, Executable call) throws Throwable {
        if (feature.isAvailable()) {
            call.execute();
        } else {
            String message = assertThrows(UnsupportedOperationException.class, call).getMessage();
            assertTrue(message.contains(feature.name()) && message.contains(System.getProperty("os.name")), message);
        }
    }

    @Test
    @Tag("any-back-end")
    void everyFeatureHasAnAnswer() {
        for (Feature feature : Feature.values()) {
            assertNotNull(feature.support());
            assertEquals(feature.support() != Support.REFUSED, feature.isAvailable());
        }
    }

    @Test
    void whatIsRefusedIsRefusedByName() throws Throwable {
        try (Loop loop = new Loop()) {
            assertAsSupported(Feature.POLL_DESCRIPTOR, loop.poll::fd);
            assertAsSupported(Feature.BUSY_POLL, () -> busyPoll(loop));
        }
    }

    private static void busyPoll(Loop loop) throws IOException {
        try {
            loop.poll.setBusyPoll(Duration.ZERO, 0, false);
        } catch (UnsupportedOperationException e) { // a kernel older than the feature
            assertEquals(!Feature.BUSY_POLL.isAvailable(), e.getMessage().contains("BUSY_POLL"), e.getMessage());
            if (!Feature.BUSY_POLL.isAvailable()) {
                throw e;
            }
        }
    }

    @Test
    void edgesAreTheSystemsOrEmulated() {
        boolean poll = "poll".equals(System.getProperty("panamio.selector"));
        assertEquals(poll ? Support.EMULATED : Support.SUPPORTED, Feature.EDGES.support());
    }
}
