package io.panamio.examples;

import io.panamio.examples.log.LogFile;
import io.panamio.examples.serve.HttpLoop;
import io.panamio.examples.serve.Settings;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** An HTTP server for static files. */
@Command(name = "serve", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Serves the files of a directory over HTTP/1.1, until stopped.",
    footer = {"", "Links that lead out of the directory are not followed. A request for several ranges gets the whole "
        + "file. SIGTERM, SIGINT and SIGHUP stop it after the current responses, within ten seconds."})
final class Serve implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "The directory.")
    private Path directory;

    @Option(names = "--host", defaultValue = "0.0.0.0", paramLabel = "HOST",
        description = "Address to listen on (default: every address, IPv4 and IPv6).")
    private String host;

    @Option(names = "--port", defaultValue = "8080", paramLabel = "PORT",
        description = "Port to listen on; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--threads", defaultValue = "1", paramLabel = "N",
        description = "Number of event loops (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--tls-cert", paramLabel = "FILE",
        description = "Serve by HTTPS: the certificate, and those that certify it (PEM).")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key (PEM, PKCS 8).")
    private Path key;

    @Option(names = "--log", paramLabel = "FILE",
        description = "Append the access log to a file instead of standard output.")
    private Path logFile;

    @Option(names = "--no-log", description = "No access log.")
    private boolean noLog;

    @Option(names = "--common", description = "Use the Common Log Format instead of the Combined one.")
    private boolean common;

    @Option(names = "--connections", defaultValue = "10000", paramLabel = "N",
        description = "Maximum number of connections per loop; others wait (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--request-time", defaultValue = "20", paramLabel = "SECONDS",
        description = "Maximum time to receive a request (default: ${DEFAULT-VALUE}).")
    private int requestTime;

    @Option(names = "--idle-time", defaultValue = "60", paramLabel = "SECONDS",
        description = "Maximum time between requests (default: ${DEFAULT-VALUE}).")
    private int idleTime;

    @Option(names = "--send-time", defaultValue = "60", paramLabel = "SECONDS",
        description = "Maximum time without progress in sending a response (default: ${DEFAULT-VALUE}).")
    private int sendTime;

    @Option(names = "--head-limit", defaultValue = "16384", paramLabel = "BYTES",
        description = "Maximum size of the head of a request (default: ${DEFAULT-VALUE}).")
    private int headLimit;

    @Option(names = "--small-file", defaultValue = "65536", paramLabel = "BYTES",
        description = "Maximum size of files kept in memory; larger ones are sent with sendfile "
            + "(default: ${DEFAULT-VALUE}).")
    private int smallFile;

    @Option(names = "--no-push", description = "Send the response head and the beginning of a larger file in one "
        + "packet (MSG_MORE). Costs less processor time under CUBIC, and more under BBR.")
    private boolean noPush;

    @Option(names = "--cache", defaultValue = "64", paramLabel = "MIB",
        description = "Maximum memory per loop for cached files (default: ${DEFAULT-VALUE}).")
    private int cache;

    @Option(names = "--valid-time", defaultValue = "1000", paramLabel = "MILLISECONDS",
        description = "Time for which a file is served without checking it for changes "
            + "(default: ${DEFAULT-VALUE}).")
    private int validTime;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Bench.require(spec, threads >= 1, "--threads: at least 1");
        Bench.require(spec, connections >= 1, "--connections: at least 1");
        Bench.require(spec, requestTime >= 1 && idleTime >= 1 && sendTime >= 1,
            "--request-time, --idle-time, --send-time: at least 1");
        Bench.require(spec, headLimit >= 1 && headLimit <= 1 << 20, "--head-limit: from 1 to 1048576");
        Bench.require(spec, smallFile >= 0, "--small-file: at least 0");
        Bench.require(spec, cache >= 1, "--cache: at least 1");
        Bench.require(spec, validTime >= 0, "--valid-time: at least 0");
        Bench.require(spec, !noLog || logFile == null, "--no-log and --log are mutually exclusive");
        Bench.require(spec, (certificate == null) == (key == null), "--tls-cert and --tls-key must be given together");
        Bench.require(spec, !directory.toString().isEmpty(), "DIR: is empty");
        InetSocketAddress address = Addresses.local(spec, host, port);
        if (!Files.exists(directory)) {
            throw new IOException("no such directory: " + directory);
        }
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory + " is not a directory");
        }
        Settings settings = settings();
        ListenOptions options = Addresses.shared(address, threads);
        List<HttpLoop> loops = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            loops.add(new HttpLoop(TcpListener.bind(address, options), settings));
            address = new InetSocketAddress(address.getAddress(), loops.getFirst().address().getPort());
        }
        List<Thread> running = new ArrayList<>();
        for (HttpLoop loop : loops) {
            running.add(Thread.ofPlatform().name("serve-" + running.size()).start(loop));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(loops, running)));
        spec.commandLine().getErr().println("serving " + directory + " on port " + address.getPort());
        for (Thread thread : running) {
            thread.join();
        }
        return 1; // reached only if a loop fails: a signal ends the process
    }

    private Settings settings() throws IOException {
        Settings settings = new Settings(directory);
        settings.loops = threads;
        settings.connections = connections;
        settings.requestTime = Duration.ofSeconds(requestTime);
        settings.idleTime = Duration.ofSeconds(idleTime);
        settings.sendTime = Duration.ofSeconds(sendTime);
        settings.headLimit = headLimit;
        settings.smallFile = smallFile;
        settings.noPush = noPush;
        settings.cacheBytes = (long) cache << 20;
        settings.validTime = Duration.ofMillis(validTime);
        settings.combinedLog = !common;
        settings.tls = certificate == null ? null : Pem.context(certificate, key);
        settings.log = noLog ? null : logFile == null ? LogFile.standardOutput() : LogFile.of(logFile);
        return settings;
    }

    private static void stop(List<HttpLoop> loops, List<Thread> running) {
        loops.forEach(HttpLoop::stop);
        try {
            for (Thread thread : running) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
