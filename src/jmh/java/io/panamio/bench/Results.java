package io.panamio.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The results of one run and the machine that they were measured on, as a JSON file.
 *
 * @param machine the properties of the machine
 * @param results the results
 */
public record Results(TreeMap<String, String> machine, List<Result> results) {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /** Creates empty results for this machine and the current date. */
    public static Results here(List<Result> results) throws IOException {
        TreeMap<String, String> machine = new TreeMap<>();
        machine.put("date", LocalDate.now().toString());
        machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("architecture", System.getProperty("os.arch"));
        machine.put("java", Runtime.version().toString());
        machine.put("processor", processor());
        machine.put("congestion", congestionControl());
        machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        return new Results(machine, results);
    }

    /** Returns TCP's congestion control, which matters on loopback, too: the pacing of BBR costs more. */
    private static String congestionControl() throws IOException {
        Path file = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
        return Files.exists(file) ? Files.readString(file).strip() : "unknown";
    }

    private static String processor() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
        }
    }

    /** Returns the values of a measure, by round; empty if there are none. */
    double[] values(String scenario, String contender, String measure) {
        return results.stream()
            .filter(r -> r.scenario().equals(scenario) && r.contender().equals(contender)
                && r.measure().equals(measure))
            .findFirst().map(Result::values).orElse(new double[0]);
    }

    /** Writes the results, one line for each, and creates missing directories. */
    public void write(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, "{\"machine\": " + GSON.toJson(machine) + ",\n\"results\": [\n"
            + results.stream().map(GSON::toJson).collect(Collectors.joining(",\n")) + "\n]}\n");
    }

    /** Reads what {@link #write} wrote. */
    public static Results read(Path file) throws IOException {
        return GSON.fromJson(Files.readString(file), Results.class);
    }
}
