package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image made by jlink, of the module and the modules of the JDK that the examples need, in which {@code echo} runs. */
class ImageIT {
    @Test
    void echoRunsInAnImage(@TempDir Path directory) throws Exception {
        assumeTrue(SlimJarIT.isOfThisSystem(), "a jar for another system");
        Path image = directory.resolve("image");
        ToolProvider jlink = ToolProvider.findFirst("jlink").orElseThrow();
        assertEquals(0, jlink.run(new PrintWriter(System.out, true), new PrintWriter(System.err, true),
            "--module-path", System.getProperty("panamio.jar"),
            "--add-modules", "io.panamio,java.logging,jdk.management,jdk.net",
            "--add-options=--enable-native-access=io.panamio --add-modules=io.panamio",
            "--output", image.toString()));

        // The jar has the library, too; the module in the image takes precedence.
        Process echo = new ProcessBuilder(image.resolve("bin").resolve("java").toString(), "-Xlog:class+load",
            "-cp", Path.of("target", "panamio-examples.jar").toString(), "io.panamio.examples.Main", "echo", "--port", "0")
            .redirectErrorStream(true).start();
        try (BufferedReader output = echo.inputReader()) {
            boolean fromImage = false;
            String line = output.readLine();
            while (line != null && !line.startsWith("echo on port ")) {
                fromImage |= line.matches(".* io.panamio.Poll source: jrt:/io.panamio.*");
                line = output.readLine();
            }
            assertNotNull(line, "it has ended");
            assertTrue(fromImage, "the library is the image's");
            int port = Integer.parseInt(line.substring("echo on port ".length()));
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                byte[] message = "echo".getBytes(StandardCharsets.UTF_8);
                client.getOutputStream().write(message);
                assertArrayEquals(message, client.getInputStream().readNBytes(message.length));
            }
        } finally {
            echo.destroyForcibly().waitFor();
        }
    }
}
