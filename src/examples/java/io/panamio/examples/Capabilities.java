package io.panamio.examples;

import io.panamio.Feature;
import io.panamio.Poll;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what a bug report should contain: the machine, the system, the JDK and how each feature is supported. */
@Command(name = "capabilities", mixinStandardHelpOptions = true,
    description = {"Prints the machine, the kernel, the JDK and the back end, and each feature that some systems lack: "
        + "supported, emulated or refused.", "Add the output to a bug report."})
final class Capabilities implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        print(out, "version", String.join(" ", spec.version()));
        print(out, "machine", property("os.arch") + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        print(out, "kernel", property("os.name") + " " + property("os.version"));
        print(out, "JDK", property("java.runtime.version") + ", " + property("java.vm.name") + ", "
            + property("java.vendor"));
        out.flush(); // first: the rest throws where there is no back end
        try (Poll poll = Poll.open()) {
            print(out, "back end", poll.toString());
        }
        out.println();
        for (Feature feature : Feature.values()) {
            print(out, feature.name(), feature.support().name().toLowerCase(Locale.ROOT));
        }
        out.flush();
        return 0;
    }

    private static void print(PrintWriter out, String name, String value) {
        out.printf(Locale.ROOT, "%-24s  %s%n", name, value);
    }

    private static String property(String name) {
        return System.getProperty(name, "unknown");
    }
}
