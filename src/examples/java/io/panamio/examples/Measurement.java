package io.panamio.examples;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.HdrHistogram.Histogram;

/**
 * The results of a {@link Load}.
 *
 * @param size bytes of a message
 * @param seconds the duration of the measurement in seconds
 * @param requests the number of requests answered
 * @param cpuNanos the processor time of this process in nanoseconds
 * @param latencies the round trips in nanoseconds
 */
record Measurement(int size, double seconds, long requests, long cpuNanos, Histogram latencies) {
    private static final int STDERR = 2;
    /** {@code isatty} of POSIX, or {@code _isatty} of the C runtime of Windows: whether a descriptor is a terminal. */
    private static final Optional<MethodHandle> ISATTY = Linker.nativeLinker().defaultLookup().find("isatty")
        .or(() -> Linker.nativeLinker().defaultLookup().find("_isatty"))
        .map(f -> Linker.nativeLinker().downcallHandle(f, FunctionDescriptor.of(JAVA_INT, JAVA_INT)));

    /** Runs a load against a server. */
    interface Client {
        void run(Load load) throws IOException;
    }

    /**
     * Runs {@code client} in a thread for {@code warmUp} and then {@code duration} seconds, with a progress bar if
     * standard error is a terminal.
     */
    static Measurement of(String title, Client client, Load load, int warmUp, int duration)
            throws IOException, InterruptedException {
        CompletableFuture<Void> end = new CompletableFuture<>();
        Thread.ofPlatform().name("load").start(() -> {
            try {
                client.run(load);
                end.complete(null);
            } catch (Throwable t) {
                end.completeExceptionally(t);
            }
        });
        try (ProgressBar bar = isErrorTerminal() ? progressBar(title, 10L * warmUp + 10L * duration) : null) {
            tick(bar, load, end, warmUp);
            load.record();
            long answered = load.answered;
            long cpu = processCpuNanos();
            long started = System.nanoTime();
            tick(bar, load, end, duration);
            double seconds = (System.nanoTime() - started) / 1e9;
            cpu = processCpuNanos() - cpu;
            answered = load.answered - answered;
            load.stop = true;
            await(end, 5_000);
            return new Measurement(load.size, seconds, answered, cpu, load.latencies);
        } finally {
            load.stop = true;
        }
    }

    /** Returns whether standard error is a terminal: {@code Console.isTerminal} is about input and output only. */
    private static boolean isErrorTerminal() {
        try {
            return ISATTY.isPresent() && (int) ISATTY.get().invokeExact(STDERR) != 0;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Returns a progress bar on standard error. */
    private static ProgressBar progressBar(String title, long steps) {
        return new ProgressBarBuilder().setTaskName(title).setInitialMax(steps).setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(100).hideEta().build();
    }

    private static void tick(ProgressBar bar, Load load, CompletableFuture<Void> end, int seconds)
            throws IOException, InterruptedException {
        for (long i = 0; i < 10L * seconds; i++) {
            long before = load.answered;
            if (await(end, 100)) {
                throw new IOException("the load ended early");
            }
            if (bar != null) {
                bar.step();
                bar.setExtraMessage(" " + (load.answered - before) * 10 + " requests/s");
            }
        }
    }

    /** Waits for the client, and returns whether it has ended in time; rethrows its failure. */
    private static boolean await(CompletableFuture<Void> end, long millis) throws IOException, InterruptedException {
        try {
            end.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof OutOfMemoryError error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static long processCpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** {@return this measurement combined with another} */
    Measurement and(Measurement other) {
        Histogram both = latencies.copy();
        both.add(other.latencies);
        return new Measurement(size, seconds + other.seconds, requests + other.requests, cpuNanos + other.cpuNanos,
            both);
    }

    double requestsPerSecond() {
        return requests / seconds;
    }

    /** Both directions together, as a network card would see it. */
    double mebibytesPerSecond() {
        return 2 * requestsPerSecond() * size / (1 << 20);
    }

    double micros(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e3;
    }

    double maxMicros() {
        return latencies.getMaxValue() / 1e3;
    }

    double cpuMicrosPerRequest() {
        return cpuNanos / 1e3 / requests;
    }
}
