package io.panamio.bench;

import java.util.Arrays;
import picocli.CommandLine;

/** What {@code mvn -Pjmh verify -Djmh.args="..."} runs: a part of the benchmarks by name, or else JMH. */
public final class Main {
    private Main() {
    }

    /**
     * Runs a part.
     *
     * @param args its name and arguments, or JMH's arguments
     */
    public static void main(String... args) throws Exception {
        String[] rest = Arrays.copyOfRange(args, Math.min(1, args.length), args.length);
        switch (args.length == 0 ? "" : args[0]) {
            case "guard" -> execute(new RegressionGuard(), rest);
            case "page" -> execute(new Page(), rest);
            default -> org.openjdk.jmh.Main.main(args);
        }
    }

    private static void execute(Object command, String... args) {
        System.exit(new CommandLine(command).execute(args));
    }
}
