package io.panamio.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Virtual threads that wait by a Poller, compared with those that wait in sockets of the JDK. */
final class VirtualTables {
    private static final String PANAMIO = "virtual";
    private static final String JDK = "virtual-jdk";

    private VirtualTables() {
    }

    /** The cost of a request, and the memory of a connection whose thread waits. */
    static String ratios(Results echo, Results memory) {
        return table(echo, List.of("cpu", "throughput", "p99", "heap")) + "\n"
            + table(memory, List.of("heap", "resident", "allocated"));
    }

    private static String table(Results results, List<String> measures) {
        List<String> titles = new ArrayList<>(List.of(""));
        for (String measure : measures) {
            String unit = results.results().stream().filter(r -> r.measure().equals(measure)).findFirst().orElseThrow()
                .unit();
            titles.addAll(List.of(measure + ", " + unit, "the JDK's", "to the JDK"));
        }
        StringBuilder table = new StringBuilder(Tables.head(titles));
        Set<String> names = new LinkedHashSet<>();
        results.results().forEach(result -> names.add(result.scenario()));
        for (String name : names) {
            List<String> cells = new ArrayList<>(List.of(name));
            for (String measure : measures) {
                double[] its = results.values(name, PANAMIO, measure);
                double[] jdk = results.values(name, JDK, measure);
                cells.addAll(List.of(Tables.number(Spread.of(its).median()), Tables.number(Spread.of(jdk).median()),
                    Spread.ofRatios(its, jdk).toString()));
            }
            table.append(Tables.row(cells));
        }
        return table.toString();
    }
}
