package io.panamio.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * An earlier build of the library.
 *
 * @param name its revision or file
 * @param jar the library
 */
record Baseline(String name, Path jar) {
    private static final Path BUILDS = Path.of("target", "guard");

    /** A jar, a git revision, or, if null, the last tag or else the last commit. */
    static Baseline of(String jarOrRevision) throws IOException, InterruptedException {
        if (jarOrRevision != null && Files.isRegularFile(Path.of(jarOrRevision))) {
            return new Baseline(Path.of(jarOrRevision).getFileName().toString(), Path.of(jarOrRevision));
        }
        String revision = jarOrRevision != null ? jarOrRevision : lastRelease();
        String commit = run(Path.of("."), "git", "rev-parse", "--short=12", "--verify", revision + "^{commit}");
        Path jar = BUILDS.resolve(commit + ".jar");
        if (!Files.exists(jar)) {
            build(commit, jar);
        }
        return new Baseline(revision.equals("HEAD") ? commit : revision, jar);
    }

    private static String lastRelease() throws IOException, InterruptedException {
        String tags = run(Path.of("."), "git", "tag", "--merged", "HEAD", "--sort=-creatordate");
        return tags.isEmpty() ? "HEAD" : tags.lines().findFirst().orElseThrow();
    }

    private static void build(String commit, Path jar) throws IOException, InterruptedException {
        Path tree = BUILDS.resolve(commit).toAbsolutePath();
        System.out.println("building " + commit);
        run(Path.of("."), "git", "worktree", "add", "--force", "--detach", tree.toString(), commit);
        try {
            run(tree, "mvn", "--quiet", "--batch-mode", "-DskipTests", "package");
            try (var files = Files.newDirectoryStream(tree.resolve("target"), "panamio-[0-9]*.jar")) {
                Files.copy(files.iterator().next(), jar, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            run(Path.of("."), "git", "worktree", "remove", "--force", tree.toString());
        }
    }

    /** Runs a command; what it prints. */
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
