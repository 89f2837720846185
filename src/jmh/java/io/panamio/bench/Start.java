package io.panamio.bench;

import io.panamio.Poll;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures the time from the start of a JVM to the first echoed byte, for {@link StartPanamio}, {@link StartFfm},
 * {@link StartFfmEpoll} and {@link StartNio}, and the processor time that all threads have used by then. The client is
 * this process, which is warm. Each round starts every server once, every second round in the opposite order. Every
 * server prints the times of its steps, by the clock that all processes share; a further start counts its classes.
 */
@Command(name = "start", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures the time from the start of a JVM to the first echoed byte, compared with java.nio.")
final class Start implements Callable<Integer> {
    private static final Path DIRECTORY = Path.of("target", "bench", "start");
    private static final String PANAMIO = "panamio";
    private static final String FFM = "ffm";
    private static final String FLOOR = "ffm-epoll";
    private static final String CLASSES = "ffm-epoll-classes";
    private static final String NIO = "nio";
    private static final String JAR = "jar";

    /** A way to start a server; its port is appended to the command. */
    private record Launch(String scenario, String contender, List<String> command) {
    }

    /**
     * The duration of one start and its processor time, in milliseconds, and its steps: until the program began, until
     * its poll or the equivalent was open, until it listened, until the first byte.
     */
    private record Run(double time, double processor, double begin, double open, double listen, double echo) {
    }

    /** The number of classes that a start loads: from the JDK's archive or an AOT cache, from files, generated. */
    private record Classes(int archived, int parsed, int made) {
    }

    @Option(names = "--rounds", defaultValue = "20", paramLabel = "N",
        description = "The number of starts of each (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--results", defaultValue = "target/bench/start.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    private final Map<Launch, List<Run>> runs = new LinkedHashMap<>();
    private final Map<Launch, Classes> classes = new LinkedHashMap<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds: at least 1");
        }
        TreeMap<String, String> machine = Results.here(List.of()).machine();
        List<Launch> launches = new ArrayList<>(launches());
        for (Launch launch : launches) {
            runs.put(launch, new ArrayList<>());
            classes.put(launch, classes(launch));
        }
        for (int i = 0; i <= rounds; i++) { // the first warms this process and the system's caches
            System.err.println(i == 0 ? "start: warming up" : "start: round " + i + " of " + rounds);
            for (Launch launch : launches) {
                Run run = run(launch.command());
                if (i > 0) {
                    runs.get(launch).add(run);
                }
            }
            Collections.reverse(launches);
        }
        Results results = new Results(machine, results());
        results.write(file);
        System.out.println(Tables.suite(results, "start"));
        return 0;
    }

    // ---- ways to start

    private List<Launch> launches() throws IOException, InterruptedException {
        Files.createDirectories(DIRECTORY);
        Path library = StartJars.classesOf(Poll.class);
        Path servers = StartJars.classesOf(Start.class);
        Path libraryJar = StartJars.pack(DIRECTORY.resolve("library.jar"), library);
        Path panamio = StartJars.pack(DIRECTORY.resolve("panamio.jar"), StartPanamio.class, libraryJar);
        Path ffm = StartJars.pack(DIRECTORY.resolve("ffm.jar"), StartFfm.class, null);
        Path floor = StartJars.pack(DIRECTORY.resolve("ffm-epoll.jar"), StartFfmEpoll.class, null);
        Path loader = StartJars.pack(DIRECTORY.resolve(CLASSES + ".jar"), StartFfmEpoll.class, libraryJar);
        Path nio = StartJars.pack(DIRECTORY.resolve("nio.jar"), StartNio.class, null);
        String main = StartPanamio.class.getName();
        List<String> loading = java("-jar", loader.toString());
        loading.addAll(libraryClasses(java("-jar", panamio.toString())));
        List<Launch> launches = new ArrayList<>(List.of(
            new Launch("classes", PANAMIO,
                java("--enable-native-access=ALL-UNNAMED", "-cp", library + ":" + servers, main)),
            new Launch("classes", NIO, java("-cp", servers.toString(), StartNio.class.getName())),
            new Launch("module", PANAMIO, java("--enable-native-access=io.panamio", "-p", libraryJar.toString(),
                "--add-modules", "io.panamio", "-cp", panamio.toString(), main)),
            new Launch("module", NIO, java("-cp", nio.toString(), StartNio.class.getName())),
            new Launch(JAR, PANAMIO, java("-jar", panamio.toString())),
            new Launch(JAR, FFM, java("-jar", ffm.toString())),
            new Launch(JAR, FLOOR, java("-jar", floor.toString())),
            new Launch(JAR, CLASSES, loading),
            new Launch(JAR, NIO, java("-jar", nio.toString()))));
        List<Launch> jars = launches.stream().filter(launch -> launch.scenario().equals(JAR)).toList();
        for (Launch jar : jars) {
            launches.add(cached(jar, "jar, CDS archive", "ArchiveClassesAtExit", "SharedArchiveFile", ".jsa"));
        }
        if (Runtime.version().feature() >= 25) {
            for (Launch jar : jars) {
                launches.add(cached(jar, "jar, AOT cache", "AOTCacheOutput", "AOTCache", ".aot"));
            }
        } else {
            System.err.println("start: AOT caches are omitted, as they require JDK 25");
        }
        return launches;
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /** Returns the same with an AOT cache, which a training run creates. */
    private static Launch cached(Launch launch, String scenario, String make, String use, String suffix)
            throws IOException, InterruptedException {
        Path cache = DIRECTORY.resolve(launch.contender() + suffix);
        run(with(launch.command(), "-XX:" + make + "=" + cache));
        if (!Files.exists(cache)) {
            throw new IOException(cache + " was not created, see " + log());
        }
        return new Launch(scenario, launch.contender(), with(launch.command(), "-XX:" + use + "=" + cache));
    }

    private static List<String> with(List<String> command, String option) {
        List<String> more = new ArrayList<>(command);
        more.add(1, option);
        return more;
    }

    // ---- starting

    private static Path log() {
        return DIRECTORY.resolve("stderr.log");
    }

    /** Starts a server, lets it echo a byte, and waits for its end. */
    private static Run run(List<String> command) throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> whole = new ArrayList<>(command);
        whole.add(Integer.toString(port));
        ProcessBuilder builder = new ProcessBuilder(whole).redirectError(Redirect.appendTo(log().toFile()));
        long start = System.nanoTime();
        Process process = builder.start();
        try (BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            String begin = output.readLine();
            String open = output.readLine();
            String state = output.readLine();
            long listening = System.nanoTime();
            if (!"listening".equals(state)) {
                throw new IOException(String.join(" ", whole) + " printed " + state + ", see " + log());
            }
            Run run;
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setTcpNoDelay(true);
                socket.getOutputStream().write(42);
                if (socket.getInputStream().read() != 42) {
                    throw new IOException("the byte was not echoed");
                }
                long end = System.nanoTime();
                long began = Long.parseLong(begin);
                long opened = Long.parseLong(open);
                run = new Run((end - start) / 1e6, processorNanos(process.pid()) / 1e6, (began - start) / 1e6,
                    (opened - began) / 1e6, (listening - opened) / 1e6, (end - listening) / 1e6);
            }
            output.lines().forEach(line -> { }); // waits for its end
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", whole) + " has failed, see " + log());
            }
            return run;
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs a server, and returns the lines of the log of its classes: each has a time, a name and a source. */
    private static List<String[]> loaded(List<String> command) throws IOException, InterruptedException {
        Path log = DIRECTORY.resolve("classes.log");
        run(with(command, "-Xlog:class+load:file=" + log + ":uptime"));
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains(" source: ")).map(line -> line.split(" (source: )?", 3)).toList();
        }
    }

    /** Returns the classes of the library that a start loads, in that order. */
    private static List<String> libraryClasses(List<String> command) throws IOException, InterruptedException {
        return loaded(command).stream().filter(line -> line[2].endsWith("library.jar")).map(line -> line[1]).toList();
    }

    private static Classes classes(Launch launch) throws IOException, InterruptedException {
        int archived = 0;
        int parsed = 0;
        int made = 0;
        for (String[] line : loaded(launch.command())) {
            String from = line[2];
            if (from.startsWith("shared objects file")) {
                archived++;
            } else if (from.startsWith("jrt:") || from.startsWith("file:")) {
                parsed++;
            } else {
                made++;
            }
        }
        return new Classes(archived, parsed, made);
    }

    /** Returns the processor time of all threads of a process. */
    private static long processorNanos(long pid) throws IOException {
        long nanos = 0;
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads.toList()) {
                nanos += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
            }
        }
        return nanos;
    }

    // ---- results

    private List<Result> results() {
        List<Result> results = new ArrayList<>();
        runs.forEach((launch, list) -> {
            double[] times = times(launch.scenario(), launch.contender());
            add(results, launch, "first byte", "ms", times);
            add(results, launch, "processor time", "ms", list, Run::processor);
            add(results, launch, "to NIO", "", ratios(times, times(launch.scenario(), NIO)));
            add(results, launch, "to NIO in a jar", "", ratios(times, times(JAR, NIO)));
            if (launch.scenario().startsWith(JAR)) {
                add(results, launch, "to ffm-epoll", "", ratios(times, times(launch.scenario(), FLOOR)));
            }
            add(results, launch, "JVM", "ms", list, Run::begin);
            add(results, launch, "poll", "ms", list, Run::open);
            add(results, launch, "listener", "ms", list, Run::listen);
            add(results, launch, "echo", "ms", list, Run::echo);
            Classes its = classes.get(launch);
            add(results, launch, "classes from an archive", "", its.archived());
            add(results, launch, "from files", "", its.parsed());
            add(results, launch, "made while it runs", "", its.made());
        });
        return results;
    }

    private static void add(List<Result> results, Launch launch, String measure, String unit, List<Run> runs,
            ToDoubleFunction<Run> value) {
        add(results, launch, measure, unit, runs.stream().mapToDouble(value).toArray());
    }

    private static void add(List<Result> results, Launch launch, String measure, String unit, double... values) {
        results.add(new Result("start", launch.scenario(), launch.contender(), measure, unit, values));
    }

    private double[] times(String scenario, String contender) {
        return runs.entrySet().stream()
            .filter(e -> e.getKey().scenario().equals(scenario) && e.getKey().contender().equals(contender))
            .flatMap(e -> e.getValue().stream()).mapToDouble(Run::time).toArray();
    }

    /** Returns the ratios within each round. */
    private static double[] ratios(double[] values, double[] others) {
        double[] ratios = new double[values.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = values[i] / others[i];
        }
        return ratios;
    }
}
