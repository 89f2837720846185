package io.panamio.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** Results as tables in Markdown. */
final class Tables {
    private Tables() {
    }

    static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }

    static String head(List<String> cells) {
        return row(cells) + "|" + " --- |".repeat(cells.size()) + "\n";
    }

    /** The cost of each case for Panamio, with the ratios to each contender, taken within a round. */
    static String echo(Results results, List<String> cases) {
        StringBuilder table = new StringBuilder(head(List.of("case", "Panamio, µs", "to C", "to C, two threads",
            "to NIO", "to NIO, short reads", "to Netty epoll", "to Netty io_uring", "requests/s to C", "p50 to C",
            "p99 to C")));
        for (String name : cases) {
            List<String> cells = new ArrayList<>(List.of(name,
                "%.2f".formatted(Spread.of(results.values(name, "panamio", "cpu")).median())));
            for (String peer : List.of("c", "c-thread", "nio", "nio-short", "netty-epoll", "netty-uring")) {
                cells.add(ratio(results, name, peer, "cpu"));
            }
            for (String measure : List.of("throughput", "p50", "p99")) {
                cells.add(ratio(results, name, "c", measure));
            }
            table.append(row(cells));
        }
        return table.toString();
    }

    private static String ratio(Results results, String name, String peer, String measure) {
        Spread spread = Spread.ofRatios(results.values(name, "panamio", measure), results.values(name, peer, measure));
        return Double.isNaN(spread.median()) ? "" : spread.toString();
    }

    /** The bytes of heap allocated for a request or a connection, by server. */
    static String allocation(Results results, List<String> cases, List<String> servers) {
        List<String> java = servers.stream().filter(server -> !server.equals("c")).toList();
        List<String> titles = new ArrayList<>(List.of("case"));
        titles.addAll(java);
        StringBuilder table = new StringBuilder(head(titles));
        for (String name : cases) {
            table.append(row(cells(name, java,
                server -> number(Spread.of(results.values(name, server, "heap")).median()))));
        }
        return table.toString();
    }

    private static List<String> cells(String first, List<String> columns, Function<String, String> cell) {
        List<String> cells = new ArrayList<>(List.of(first));
        columns.forEach(column -> cells.add(cell.apply(column)));
        return cells;
    }

    /** Every scenario of a suite, with its contenders and all measures. */
    static String suite(Results results, String suite) {
        StringBuilder tables = new StringBuilder();
        for (String scenario : names(results, suite, null, Result::scenario)) {
            tables.append("**").append(scenario).append("**\n\n").append(plain(results, suite, scenario)).append('\n');
        }
        return tables.toString();
    }

    /** A scenario with its contenders, and the medians of all measures. */
    static String plain(Results results, String suite, String scenario) {
        Set<String> measures = names(results, suite, scenario, Result::measure);
        List<String> titles = new ArrayList<>(List.of(""));
        for (String measure : measures) {
            String unit = results.results().stream()
                .filter(r -> r.scenario().equals(scenario) && r.measure().equals(measure)).findFirst().orElseThrow()
                .unit();
            titles.add(unit.isEmpty() ? measure : measure + ", " + unit);
        }
        StringBuilder table = new StringBuilder(head(titles));
        for (String contender : names(results, suite, scenario, Result::contender)) {
            table.append(row(cells(contender, List.copyOf(measures.stream().toList()),
                measure -> number(Spread.of(results.values(scenario, contender, measure)).median()))));
        }
        return table.toString();
    }

    private static Set<String> names(Results results, String suite, String scenario, Function<Result, String> name) {
        Set<String> names = new LinkedHashSet<>();
        results.results().stream()
            .filter(r -> r.suite().equals(suite) && (scenario == null || r.scenario().equals(scenario)))
            .forEach(r -> names.add(name.apply(r)));
        return names;
    }

    /** Formats with three significant digits, or all digits before the point; without trailing zeros. */
    static String number(double value) {
        return Double.isNaN(value) ? ""
            : Math.abs(value) >= 100 || value == Math.rint(value) ? String.format(Locale.ROOT, "%,.0f", value)
            : Math.abs(value) >= 10 ? String.format(Locale.ROOT, "%.1f", value)
            : String.format(Locale.ROOT, "%.2f", value);
    }
}
