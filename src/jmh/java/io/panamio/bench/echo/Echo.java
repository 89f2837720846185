package io.panamio.bench.echo;

import io.panamio.bench.Result;
import io.panamio.bench.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures echo servers side by side. All are started and warmed, and all but the measured one are stopped by a
 * signal; each round measures each of them, every second round in the opposite order, so that what changes with time
 * changes for all. Servers run on the first processor, the load, which is this process, on the second.
 *
 * <p>Of what is measured, the processor time of the server for a request is what to trust: requests per second rank
 * nothing where the server is not busy all the time.
 */
@Command(name = "echo", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures echo servers side by side. What cannot run on this machine is left out, with a message.",
    footer = {"", "Cases: 1x64, 64x64, 1000x64 (connections x bytes), 64x16k, connect, idle, spin.",
        "Servers: c, panamio, nio, nio-short, netty-epoll, netty-uring, netty-nio, and for the case spin: c-spin, "
        + "panamio-spin, nio-spin."})
public final class Echo implements Callable<Integer> {
    private static final double SETTLE_SECONDS = 0.3;
    private static final int MOST_IDLE = 9800;
    /** Descriptors of a process that are no idle connections. */
    private static final int OTHER_FILES = 400;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N",
        description = "How often each server is measured in each case (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "1", paramLabel = "S",
        description = "How long it is measured (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--warm-up", defaultValue = "1.5", paramLabel = "S",
        description = "How long it is warmed before, once for each case (default: ${DEFAULT-VALUE}).")
    private double warmUp;

    @Option(names = "--cases", split = ",", paramLabel = "CASE", description = "Only these.")
    private List<String> cases;

    @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Only these.")
    private List<String> only;

    @Option(names = "--spin", defaultValue = "50", paramLabel = "MICROS",
        description = "How long panamio-spin looks before it sleeps (default: ${DEFAULT-VALUE}).")
    private int spinMicros;

    @Option(names = "--profile",
        description = "Tell by perf(1) in which system calls the time goes, for each request. That takes time itself: "
            + "compare the parts of one run.")
    private boolean profile;

    @Option(names = "--results", defaultValue = "target/bench/echo.json", paramLabel = "FILE",
        description = "Where the results go (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    private final List<Server> servers = new CopyOnWriteArrayList<>();
    /** The windows of all rounds; a server that fails in a scenario is taken out of it. */
    private final Map<Scenario, Map<Server, List<Window>>> windows = new LinkedHashMap<>();
    private final Map<Scenario, Map<Server, List<Map<String, Double>>>> profiles = new LinkedHashMap<>();
    private boolean failed;

    /** A run that is still to be configured by its options. */
    public Echo() {
    }

    /** Runs it. Returns 0 if all went well, 1 if a server has failed. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        int idle = idleConnections();
        List<Scenario> scenarios = chosen("--cases", cases, Scenario.all(idle));
        List<Contender> contenders = chosen("--only", only, Contender.all(spinMicros));
        if (rounds < 1 || !(seconds > 0) || !(warmUp > 0)) {
            throw new ParameterException(spec.commandLine(), "--rounds, --seconds, --warm-up: more than 0");
        }
        if (idle < MOST_IDLE && scenarios.stream().anyMatch(s -> s.idle() > 0)) {
            say("not " + MOST_IDLE + " idle connections but " + idle + ": the system allows too few descriptors");
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> servers.forEach(Server::close))); // at any end
        TreeMap<String, String> machine = Results.here(List.of()).machine(); // as long as all processors can be seen
        start(contenders.stream().filter(c -> scenarios.stream().anyMatch(c::takesPartIn)).toList(), pin());
        for (Scenario scenario : scenarios) {
            Map<Server, List<Window>> row = new LinkedHashMap<>();
            servers.stream().filter(server -> server.contender.takesPartIn(scenario))
                .forEach(server -> row.put(server, new ArrayList<>()));
            windows.put(scenario, row);
            profiles.put(scenario, new LinkedHashMap<>());
        }
        say("warming " + servers.stream().map(server -> server.contender.name()).toList());
        round(true, false);
        for (int i = 0; i < rounds; i++) {
            say("round " + (i + 1) + " of " + rounds);
            round(false, i % 2 == 1);
        }
        List<Result> results = results();
        new Results(machine, results).write(file);
        Table.print(results, System.out);
        return failed ? 1 : 0;
    }

    private static void say(String message) {
        System.err.println("echo: " + message);
    }

    /** As many as there are descriptors for, here and in the servers, which inherit the limit. */
    private static int idleConnections() throws IOException {
        try (var limits = Files.lines(Path.of("/proc/self/limits"))) {
            String limit = limits.filter(line -> line.startsWith("Max open files")).findFirst().orElseThrow()
                .split("\\s+")[3];
            return limit.equals("unlimited") ? MOST_IDLE
                : (int) Math.clamp(Long.parseLong(limit) - OTHER_FILES, 0, MOST_IDLE);
        }
    }

    private <T> List<T> chosen(String option, List<String> names, List<T> all) {
        if (names == null) {
            return all;
        }
        for (String name : names) {
            if (all.stream().noneMatch(one -> one.toString().equals(name))) {
                throw new ParameterException(spec.commandLine(), option + ": " + name + " is none of " + all);
            }
        }
        return all.stream().filter(one -> names.contains(one.toString())).toList();
    }

    /** Pins this process to the second processor; returns the command that pins another one to the first. */
    private static List<String> pin() throws InterruptedException {
        if (runs("taskset", "-c", "0", "true")
                && runs("taskset", "-acp", "1", Long.toString(ProcessHandle.current().pid()))) {
            return List.of("taskset", "-c", "0");
        }
        say("nothing is pinned: that takes taskset and two processors; the figures will be noisy");
        return List.of();
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private void start(List<Contender> contenders, List<String> pin) throws IOException, InterruptedException {
        Files.createDirectories(Contender.DIRECTORY);
        for (Contender contender : contenders) {
            try {
                Server server = new Server(contender, pin);
                servers.add(server);
                try {
                    server.awaitStart();
                    server.pause();
                } catch (IOException e) {
                    servers.remove(server);
                    server.close();
                    throw e;
                }
            } catch (IOException e) {
                say(contender + " is left out: " + e.getMessage());
            }
        }
    }

    private void round(boolean warm, boolean reversed) throws InterruptedException {
        for (Scenario scenario : windows.keySet()) {
            for (Server server : reversed ? servers.reversed() : servers) {
                if (windows.get(scenario).containsKey(server)) {
                    measure(scenario, server, warm);
                }
            }
        }
    }

    private void measure(Scenario scenario, Server server, boolean warm) throws InterruptedException {
        List<Window> row = windows.get(scenario).get(server);
        try {
            server.resume();
            try (Load load = new Load(scenario, server.address)) {
                load.run(warm ? warmUp : Math.min(SETTLE_SECONDS, seconds));
                if (!warm) {
                    Window window = Window.of(server, load, seconds);
                    row.add(window);
                    if (window.isDisturbed()) {
                        say(scenario + ", " + server.contender + " was disturbed: " + window);
                    }
                    if (profile) {
                        profiles.get(scenario).computeIfAbsent(server, s -> new ArrayList<>())
                            .add(Profile.of(server.pid(), load::run, seconds));
                    }
                }
            } finally {
                Thread.sleep(100); // it sees that its clients are gone
                server.pause();
            }
        } catch (IOException e) {
            say(scenario + ", " + server.contender + " has failed: " + e.getMessage());
            windows.get(scenario).remove(server);
            failed = true;
        }
    }

    private List<Result> results() {
        List<Result> results = new ArrayList<>();
        windows.forEach((scenario, row) -> row.forEach((server, windows) -> {
            List<Window.Measure> measures = Window.measures(scenario);
            for (int i = 0; i < measures.size(); i++) {
                int measure = i;
                double[] values = windows.stream().mapToDouble(window -> window.values()[measure]).toArray();
                if (!Double.isNaN(values[0])) { // what has no heap
                    results.add(new Result("echo", scenario.title(), server.contender.name(),
                        measures.get(i).name(), measures.get(i).unit(), values));
                }
            }
        }));
        profiles.forEach((scenario, row) -> row.forEach((server, parts) -> {
            List<Window> windows = this.windows.get(scenario).getOrDefault(server, List.of()); // none if it has failed
            parts.subList(windows.size(), parts.size()).clear();
            TreeSet<String> places = new TreeSet<>();
            parts.forEach(round -> places.addAll(round.keySet()));
            for (String place : places) {
                double[] values = new double[parts.size()];
                Arrays.setAll(values, i -> parts.get(i).getOrDefault(place, 0.0) * windows.get(i).cpu());
                results.add(new Result("profile", scenario.title(), server.contender.name(), place,
                    "µs/" + scenario.unit(), values));
            }
        }));
        return results;
    }
}
