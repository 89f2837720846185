package io.panamio.test.soak;

import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A soak of a few seconds; {@code src/test/soak} runs longer ones, and looks for trends. */
class SoakTest {
    @Test
    void everythingAtOnceLosesNoByteAndLeavesNothingOpen(@TempDir Path folder) throws Exception {
        NativeFds.Opened opened = new NativeFds.Opened();
        Soak soak = new Soak();
        new CommandLine(soak).parseArgs("--seconds", "2", "--interval", "500", "--sessions", "8", "--patience", "200",
            "--csv", folder.resolve("soak.csv").toString()); // the patience ends before the test's time does
        soak.soak(opened); // ends when every kind of call was made
        if (soak.run.failure() != null) {
            throw new AssertionError("see its cause", soak.run.failure());
        }
        Loop.until("all descriptors closed", () -> opened.count() == 0); // the poller's last one a little later
    }
}
