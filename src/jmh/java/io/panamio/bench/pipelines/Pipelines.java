package io.panamio.bench.pipelines;

import io.panamio.bench.PipelineTables;
import io.panamio.bench.Results;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.SideBySide;
import io.panamio.bench.rig.Wrk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures the examples {@code serve} and {@code proxy} {@linkplain SideBySide side by side} with nginx, HAProxy and
 * the same programs on java.nio. The load is wrk, and behind the proxies is nginx, both on the second processor.
 *
 * <p>Only the processor time of the server is reliable: two processors are too few to measure throughput.
 */
@Command(name = "pipelines", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures file servers and proxies side by side. Programs that are not installed are omitted with a "
        + "message; without wrk nothing is measured, without nginx no proxy.",
    footer = {"", "Cases: serve-1k, serve-100k, serve-100m, proxy-1k, proxy-100k, proxy-100m.",
        "Servers: serve, nginx, nginx-cache, nginx-push, nio-serve; proxy, proxy-splice, proxy-copy, haproxy, "
        + "haproxy-splice, haproxy-auto, nginx-stream, nio-proxy."})
public final class Pipelines implements Callable<Integer> {
    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N",
        description = "The number of measurements of each server in each case (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", paramLabel = "S",
        description = "The duration of a measurement in whole seconds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--warm-up", defaultValue = "4", paramLabel = "S",
        description = "The duration of the warm-up of a JVM, once for each case (default: ${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--quick",
        description = "Two rounds of one second, a short warm-up, and no repetitions: only to test the benchmark.")
    private boolean quick;

    @Option(names = "--cases", split = ",", paramLabel = "CASE", description = "Run only these.")
    private List<String> cases;

    @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Run only these.")
    private List<String> only;

    @Option(names = "--files", defaultValue = "/dev/shm", paramLabel = "DIRECTORY",
        description = "The parent of the directory with the served files (default: ${DEFAULT-VALUE}).")
    private Path parent;

    @Option(names = "--profile",
        description = "Break the time down by system calls, by perf(1), which itself takes time: compare only parts of "
            + "one run.")
    private boolean profile;

    @Option(names = "--results", defaultValue = "target/bench/pipelines.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    /** Creates a run, to be configured by its options. */
    public Pipelines() {
    }

    /** Runs the benchmark. Returns 0 on success, 1 if a server has failed or wrk is missing. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Body> bodies = SideBySide.chosen(spec, "--cases", cases, Body.all());
        if (rounds < 1 || seconds < 1 || warmUp < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds, --seconds, --warm-up: at least 1");
        }
        if (!Files.isDirectory(parent)) {
            throw new ParameterException(spec.commandLine(), "--files: " + parent + " is not a directory");
        }
        if (quick) {
            rounds = 2;
            seconds = 1;
            warmUp = 1;
        }
        TreeMap<String, String> machine = Results.here(List.of()).machine(); // before this process is pinned
        addVersions(machine);
        if (!machine.containsKey("wrk")) {
            report("wrk is not installed, so nothing can be measured");
            return 1;
        }
        SideBySide<Body> rig = new SideBySide<>("pipelines", profile);
        Path directory = Files.createTempDirectory(parent, "panamio-pipelines-");
        rig.atEnd(() -> delete(directory));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x")); // nginx runs as nobody
        measure(rig, bodies, directory);
        Results results = new Results(machine, rig.results());
        results.write(file);
        System.out.println(PipelineTables.ratios(results) + "\n" + PipelineTables.figures(results));
        return rig.hasFailed() ? 1 : 0;
    }

    private void measure(SideBySide<Body> rig, List<Body> bodies, Path directory)
            throws IOException, InterruptedException {
        Path files = Files.createDirectory(directory.resolve("files"));
        for (Body body : bodies) {
            make(files.resolve(body.file()), body.size());
        }
        Programs programs = new Programs(directory, files);
        List<Program> contenders = new ArrayList<>(programs.servers());
        Server backEnd = bodies.stream().anyMatch(Body::proxy) ? backEnd(rig, programs) : null;
        contenders.addAll(programs.proxies(backEnd == null ? 0 : backEnd.address().getPort()));
        List<Program> chosen = SideBySide.chosen(spec, "--only", only, contenders).stream()
            .filter(program -> backEnd != null || !program.proxy()).toList();
        PipeMeter meter = new PipeMeter(files, new Wrk(directory), backEnd, seconds, warmUp, !quick);
        rig.run(meter, bodies, chosen, Program::takesPartIn, rounds);
    }

    private static void report(String message) {
        System.err.println("pipelines: " + message);
    }

    private static void addVersions(TreeMap<String, String> machine) throws InterruptedException {
        put(machine, "nginx", Programs.version("nginx", "-v"));
        put(machine, "haproxy", Programs.version("haproxy", "-v"));
        put(machine, "wrk", Programs.version("wrk", "-v"));
    }

    /** Extracts the version from {@code nginx version: nginx/1.22.1}, {@code HAProxy version 2.6.12 date} etc. */
    private static void put(TreeMap<String, String> machine, String name, String line) {
        if (line != null) {
            machine.put(name, line.replaceAll("^\\D*", "").split(" ")[0]);
        }
    }

    /** Returns null, after a message, if it is not possible. */
    private static Server backEnd(SideBySide<Body> rig, Programs programs) throws InterruptedException {
        try {
            Server server = new Server(programs.backEnd(), List.of());
            rig.atEnd(server::close);
            server.awaitStart();
            return server;
        } catch (IOException e) {
            report("the proxies are omitted, as they have no back end: " + e.getMessage());
            return null;
        }
    }

    private static void make(Path file, int size) throws IOException {
        Random random = new Random(size);
        byte[] bytes = new byte[Math.min(size, 1 << 20)];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int left = size; left > 0; left -= bytes.length) {
                random.nextBytes(bytes);
                out.write(bytes, 0, Math.min(left, bytes.length));
            }
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            report("not deleted: " + e.getMessage());
        }
    }
}
