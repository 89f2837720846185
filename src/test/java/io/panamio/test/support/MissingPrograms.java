package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Records programs that tests need and that are not installed. Such a test is skipped, and one of the last lines of the
 * build names the packages to install; with {@code CI=true} in the environment the test fails.
 */
public final class MissingPrograms {
    private static final Path PACKAGES = Child.BASE.resolve("src/test/programs.txt");
    private static final Path MISSING = Child.BASE.resolve("target/missing-programs");

    private MissingPrograms() {
    }

    /** {@return the path of a program; without it the test is skipped, or fails where {@code CI=true}} */
    public static Path require(String program) {
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        return find(program).orElseGet(() -> missing(program, "no " + program + " on this machine"));
    }

    /** Skips a test that needs a missing program, or fails it where {@code CI=true}. */
    public static <T> T missing(String program, String message) {
        assertNotEquals("true", System.getenv("CI"), message);
        try {
            Files.writeString(MISSING, program + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return abort(message);
    }

    private static Optional<Path> find(String program) {
        try (Stream<Path> directories = Stream.concat(
                Stream.of(System.getenv("PATH").split(":")).map(Path::of), postgresql())) {
            return directories.map(d -> d.resolve(program)).filter(Files::isExecutable).findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns Debian's directory of PostgreSQL's programs, which are not on the path. */
    private static Stream<Path> postgresql() throws IOException {
        Path versions = Path.of("/usr/lib/postgresql");
        return Files.isDirectory(versions) ? Files.list(versions).map(v -> v.resolve("bin")) : Stream.of();
    }

    private static Set<String> packages(Set<String> programs) throws IOException {
        try (Stream<String> lines = Files.lines(PACKAGES)) {
            return lines.map(l -> l.split(" +")).filter(words -> programs.contains(words[0]))
                .flatMap(words -> Stream.of(words).skip(1)).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /**
     * Prints at the end of a build the programs that were missing and still are, and the systems that were left out.
     * With {@code CI=true} the build fails if macOS is one of them: its double needs only a C compiler.
     *
     * @param args the names of systems
     */
    public static void main(String[] args) throws IOException {
        if (args.length > 0) {
            System.out.println("The tests did not run on " + String.join(", ", args)
                + ": CONTRIBUTING.md explains how to include them");
            if (List.of(args).contains("macOS") && "true".equals(System.getenv("CI"))) {
                System.exit(1);
            }
        }
        if (!Files.exists(MISSING)) {
            return;
        }
        Set<String> programs = new TreeSet<>(Files.readAllLines(MISSING));
        programs.removeIf(program -> find(program).isPresent());
        if (!programs.isEmpty()) {
            System.out.printf("Tests were skipped for lack of %s; Debian's packages: %s%n", String.join(", ", programs),
                String.join(" ", packages(programs)));
        }
        Files.delete(MISSING);
    }
}
