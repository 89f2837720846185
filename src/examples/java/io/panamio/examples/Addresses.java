package io.panamio.examples;

import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Reads addresses from the command line. */
final class Addresses {
    private Addresses() {
    }

    /** Returns an address to listen on; port 0 lets the system choose. */
    static InetSocketAddress local(CommandSpec spec, String host, int port) throws UnknownHostException {
        check(spec, host, port, 0);
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException("unknown host " + host);
        }
        return address;
    }

    /** Returns an address to connect to, whose name is resolved when a connection is made. */
    static InetSocketAddress remote(CommandSpec spec, String host, int port) {
        check(spec, host, port, 1);
        return InetSocketAddress.createUnresolved(host, port);
    }

    private static void check(CommandSpec spec, String host, int port, int lowestPort) {
        if (port < lowestPort || port > 65535) {
            throw new ParameterException(spec.commandLine(),
                "--port: " + port + " is not between " + lowestPort + " and 65535");
        }
        if (host.isEmpty()) { // the JDK resolves it to the loopback address
            throw new ParameterException(spec.commandLine(), "--host: is empty");
        }
    }

    /**
     * Returns the options for the listeners of several loops that share a port. First binds the port without
     * SO_REUSEPORT, so that it fails if another program has the port, with which it would share clients otherwise.
     */
    static ListenOptions shared(InetSocketAddress address, int loops) throws IOException {
        if (loops == 1) {
            return ListenOptions.DEFAULT;
        }
        TcpListener.bind(address).close();
        return ListenOptions.DEFAULT.reusePort(true);
    }
}
