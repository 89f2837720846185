package io.panamio.test.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form of {@code src/test/faults/run single}: the first call of each function in some scenarios fails with
 * each of its errors.
 */
class FaultsTest {
    static final Path SOURCES = Child.BASE.resolve("src/test/faults");

    @Test
    void everyErrorOfAFirstCallIsSurvived(@TempDir Path directory) throws Exception {
        Path library = build(directory);
        Child.End end = new Child().onClassPath().with("--enable-native-access=ALL-UNNAMED", "-ea",
            "-Dpanamio.test.library=" + library)
            .run(SingleFaults.class, SOURCES.resolve("errors.txt").toString(), "1",
                "UNIX,MEMORY,DESCRIPTORS,POLL,WAKE,RELAY,RING,ARENA");
        assertTrue(end.ok().contains(" 0 kinds of defects"), end.out());
    }

    /** Compiles the library for this system, on the double that is in use, if there is one, or skips the test. */
    static Path build(Path directory) throws IOException, InterruptedException {
        Qemu.lacks("a C compiler for its processor");
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).replace("mac os x", "macos");
        String of = System.getProperty("panamio.test.library");
        Process build;
        Path out = directory.resolve("out");
        try {
            build = of == null ? start(out, directory) : start(out, directory, Path.of(of).getParent());
        } catch (IOException e) {
            return MissingPrograms.missing("cc", "no shell here");
        }
        assertEquals(0, build.waitFor(), Files.readString(out));
        return directory.resolve("faults-" + system + ".so");
    }

    private static Process start(Path out, Path... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(SOURCES.resolve("build").toString());
        for (Path argument : arguments) {
            builder.command().add(argument.toString());
        }
        return builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    }
}
