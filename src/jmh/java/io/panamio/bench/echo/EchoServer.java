package io.panamio.bench.echo;

import io.panamio.bench.rig.Contender;
import io.panamio.bench.rig.Example;
import io.panamio.bench.rig.Server;
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
 * @param main its class, or null for the one in C, which has two threads if its arguments request that
 * @param arguments its arguments, in which PORT stands for the port
 */
record EchoServer(String name, Class<?> main, String... arguments) implements Contender {
    private static final String PORT = "PORT";

    /** All servers. Those that spin take part in one scenario only. */
    static List<EchoServer> all(int spinMicros) {
        return List.of(
            new EchoServer("c", null, PORT),
            new EchoServer("c-thread", null, PORT, "thread"),
            new EchoServer("panamio", Example.class, "echo", "--host", "127.0.0.1", "--port", PORT),
            new EchoServer("nio", NioEcho.class, PORT),
            new EchoServer("nio-short", NioEcho.class, PORT, "short"),
            new EchoServer("virtual", VirtualEcho.class, PORT),
            new EchoServer("virtual-jdk", VirtualEcho.class, PORT, "jdk"),
            new EchoServer("netty-epoll", NettyEcho.class, PORT, "epoll"),
            new EchoServer("netty-uring", NettyEcho.class, PORT, "uring"),
            new EchoServer("netty-nio", NettyEcho.class, PORT, "nio"),
            new EchoServer("c-spin", null, PORT, "spin"),
            new EchoServer("panamio-spin", Example.class, "echo", "--host", "127.0.0.1", "--port", PORT, "--spin",
                Integer.toString(spinMicros)),
            new EchoServer("nio-spin", NioEcho.class, PORT, "short", "spin"));
    }

    /** Returns whether it takes part: a scenario with spinning servers also has their sleeping counterparts. */
    boolean takesPartIn(EchoScenario scenario) {
        return scenario.spin() ? List.of("c", "panamio", "nio-short").contains(name) || spins() : !spins();
    }

    private boolean spins() {
        return name.endsWith("-spin");
    }

    @Override
    public boolean isJava() {
        return main != null;
    }

    /** Compiles the server first if it is in C. */
    @Override
    public List<String> command(int port) throws IOException, InterruptedException {
        String[] given = Arrays.stream(arguments).map(a -> a.equals(PORT) ? Integer.toString(port) : a)
            .toArray(String[]::new);
        if (isJava()) {
            return Contender.java(main, given);
        }
        List<String> command = new ArrayList<>(List.of(compile().toString()));
        command.addAll(List.of(given));
        return command;
    }

    private Path compile() throws IOException, InterruptedException {
        Path source = Server.DIRECTORY.resolve(name + ".c");
        Path program = Server.DIRECTORY.resolve(name).toAbsolutePath();
        try (InputStream in = EchoServer.class.getResourceAsStream("/echo.c")) {
            Files.write(source, in.readAllBytes());
        }
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-O2", "-pthread", "-Wall", "-Wextra", "-o", program.toString(),
                source.toString()).inheritIO().start();
        } catch (IOException e) {
            throw new IOException("no C compiler (cc) is installed", e);
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
