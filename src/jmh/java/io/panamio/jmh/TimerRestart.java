package io.panamio.jmh;

import org.openjdk.jmh.annotations.Benchmark;

/**
 * Restarts one of many pending timers, as a connection does that is not idle: {@code reschedule}, or what takes its
 * place, a cancel and a new timer. {@code panamio} finds the next deadline as well; for the others, a thread waits.
 * With {@code -prof gc}, the bytes allocated.
 */
public class TimerRestart extends Operation {
    @Benchmark
    public long panamio(TimerSet.Panamio set) {
        return set.restart();
    }

    @Benchmark
    public long panamioCoarse(TimerSet.PanamioCoarse set) {
        return set.restart();
    }

    @Benchmark
    public Object nettyWheel(TimerSet.Wheel set) {
        return set.restart();
    }

    @Benchmark
    public Object executor(TimerSet.Executor set) {
        return set.restart();
    }
}
