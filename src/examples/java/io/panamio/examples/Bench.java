package io.panamio.examples;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures an echo server. */
@Command(name = "bench", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures any echo server: each connection sends a message, waits until it is echoed, checks every "
        + "byte, and sends the next.")
final class Bench implements Callable<Integer> {
    @Option(names = "--host", defaultValue = "127.0.0.1", paramLabel = "HOST",
        description = "A name, whose addresses are tried in turn, or an address (default: ${DEFAULT-VALUE}).")
    private String host;

    @Option(names = "--port", defaultValue = "7000", paramLabel = "PORT", description = "Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(names = "--connections", defaultValue = "64", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int connections;

    @Option(names = "--size", defaultValue = "64", paramLabel = "BYTES",
        description = "Size of a message (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(names = "--warm-up", defaultValue = "1", paramLabel = "SECONDS",
        description = "Duration of the warm-up, in which requests are not counted (default: ${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--duration", defaultValue = "5", paramLabel = "SECONDS",
        description = "Duration of the measurement (default: ${DEFAULT-VALUE}).")
    private int duration;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        require(spec, connections >= 1, "--connections: at least 1");
        require(spec, size >= 1 && size <= 1 << 30, "--size: from 1 to " + (1 << 30));
        require(spec, warmUp >= 0, "--warm-up: at least 0");
        require(spec, duration >= 1, "--duration: at least 1");
        Load load = new Load(Addresses.remote(spec, host, port), connections, size);
        Measurement m = Measurement.of("bench", LoadLoop::run, load, warmUp, duration);
        if (m.requests() == 0) {
            throw new IOException("no response from " + host + ":" + port);
        }
        print(m, spec.commandLine().getOut());
        return 0;
    }

    static void require(CommandSpec spec, boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private void print(Measurement m, PrintWriter out) {
        out.printf(Locale.ROOT, "%,d requests of %,d bytes over %,d connections in %.1f s, every byte checked%n",
            m.requests(), size, connections, m.seconds());
        out.printf(Locale.ROOT, "  throughput  %,.0f requests/s, %,.1f MiB/s in both directions%n",
            m.requestsPerSecond(), m.mebibytesPerSecond());
        out.printf(Locale.ROOT, "  latency     p50 %,.1f  p90 %,.1f  p99 %,.1f  p99.9 %,.1f  max %,.1f µs%n",
            m.micros(50), m.micros(90), m.micros(99), m.micros(99.9), m.maxMicros());
        out.flush();
    }
}
