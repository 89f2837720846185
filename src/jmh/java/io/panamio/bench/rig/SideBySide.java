package io.panamio.bench.rig;

import io.panamio.bench.Result;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiPredicate;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Measures servers side by side. All are started and warmed up, and all but the measured one are stopped by SIGSTOP.
 * Each round measures each of them, every second round in the opposite order, so that changes over time affect all
 * alike. Servers run on the first processor, this process and everything else that it starts on the second.
 *
 * @param <S> the kind of scenario
 */
public final class SideBySide<S extends Scenario> {
    /** The measure that a profile breaks down. */
    private static final String CPU = "cpu";

    private final String suite;
    private final boolean profiling;
    private final List<String> pin;
    private final List<Server> servers = new CopyOnWriteArrayList<>();
    private final List<Runnable> atEnd = new CopyOnWriteArrayList<>();
    /** The windows of all rounds; a server that fails in a scenario is excluded from it. */
    private final Map<S, Map<Server, List<Window>>> windows = new LinkedHashMap<>();
    private final Map<S, Map<Server, List<Map<String, Double>>>> profiles = new LinkedHashMap<>();
    private boolean failed;
    private Meter<S> meter;

    /**
     * A run of a suite. Pins this process and the processes that it starts; its servers are terminated with it.
     *
     * @param suite its name
     * @param profiling whether to break the time down by system calls as well, which itself takes time
     */
    public SideBySide(String suite, boolean profiling) throws InterruptedException {
        this.suite = suite;
        this.profiling = profiling;
        pin = pin();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { // however this process ends
            servers.forEach(Server::close);
            atEnd.reversed().forEach(Runnable::run);
        }));
    }

    /** Registers an action for the end of this process, after the servers have ended; the last one runs first. */
    public void atEnd(Runnable action) {
        atEnd.add(action);
    }

    /** Returns those that an option names; all if it is absent. */
    public static <T> List<T> chosen(CommandSpec spec, String option, List<String> names, List<T> all) {
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

    /** Runs all rounds of the contenders in the scenarios that they take part in. */
    public <C extends Contender> void run(Meter<S> meter, List<S> scenarios, List<C> contenders,
            BiPredicate<C, S> takesPart, int rounds) throws InterruptedException {
        this.meter = meter;
        for (S scenario : scenarios) {
            windows.put(scenario, new LinkedHashMap<>());
            profiles.put(scenario, new LinkedHashMap<>());
        }
        for (C contender : contenders) {
            List<S> its = scenarios.stream().filter(scenario -> takesPart.test(contender, scenario)).toList();
            Server server = its.isEmpty() ? null : start(contender);
            if (server != null) {
                for (S scenario : its) {
                    windows.get(scenario).put(server, new ArrayList<>());
                    profiles.get(scenario).put(server, new ArrayList<>());
                }
            }
        }
        report("warming up " + servers.stream().map(Server::contender).toList());
        round(true, false);
        for (int i = 0; i < rounds; i++) {
            report("round " + (i + 1) + " of " + rounds);
            round(false, i % 2 == 1);
        }
    }

    /** Returns whether a server has failed in a scenario. */
    public boolean hasFailed() {
        return failed;
    }

    private void report(String message) {
        System.err.println(suite + ": " + message);
    }

    /** Pins this process to the second processor; returns the command that pins another one to the first. */
    private List<String> pin() throws InterruptedException {
        if (runs("taskset", "-c", "0", "true")
                && runs("taskset", "-acp", "1", Long.toString(ProcessHandle.current().pid()))) {
            return List.of("taskset", "-c", "0");
        }
        report("no process is pinned, which requires taskset and two processors: the figures will be noisy");
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

    /** Returns null, after a message, if pinning is not possible. */
    private Server start(Contender contender) throws InterruptedException {
        try {
            Server server = new Server(contender, pin);
            servers.add(server);
            try {
                server.awaitStart();
                server.pause();
                return server;
            } catch (IOException e) {
                servers.remove(server);
                server.close();
                throw e;
            }
        } catch (IOException e) {
            report(contender + " is omitted: " + e.getMessage());
            return null;
        }
    }

    private void round(boolean warm, boolean reversed) throws InterruptedException {
        for (S scenario : windows.keySet()) {
            for (Server server : reversed ? servers.reversed() : servers) {
                if (windows.get(scenario).containsKey(server)) {
                    measure(scenario, server, warm);
                }
            }
        }
    }

    private void measure(S scenario, Server server, boolean warm) throws InterruptedException {
        try {
            server.resume();
            try {
                if (warm) {
                    meter.warm(scenario, server);
                } else {
                    Profile profile = profiling ? new Profile(server) : null;
                    Window window = meter.measure(scenario, server);
                    windows.get(scenario).get(server).add(window);
                    if (profile != null) {
                        profiles.get(scenario).get(server).add(profile.end());
                    }
                    if (window.isDisturbed()) {
                        report(scenario + ", " + server.contender() + " was disturbed: " + window);
                    }
                }
            } finally {
                Thread.sleep(100); // for the server to read the end of stream of its clients
                server.pause();
            }
        } catch (IOException e) {
            report(scenario + ", " + server.contender() + " has failed: " + e.getMessage());
            windows.get(scenario).remove(server);
            profiles.get(scenario).remove(server);
            failed = true;
        }
    }

    /** Returns the results. */
    public List<Result> results() {
        List<Result> results = new ArrayList<>();
        windows.forEach((scenario, row) -> row.forEach((server, windows) -> {
            List<Measure> measures = meter.measures(scenario);
            for (int i = 0; i < measures.size(); i++) {
                int measure = i;
                double[] values = windows.stream().mapToDouble(window -> window.values()[measure]).toArray();
                if (!Double.isNaN(values[0])) { // no heap
                    results.add(new Result(suite, scenario.title(), server.contender().name(),
                        measures.get(i).name(), measures.get(i).unit(), values));
                }
            }
            for (String place : profiling ? places(scenario, server) : List.<String>of()) {
                List<Map<String, Double>> parts = profiles.get(scenario).get(server);
                int cpu = measures.stream().map(Measure::name).toList().indexOf(CPU);
                double[] values = new double[parts.size()];
                Arrays.setAll(values, i -> parts.get(i).getOrDefault(place, 0.0) * windows.get(i).values()[cpu]);
                results.add(new Result(suite + " profile", scenario.title(), server.contender().name(), place,
                    measures.get(cpu).unit(), values));
            }
        }));
        return results;
    }

    private TreeSet<String> places(S scenario, Server server) {
        TreeSet<String> places = new TreeSet<>();
        profiles.get(scenario).get(server).forEach(parts -> places.addAll(parts.keySet()));
        return places;
    }
}
