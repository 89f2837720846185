package io.panamio.examples.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import picocli.CommandLine.TypeConversionException;

/** Addresses of a command line: what is accepted is written as it was, and everything else is a message. */
public final class HostPortFuzz {
    private static final HostPort.Converter CONVERTER = new HostPort.Converter();

    private HostPortFuzz() {
    }

    /** Converts the input there and back. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, UTF_8);
        HostPort address;
        try {
            address = CONVERTER.convert(text);
        } catch (TypeConversionException e) {
            assertTrue(e.getMessage().contains(text));
            return;
        }
        assertTrue(address.port() >= 0 && address.port() < 65536);
        assertEquals(address, CONVERTER.convert(address.toString()));
        assertEquals(text.replaceFirst(":0{1,4}([0-9]+)$", ":$1"), address.toString());
    }
}
