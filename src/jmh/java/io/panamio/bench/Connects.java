package io.panamio.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures clients that connect by name: each keeps a number of connects running, closes a connection as soon as it is
 * established, and starts the next connect. The processor time and the heap are those of this process, with the threads
 * that resolve the name, but without the thread that accepts.
 */
@Command(name = "connects", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures connecting by name, compared with java.nio and Netty, in one JVM.",
    footer = {"", "Clients: panamio (a Connector), panamio-shared (Connectors that share the answer of one lookup), "
        + "nio and netty-epoll (Bootstrap.connect), which both resolve in their event loop."})
final class Connects implements Callable<Integer> {
    static final String HOST = "localhost";

    /** Connects by name for a while. */
    interface Client extends AutoCloseable {
        /** Connects to a port until a time by System.nanoTime, and returns how often it did. */
        long run(int port, long end) throws Exception;

        @Override
        void close() throws IOException;
    }

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N",
        description = "The number of measurements of each (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "1", paramLabel = "S",
        description = "The duration of a measurement in whole seconds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--running", defaultValue = "16", paramLabel = "N",
        description = "The number of connects that run at a time (default: ${DEFAULT-VALUE}).")
    private int running;

    @Option(names = "--results", defaultValue = "target/bench/connects.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    private final OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private Thread acceptor;

    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || seconds < 1 || running < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds, --seconds, --running: at least 1");
        }
        Map<String, Client> clients = new TreeMap<>(Map.of("panamio", new ConnectsPanamio(running, false),
            "panamio-shared", new ConnectsPanamio(running, true), "nio", new ConnectsNio(running),
            "netty-epoll", new ConnectsNetty(running)));
        Map<String, List<double[]>> values = new TreeMap<>();
        ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress(0), 4096);
        acceptor = Thread.ofPlatform().daemon().start(() -> accept(listener));
        int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
        List<String> order = new ArrayList<>(clients.keySet());
        for (int i = -2; i < rounds; i++) { // the first two warm up
            System.err.println(i < 0 ? "connects: warming up" : "connects: round " + (i + 1) + " of " + rounds);
            for (String name : order) {
                double[] window = measure(clients.get(name), port);
                if (i >= 0) {
                    values.computeIfAbsent(name, key -> new ArrayList<>()).add(window);
                }
            }
            order = order.reversed();
        }
        for (Client client : clients.values()) {
            client.close();
        }
        Results results = Results.here(results(values));
        results.write(file);
        System.out.println(Tables.suite(results, "connects"));
        return 0;
    }

    private static void accept(ServerSocketChannel listener) {
        try {
            for (;;) {
                listener.accept().close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns connects a second, microseconds of processor time a connect, and bytes of heap a connect. */
    private double[] measure(Client client, int port) throws Exception {
        long cpu = cpuNanos();
        long heap = allocatedBytes();
        long start = System.nanoTime();
        long count = client.run(port, start + TimeUnit.SECONDS.toNanos(seconds));
        double time = (System.nanoTime() - start) / 1e9;
        return new double[] {count / time, (cpuNanos() - cpu) / 1e3 / count,
            (double) (allocatedBytes() - heap) / count};
    }

    private long cpuNanos() {
        return process.getProcessCpuTime() - threads.getThreadCpuTime(acceptor.threadId());
    }

    private long allocatedBytes() {
        return threads.getTotalThreadAllocatedBytes() - threads.getThreadAllocatedBytes(acceptor.threadId());
    }

    private List<Result> results(Map<String, List<double[]>> values) {
        String scenario = running + " connects to " + HOST + " at a time";
        List<Result> results = new ArrayList<>();
        values.forEach((name, rounds) -> {
            add(results, scenario, name, "rate", "connects/s", rounds, 0);
            add(results, scenario, name, "cpu", "µs/connect", rounds, 1);
            add(results, scenario, name, "heap", "B/connect", rounds, 2);
        });
        return results;
    }

    private static void add(List<Result> results, String scenario, String name, String measure, String unit,
            List<double[]> rounds, int index) {
        results.add(new Result("connects", scenario, name, measure, unit,
            rounds.stream().mapToDouble(round -> round[index]).toArray()));
    }
}
