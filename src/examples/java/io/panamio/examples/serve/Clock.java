package io.panamio.examples.serve;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The time of a loop's turn, and how it is written, which changes once a second. */
final class Clock {
    /** The length of a log's time. */
    static final int LOG_LENGTH = 20;

    /** Of {@link System#nanoTime}, when the turn began. */
    long nanos;
    /** Since 1970. */
    long second;
    /** As the header Date has it. */
    final MemorySegment date = Arena.ofAuto().allocate(HttpDate.LENGTH, 8);
    /** As a log has it. */
    final MemorySegment logTime = Arena.ofAuto().allocate(LOG_LENGTH, 8);

    Clock() {
        second = Long.MIN_VALUE;
        update();
    }

    void update() {
        nanos = System.nanoTime();
        long now = System.currentTimeMillis() / 1000;
        if (now != second) {
            second = now;
            HttpDate.write(now, date, 0);
            HttpDate.writeLog(now, logTime, 0);
        }
    }
}
