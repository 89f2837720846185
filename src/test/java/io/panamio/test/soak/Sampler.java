package io.panamio.test.soak;

import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Trend;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/** Samples what may grow, and finds out whether it does. */
final class Sampler {
    /** What is sampled. Of those with a resolution, a rise by more fails the soak. */
    enum Measure {
        SECONDS, CALLS, SESSIONS, BYTES,
        /** Reachable objects, in KiB. */
        HEAP(256),
        /** Of the process, in KiB. */
        RESIDENT(4096),
        /** Reserved by the pools of the loops, in KiB. */
        POOL(256),
        /** Sockets, pipes and the like. */
        DESCRIPTORS(3), MAPPINGS(8), THREADS(3),
        /** From a wake until its loop handles it, in microseconds. */
        WAKE_P50, WAKE_P99, JDK_P50,
        /** The median, compared with that of the JDK's selector, in percent. */
        WAKE_TO_JDK(25);

        private final double resolution;

        Measure() {
            this(Double.POSITIVE_INFINITY);
        }

        Measure(double resolution) {
            this.resolution = resolution;
        }
    }

    private static final Path SELF = Path.of("/proc/self");

    private final Run run;
    private final List<SoakLoop> loops;
    private final Wakes wakes;
    private final NativeFds.Opened opened;
    private final long start = System.nanoTime();
    private final List<Map<Measure, Double>> samples = new ArrayList<>();

    Sampler(Run run, List<SoakLoop> loops, Wakes wakes, NativeFds.Opened opened) {
        this.run = run;
        this.loops = loops;
        this.wakes = wakes;
        this.opened = opened;
    }

    void sample() throws IOException {
        System.gc();
        Map<Measure, Double> sample = new EnumMap<>(Measure.class);
        sample.put(Measure.SECONDS, (System.nanoTime() - start) / 1e9);
        sample.put(Measure.CALLS, (double) run.calls.sum());
        sample.put(Measure.SESSIONS, (double) run.sessions.sum());
        sample.put(Measure.BYTES, (double) run.bytes.sum());
        sample.put(Measure.HEAP, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024.0);
        sample.put(Measure.RESIDENT, resident());
        sample.put(Measure.POOL, loops.stream().mapToLong(SoakLoop::reserved).sum() / 1024.0);
        sample.put(Measure.DESCRIPTORS, (double) opened.count());
        sample.put(Measure.MAPPINGS, lines(SELF.resolve("maps")));
        sample.put(Measure.THREADS, (double) ManagementFactory.getThreadMXBean().getThreadCount());
        Histogram library = wakes.library();
        Histogram jdk = wakes.jdk();
        sample.put(Measure.WAKE_P50, library.getValueAtPercentile(50) / 1e3);
        sample.put(Measure.WAKE_P99, library.getValueAtPercentile(99) / 1e3);
        sample.put(Measure.JDK_P50, jdk.getValueAtPercentile(50) / 1e3);
        sample.put(Measure.WAKE_TO_JDK,
            100.0 * library.getValueAtPercentile(50) / Math.max(jdk.getValueAtPercentile(50), 1));
        samples.add(sample);
    }

    /** Returns the resident memory in KiB; 0 if the system does not tell. */
    private static double resident() throws IOException {
        if (!Files.exists(SELF)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(SELF.resolve("status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", ""))).findFirst().orElse(0);
        }
    }

    private static double lines(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            return lines.count();
        }
    }

    int count() {
        return samples.size();
    }

    /** Returns a line for each measure of which a trend is a failure, and marks those that rise. */
    List<String> verdict() {
        List<String> lines = new ArrayList<>();
        for (Measure measure : Measure.values()) {
            if (measure.resolution < Double.POSITIVE_INFINITY) {
                Trend trend = trend(measure);
                lines.add(String.format(Locale.ROOT, "%-12s median %.0f, growth %.1f, significance %.1f%s",
                    measure.name().toLowerCase(Locale.ROOT), trend.median(), trend.growth(), trend.significance(),
                    trend.rises(measure.resolution) ? "  RISES" : ""));
            }
        }
        return lines;
    }

    boolean rises() {
        return Stream.of(Measure.values()).anyMatch(measure -> trend(measure).rises(measure.resolution));
    }

    private Trend trend(Measure measure) {
        return Trend.of(samples.stream().mapToDouble(sample -> sample.get(measure)).toArray());
    }

    void write(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (PrintStream out = new PrintStream(Files.newOutputStream(file))) {
            print(out, Measure::name);
            for (Map<Measure, Double> sample : samples) {
                print(out, measure -> String.format(Locale.ROOT, "%.1f", sample.get(measure)));
            }
        }
    }

    private static void print(PrintStream out, Function<Measure, String> text) {
        StringJoiner line = new StringJoiner(",");
        for (Measure measure : Measure.values()) {
            line.add(text.apply(measure).toLowerCase(Locale.ROOT));
        }
        out.print(line + "\n");
    }
}
