package io.panamio.bench.echo;

import io.panamio.bench.rig.Measure;
import io.panamio.bench.rig.Meter;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.Window;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;

/** Measures an echo server by the load of this process. */
final class EchoMeter implements Meter<EchoScenario> {
    private static final double SETTLE_SECONDS = 0.3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final double seconds;
    private final double warmUp;

    EchoMeter(double seconds, double warmUp) {
        this.seconds = seconds;
        this.warmUp = warmUp;
    }

    @Override
    public List<Measure> measures(EchoScenario scenario) {
        String one = scenario.unit();
        return List.of(new Measure("throughput", one + "s/s"), new Measure("p50", "µs"), new Measure("p90", "µs"),
            new Measure("p99", "µs"), new Measure("p99.9", "µs"), new Measure("cpu", "µs/" + one),
            new Measure("heap", "B/" + one), new Measure("busy", "processors"),
            new Measure("disturbed", "processors"));
    }

    @Override
    public void warm(EchoScenario scenario, Server server) throws IOException {
        try (Load load = new Load(scenario, server.address())) {
            load.run(warmUp);
        }
    }

    @Override
    public Window measure(EchoScenario scenario, Server server) throws IOException, InterruptedException {
        try (Load load = new Load(scenario, server.address())) {
            load.run(Math.min(SETTLE_SECONDS, seconds));
            return Window.leastDisturbed(() -> once(server, load));
        }
    }

    /** No message is in progress before and after, so the server's time in between is the cost of the requests. */
    private Window once(Server server, Load load) throws IOException {
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
}
