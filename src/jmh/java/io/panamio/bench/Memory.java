package io.panamio.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures the memory of connections that are accepted, registered and then idle, on a server with one thread: the
 * reachable heap and the physical memory of the process, each after a full collection, as the difference with and
 * without the connections. The server is warm by then, and its young generation has been filled, so the second number,
 * which includes garbage, grows by the memory of the connections on and off the heap. Neither includes the kernel's
 * memory.
 *
 * <p>Also measures the heap that the server's thread allocates for a connection that is accepted and closed, and the
 * processor time to accept and to close one, from readiness to registration and from the end of the stream to the
 * close: over all connections, and for the last tenth compared with the first.
 *
 * <p>If a process's limit on descriptors is too low, the connections are distributed over several servers, each with a
 * client of its own.
 */
@Command(name = "memory", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures the memory of idle connections, compared with java.nio and Netty, as far as the "
        + "machine permits.",
    footer = {"", "Servers: panamio, nio, netty-epoll, and with a virtual thread for each connection, whose processor "
        + "time and allocations are those of the process: virtual, virtual-jdk; with TLS: panamio-tls, netty-tls, and "
        + "engine, which keeps only the TCP connection and the engine. The first three by default."})
final class Memory implements Callable<Integer> {
    private static final Path LOG = Path.of("target", "bench", "memory.log");
    private static final int WARM_UP = 40; // bursts
    private static final int CHURN = 200;
    private static final int TLS_WARM_UP = 10;
    private static final int TLS_CHURN = 10;
    private static final List<String> CONTENDERS = List.of("panamio", "nio", "netty-epoll", "virtual", "virtual-jdk",
        "panamio-tls", "engine", "netty-tls");

    private record Measure(String name, String unit) {
    }

    private static final List<Measure> MEASURES = List.of(new Measure("connections", ""), new Measure("servers", ""),
        new Measure("heap", "B"), new Measure("resident", "B"), new Measure("allocated", "B"),
        new Measure("accept", "µs"), new Measure("accept, last tenth to first", ""), new Measure("close", "µs"),
        new Measure("close, last tenth to first", ""));

    /** The results of one case. */
    private record Case(int connections, String contender) {
    }

    @Option(names = "--connections", split = ",", defaultValue = "10000,500000", paramLabel = "N",
        description = "The numbers of connections (default: ${DEFAULT-VALUE}).")
    private List<Integer> connections;

    @Option(names = "--rounds", defaultValue = "1", paramLabel = "N",
        description = "The number of measurements (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Run only these.")
    private List<String> only = CONTENDERS.subList(0, 3);

    @Option(names = "--leave", defaultValue = "3", paramLabel = "GIB",
        description = "The memory of the machine to leave free (default: ${DEFAULT-VALUE}).")
    private double leave;

