package io.panamio.jmh;

import org.openjdk.jmh.annotations.Benchmark;

/**
 * Restarts one of many pending timers, as a connection does that is not idle: {@code reschedule}, or what takes its
 * place, a cancel and a new timer. {@code panamioTurn} finds the next deadline as well, as a loop does before it waits;
 * the threads of the others do that beside the measured one, and the wheel's also removes what was cancelled.
 */
public class TimerRestart extends Operation {
    @Benchmark
    public boolean panamio(TimerSet.Panamio set) {
        return set.restart();
    }

    @Benchmark
    public long panamioTurn(TimerSet.Panamio set) {
        return set.restartAndFind();
    }

    @Benchmark
    public boolean panamioCoarse(TimerSet.PanamioCoarse set) {
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
