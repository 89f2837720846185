package io.panamio.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The results of the timers as a table in Markdown. */
final class TimerTables {
    private static final String PANAMIO = "panamio";
    private static final List<String> PEERS = List.of("nettyWheel", "executor");

    private TimerTables() {
    }

    /** The times of the operations, with the ratios to those of the others, and what they allocate. */
    static String operations(Results results) {
        StringBuilder table = new StringBuilder(Tables.head(List.of("an operation", "Panamio, ns",
            "to Netty's wheel", "to the JDK's executor", "bytes: Panamio", "wheel", "executor")));
        Set<String> names = new LinkedHashSet<>();
        results.results().forEach(result -> names.add(result.scenario()));
        for (String name : names) {
            double time = median(results, name, PANAMIO, "time");
            List<String> cells = new ArrayList<>(List.of(name, Tables.number(time)));
            String same = name.replaceAll(", (turn|coarse)", ""); // a variant of Panamio's only
            PEERS.forEach(peer -> cells.add(Tables.number(time / median(results, same, peer, "time"))));
            cells.add(Tables.number(median(results, name, PANAMIO, "allocated")));
            PEERS.forEach(peer -> cells.add(Tables.number(median(results, same, peer, "allocated"))));
            table.append(Tables.row(cells));
        }
        return table.toString();
    }

    /** The heap of a timer. */
    static String memory(Results results) {
        String name = results.results().getFirst().scenario();
        List<String> cells = new ArrayList<>(List.of(name));
        cells.add(Tables.number(median(results, name, PANAMIO, "heap")));
        PEERS.forEach(peer -> cells.add(Tables.number(median(results, name, peer, "heap"))));
        return Tables.head(List.of("", "Panamio, B", "Netty's wheel, B", "the JDK's executor, B")) + Tables.row(cells);
    }

    private static double median(Results results, String name, String contender, String measure) {
        return Spread.of(results.values(name, contender, measure)).median();
    }
}
