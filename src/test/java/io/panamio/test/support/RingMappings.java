package io.panamio.test.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Counts this process's mappings of ring buffers: two for each. */
public final class RingMappings {
    private RingMappings() {
    }

    /** Returns the number of mappings, or 0 on Windows, which does not tell. */
    public static int count() throws IOException {
        if (Systems.WINDOWS) {
            return 0;
        }
        return (int) Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(l -> l.contains("memfd:panamio"))
            .count();
    }
}
