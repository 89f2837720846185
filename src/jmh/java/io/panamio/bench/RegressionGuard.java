package io.panamio.bench;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A quick check before a change to a hot path is committed: compares this build of the library with NIO and with an
 * earlier build, all in one JVM. Each build is loaded by a class loader of its own, so that the JIT compiler profiles
 * and compiles it separately. The contenders take turns of some milliseconds, in changing order, and a ratio is taken
 * within a turn, so that disturbances of the machine affect all alike.
 */
@Command(name = "guard", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Compares this build with NIO and with an earlier revision, in one JVM, within two minutes.")
final class RegressionGuard implements Callable<Integer> {
    private static final long TURN = 10_000_000; // nanoseconds
    private static final long WARM_UP = 600_000_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--against", paramLabel = "REVISION|JAR",
        description = "A git revision, which is built if necessary, or a jar of the library (default: the last tag).")
    private String against;

    @Option(names = "--turns", defaultValue = "60", description = "The number of measurements (default: "
        + "${DEFAULT-VALUE}).")
    private int turns;

    @Override
    public Integer call() throws Exception {
        Baseline baseline;
        try {
            baseline = Baseline.of(against);
        } catch (NoSuchElementException e) {
            throw new ParameterException(spec.commandLine(), "--against: " + e.getMessage());
        }
        List<Map<String, LongConsumer>> contenders = new ArrayList<>();
        contenders.add(new LinkedHashMap<>());
        contenders.add(new LinkedHashMap<>());
        for (String part : GuardOperations.PARTS) {
            contenders.get(0).putAll(load(part, classPath()));
            Path classes = baseline.compile(part);
            if (classes != null) {
                contenders.get(1).putAll(load(part, List.of(baseline.jar(), classes)));
            }
        }
        contenders.add(new GuardNio().get());
        System.out.printf("This build against %s and NIO: medians of %d turns; in brackets, the quartiles of the "
            + "ratios%n%n", baseline.name(), turns);
        System.out.printf("%-36s %9s   %-28s %-20s%n", "", "ns", "to " + baseline.name(), "to NIO");
        for (String operation : contenders.get(0).keySet()) {
            double[][] nanos = measure(contenders.stream().map(c -> c.get(operation)).toList());
            System.out.printf("%-36s %9.0f   %-28s %-20s%n", operation, Spread.of(nanos[0]).median(),
                ratio(nanos[0], nanos[1], " slower"), ratio(nanos[0], nanos[2], ""));
        }
        return 0;
    }

    /** Formats a ratio, with a remark if it is worse; empty if the other contender lacks the operation. */
    private static String ratio(double[] nanos, double[] others, String worse) {
        if (others == null) {
            return "";
        }
        Spread ratios = Spread.ofRatios(nanos, others);
        return ratios + (ratios.low() > 1.02 ? worse : "");
    }

    // ---- loading

    private static List<Path> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of).toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, LongConsumer> load(String part, List<Path> paths) throws Exception {
        URL[] urls = new URL[paths.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = paths.get(i).toUri().toURL();
        }
        ClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
        Class<?> operations = loader.loadClass(GuardOperations.class.getPackageName() + "." + part);
        return ((Supplier<Map<String, LongConsumer>>) operations.getConstructor().newInstance()).get();
    }

    // ---- measuring

    /** Nanoseconds of an operation, by contender and turn; null for a contender that lacks it. */
    private double[][] measure(List<LongConsumer> contenders) {
        double[][] nanos = new double[contenders.size()][];
        long times = 1;
        for (int i = 0; i < nanos.length; i++) {
            if (contenders.get(i) != null) {
                nanos[i] = new double[turns];
                times = Math.max(times, warmUp(contenders.get(i)));
            }
        }
        for (int turn = 0; turn < turns; turn++) {
            for (int i = 0; i < nanos.length; i++) {
                int who = (turn + i) % nanos.length;
                if (nanos[who] != null) {
                    long start = System.nanoTime();
                    contenders.get(who).accept(times);
                    nanos[who][turn] = (double) (System.nanoTime() - start) / times;
                }
            }
        }
        return nanos;
    }

    /** Returns the number of operations that fill a turn. */
    private static long warmUp(LongConsumer contender) {
        long done = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP) {
            contender.accept(100);
            done += 100;
        }
        return done * TURN / WARM_UP;
    }
}
