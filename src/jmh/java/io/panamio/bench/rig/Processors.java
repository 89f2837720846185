package io.panamio.bench.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The time that all processors have been busy so far, and the time stolen by the host of a virtual machine. */
final class Processors {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux
    private static final int IDLE = 4;
    private static final int IO_WAIT = 5;
    private static final int STEAL = 8;

    private Processors() {
    }

    /** Returns the seconds in which they were busy or stolen. */
    static double busySeconds() throws IOException {
        String[] fields;
        try (var lines = Files.lines(Path.of("/proc/stat"))) {
            fields = lines.findFirst().orElseThrow().split("\\s+");
        }
        long ticks = 0;
        for (int i = 1; i <= STEAL; i++) {
            ticks += i == IDLE || i == IO_WAIT ? 0 : Long.parseLong(fields[i]);
        }
        return ticks / TICKS_PER_SECOND;
    }
}
