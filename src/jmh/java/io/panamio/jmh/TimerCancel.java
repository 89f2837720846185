package io.panamio.jmh;

import org.openjdk.jmh.annotations.Benchmark;

/**
 * Starts a timer beside many pending ones, and cancels it, as a request does that is answered in time. The wheel's
 * thread removes what was cancelled beside the measured one.
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
