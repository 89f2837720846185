package io.panamio.bench.echo;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;

/**
 * What was measured of a server during one window of time.
 *
 * @param values one for each of {@link #measures}
 * @param loadLost the part of the time that the load did not have its processor
 * @param serverWaited the part of the time that the server's threads waited for theirs
 */
record Window(double[] values, double loadLost, double serverWaited) {
    private static final double MOST_LOST = 0.05;
    private static final double MOST_WAITED = 0.06;
    private static final int REPEATS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** A kind of value. */
    record Measure(String name, String unit) {
    }

    /** The kinds of values, in their order. */
    static List<Measure> measures(Scenario scenario) {
        String one = scenario.unit();
        return List.of(new Measure("throughput", one + "s/s"), new Measure("p50", "µs"), new Measure("p90", "µs"),
            new Measure("p99", "µs"), new Measure("p99.9", "µs"), new Measure("cpu", "µs/" + one),
            new Measure("heap", "B/" + one), new Measure("busy", "processors"),
            new Measure("disturbed", "processors"));
    }

    /** Measures; again, up to three times, if something else had one of the processors. The least disturbed counts. */
    static Window of(Server server, Load load, double seconds) throws IOException {
        Window best = once(server, load, seconds);
        for (int i = 0; i < REPEATS && best.isDisturbed(); i++) {
            Window next = once(server, load, seconds);
            if (next.loadLost + next.serverWaited < best.loadLost + best.serverWaited) {
                best = next;
            }
        }
        return best;
    }

    /** Nothing is on the way before and after, so what the server did in between is what the requests cost. */
    private static Window once(Server server, Load load, double seconds) throws IOException {
        double allocated = server.allocated();
        Server.Clock clock = server.clock();
        long own = THREADS.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        load.run(seconds);
        double nanos = System.nanoTime() - start;
        own = THREADS.getCurrentThreadCpuTime() - own;
        Server.Clock now = server.clock();
        allocated = server.allocated() - allocated;
        double cpu = now.ran() - clock.ran();
        double requests = load.latencies.getTotalCount();
        double lost = 1 - own / nanos;
        double waited = (now.waited() - clock.waited()) / nanos;
        double[] values = {requests / (nanos / 1e9), load.micros(50), load.micros(90), load.micros(99),
            load.micros(99.9), cpu / 1e3 / requests, allocated / requests, cpu / nanos,
            lost + waited};
        return new Window(values, lost, waited);
    }

    /** Processor time for a request, in microseconds. */
    double cpu() {
        return values[5];
    }

    boolean isDisturbed() {
        return loadLost > MOST_LOST || serverWaited > MOST_WAITED;
    }

    /** The disturbance, for people. */
    @Override
    public String toString() {
        return String.format("the load lost %.0f %% of its processor, the server waited for %.0f %% of the time",
            100 * loadLost, 100 * serverWaited);
    }
}
