package io.panamio.bench.echo;

import io.panamio.bench.Result;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prints the results of a scenario: medians, and ratios of processor time, taken within the rounds. */
final class Table {
    private static final List<String> BASES = List.of("c", "nio", "netty-epoll");

    private final PrintStream out;
    /** By contender and measure. */
    private final Map<String, Map<String, Result>> results = new LinkedHashMap<>();

    private Table(PrintStream out) {
        this.out = out;
    }

    /** Prints a table for each scenario. */
    static void print(List<Result> results, PrintStream out) {
        Map<String, Table> tables = new LinkedHashMap<>();
        for (Result result : results) {
            tables.computeIfAbsent(result.scenario(), s -> new Table(out)).results
                .computeIfAbsent(result.contender(), c -> new LinkedHashMap<>()).put(result.measure(), result);
        }
        tables.forEach((scenario, table) -> table.print(scenario));
    }

    private void print(String scenario) {
        List<String> bases = BASES.stream().filter(results::containsKey).toList();
        out.printf("%n%s%n%-13s%7s", scenario, "", "CPU µs");
        bases.forEach(base -> out.printf("%20s", "/ " + base));
        out.printf("%12s%10s%10s%10s%8s%n", "per second", "p50 µs", "p99 µs", "heap B", "busy");
        results.forEach((contender, measures) -> {
            out.printf("%-13s%7.2f", contender, measures.get("cpu").median());
            bases.forEach(base -> out.printf("%20s", ratio(measures.get("cpu"), results.get(base).get("cpu"))));
            out.printf("%12.0f%10.1f%10.1f%10s%8.2f%n", measures.get("throughput").median(),
                measures.get("p50").median(), measures.get("p99").median(),
                measures.containsKey("heap") ? String.format("%.1f", measures.get("heap").median()) : "-",
                measures.get("busy").median());
        });
    }

    /** Formats the median, minimum and maximum of the ratios. */
    private static String ratio(Result of, Result to) {
        double[] ratios = new double[of.values().length];
        Arrays.setAll(ratios, round -> of.values()[round] / to.values()[round]);
        double median = new Result("", "", "", "", "", ratios).median();
        Arrays.sort(ratios);
        return String.format("%.2f (%.2f-%.2f)", median, ratios[0], ratios[ratios.length - 1]);
    }
}
