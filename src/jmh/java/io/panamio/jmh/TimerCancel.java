package io.panamio.jmh;

import org.openjdk.jmh.annotations.Benchmark;

/**
 * Starts a timer beside many pending ones, and cancels it, as a request does that is answered in time. {@code panamio}
 * finds the next deadline in between, as a loop does before it waits; for the others, a thread waits. With {@code -prof
 * gc}, the bytes allocated.
 */
public class TimerCancel extends Operation {
    @Benchmark
    public long panamio(TimerSet.Panamio set) {
        return set.startAndCancel();
    }

    @Benchmark
    public Object nettyWheel(TimerSet.Wheel set) {
        return set.startAndCancel();
    }

    @Benchmark
    public Object executor(TimerSet.Executor set) {
        return set.startAndCancel();
    }
}
