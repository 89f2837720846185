package io.panamio.bench;

import io.panamio.bench.Charts.Bars;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.knowm.xchart.CategoryChart;

/** The results of file servers and proxies as tables in Markdown and as a picture. */
public final class PipelineTables {
    private static final List<String> BODIES = List.of("1 KiB", "100 KiB", "100 MiB");
    private static final List<String> SERVERS = List.of("serve", "nginx", "nginx-cache", "nginx-push", "nio-serve");
    private static final List<String> PROXIES = List.of("proxy", "proxy-splice", "proxy-copy", "haproxy",
        "haproxy-splice", "haproxy-auto", "nginx-stream", "nio-proxy");
    private static final String CPU = "cpu";

    private PipelineTables() {
    }

    /** The cost of a request for the server, with the ratios to each contender, taken within a round. */
    public static String ratios(Results results) {
        return serve(results) + "\n" + proxy(results);
    }

    /** File servers. */
    static String serve(Results results) {
        StringBuilder table = new StringBuilder(Tables.head(List.of("body", "`serve`, µs",
            "to the best nginx with open_file_cache, bound 1.0", "to it with tcp_nopush", "to it without",
            "to nginx without open_file_cache", "to NIO", "requests/s to the best nginx", "bytes of heap, bound 0")));
        for (String body : BODIES) {
            String name = "serve, " + body;
            if (Double.isNaN(median(results, name, "serve"))) {
                continue;
            }
            String best = best(results, name, "nginx-cache", "nginx-push");
            List<String> cells = new ArrayList<>(List.of(body, Tables.number(median(results, name, "serve"))));
            for (String peer : List.of(best, "nginx-cache", "nginx-push", "nginx", "nio-serve")) {
                cells.add(ratio(results, name, "serve", peer, CPU));
            }
            cells.add(ratio(results, name, "serve", best, "requests"));
            cells.add(heap(results, name, "serve"));
            table.append(Tables.row(cells));
        }
        return table.toString();
    }

    /** Proxies. */
    static String proxy(Results results) {
        StringBuilder table = new StringBuilder(Tables.head(List.of("body", "`proxy`, µs",
            "to the best HAProxy, bound 1.0", "to HAProxy, copying", "to HAProxy, splicing", "to HAProxy, auto",
            "to nginx stream", "to NIO", "`--mode splice` to HAProxy, splicing", "`--mode copy` to HAProxy, copying",
            "bytes of heap, bound 0")));
        for (String body : BODIES) {
            String name = "proxy, " + body;
            if (Double.isNaN(median(results, name, "proxy"))) {
                continue;
            }
            String best = best(results, name, "haproxy", "haproxy-splice", "haproxy-auto");
            List<String> cells = new ArrayList<>(List.of(body, Tables.number(median(results, name, "proxy"))));
            for (String peer : List.of(best, "haproxy", "haproxy-splice", "haproxy-auto", "nginx-stream",
                    "nio-proxy")) {
                cells.add(ratio(results, name, "proxy", peer, CPU));
            }
            cells.add(ratio(results, name, "proxy-splice", "haproxy-splice", CPU));
            cells.add(ratio(results, name, "proxy-copy", "haproxy", CPU));
            cells.add(heap(results, name, "proxy"));
            table.append(Tables.row(cells));
        }
        return table.toString();
    }

    /** Returns the cheapest contender. */
    private static String best(Results results, String name, String... contenders) {
        return Stream.of(contenders).min(Comparator.comparingDouble(one -> median(results, name, one))).orElseThrow();
    }

    /** The medians of all measures. */
    public static String figures(Results results) {
        return Tables.suite(results, "pipelines");
    }

    /** The versions of the other programs. */
    static String versions(Results results) {
        var machine = results.machine();
        return "nginx %s, HAProxy %s, wrk %s".formatted(machine.get("nginx"), machine.get("haproxy"),
            machine.get("wrk"));
    }

    /** Processor time for a request, by body, relative to nginx with its cache and to HAProxy copying. */
    static void picture(Results results, Path file) throws IOException {
        CategoryChart servers = chart(results, "File servers: processor time for a request", "serve, ", SERVERS,
            "nginx-cache");
        CategoryChart proxies = chart(results, "TCP proxies: processor time for a request", "proxy, ", PROXIES,
            "haproxy");
        Charts.write(file, 1, List.of(servers, proxies));
    }

    private static CategoryChart chart(Results results, String title, String prefix, List<String> contenders,
            String base) {
        List<Bars> bars = contenders.stream().map(contender -> new Bars(contender, BODIES.stream()
            .map(body -> spread(results, prefix + body, contender, base, CPU)).toList())).toList();
        return Charts.chart(title, "ratio to " + base + ", less is better", 1100, 400, BODIES, bars);
    }

    private static double median(Results results, String name, String contender) {
        return Spread.of(results.values(name, contender, CPU)).median();
    }

    private static String heap(Results results, String name, String contender) {
        return Tables.number(Spread.of(results.values(name, contender, "heap")).median());
    }

    private static Spread spread(Results results, String name, String contender, String base, String measure) {
        return Spread.ofRatios(results.values(name, contender, measure), results.values(name, base, measure));
    }

    private static String ratio(Results results, String name, String contender, String base, String measure) {
        Spread spread = spread(results, name, contender, base, measure);
        return Double.isNaN(spread.median()) ? "" : spread.toString();
    }
}
