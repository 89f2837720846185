package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.test.support.Child;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The platforms for macOS and FreeBSD on doubles of those systems' C libraries: {@code src/test/double}. A double has
 * the numbers, layouts and errors of its system, taken from that system's headers and not from the bindings, and
 * refuses everything else.
 */
@Tag("any-platform")
class DoubleTest {
    private static final Path SOURCES = Child.BASE.resolve("src/test/double");

    @TempDir
    static Path libraries;

    @BeforeAll
    static void compile() throws IOException, InterruptedException {
        Qemu.lacks("a compiler for its processor");
        MissingPrograms.require("cc");
        assertEquals("", run(SOURCES.resolve("build").toString(), libraries.toString()));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @ParameterizedTest
    @CsvSource({"macos, kqueue", "macos, poll", "freebsd, kqueue", "freebsd, poll"})
    void thePlatformRunsOnItsDouble(String system, String selector) throws Exception {
        runOn(system, selector, new Child());
    }

    /** Connects are answered at once or later, calls are interrupted, sends and sendfile(2) stop early. */
    @ParameterizedTest
    @CsvSource({"macos, kqueue, 1", "macos, poll, 2", "freebsd, kqueue, 3", "freebsd, poll, 4", "freebsd, kqueue, 5"})
    void nothingChangesOnAHostileDouble(String system, String selector, int seed) throws Exception {
        runOn(system, selector, new Child().under("env", "PANAMIO_DOUBLE_SEED=" + seed));
    }

    private static void runOn(String system, String selector, Child child) throws Exception {
        Child.End end = child
            .with("-Dpanamio.test.platform=" + system, "-Dpanamio.selector=" + selector,
                "-Dpanamio.test.library=" + libraries.resolve("lib" + system + ".so"))
            .run(SystemCheck.class);
        assertEquals(SystemCheck.EXPECTED, end.ok().replaceFirst(".*\n", ""));
        assertEquals(List.of(), end.err().lines().filter(line -> line.startsWith("double of")).toList());
    }

    /** A double repeats no mistake of the bindings: its numbers are those of the headers. */
    @Test
    void theNumbersAreThoseOfTheHeaders() throws Exception {
        MissingPrograms.require("clang");
        for (String system : List.of("macos", "freebsd")) {
            if (!Files.isDirectory(Path.of("/usr/local/share/zig/libc"))) {
                MissingPrograms.missing("headers-" + system + "-x86_64", "no headers of " + system + " here");
            }
        }
        assertEquals("", run(SOURCES.resolve("numbers").toString(), "--check"));
    }
}
