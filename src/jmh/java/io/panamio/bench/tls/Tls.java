package io.panamio.bench.tls;

import io.panamio.bench.Results;
import io.panamio.bench.TlsTables;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.SideBySide;
import io.panamio.bench.rig.Wrk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures a server with {@link io.panamio.tls.TlsStream} {@linkplain SideBySide side by side} with the same one on
 * Netty's SslHandler. Both have engines of the same kind of the JDK. The load is wrk.
 */
@Command(name = "tls", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures handshakes and records of TLS side by side with Netty, on the same engine.",
    footer = {"", "Cases: handshake-1.3, handshake-1.2, send-1k, send-1.3, send-1.2, receive-1.3, receive-1.2.",
        "Servers: panamio-tls, netty-tls."})
public final class Tls implements Callable<Integer> {
    private static final String TLS12 = """
        openssl_conf = all
        [all]
        ssl_conf = ssl
        [ssl]
        system_default = default
        [default]
        MaxProtocol = TLSv1.2
        """;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N",
        description = "The number of measurements of each server in each case (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "2", paramLabel = "S",
        description = "The duration of a measurement in whole seconds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--warm-up", defaultValue = "4", paramLabel = "S",
        description = "The duration of the warm-up, once for each case (default: ${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--cases", split = ",", paramLabel = "CASE", description = "Run only these.")
    private List<String> cases;

    @Option(names = "--only", split = ",", paramLabel = "SERVER", description = "Run only these.")
    private List<String> only;

    @Option(names = "--profile",
        description = "Break the time down by system calls, by perf(1), which itself takes time: compare only parts of "
            + "one run.")
    private boolean profile;

    @Option(names = "--results", defaultValue = "target/bench/tls.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Spec
    private CommandSpec spec;

    /** Creates a run, to be configured by its options. */
    public Tls() {
    }

    /** Runs the benchmark. Returns 0 on success, 1 if a server has failed. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        List<TlsScenario> scenarios = SideBySide.chosen(spec, "--cases", cases, TlsScenario.all());
        List<TlsServer> servers = SideBySide.chosen(spec, "--only", only, TlsServer.all());
        if (rounds < 1 || seconds < 1 || warmUp < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds, --seconds, --warm-up: at least 1");
        }
        TreeMap<String, String> machine = Results.here(List.of()).machine(); // before this process is pinned
        SideBySide<TlsScenario> rig = new SideBySide<>("tls", profile);
        Path directory = Files.createDirectories(Server.DIRECTORY);
        Path tls12 = Files.writeString(directory.resolve("tls12.cnf"), TLS12);
        rig.run(new TlsMeter(new Wrk(directory), tls12, seconds, warmUp), scenarios, servers, (server, s) -> true, rounds);
        Results results = new Results(machine, rig.results());
        results.write(file);
        System.out.println(TlsTables.ratios(results));
        return rig.hasFailed() ? 1 : 0;
    }
}
