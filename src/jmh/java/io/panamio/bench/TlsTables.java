package io.panamio.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The results of {@code tls} as a table in Markdown. */
public final class TlsTables {
    private static final String PANAMIO = "panamio-tls";
    private static final String NETTY = "netty-tls";

    private TlsTables() {
    }

    /** The figures of each case, with the ratios to Netty, taken within a round. */
    public static String ratios(Results results) {
        StringBuilder table = new StringBuilder(Tables.head(List.of("case", "a second, Panamio", "to Netty, bound 0.97",
            "processor time, µs", "to Netty", "bytes of heap, Panamio", "Netty")));
        Set<String> cases = new LinkedHashSet<>();
        results.results().forEach(result -> cases.add(result.scenario()));
        for (String name : cases) {
            List<String> cells = new ArrayList<>(List.of(name));
            for (String measure : List.of("rate", "cpu")) {
                cells.add(number(results, name, PANAMIO, measure));
                cells.add(Spread.ofRatios(results.values(name, PANAMIO, measure), results.values(name, NETTY, measure))
                    .toString());
            }
            cells.add(number(results, name, PANAMIO, "heap"));
            cells.add(number(results, name, NETTY, "heap"));
            table.append(Tables.row(cells));
        }
        return table.toString();
    }

    private static String number(Results results, String name, String contender, String measure) {
        return Tables.number(Spread.of(results.values(name, contender, measure)).median());
    }
}
