package io.panamio.bench.pipelines;

import com.sun.management.OperatingSystemMXBean;
import io.panamio.bench.rig.Measure;
import io.panamio.bench.rig.Meter;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.Window;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Measures a file server or a proxy under the load of wrk. */
final class PipeMeter implements Meter<Body> {
    private static final long HEAP_AFTER_MILLIS = 300;
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Path files;
    private final Wrk wrk;
    private final Server backEnd;
    private final int seconds;
    private final int warmUp;
    private final boolean repeat;
    /** The size of a whole response, head and body; heads differ between servers. */
    private final Map<Server, Map<Body, Long>> responseSizes = new HashMap<>();

    PipeMeter(Path files, Wrk wrk, Server backEnd, int seconds, int warmUp, boolean repeat) {
        this.files = files;
        this.wrk = wrk;
        this.backEnd = backEnd;
        this.seconds = seconds;
        this.warmUp = warmUp;
        this.repeat = repeat;
    }

    @Override
    public List<Measure> measures(Body body) {
        return List.of(new Measure("requests", "requests/s"), new Measure("throughput", "GB/s"),
            new Measure("cpu", "µs/request"), new Measure("cpu per GB", "s/GB"), new Measure("heap", "B/request"),
            new Measure("busy", "processors"), new Measure("disturbed", "processors"));
    }

    /** Also checks that it serves the file. Only programs with a JIT compiler need the whole time. */
    @Override
    public void warm(Body body, Server server) throws IOException, InterruptedException {
        responseSizes.computeIfAbsent(server, s -> new HashMap<>())
            .put(body, Probe.responseSize(server.address(), body, files.resolve(body.file())));
        int time = server.contender().isJava() ? warmUp : 1;
        load(body, server, time);
    }

    @Override
    public Window measure(Body body, Server server) throws IOException, InterruptedException {
        return repeat ? Window.leastDisturbed(() -> once(body, server)) : once(body, server);
    }

    /** No request is in progress before and after, so the server's time in between is the cost of the responses. */
    private Window once(Body body, Server server) throws IOException, InterruptedException {
        double busy = Processors.busySeconds();
        double known = knownSeconds();
        long start = System.nanoTime();
        Server.Clock clock = server.clock();
        Load load = load(body, server, seconds);
        Server.Clock now = server.clockWhenQuiet();
        double elapsed = (System.nanoTime() - start) / 1e9;
        known = knownSeconds() - known + load.run.processor() + (now.ran() - clock.ran()) / 1e9;
        double others = Math.max(Processors.busySeconds() - busy - known, 0) / elapsed;
        double waited = (now.waited() - clock.waited()) / 1e9 / elapsed;
        double cpu = (now.ran() - clock.ran()) / 1e9;
        double bytes = load.run.bytes();
        double requests = bytes / responseSizes.get(server).get(body);
        double[] values = {requests / load.run.seconds(), bytes / 1e9 / load.run.seconds(), 1e6 * cpu / requests,
            cpu / (bytes / 1e9), load.heap / (requests / load.run.seconds()), cpu / elapsed, others + waited};
        return new Window(values, others, waited);
    }

    /** Returns the processor time of the back end and of this process. */
    private double knownSeconds() throws IOException {
        return ((backEnd == null ? 0 : backEnd.clock().ran()) + SYSTEM.getProcessCpuTime()) / 1e9;
    }

    /**
     * A time under load.
     *
     * @param run the result of wrk
     * @param heap the bytes of heap that the server allocated in a second while all connections were open
     */
    private record Load(Wrk.Run run, double heap) {
    }

    private Load load(Body body, Server server, int time) throws IOException, InterruptedException {
        Process process = wrk.start(body, server.address(), time);
        try {
            double heap = server.contender().isJava() ? heap(server, time) : Double.NaN;
            return new Load(wrk.finish(process, time), heap);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Measured while all connections are open, with some time before and after. */
    private static double heap(Server server, int time) throws IOException, InterruptedException {
        Thread.sleep(HEAP_AFTER_MILLIS);
        double first = server.allocated();
        double second = server.allocated();
        long from = System.nanoTime();
        Thread.sleep(1000L * time - 2 * HEAP_AFTER_MILLIS);
        double last = server.allocated();
        double answer = second - first; // the answer itself allocates, about as much each time
        return Math.max(last - second - answer, 0) / ((System.nanoTime() - from) / 1e9);
    }
}
