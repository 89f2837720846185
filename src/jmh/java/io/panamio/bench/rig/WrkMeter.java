package io.panamio.bench.rig;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/**
 * Measures a server under the load of {@link Wrk}.
 *
 * @param <S> the kind of scenario
 */
public abstract class WrkMeter<S extends Scenario> implements Meter<S> {
    private static final long HEAP_AFTER_MILLIS = 300;
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Wrk wrk;
    private final Server backEnd;
    private final int seconds;
    private final int warmUp;
    private final boolean repeat;

    /**
     * A meter.
     *
     * @param wrk the load
     * @param backEnd another process that works for the servers, or null
     * @param seconds the duration of a measurement
     * @param warmUp the duration of the warm-up of a JVM
     * @param repeat whether to repeat a measurement that was disturbed
     */
    protected WrkMeter(Wrk wrk, Server backEnd, int seconds, int warmUp, boolean repeat) {
        this.wrk = wrk;
        this.backEnd = backEnd;
        this.seconds = seconds;
        this.warmUp = warmUp;
        this.repeat = repeat;
    }

    /**
     * A server's use of resources under load.
     *
     * @param run the result of wrk
     * @param cpu the server's processor time in seconds
     * @param heap the bytes of heap that it allocated in a second while all connections were open
     * @param busy the number of processors that it used
     * @param disturbed the number of processors that others took
     */
    protected record Usage(Wrk.Run run, double cpu, double heap, double busy, double disturbed) {
    }

    /** Returns what to request. */
    protected abstract Wrk.Request request(S scenario, Server server);

    /** Checks a response once. */
    protected abstract void check(S scenario, Server server) throws IOException;

    /** Returns the values of a window. */
    protected abstract double[] values(S scenario, Server server, Usage usage);

    /** Also checks a response. Only programs with a JIT compiler need the whole time. */
    @Override
    public final void warm(S scenario, Server server) throws IOException, InterruptedException {
        check(scenario, server);
        load(scenario, server, server.contender().isJava() ? warmUp : 1);
    }

    @Override
    public final Window measure(S scenario, Server server) throws IOException, InterruptedException {
        return repeat ? Window.leastDisturbed(() -> once(scenario, server)) : once(scenario, server);
    }

    /** No request is in progress before and after, so the server's time in between is the cost of the responses. */
    private Window once(S scenario, Server server) throws IOException, InterruptedException {
        double busy = Processors.busySeconds();
        double known = knownSeconds();
        long start = System.nanoTime();
        Server.Clock clock = server.clock();
        Load load = load(scenario, server, seconds);
        Server.Clock now = server.clockWhenQuiet();
        double elapsed = (System.nanoTime() - start) / 1e9;
        double cpu = (now.ran() - clock.ran()) / 1e9;
        known = knownSeconds() - known + load.run.processor() + cpu;
        double others = Math.max(Processors.busySeconds() - busy - known, 0) / elapsed;
        double waited = (now.waited() - clock.waited()) / 1e9 / elapsed;
        Usage usage = new Usage(load.run, cpu, load.heap, cpu / elapsed, others + waited);
        return new Window(values(scenario, server, usage), others, waited);
    }

    /** Returns the processor time of the back end and of this process. */
    private double knownSeconds() throws IOException {
        return ((backEnd == null ? 0 : backEnd.clock().ran()) + SYSTEM.getProcessCpuTime()) / 1e9;
    }

    private record Load(Wrk.Run run, double heap) {
    }

    private Load load(S scenario, Server server, int time) throws IOException, InterruptedException {
        Process process = wrk.start(request(scenario, server), time);
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
