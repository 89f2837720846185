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
import java.util.Map;
import org.knowm.xchart.CategoryChart;

/** What JMH has written: for each operation, what it took each contender. */
final class JmhResults {
    private static final List<String> CONTENDERS = List.of("panamio", "nio", "nettyEpoll", "nettyUring", "c");

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

    static JmhResults read(Path file) throws IOException {
        JmhResults results = new JmhResults();
        for (JsonElement element : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
            results.add(element.getAsJsonObject());
        }
        return results;
    }

    private void add(JsonObject benchmark) {
        String[] name = benchmark.get("benchmark").getAsString().split("\\."); // package.Class.method
        String method = name[name.length - 1];
        String contender = CONTENDERS.stream().filter(method::startsWith).findFirst().orElse(method);
        StringBuilder operation = new StringBuilder(words(name[name.length - 2]));
        if (method.length() > contender.length()) {
            operation.append(", ").append(words(method.substring(contender.length())));
        }
        if (benchmark.has("params")) {
            benchmark.getAsJsonObject("params").entrySet()
                .forEach(p -> operation.append(", ").append(p.getValue().getAsString()).append(' ').append(p.getKey()));
        }
        List<Double> nanos = new ArrayList<>();
        for (JsonElement fork : benchmark.getAsJsonObject("primaryMetric").getAsJsonArray("rawData")) {
            JsonArray iterations = fork.getAsJsonArray();
            iterations.forEach(iteration -> nanos.add(iteration.getAsDouble()));
        }
        JsonObject bytes = benchmark.getAsJsonObject("secondaryMetrics").getAsJsonObject("gc.alloc.rate.norm");
        operations.computeIfAbsent(operation.toString(), o -> new LinkedHashMap<>()).put(contender,
            new Score(nanos.stream().mapToDouble(d -> d).toArray(),
                bytes == null ? Double.NaN : bytes.get("score").getAsDouble()));
    }

    private static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z0-9])", " ").toLowerCase(java.util.Locale.ROOT);
    }

    String table() {
        StringBuilder table = new StringBuilder("| an operation | Panamio, ns | to NIO | to Netty epoll | to Netty "
            + "io_uring | to C | bytes: Panamio | NIO | Netty epoll |\n|" + " --- |".repeat(9) + "\n");
        operations.forEach((operation, scores) -> {
            if (scores.containsKey("panamio")) {
                Spread spread = Spread.of(scores.get("panamio").nanos());
                table.append("| ").append(operation).append(" | ").append(Tables.number(spread.median()))
                    .append(" ±").append(Math.round((spread.high() - spread.low()) / spread.median() * 50)).append(" %");
                for (String peer : CONTENDERS.subList(1, CONTENDERS.size())) {
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
            if (!scores.containsKey("panamio")) { // variants without a peer
                scores.forEach((name, score) -> table.append("| ").append(operation).append(", ").append(words(name))
                    .append(" | ").append(Tables.number(score.median())).append(" | | | | | ")
                    .append(Math.round(score.bytes())).append(" | | |\n"));
            }
        });
        return table.toString();
    }

    /** The operations that NIO has too, relative to it. */
    CategoryChart chart() {
        List<String> both = operations.entrySet().stream()
            .filter(e -> e.getValue().containsKey("panamio") && e.getValue().containsKey("nio"))
            .map(Map.Entry::getKey).toList();
        List<Bars> bars = new ArrayList<>();
        for (String contender : List.of("c", "panamio", "nettyEpoll", "nettyUring")) {
            bars.add(new Bars(contender.replaceAll("(?=[A-Z])", "-").toLowerCase(java.util.Locale.ROOT),
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
