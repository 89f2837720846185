package io.panamio.examples;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.HdrHistogram.Histogram;

/**
 * What was measured of a {@link Load}.
 *
 * @param size bytes of a message
 * @param seconds how long requests were counted
 * @param requests how many were answered meanwhile
 * @param cpuNanos processor time of this process meanwhile
 * @param latencies the round trips in nanoseconds
 */
record Measurement(int size, double seconds, long requests, long cpuNanos, Histogram latencies) {
    private static final int STDERR = 2;

    /** Puts a load on a server. */
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
        try (ProgressBar bar = isTerminal(STDERR) ? progressBar(title, 10L * warmUp + 10L * duration) : null) {
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

    /** Whether a descriptor is a terminal's; {@code Console.isTerminal} asks for standard input and output only. */
    private static boolean isTerminal(int fd) {
        try {
            return SystemCalls.call("isatty", fd) == 1;
        } catch (IOException e) {
            return false;
        }
    }

    /** Goes to standard error. */
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

    /** Whether the client has ended within some milliseconds; what it failed with is thrown. */
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

    /** This measurement and another, as one. */
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
