package io.panamio.test.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the system reports of this process in /proc; a test that needs it is skipped where there is none. */
public final class Proc {
    private Proc() {
    }

    /** Returns whether there is a file of /proc. Under Wine it would be that of the underlying system, not Windows'. */
    public static boolean has(String file) {
        return !Systems.WINDOWS && Files.exists(Path.of("/proc", file));
    }

    /** Skips a test that needs a file of /proc where there is none. */
    public static void require(String file) {
        assumeTrue(has(file), "this system has no /proc/" + file);
    }

    /** Returns the lines of a file of /proc. */
    public static List<String> lines(String file) throws IOException {
        require(file);
        return Files.readAllLines(Path.of("/proc", file));
    }

    /** Returns the resident memory of this process, in bytes. */
    public static long residentBytes() throws IOException {
        return 4096 * Long.parseLong(lines("self/statm").getFirst().split(" ")[1]);
    }
}
