package io.panamio.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.panamio.bench.Charts.Bars;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.knowm.xchart.CategoryChart;

/** Results of JMH: the times of each contender for each operation. */
final class JmhResults {
    private static final List<String> CONTENDERS = List.of("panamio", "nio", "nettyEpoll", "nettyUring", "c",
        "nettyWheel", "executor");

    private static final String TIME = "time";
    private static final String ALLOCATED = "allocated";

    /** Nanoseconds, iteration by iteration, and bytes allocated. */
    private record Score(double[] nanos, double bytes) {
        double median() {
            return Spread.of(nanos).median();
        }
    }

    /** By operation and contender. */
    private final Map<String, Map<String, Score>> operations = new LinkedHashMap<>();

    private JmhResults() {
    }

    static JmhResults of(Results all) {
        JmhResults results = new JmhResults();
        for (Result result : all.results()) {
            if (result.measure().equals(TIME)) {
                double[] bytes = all.values(result.scenario(), result.contender(), ALLOCATED);
                results.operations.computeIfAbsent(result.scenario(), o -> new LinkedHashMap<>())
                    .put(result.contender(), new Score(result.values(), Spread.of(bytes).median()));
            }
        }
        return results;
    }

    /** Reads the results from a JSON file written by JMH. */
    static List<Result> convert(Path file) throws IOException {
        List<Result> results = new ArrayList<>();
        for (JsonElement element : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
            add(element.getAsJsonObject(), results);
        }
        return results;
    }

    private static void add(JsonObject benchmark, List<Result> results) {
        String[] path = benchmark.get("benchmark").getAsString().split("\\."); // package.Class.method
        String method = path[path.length - 1];
        String contender = CONTENDERS.stream().filter(c -> method.matches(c + "([A-Z].*)?")).findFirst().orElse(method);
        StringBuilder operation = new StringBuilder(words(path[path.length - 2]));
        if (method.length() > contender.length()) {
            operation.append(", ").append(words(method.substring(contender.length())));
        }
        if (benchmark.has("params")) {
            benchmark.getAsJsonObject("params").asMap().forEach((name, value) ->
                operation.append(", ").append(value.getAsString()).append(' ').append(name));
        }
        results.add(new Result("jmh", operation.toString(), contender, TIME, "ns",
            raw(benchmark.getAsJsonObject("primaryMetric"))));
        JsonObject bytes = benchmark.getAsJsonObject("secondaryMetrics").getAsJsonObject("gc.alloc.rate.norm");
        if (bytes != null) {
            results.add(new Result("jmh", operation.toString(), contender, ALLOCATED, "B", raw(bytes)));
        }
    }

    /** By iteration. */
    private static double[] raw(JsonObject metric) {
        List<Double> values = new ArrayList<>();
        for (JsonElement fork : metric.getAsJsonArray("rawData")) {
            JsonArray iterations = fork.getAsJsonArray();
            iterations.forEach(iteration -> values.add(iteration.getAsDouble()));
        }
        return values.stream().mapToDouble(value -> value).toArray();
    }

    private static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z0-9])", " ").toLowerCase(Locale.ROOT);
    }

    String table() {
        StringBuilder table = new StringBuilder("| an operation | Panamio, ns | to NIO | to Netty epoll | to Netty "
            + "io_uring | to C | bytes: Panamio | NIO | Netty epoll |\n|" + " --- |".repeat(9) + "\n");
        operations.forEach((operation, scores) -> {
            if (scores.containsKey("panamio")) {
                Spread spread = Spread.of(scores.get("panamio").nanos());
                table.append("| %s | %s ±%.0f %%".formatted(operation, Tables.number(spread.median()),
                    (spread.high() - spread.low()) / spread.median() * 50));
                for (String peer : CONTENDERS.subList(1, 5)) {
                    Score score = scores.get(peer);
                    table.append(" | ").append(score == null ? "" : "%.2f".formatted(spread.median() / score.median()));
                }
                for (String contender : List.of("panamio", "nio", "nettyEpoll")) {
                    Score score = scores.get(contender);
                    table.append(" | ").append(score == null ? "" : Long.toString(Math.round(score.bytes())));
                }
                table.append(" |\n");
            }
        });
        operations.forEach((operation, scores) -> {
            if (!scores.containsKey("panamio")) { // variants of other contenders only
                scores.forEach((name, score) -> table.append("| ").append(operation).append(", ").append(words(name))
                    .append(" | ").append(Tables.number(score.median())).append(" | | | | | ")
                    .append(Math.round(score.bytes())).append(" | | |\n"));
            }
        });
        return table.toString();
    }

    /** The operations that NIO has as well, relative to NIO. */
    CategoryChart chart() {
        List<String> both = operations.entrySet().stream()
            .filter(e -> e.getValue().containsKey("panamio") && e.getValue().containsKey("nio"))
            .filter(e -> !e.getKey().equals("register")) // NIO only records the change, for the next poll
            .map(Map.Entry::getKey).toList();
        List<Bars> bars = new ArrayList<>();
        for (String contender : List.of("c", "panamio", "nettyEpoll", "nettyUring")) {
            bars.add(new Bars(contender.replaceAll("(?=[A-Z])", "-").toLowerCase(Locale.ROOT),
                both.stream().map(operation -> {
                    Score score = operations.get(operation).get(contender);
                    double nio = operations.get(operation).get("nio").median();
                    Spread spread = score == null ? Spread.of() : Spread.of(score.nanos());
                    return new Spread(spread.low() / nio, spread.median() / nio, spread.high() / nio);
                }).toList()));
        }
        CategoryChart chart = Charts.chart("Time of an operation, relative to NIO", "ratio to NIO, less is better",
            1100, 640, both, bars);
        chart.getStyler().setXAxisLabelRotation(45);
        return chart;
    }
}
