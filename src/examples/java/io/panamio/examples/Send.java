package io.panamio.examples;

import io.panamio.examples.log.LogFile;
import io.panamio.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Sends a file to every client that connects, or to one server, in one of three ways. */
@Command(name = "send", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Sends a file to every client that connects, and prints the time taken. Use it to "
        + "compare the ways of sending on a network.")
final class Send implements Callable<Integer> {
    /** How to send. */
    enum Way {
        /** By sendfile(2), from the page cache. */
        SENDFILE,
        /** By MSG_ZEROCOPY, from a mapping of the file; other systems than Linux copy. */
        ZEROCOPY,
        /** By an ordinary write, from a mapping of the file. */
        WRITE
    }

    @Parameters(paramLabel = "FILE", description = "The file to send; its size is read once, at the start.")
    private Path file;

    @Option(names = "--host", defaultValue = "0.0.0.0", paramLabel = "HOST",
        description = "Address to listen on (default: every address, IPv4 and IPv6).")
    private String host;

    @Option(names = "--port", defaultValue = "7001", paramLabel = "PORT",
        description = "Port to listen on; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--to", paramLabel = "HOST",
        description = "Connect to this host, a name whose addresses are tried in turn or an address, at --port, and "
            + "send the file once, instead of listening.")
    private String to;

    @Option(names = "--by", defaultValue = "sendfile", paramLabel = "WAY",
        description = "sendfile, from the page cache; zerocopy (MSG_ZEROCOPY on Linux, copying on other systems) or "
            + "write, from a mapping of the file (default: ${DEFAULT-VALUE}).")
    private Way way;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new ParameterException(spec.commandLine(), file + " is not a regular file");
        }
        LogFile out = LogFile.standardOutput();
        if (to != null) {
            InetSocketAddress address = Addresses.remote(spec, to, port);
            try (SendLoop loop = new SendLoop(null, file, way, out)) {
                loop.connect(address);
                return loop.run() ? 0 : 1;
            }
        }
        InetSocketAddress address = Addresses.local(spec, host, port);
        try (SendLoop loop = new SendLoop(TcpListener.bind(address), file, way, out)) {
            out.write("sending on port " + loop.address().getPort());
            return loop.run() ? 0 : 1;
        }
    }
}
