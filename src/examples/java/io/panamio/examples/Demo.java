package io.panamio.examples;

import io.panamio.net.TcpListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs an echo server and its client in one process, on Panamio and on java.nio. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Runs an echo server and a client over real sockets, alternating with the same on java.nio, and "
        + "compares.")
final class Demo implements Callable<Integer> {
    @Option(names = "--connections", defaultValue = "64", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int connections;

    @Option(names = "--size", defaultValue = "64", paramLabel = "BYTES",
        description = "Size of a message (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(names = "--duration", defaultValue = "3", paramLabel = "SECONDS",
        description = "Duration of a round, which follows a second of warm-up "
            + "(default: ${DEFAULT-VALUE}).")
    private int duration;

    @Option(names = "--rounds", defaultValue = "2", paramLabel = "N",
        description = "Number of rounds of each server (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Bench.require(spec, connections >= 1, "--connections: at least 1");
        Bench.require(spec, size >= 1 && size <= 1 << 30, "--size: from 1 to " + (1 << 30));
        Bench.require(spec, duration >= 1, "--duration: at least 1");
        Bench.require(spec, rounds >= 1, "--rounds: at least 1");
        Measurement panamio = null;
        Measurement nio = null;
        for (int i = 0; i <= rounds; i++) { // every second one in the opposite order, as the machine's speed changes
            String round = i == 0 ? "warm-up" : i + "/" + rounds;
            int seconds = i == 0 ? 1 : duration;
            Measurement n = i % 2 == 0 ? nio(round, seconds) : null;
            Measurement p = panamio(round, seconds);
            n = n == null ? nio(round, seconds) : n;
            if (i > 0) { // else the compiler takes processor time from whichever is first
                panamio = panamio == null ? p : panamio.and(p);
                nio = nio == null ? n : nio.and(n);
            }
        }
        print(panamio, nio, spec.commandLine().getOut());
        return panamio.requests() > 0 && nio.requests() > 0 ? 0 : 1;
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private Measurement panamio(String round, int seconds) throws IOException, InterruptedException {
        try (EchoLoop server = new EchoLoop(TcpListener.bind(anyPort()), connections, Duration.ZERO)) {
            Thread.ofPlatform().daemon().name("echo").start(server);
            return Measurement.of("Panamio " + round, LoadLoop::run, new Load(server.address(), connections, size),
                1, seconds);
        }
    }

    private Measurement nio(String round, int seconds) throws IOException, InterruptedException {
        try (NioEchoLoop server = new NioEchoLoop(anyPort())) {
            Thread.ofPlatform().daemon().name("echo-nio").start(server);
            return Measurement.of("NIO     " + round, NioLoadLoop::run, new Load(server.address(), connections, size),
                1, seconds);
        }
    }

    private void print(Measurement panamio, Measurement nio, PrintWriter out) {
        out.printf(Locale.ROOT,
            "%nEcho of %,d-byte messages over %,d connections, one thread per side; every byte checked.%n%n",
            size, connections);
        out.printf(Locale.ROOT, "%-8s %12s %10s %9s %9s %9s %10s %13s%n",
            "", "requests/s", "MiB/s", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "CPU µs/req");
        print("Panamio", panamio, out);
        print("NIO", nio, out);
        out.printf(Locale.ROOT, "%-8s %12.2f %10.2f %9.2f %9.2f %9.2f %10.2f %13.2f%n", "ratio",
            panamio.requestsPerSecond() / nio.requestsPerSecond(),
            panamio.mebibytesPerSecond() / nio.mebibytesPerSecond(),
            panamio.micros(50) / nio.micros(50), panamio.micros(99) / nio.micros(99),
            panamio.micros(99.9) / nio.micros(99.9), panamio.maxMicros() / nio.maxMicros(),
            panamio.cpuMicrosPerRequest() / nio.cpuMicrosPerRequest());
        out.flush();
    }

    private static void print(String name, Measurement m, PrintWriter out) {
        out.printf(Locale.ROOT, "%-8s %,12.0f %,10.1f %,9.1f %,9.1f %,9.1f %,10.1f %13.2f%n", name,
            m.requestsPerSecond(), m.mebibytesPerSecond(), m.micros(50), m.micros(99), m.micros(99.9), m.maxMicros(),
            m.cpuMicrosPerRequest());
    }
}
