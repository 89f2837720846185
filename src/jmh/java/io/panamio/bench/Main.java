package io.panamio.bench;

import io.panamio.bench.echo.Echo;
import io.panamio.bench.pipelines.Pipelines;
import io.panamio.bench.tls.Tls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/** The entry point of {@code mvn -Pjmh verify -Djmh.args="..."}: runs a part of the benchmarks by name, or JMH. */
public final class Main {
    private static final String JMH = "target/bench/jmh.json";

    private Main() {
    }

    /**
     * Runs a part of the benchmarks.
     *
     * @param args its name and arguments, or JMH's arguments
     */
    public static void main(String... args) throws Exception {
        String[] rest = Arrays.copyOfRange(args, Math.min(1, args.length), args.length);
        switch (args.length == 0 ? "" : args[0]) {
            case "all" -> all();
            case "connects" -> execute(new Connects(), rest);
            case "convert" -> convert(rest[0], rest[1]);
            case "echo" -> execute(new Echo(), rest);
            case "buffers" -> execute(new BufferSizes(), rest);
            case "guard" -> execute(new RegressionGuard(), rest);
            case "memory" -> execute(new Memory(), rest);
            case "page" -> execute(new Page(), rest);
            case "pipelines" -> execute(new Pipelines(), rest);
            case "soak" -> execute(new SoakCharts(), rest);
            case "start" -> execute(new Start(), rest);
            case "users" -> users(rest.length == 0 ? 7 : Integer.parseInt(rest[0]));
            case "timers" -> execute(new TimerMemory(), rest);
            case "tls" -> execute(new Tls(), rest);
            default -> org.openjdk.jmh.Main.main(args);
        }
    }

    /** Runs all parts that the performance page needs, each in a process of its own. */
    private static void all() throws IOException, InterruptedException {
        run("echo", "--results", "src/site/results/echo.json");
        run("echo", "--profile", "--rounds", "5", "--cases", "64x64,64x16k,connect", "--only",
            "c,c-thread,panamio,nio-short,netty-epoll", "--results", "src/site/results/echo-profile.json");
        run("pipelines", "--results", "src/site/results/pipelines.json");
        run("pipelines", "--profile", "--rounds", "3", "--only", "serve,nginx-push,proxy,haproxy,haproxy-splice",
            "--results", "src/site/results/pipelines-profile.json");
        run("start", "--rounds", "15", "--results", "src/site/results/start.json");
        run("buffers", "--results", "src/site/results/buffers.json");
        run("memory", "--results", "src/site/results/memory.json");
        jmh("src/site/results/jmh.json", "-f", "3", "-w", "400ms", "-r", "400ms", "-e", "Timer.*");
        users(7);
    }

    /** Runs what TLS, timers and virtual threads need. */
    private static void users(int rounds) throws IOException, InterruptedException {
        String n = Integer.toString(rounds);
        run("tls", "--rounds", n, "--seconds", "1", "--warm-up", "3", "--results", "src/site/results/tls.json");
        run("connects", "--rounds", n, "--results", "src/site/results/connects.json");
        run("memory", "--only", "panamio-tls,engine,netty-tls", "--connections", "10000",
            "--results", "src/site/results/memory-tls.json");
        run("timers", "--results", "src/site/results/timers-memory.json");
        jmh("src/site/results/timers.json", "-f", "2", "-w", "300ms", "-r", "300ms", "Timer.*");
        run("echo", "--cases", "1000x64,10000x64", "--only", "virtual,virtual-jdk", "--rounds", n,
            "--results", "src/site/results/echo-virtual.json");
        run("memory", "--only", "virtual,virtual-jdk", "--connections", "1000,10000", "--rounds", n,
            "--results", "src/site/results/memory-virtual.json");
    }

    private static void jmh(String results, String... args) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("-wi", "3", "-i", "3", "-prof", "gc", "-rf", "json", "-rff", JMH));
        all.addAll(List.of(args));
        run(all.toArray(String[]::new));
        convert(JMH, results);
    }

    /** Converts JMH's JSON to results. */
    private static void convert(String jmh, String results) throws IOException {
        Results.here(JmhResults.convert(Path.of(jmh))).write(Path.of(results));
    }

    private static void run(String... args) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            System.err.println(args[0] + " has failed, at least in part; continuing with the rest");
        }
    }

    private static void execute(Object command, String... args) {
        System.exit(new CommandLine(command).execute(args));
    }
}
