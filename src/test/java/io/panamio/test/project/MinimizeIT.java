package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.net.UnixStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar after maven-shade-plugin with minimizeJar, which removes the classes that the program does not refer to. */
class MinimizeIT {
    /** The program. */
    static final class Program {
        private Program() {
        }

        public static void main(String[] args) throws IOException {
            UnixStream[] pair = UnixStream.pair();
            pair[0].write("echo".getBytes(), 0, 4);
            byte[] got = new byte[4];
            pair[1].read(got, 0, 4);
            System.out.print(new String(got));
            pair[0].close();
            pair[1].close();
        }
    }

    private static String run(List<String> command, Path directory) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile())
            .start();
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        String text = Files.readString(output);
        assertEquals(0, process.waitFor(), text);
        return text;
    }

    @Test
    void theBackEndIsNotRemoved(@TempDir Path directory) throws Exception {
        assumeTrue(SlimJarIT.isOfThisSystem(), "a jar for another system");
        String file = Program.class.getName().replace('.', '/') + ".class";
        Path copy = directory.resolve("classes").resolve(file);
        Files.createDirectories(copy.getParent());
        Files.copy(Path.of(Program.class.getResource('/' + file).toURI()), copy);
        run(List.of(Path.of(System.getProperty("maven.home"), "bin", "mvn").toString(), "-q", "-B",
            "-f", "src/it/minimize/pom.xml", "-Dpanamio.jar=" + System.getProperty("panamio.jar"),
            "-Dit.directory=" + directory, "-Dmaven.repo.local=" + System.getProperty("maven.repo"), "package"),
            directory);

        Path shaded = directory.resolve("program-0-it.jar");
        try (JarFile jar = new JarFile(shaded.toFile())) {
            assertNull(jar.getEntry("io/panamio/pipeline/Splice.class"), "it was minimized");
            assertNotNull(jar.getEntry("META-INF/services/io.panamio.sys.Platform"));
        }
        assertEquals("echo", run(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED", "-cp", shaded.toString(), Program.class.getName()), directory));
    }
}
