package io.panamio.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * An earlier build of the library.
 *
 * @param name its revision or file
 * @param jar the library
 * @param benchmarks the sources of its benchmarks
 */
record Baseline(String name, Path jar, Path benchmarks) {
    private static final Path BUILDS = Path.of("target", "guard");
    private static final Path BENCHMARKS = Path.of("src", "jmh", "java");

    /** A jar, a git revision, or, if null, the last tag. */
    static Baseline of(String jarOrRevision) throws IOException, InterruptedException {
        if (jarOrRevision != null && Files.isRegularFile(Path.of(jarOrRevision))) {
            return new Baseline(Path.of(jarOrRevision).getFileName().toString(), Path.of(jarOrRevision),
                BENCHMARKS);
        }
        String revision = jarOrRevision != null ? jarOrRevision : lastRelease();
        String commit = run(Path.of("."), "git", "rev-parse", "--short=12", "--verify", revision + "^{commit}");
        Path jar = BUILDS.resolve(commit + ".jar");
        Path benchmarks = BUILDS.resolve(commit + "-benchmarks");
        if (!Files.exists(jar)) {
            build(commit, jar, benchmarks);
        }
        return new Baseline(revision.equals("HEAD") ? commit : revision, jar, benchmarks);
    }

    private static String lastRelease() throws IOException, InterruptedException {
        String tags = run(Path.of("."), "git", "tag", "--merged", "HEAD", "--sort=-creatordate");
        return tags.lines().findFirst()
            .orElseThrow(() -> new NoSuchElementException("no tag to compare with: give a revision or a jar"));
    }

    private static void build(String commit, Path jar, Path benchmarks) throws IOException, InterruptedException {
        Path tree = BUILDS.resolve(commit).toAbsolutePath();
        System.out.println("building " + commit);
        run(Path.of("."), "git", "worktree", "add", "--force", "--detach", tree.toString(), commit);
        try {
            run(tree, "mvn", "--quiet", "--batch-mode", "-DskipTests", "package");
            run(Path.of("."), "rm", "-rf", benchmarks.toString());
            Files.move(tree.resolve(BENCHMARKS), benchmarks);
            try (var files = Files.newDirectoryStream(tree.resolve("target"), "panamio-[0-9]*.jar")) {
                Files.copy(files.iterator().next(), jar, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            run(Path.of("."), "git", "worktree", "remove", "--force", tree.toString());
        }
    }

    /**
     * Compiles this build's own version of a part of {@link GuardOperations}, as its API may differ. Operations of the
     * same name are compared.
     *
     * @return the directory of the classes, or null, after a message, if the build lacks something that the part needs
     */
    Path compile(String part) throws IOException, InterruptedException {
        Path classes = BUILDS.resolve("classes").resolve(part);
        try {
            run(Path.of("."), Path.of(System.getProperty("java.home"), "bin", "javac").toString(), "-implicit:class",
                "-cp", jar.toString(), "-sourcepath", benchmarks.toString(), "-d", classes.toString(),
                benchmarks.resolve("io/panamio/bench").resolve(part + ".java").toString());
            return classes;
        } catch (IOException e) {
            System.out.printf("%s is omitted for %s, which lacks something that it needs:%n%s%n", part, name,
                e.getMessage());
            return null;
        }
    }

    /** Runs a command and returns its output. */
    private static String run(Path directory, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(command)).directory(directory.toFile()).redirectErrorStream(true)
            .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ":\n" + output);
        }
        return output;
    }
}
