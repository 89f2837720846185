package io.panamio.bench.rig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server that can be started. Its {@code toString} is its name. */
public interface Contender {
    /** Returns its name in the tables. */
    String name();

    /** Returns whether it reports its allocations, see {@link Allocations}. */
    boolean isJava();

    /** Prepares what the server needs, and returns the command that starts it. */
    List<String> command(int port) throws IOException, InterruptedException;

    /** Returns the command that runs a class with the options of all contenders in Java. */
    static List<String> java(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-Djava.net.preferIPv4Stack=true",
            "--enable-native-access=ALL-UNNAMED"));
        if (Runtime.version().feature() >= 23) {
            command.add("--sun-misc-unsafe-memory-access=allow"); // for Netty
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
