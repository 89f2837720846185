package io.panamio.bench.echo;

import io.panamio.bench.Result;
import io.panamio.bench.Results;
import io.panamio.bench.rig.SideBySide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures echo servers {@linkplain SideBySide side by side}. The load is this process.
 *
 * <p>Only the processor time of the server for a request is reliable: requests per second do not rank servers that are
 * not busy all the time.
 */
@Command(name = "echo", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures echo servers side by side. Servers that cannot run are omitted with a message.",
    footer = {"", "Cases: 1x64, 64x64, 1000x64 (connections x bytes), 64x16k, connect, idle, spin.",
        "Servers: c, c-thread (with a second thread, which sleeps), panamio, nio, nio-short, netty-epoll, netty-uring, "
        + "netty-nio, and for the case spin: c-spin, panamio-spin, nio-spin."})
public final class Echo implements Callable<Integer> {
    private static final int MAX_IDLE = 9800;
    /** The number of descriptors that a process needs in addition to idle connections. */
    private static final int OTHER_FILES = 400;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N",
        description = "The number of measurements of each server in each case (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "1", paramLabel = "S",
        description = "The duration of a measurement (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--warm-up", defaultValue = "1.5", paramLabel = "S",
        description = "The duration of the warm-up, once for each case (default: ${DEFAULT-VALUE}).")
    private double warmUp;

    @Option(names = "--cases", split = ",", paramLabel = "CASE", description = "Run only these.")
    private List<String> cases;

    @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Run only these.")
    private List<String> only;

    @Option(names = "--spin", defaultValue = "50", paramLabel = "MICROS",
        description = "The time that panamio-spin spins before it sleeps (default: ${DEFAULT-VALUE}).")
    private int spinMicros;

    @Option(names = "--profile",
        description = "Break the time down by system calls, by perf(1), which itself takes time: compare only parts of "
            + "one run.")
    private boolean profile;

    @Option(names = "--results", defaultValue = "target/bench/echo.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    /** Creates a run, to be configured by its options. */
    public Echo() {
    }

    /** Runs the benchmark. Returns 0 on success, 1 if a server has failed. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        int idle = idleConnections();
        List<EchoScenario> scenarios = SideBySide.chosen(spec, "--cases", cases, EchoScenario.all(idle));
        List<EchoServer> servers = SideBySide.chosen(spec, "--only", only, EchoServer.all(spinMicros));
        if (rounds < 1 || !(seconds > 0) || !(warmUp > 0)) {
            throw new ParameterException(spec.commandLine(), "--rounds, --seconds, --warm-up: more than 0");
        }
        if (idle < MAX_IDLE && scenarios.stream().anyMatch(s -> s.idle() > 0)) {
            System.err.println("echo: not " + MAX_IDLE + " idle connections but " + idle
                + ": the system allows too few descriptors");
        }
        TreeMap<String, String> machine = Results.here(List.of()).machine(); // before this process is pinned
        SideBySide<EchoScenario> rig = new SideBySide<>("echo", profile);
        rig.run(new EchoMeter(seconds, warmUp), scenarios, servers, EchoServer::takesPartIn, rounds);
        List<Result> results = rig.results();
        new Results(machine, results).write(file);
        Table.print(results, System.out);
        return rig.hasFailed() ? 1 : 0;
    }

    /** Limits idle connections to the descriptors of this process and of the servers, which inherit the limit. */
    private static int idleConnections() throws IOException {
        try (var limits = Files.lines(Path.of("/proc/self/limits"))) {
            String limit = limits.filter(line -> line.startsWith("Max open files")).findFirst().orElseThrow()
                .split("\\s+")[3];
            return limit.equals("unlimited") ? MAX_IDLE
                : (int) Math.clamp(Long.parseLong(limit) - OTHER_FILES, 0, MAX_IDLE);
        }
    }
}
