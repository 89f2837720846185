package io.panamio.examples;

import com.sun.management.UnixOperatingSystemMXBean;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** An echo server with one event loop per thread; the system distributes the connections. */
@Command(name = "echo", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Echoes the input of every client, until stopped.")
final class Echo implements Callable<Integer> {
    private static final int MAX = 10_000;
    /** The number of descriptors kept free for uses other than connections. */
    private static final int SPARE = 64;

    @Option(names = "--host", defaultValue = "0.0.0.0", paramLabel = "HOST",
        description = "Address to listen on (default: every address, IPv4 and IPv6).")
    private String host;

    @Option(names = "--port", defaultValue = "7000", paramLabel = "PORT",
        description = "Port to listen on; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--threads", defaultValue = "1", paramLabel = "N",
        description = "Number of event loops (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--max-connections", paramLabel = "N",
        description = "Maximum number of clients per loop; others wait (default: 10000, or fewer where the limit "
            + "on descriptors is lower).")
    private Integer maxConnections;

    @Option(names = "--spin", defaultValue = "0", paramLabel = "MICROS",
        description = "Under dense traffic, poll for this long before sleeping: lower latency, but a busy "
            + "processor (default: ${DEFAULT-VALUE}).")
    private int spin;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Bench.require(spec, threads >= 1, "--threads: at least 1");
        Bench.require(spec, maxConnections == null || maxConnections >= 1, "--max-connections: at least 1");
        Bench.require(spec, spin >= 0, "--spin: at least 0");
        int max = maxConnections == null ? maxConnectionsOfLimit() : maxConnections;
        InetSocketAddress address = Addresses.local(spec, host, port);
        ListenOptions options = Addresses.shared(address, threads);
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            EchoLoop loop = new EchoLoop(TcpListener.bind(address, options), max,
                Duration.of(spin, ChronoUnit.MICROS));
            address = new InetSocketAddress(address.getAddress(), loop.address().getPort());
            running.add(Thread.ofPlatform().name("echo-" + i).start(loop));
        }
        spec.commandLine().getOut().println("echo on port " + address.getPort());
        for (Thread thread : running) {
            thread.join();
        }
        return 1; // a loop ends only when it fails
    }

    /** Returns the number of connections that the free descriptors allow. */
    private int maxConnectionsOfLimit() {
        UnixOperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        long free = system == null ? MAX : system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount();
        return Math.clamp((free - SPARE) / threads, 1, MAX);
    }
}
