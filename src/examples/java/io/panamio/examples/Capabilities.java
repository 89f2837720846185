package io.panamio.examples;

import io.panamio.Feature;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints how this system supports each feature. */
@Command(name = "capabilities", mixinStandardHelpOptions = true,
    description = "Prints each feature that some systems lack, and whether this one supports, emulates or refuses it.")
final class Capabilities implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (Feature feature : Feature.values()) {
            out.printf(Locale.ROOT, "%-22s %s%n", feature, feature.support().name().toLowerCase(Locale.ROOT));
        }
        out.flush();
        return 0;
    }
}
