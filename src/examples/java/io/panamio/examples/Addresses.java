package io.panamio.examples;

import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Reads addresses from the command line. */
final class Addresses {
    private Addresses() {
    }

    static InetSocketAddress of(CommandSpec spec, String host, int port, int lowestPort) throws UnknownHostException {
        if (port < lowestPort || port > 65535) {
            throw new ParameterException(spec.commandLine(),
                "--port: " + port + " is not from " + lowestPort + " to 65535");
        }
        if (host.isEmpty()) { // which the JDK takes for this machine
            throw new ParameterException(spec.commandLine(), "--host: is empty");
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException("unknown host " + host);
        }
        return address;
    }
}
