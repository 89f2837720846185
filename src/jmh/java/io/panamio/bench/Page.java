package io.panamio.bench;

import io.panamio.bench.Charts.Bars;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.knowm.xchart.CategoryChart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Generates the performance page from results: the tables, inserted into a template, and the pictures. */
@Command(name = "page", mixinStandardHelpOptions = true,
    description = "Generates the performance page and its pictures from results.")
final class Page implements Callable<Integer> {
    private static final List<String> SERVERS = List.of("c", "panamio", "nio-short", "nio", "netty-epoll",
        "netty-uring", "netty-nio");

    @Option(names = "--results", paramLabel = "DIRECTORY", defaultValue = "src/site/results",
        description = "The directory of the results (default: ${DEFAULT-VALUE}).")
    private Path results;

    @Option(names = "--template", paramLabel = "FILE", defaultValue = "src/jmh/page/performance.md",
        description = "The template of the page (default: ${DEFAULT-VALUE}).")
    private Path template;

    @Option(names = "--page", paramLabel = "FILE", defaultValue = "src/site/markdown/performance.md",
        description = "The page to write (default: ${DEFAULT-VALUE}).")
    private Path page;

    @Option(names = "--pictures", paramLabel = "DIRECTORY", defaultValue = "src/site/resources/performance",
        description = "The directory to write the pictures to (default: ${DEFAULT-VALUE}).")
    private Path pictures;

    private String text;

    @Override
    public Integer call() throws IOException {
        text = Files.readString(template);
        Results echo = Results.read(results.resolve("echo.json"));
        put("machine", () -> machine(echo));
        put("echo", () -> Tables.echo(echo, cases(echo)));
        put("allocation", () -> Tables.allocation(echo, cases(echo), SERVERS));
        put("spin", () -> Tables.plain(echo, "echo", spinCase(echo)));
        cpuPicture(echo);
        throughputPicture(echo);
        latencyPicture(echo);
        Results pipelines = Results.read(results.resolve("pipelines.json"));
        put("versions", () -> PipelineTables.versions(pipelines));
        put("serve", () -> PipelineTables.serve(pipelines));
        put("proxy", () -> PipelineTables.proxy(pipelines));
        put("pipelines", () -> PipelineTables.figures(pipelines));
        PipelineTables.picture(pipelines, pictures.resolve("pipelines.png"));
        for (String suite : List.of("echo", "pipelines")) {
            Results of = Results.read(results.resolve(suite + "-profile.json"));
            put(suite + " profile", () -> Tables.suite(of, suite + " profile"));
        }
        for (String suite : List.of("start", "buffers", "memory")) {
            Results of = Results.read(results.resolve(suite + ".json"));
            put(suite, () -> Tables.suite(of, suite));
        }
        put("tls", () -> TlsTables.ratios(read("tls")));
        put("memory of tls", () -> Tables.suite(read("memory-tls"), "memory"));
        put("timers", () -> TimerTables.operations(read("timers")));
        put("memory of timers", () -> TimerTables.memory(read("timers-memory")));
        put("connects", () -> Tables.suite(read("connects"), "connects"));
        put("virtual", () -> VirtualTables.ratios(read("echo-virtual"), read("memory-virtual")));
        Results operations = Results.read(results.resolve("jmh.json"));
        Results start = Results.read(results.resolve("start.json"));
        put("aims of echo", () -> Aims.echo(echo, cases(echo)));
        put("other aims", () -> Aims.others(echo, cases(echo), spinCase(echo), operations, start));
        JmhResults jmh = JmhResults.of(operations);
        put("jmh", jmh::table);
        Charts.write(pictures.resolve("operations.png"), 1, List.of(jmh.chart()));
        Files.writeString(page, text);
        return 0;
    }

    private void put(String name, Supplier<String> content) {
        String place = "{{" + name + "}}";
        if (!text.contains(place)) {
            throw new IllegalStateException(template + " has no place for " + place);
        }
        text = text.replace(place, content.get().strip());
    }

    private Results read(String suite) {
        try {
            return Results.read(results.resolve(suite + ".json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String machine(Results results) {
        var machine = results.machine();
        return "%s, %s processors, %s, TCP with %s, JDK %s, %s".formatted(machine.get("processor"),
            machine.get("processors"), machine.get("system"), machine.get("congestion"), machine.get("java"),
            machine.get("date"));
    }

    // ---- cases

    private static Set<String> scenarios(Results results) {
        Set<String> names = new LinkedHashSet<>();
        results.results().forEach(result -> names.add(result.scenario()));
        return names;
    }

    private static List<String> cases(Results echo) {
        return scenarios(echo).stream().filter(name -> !name.contains("spin")).toList();
    }

    private static String spinCase(Results echo) {
        return scenarios(echo).stream().filter(name -> name.contains("spin")).findFirst().orElseThrow();
    }

    // ---- pictures

    private void cpuPicture(Results echo) throws IOException {
        List<String> cases = cases(echo);
        List<Bars> bars = new ArrayList<>();
        for (String server : SERVERS) {
            bars.add(new Bars(server, cases.stream()
                .map(name -> ratio(echo, name, server, "c", "cpu")).toList()));
        }
        Charts.write(pictures.resolve("cpu.png"), 1, List.of(Charts.chart(
            "Processor time of the server for a request, relative to plain C on epoll", "ratio to C, less is better",
            1100, 480, cases.stream().map(Page::shorter).toList(), bars)));
    }

    private static String shorter(String scenario) {
        return scenario.startsWith("connect") ? "connect" : scenario;
    }

    private static Spread ratio(Results echo, String scenario, String server, String base, String measure) {
        return Spread.ofRatios(echo.values(scenario, server, measure), echo.values(scenario, base, measure));
    }

    private void throughputPicture(Results echo) throws IOException {
        List<String> cases = cases(echo);
        List<Bars> bars = new ArrayList<>();
        for (String server : SERVERS) {
            bars.add(new Bars(server, cases.stream().map(name -> {
                Spread spread = Spread.of(echo.values(name, server, "throughput"));
                return new Spread(spread.low() / 1000, spread.median() / 1000, spread.high() / 1000);
            }).toList()));
        }
        Charts.write(pictures.resolve("throughput.png"), 1, List.of(Charts.chart("Requests per second",
            "thousands, more is better", 1100, 480, cases.stream().map(Page::shorter).toList(), bars)));
    }

    private void latencyPicture(Results echo) throws IOException {
        List<String> percentiles = List.of("p50", "p90", "p99", "p99.9");
        List<CategoryChart> charts = new ArrayList<>();
        for (String name : cases(echo)) {
            List<Bars> bars = Stream.of("c", "panamio", "nio-short", "netty-epoll", "netty-uring")
                .map(server -> new Bars(server, percentiles.stream()
                    .map(percentile -> Spread.of(echo.values(name, server, percentile))).toList()))
                .toList();
            charts.add(Charts.chart(name, "µs, less is better", 550, 360, percentiles, bars));
        }
        Charts.write(pictures.resolve("latency.png"), 2, charts);
    }
}
