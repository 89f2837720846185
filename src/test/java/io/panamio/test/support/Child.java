package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own, by default with the library on the module path. */
public final class Child {
    /** With its drive on Windows: a child may run in a directory of another one. */
    public static final Path BASE =
        Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).toAbsolutePath();
    public static final Path CLASSES = BASE.resolve("target/classes");

    private final List<String> options = new ArrayList<>();
    private List<String> launcher = List.of();
    private String classPath = BASE.resolve("target/test-classes").toString();
    private Path library = CLASSES;
    private boolean modular = true;

    /** The exit status and the output of a child. */
    public record End(int status, String out, String err) {
        /** Asserts success and returns the standard output. */
        public String ok() {
            assertEquals(0, status, out + err);
            return out;
        }
    }

    public Child() {
        options.add("--enable-native-access=io.panamio");
        options.add("-Xlog:disable"); // the output is the program's alone: the JVM would print its warnings there
        options.addAll(Systems.CHILD_OPTIONS);
    }

    /** Adds options for the JVM; later ones override earlier ones. */
    public Child with(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /** Sets a command that starts the child, such as one that creates a network namespace. */
    public Child under(String... command) {
        launcher = List.of(command);
        return this;
    }

    /** Replaces the class path of the main class. */
    public Child classPath(Path path) {
        classPath = path.toString();
        return this;
    }

    /** Adds the jars that contain these classes to the class path. */
    public Child classPathOf(Class<?>... classes) {
        for (Class<?> c : classes) {
            classPath += File.pathSeparator
                + Path.of(URI.create(c.getProtectionDomain().getCodeSource().getLocation().toString()));
        }
        return this;
    }

    /** Removes the permission for native access that every child has by default. */
    public Child withoutNativeAccess() {
        options.remove("--enable-native-access=io.panamio");
        return this;
    }

    /** Puts the library on the class path. */
    public Child onClassPath() {
        modular = false;
        return this;
    }

    /** Replaces the library's classes. */
    public Child library(Path classes) {
        library = classes;
        return this;
    }

    /** Returns what was printed to a file, with {@code \n} at the ends of lines. */
    private static String text(File file) throws IOException {
        return Files.readString(file.toPath()).replace(System.lineSeparator(), "\n");
    }

    /** Runs a main class until it exits. */
    public End run(Class<?> main, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        if (modular) {
            command.addAll(List.of("--module-path", library.toString(), "--add-modules", "io.panamio"));
            command.addAll(List.of("--class-path", classPath));
        } else {
            command.addAll(List.of("--class-path", library + File.pathSeparator + classPath));
        }
        command.add(main.getName());
        command.addAll(List.of(arguments));

        File out = File.createTempFile("panamio", ".out");
        File err = File.createTempFile("panamio", ".err");
        Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
        try {
            process.getOutputStream().close();
            assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS), "the child JVM hangs: " + command);
            return new End(process.exitValue(), text(out), text(err));
        } finally {
            process.destroyForcibly();
            Files.delete(out.toPath());
            Files.delete(err.toPath());
        }
    }
}
