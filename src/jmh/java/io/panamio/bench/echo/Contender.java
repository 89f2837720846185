package io.panamio.bench.echo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An echo server that can be started.
 *
 * @param name its name in the tables
 * @param main its class, or null for the one in C
 * @param arguments its arguments, where PORT stands for the port
 */
record Contender(String name, Class<?> main, String... arguments) {
    /** Where the C server and the logs are put. */
    static final Path DIRECTORY = Path.of("target", "bench");

    private static final String PORT = "PORT";

    /** All that there are. Those that spin take part in one scenario only. */
    static List<Contender> all(int spinMicros) {
        return List.of(
            new Contender("c", null, PORT),
            new Contender("panamio", PanamioEcho.class, "--port", PORT),
            new Contender("nio", NioEcho.class, PORT),
            new Contender("nio-short", NioEcho.class, PORT, "short"),
            new Contender("netty-epoll", NettyEcho.class, PORT, "epoll"),
            new Contender("netty-uring", NettyEcho.class, PORT, "uring"),
            new Contender("netty-nio", NettyEcho.class, PORT, "nio"),
            new Contender("c-spin", null, PORT, "spin"),
            new Contender("panamio-spin", PanamioEcho.class, "--port", PORT, "--spin", Integer.toString(spinMicros)),
            new Contender("nio-spin", NioEcho.class, PORT, "short", "spin"));
    }

    /** Whether it takes part: where some spin, the same servers sleep beside them. */
    boolean takesPartIn(Scenario scenario) {
        return scenario.spin() ? List.of("c", "panamio", "nio-short").contains(name) || spins() : !spins();
    }

    private boolean spins() {
        return name.endsWith("-spin");
    }

    boolean isJava() {
        return main != null;
    }

    /** The command that starts it; compiles it first if it is in C. */
    List<String> command(int port) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        if (isJava()) {
            command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-Djava.net.preferIPv4Stack=true",
                "--enable-native-access=ALL-UNNAMED"));
            if (Runtime.version().feature() >= 23) {
                command.add("--sun-misc-unsafe-memory-access=allow"); // for Netty
            }
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        } else {
            command.add(compile().toString());
        }
        Arrays.stream(arguments).map(a -> a.equals(PORT) ? Integer.toString(port) : a).forEach(command::add);
        return command;
    }

    private Path compile() throws IOException, InterruptedException {
        Path source = DIRECTORY.resolve(name + ".c");
        Path program = DIRECTORY.resolve(name).toAbsolutePath();
        try (InputStream in = Contender.class.getResourceAsStream("/echo.c")) {
            Files.write(source, in.readAllBytes());
        }
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-O2", "-Wall", "-Wextra", "-o", program.toString(), source.toString())
                .inheritIO().start();
        } catch (IOException e) {
            throw new IOException("no C compiler (cc) on this machine", e);
        }
        if (compiler.waitFor() != 0) {
            throw new IOException("cc could not compile it");
        }
        return program;
    }

    @Override
    public String toString() {
        return name;
    }
}
