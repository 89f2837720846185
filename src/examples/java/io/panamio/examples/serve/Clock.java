package io.panamio.examples.serve;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The time of a loop's turn, and its formats, which are updated once a second. */
final class Clock {
    /** The length of a time in the access log, without the zone. */
    static final int LOG_LENGTH = 20;

    /** {@link System#nanoTime} at the start of the turn. */
    long nanos;
    /** Seconds since the epoch. */
    long second;
    /** The value of a Date header. */
    final MemorySegment date = Arena.ofAuto().allocate(HttpDate.LENGTH, 8);
    /** The time for the access log, in UTC, without the zone. */
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
