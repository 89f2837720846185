package io.panamio.examples.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An address as it is written on a command line: {@code HOST:PORT}, {@code [::1]:PORT}, or {@code :PORT} for every
 * address.
 */
record HostPort(String host, int port) {
    /** Parses an address. */
    static final class Converter implements ITypeConverter<HostPort> {
        @Override
        public HostPort convert(String text) {
            int colon = text.lastIndexOf(':');
            if (colon < 0) {
                throw new TypeConversionException("'" + text + "' is not HOST:PORT");
            }
            String host = text.substring(0, colon);
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            if (bracketed) {
                host = host.substring(1, host.length() - 1);
            }
            if (host.indexOf(':') >= 0 != bracketed) {
                throw new TypeConversionException("'" + text + "': an IPv6 address is written [ADDRESS]:PORT");
            }
            return new HostPort(host, port(text.substring(colon + 1), text));
        }

        private static int port(String digits, String text) {
            if (!digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) > 65535) {
                throw new TypeConversionException("'" + text + "': the port is not a number from 0 to 65535");
            }
            return Integer.parseInt(digits);
        }
    }

    /** Resolves the host; returns its first address if it has several. */
    InetSocketAddress resolve() throws UnknownHostException {
        if (host.isEmpty()) {
            return new InetSocketAddress(port);
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new UnknownHostException("unknown host " + host);
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
