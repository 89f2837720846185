package io.panamio.bench;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.panamio.Timers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures the reachable heap of a million pending timers, each contender in a process of its own. What refers to them
 * (a number of {@code Timers}, a reference of the others) is kept in an array that is not counted.
 */
@Command(name = "timers", mixinStandardHelpOptions = true,
    description = "Measures the heap of a million timers, compared with Netty's wheel and the JDK's executor.")
final class TimerMemory implements Callable<Integer> {
    private static final int TIMERS = 1_000_000;
    private static final long SETTLE_MILLIS = 2000;

    @Option(names = "--results", defaultValue = "target/bench/timers-memory.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Result> results = new ArrayList<>();
        for (String contender : List.of("panamio", "nettyWheel", "executor")) {
            Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-Xmx1g", "-cp", System.getProperty("java.class.path"),
                TimerMemory.class.getName(), contender).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String answer = new String(child.getInputStream().readAllBytes()).strip();
            if (child.waitFor() != 0) {
                throw new IOException(contender + " has failed");
            }
            System.out.println(contender + ": " + answer);
            results.add(new Result("timers", "heap of a timer, of a million", contender, "heap", "B",
                Double.parseDouble(answer)));
        }
        Results.here(results).write(file);
        return 0;
    }

    /** Schedules a million timers of a contender, from ten to twenty minutes, and prints the heap for each. */
    public static void main(String... args) throws InterruptedException {
        Random random = new Random(4);
        long[] delays = random.longs(TIMERS, TimeUnit.MINUTES.toNanos(10), TimeUnit.MINUTES.toNanos(20)).toArray();
        Runnable never = () -> {
            throw new AssertionError("expired");
        };
        Object[] references = new Object[TIMERS];
        long[] numbers = new long[TIMERS];
        Timers timers = new Timers();
        HashedWheelTimer wheel = new HashedWheelTimer(1, TimeUnit.MILLISECONDS);
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
        executor.prestartAllCoreThreads();
        wheel.start();
        long before = used();
        for (int i = 0; i < TIMERS; i++) {
            switch (args[0]) {
                case "panamio" -> numbers[i] = timers.schedule(i, Duration.ofNanos(delays[i]));
                case "nettyWheel" -> references[i] =
                    wheel.newTimeout(TimerMemory::never, delays[i], TimeUnit.NANOSECONDS);
                default -> references[i] = executor.schedule(never, delays[i], TimeUnit.NANOSECONDS);
            }
        }
        Thread.sleep(SETTLE_MILLIS); // the wheel's thread takes them from its queue
        double each = (used() - before) / (double) TIMERS;
        if (timers.size() + wheel.pendingTimeouts() + executor.getQueue().size() != TIMERS
                || numbers.length != references.length) {
            throw new AssertionError("some have expired");
        }
        System.out.println(each);
        Runtime.getRuntime().halt(0);
    }

    private static void never(Timeout timeout) {
        throw new AssertionError("expired: " + timeout);
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
