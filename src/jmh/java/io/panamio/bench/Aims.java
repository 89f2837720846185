package io.panamio.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results with Panamio's aims; missed aims are bold. */
final class Aims {
    private static final String PANAMIO = "panamio";
    private static final String NIO = "nio";
    private static final List<String> PEERS = List.of("c", NIO, "netty-epoll");

    /** The maximum processor time of a case, as ratios to each of {@link #PEERS}. */
    private record Case(String name, double... bounds) {
        boolean isOf(String scenario) {
            return scenario.equals(name) || scenario.startsWith(name + ",");
        }
    }

    private static final List<Case> CASES = List.of(
        new Case("64 x 64 B", 1.03, 0.92, 0.95),
        new Case("1000 x 64 B", 1.05, 0.90, 0.93),
        new Case("64 x 16 KiB", 1.04, 1.00, 0.98),
        new Case("connect", 1.05, 0.95, 0.90),
        new Case("9800 idle + 64 x 64 B", 1.05, 0.95, 0.97));

    private Aims() {
    }

    /** The cost of echo servers, as ratios within the rounds. */
    static String echo(Results echo, List<String> cases) {
        StringBuilder table = new StringBuilder(Tables.head(
            List.of("processor time for a request", "to C", "to NIO", "to Netty epoll", "C to Netty epoll")));
        for (Case aim : CASES) {
            String name = cases.stream().filter(aim::isOf).findFirst().orElse(null);
            if (name == null) {
                continue; // fewer idle connections, for example
            }
            List<String> cells = new ArrayList<>(List.of(name));
            for (int i = 0; i < PEERS.size(); i++) {
                cells.add(atMost(ratio(echo, name, PANAMIO, PEERS.get(i), "cpu"), aim.bounds[i]));
            }
            cells.add(number(ratio(echo, name, "c", "netty-epoll", "cpu")));
            table.append(Tables.row(cells));
        }
        return table.toString();
    }

    /** All other aims. */
    static String others(Results echo, List<String> cases, String spin, Results jmh, Results start) {
        double heap = cases.stream().filter(c -> !c.startsWith("connect"))
            .mapToDouble(c -> median(echo, c, PANAMIO, "heap")).max().orElseThrow();
        String connect = cases.stream().filter(c -> c.startsWith("connect")).findFirst().orElseThrow();
        return Tables.head(List.of("figure", "Panamio", "the same of C, of bare FFM for a start"))
            + row("bytes of heap for a request", atMost(heap, 0), "")
            + row("bytes of heap for a connection", atMost(median(echo, connect, PANAMIO, "heap"), 160), "")
            + operation(jmh, "wake to poll, to NIO", "wake", 0.6)
            + operation(jmh, "poll with 64 ready, events read, to NIO", "poll level, 64 ready", 0.85)
            + operation(jmh, "a read that would block, to NIO", "would block", 0.9)
            + row("requests/s of one connection, spinning to sleeping",
                atLeast(ratio(echo, spin, "panamio-spin", PANAMIO, "throughput"), 2.8),
                number(ratio(echo, spin, "c-spin", "c", "throughput")))
            + row("p50 of it, spinning, to C that never sleeps",
                atMost(ratio(echo, spin, "panamio-spin", "c-spin", "p50"), 1.1), "")
            + start(start, "from a cold JVM to the first byte, to NIO", "jar", 1.5)
            + start(start, "the same with AOT caches, to NIO", "jar, AOT cache", 1);
    }

    private static String operation(Results jmh, String title, String name, double bound) {
        double nio = median(jmh, name, NIO, "time");
        return row(title, atMost(median(jmh, name, PANAMIO, "time") / nio, bound),
            number(median(jmh, name, "c", "time") / nio));
    }

    private static String start(Results start, String title, String name, double bound) {
        return row(title, atMost(ratio(start, name, PANAMIO, NIO, "first byte"), bound),
            number(ratio(start, name, "ffm", NIO, "first byte")));
    }

    private static String row(String... cells) {
        return Tables.row(List.of(cells));
    }

    private static double median(Results results, String name, String contender, String measure) {
        return Spread.of(results.values(name, contender, measure)).median();
    }

    private static double ratio(Results results, String name, String contender, String other, String measure) {
        return Spread.ofRatios(results.values(name, contender, measure), results.values(name, other, measure)).median();
    }

    private static String atMost(double value, double bound) {
        return withAim(value, Math.rint(value * 100) / 100 <= bound, "<= ", bound);
    }

    private static String atLeast(double value, double bound) {
        return withAim(value, Math.rint(value * 100) / 100 >= bound, ">= ", bound);
    }

    private static String withAim(double value, boolean held, String sign, double bound) {
        String number = held ? number(value) : "**" + number(value) + "**";
        return number + " (" + sign + (bound == 0 || bound >= 100 ? Tables.number(bound) : number(bound)) + ")";
    }

    /** Formats with two digits after the point; without from 100 on. */
    private static String number(double value) {
        return Double.isNaN(value) ? "" : value >= 100 ? Tables.number(value)
            : String.format(Locale.ROOT, "%.2f", value);
    }
}