    @Option(names = "--results", defaultValue = "target/bench/memory.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    private boolean failed;

    @Override
    public Integer call() throws IOException {
        if (rounds < 1 || connections.stream().anyMatch(n -> n < 2 * IdlePair.BURST)) {
            throw new ParameterException(spec.commandLine(),
                "--rounds: at least 1; --connections: at least " + 2 * IdlePair.BURST);
        }
        if (!CONTENDERS.containsAll(only)) {
            throw new ParameterException(spec.commandLine(), "--only: some of " + CONTENDERS);
        }
        Files.createDirectories(LOG.toAbsolutePath().getParent());
        TreeMap<String, String> machine = Results.here(List.of()).machine();
        Map<Case, List<double[]>> values = new LinkedHashMap<>();
        for (int n : connections) {
            only.forEach(contender -> values.put(new Case(n, contender), new ArrayList<>()));
        }
        List<Case> order = new ArrayList<>(values.keySet());
        for (int i = 0; i < rounds; i++) {
            for (Case one : order) {
                try {
                    values.get(one).add(measure(one));
                } catch (IOException e) {
                    report(one, "has failed: " + e.getMessage());
                    failed = true;
                }
            }
            Collections.reverse(order);
        }
        Results results = new Results(machine, results(values));
        results.write(file);
        System.out.println(Tables.suite(results, "memory"));
        return failed ? 1 : 0;
    }

    private static void report(Case one, String message) {
        System.err.printf("memory: %,d, %s: %s%n", one.connections(), one.contender(), message);
    }

    private static List<Result> results(Map<Case, List<double[]>> values) {
        List<Result> results = new ArrayList<>();
        values.forEach((one, rounds) -> {
            for (int i = 0; i < MEASURES.size() && !rounds.isEmpty(); i++) {
                int measure = i;
                results.add(new Result("memory", String.format("%,d connections", one.connections()), one.contender(),
                    MEASURES.get(i).name(), MEASURES.get(i).unit(),
                    rounds.stream().mapToDouble(round -> round[measure]).toArray()));
            }
        });
        return results;
    }

    // ---- one case

    private double[] measure(Case one) throws IOException {
        report(one, "starting and warming up");
        List<IdlePair> pairs = new ArrayList<>();
        try {
            pairs.add(new IdlePair(one.contender(), one.connections(), LOG));
            int max = pairs.getFirst().maxConnections();
            int servers = (one.connections() + max - 1) / max;
            int perBurst = servers * IdlePair.BURST;
            int bursts = (one.connections() + perBurst - 1) / perBurst;
            if (servers > 1) {
                report(one, "distributed over " + servers + " servers, each with descriptors for " + max);
            }
            while (pairs.size() < servers) {
                pairs.add(new IdlePair(one.contender(), one.connections() / servers, LOG));
            }
            for (IdlePair pair : pairs) {
                pair.churn(IdlePair.isTls(one.contender()) ? TLS_WARM_UP : WARM_UP);
            }
            long resident = weigh(pairs)[1]; // before the memory has been used once
            if (one.contender().startsWith("virtual")) {
                fill(pairs, bursts);
            }
            double allocated = allocated(pairs.getFirst(), IdlePair.isTls(one.contender()) ? TLS_CHURN : CHURN);
            long heap = weigh(pairs)[0];
            List<Long> opening = new ArrayList<>(List.of(processorNanos(pairs)));
            String stop = null;
            while (stop == null && opening.size() <= bursts) {
                stop = openBursts(pairs);
                opening.add(processorNanos(pairs));
            }
            long count = pairs.stream().mapToLong(IdlePair::connections).sum();
            report(one, String.format("%,d are open", count) + (stop == null ? "" : ", stopped by: " + stop));
            long[] after = weigh(pairs);
            List<Long> closing = new ArrayList<>(List.of(processorNanos(pairs)));
            while (pairs.stream().allMatch(pair -> pair.connections() >= IdlePair.BURST)) {
                for (IdlePair pair : pairs) {
                    pair.closeOldest();
                }
                closing.add(processorNanos(pairs));
            }
            return new double[] {count, servers, (double) (after[0] - heap) / count,
                (double) (after[1] - resident) / count, allocated,
                mean(opening, 0, opening.size() - 1) / (1e3 * perBurst), lastTenthToFirst(opening),
                mean(closing, 0, closing.size() - 1) / (1e3 * perBurst), lastTenthToFirst(closing)};
        } finally {
            pairs.forEach(IdlePair::close);
        }
    }

    /**
     * Opens all connections, and closes them: what a waiting thread keeps on its stack depends on the compiler, which
     * otherwise compiles anew when there are more connections than ever before.
     */
    private void fill(List<IdlePair> pairs, int bursts) throws IOException {
        for (int i = 0; i < bursts && openBursts(pairs) == null; i++) {
            // the next burst
        }
        while (pairs.stream().allMatch(pair -> pair.connections() >= IdlePair.BURST)) {
            for (IdlePair pair : pairs) {
                pair.closeOldest();
            }
        }
    }

    private static double allocated(IdlePair pair, int bursts) throws IOException {
        long before = pair.allocatedBytes();
        pair.churn(bursts);
        return (double) (pair.allocatedBytes() - before) / (bursts * IdlePair.BURST);
    }

    /** Opens a burst of connections for each server; returns the reason if that failed, or null. */
    private String openBursts(List<IdlePair> pairs) throws IOException {
        for (IdlePair pair : pairs) {
            double available = availableGib();
            String stop = available >= leave ? pair.open()
                : String.format("only %.1f GiB of memory are left", available);
            if (stop != null) {
                return stop;
            }
        }
        return null;
    }

    private static double availableGib() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            String line = lines.filter(l -> l.startsWith("MemAvailable:")).findFirst().orElseThrow();
            return Long.parseLong(line.split("\\s+")[1]) / (double) (1 << 20);
        }
    }

    private static long[] weigh(List<IdlePair> pairs) throws IOException {
        long[] sum = new long[2];
        for (IdlePair pair : pairs) {
            long[] weight = pair.weigh();
            sum[0] += weight[0];
            sum[1] += weight[1];
        }
        return sum;
    }

    private static long processorNanos(List<IdlePair> pairs) {
        return pairs.stream().mapToLong(IdlePair::processorNanos).sum();
    }

    /** The mean step between two of these clocks. */
    private static double mean(List<Long> clocks, int from, int to) {
        return (double) (clocks.get(to) - clocks.get(from)) / (to - from);
    }

    private static double lastTenthToFirst(List<Long> clocks) {
        int steps = clocks.size() - 1;
        int tenth = Math.max(1, steps / 10);
        return mean(clocks, steps - tenth, steps) / mean(clocks, 0, tenth);
    }
}
