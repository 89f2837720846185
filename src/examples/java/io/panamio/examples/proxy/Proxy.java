package io.panamio.examples.proxy;

import io.panamio.examples.Pem;
import io.panamio.examples.log.LogFile;
import io.panamio.tls.TlsOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line of the TCP proxy. */
@Command(name = "proxy", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Forwards TCP connections to a server, in one event loop.",
    footer = {"", "Signals: USR1 prints the statistics; TERM, INT and HUP stop gracefully, a second one at once. After "
        + "KILL, peers usually see the end of the stream, and a reset only if bytes that they sent were not read."})
public final class Proxy implements Callable<Integer> {
    private static final int MAX_SECONDS = 1_000_000_000;

    @Option(names = "--listen", required = true, paramLabel = "HOST:PORT", converter = HostPort.Converter.class,
        description = "Address to listen on: a name or an address, [ADDRESS]:PORT for IPv6, :PORT for every address; "
            + "port 0 lets the system choose.")
    private HostPort listen;

    @Option(names = "--to", required = true, paramLabel = "HOST:PORT", converter = HostPort.Converter.class,
        description = "Address of the server. The addresses of a name are tried in turn, and it is resolved again "
            + "after half a minute.")
    private HostPort to;

    @Option(names = "--tls-cert", paramLabel = "FILE",
        description = "Encrypt the connections of clients: the certificate, and those that certify it (PEM).")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key (PEM, PKCS 8).")
    private Path key;

    @Option(names = "--tls-to", description = "Encrypt the connections to the server, whose certificate must be valid "
        + "for the host of --to.")
    private boolean tlsTo;

    @Option(names = "--mode", defaultValue = "auto", paramLabel = "MODE", converter = ModeConverter.class,
        description = "How bytes are transferred: copy, splice, ring, or auto, which copies small bursts and splices "
            + "large ones (default: ${DEFAULT-VALUE}).")
    private Mode mode;

    @Option(names = "--max-connections", defaultValue = "10000", paramLabel = "N",
        description = "Maximum number of clients; others wait. Each needs two descriptors, and up to four "
            + "more while it splices (default: ${DEFAULT-VALUE}).")
    private int maxConnections;

    @Option(names = "--connect-timeout", defaultValue = "10", paramLabel = "SECONDS",
        description = "Maximum time to connect to the server (default: ${DEFAULT-VALUE}).")
    private long connectTimeout;

    @Option(names = "--idle-timeout", defaultValue = "3600", paramLabel = "SECONDS",
        description = "Maximum time without data in either direction (default: ${DEFAULT-VALUE}).")
    private long idleTimeout;

    @Option(names = "--grace", defaultValue = "30", paramLabel = "SECONDS",
        description = "Maximum time that connections continue after a graceful stop (default: ${DEFAULT-VALUE}).")
    private long grace;

    @Spec
    private CommandSpec spec;

    /** Parses a mode in lower case. */
    static final class ModeConverter implements ITypeConverter<Mode> {
        @Override
        public Mode convert(String text) {
            for (Mode mode : Mode.values()) {
                if (mode.name().toLowerCase(Locale.ROOT).equals(text)) {
                    return mode;
                }
            }
            throw new TypeConversionException("'" + text + "' is not auto, copy, splice or ring");
        }
    }

    @Override
    public Integer call() throws IOException {
        require(maxConnections >= 1, "--max-connections: at least 1");
        require(connectTimeout >= 1 && connectTimeout <= MAX_SECONDS, "--connect-timeout: from 1 to " + MAX_SECONDS);
        require(idleTimeout >= 1 && idleTimeout <= MAX_SECONDS, "--idle-timeout: from 1 to " + MAX_SECONDS);
        require(grace >= 0 && grace <= MAX_SECONDS, "--grace: from 0 to " + MAX_SECONDS);
        require(!to.host().isEmpty() && to.port() > 0, "--to: needs a host and a port");
        require((certificate == null) == (key == null), "--tls-cert and --tls-key must be given together");
        LogFile out = LogFile.standardOutput();
        ProxyLoop loop = new ProxyLoop(new ProxyLoop.Settings(listen.resolve(), to.resolve(), mode, maxConnections,
            Duration.ofSeconds(connectTimeout), Duration.ofSeconds(idleTimeout), Duration.ofSeconds(grace),
            encryption()), out::write);
        Signals.handle("USR1", loop::report);
        Signals.handle("TERM", loop::stop);
        Signals.handle("INT", loop::stop);
        Signals.handle("HUP", loop::stop);
        InetSocketAddress address = loop.address();
        out.write("proxy on " + new HostPort(address.getAddress().getHostAddress(), address.getPort()) + " to " + to);
        loop.run();
        return 0;
    }

    private Encryption encryption() throws IOException {
        try {
            return new Encryption(certificate == null ? null : Pem.context(certificate, key),
                tlsTo ? SSLContext.getDefault() : null, to.host(),
                TlsOptions.DEFAULT.handshakeTimeout(Duration.ofSeconds(connectTimeout)));
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("no TLS: " + e.getMessage(), e);
        }
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
