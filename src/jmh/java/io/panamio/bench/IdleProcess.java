package io.panamio.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process of {@link Memory}, which responds to each line with a line. Its limit on descriptors is raised to the
 * maximum.
 */
final class IdleProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final Path log;

    /** Starts a program of this class path. */
    IdleProcess(Class<?> main, String argument, List<String> options, Path log) throws IOException {
        this.log = log;
        List<String> command = new ArrayList<>(List.of("sh", "-c",
            "ulimit -n $(cat /proc/sys/fs/nr_open) 2>/dev/null; exec \"$@\"", "sh", // otherwise the current limit
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        command.addAll(options);
        command.addAll(List.of(main.getName(), argument));
        File errors = log.toFile();
        process = new ProcessBuilder(command).redirectError(Redirect.appendTo(errors)).start();
        answers = process.inputReader();
    }

    /** Returns its next line. */
    String read() throws IOException {
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("a process has ended, see " + log);
        }
        return answer;
    }

    /** Sends a command, and returns the response. */
    String ask(String order) throws IOException {
        process.outputWriter().write(order + "\n");
        process.outputWriter().flush();
        return read();
    }

    /** Sends a command, and returns the numbers in the response. */
    long[] askNumbers(String order) throws IOException {
        String[] words = ask(order).split(" ");
        long[] numbers = new long[words.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Long.parseLong(words[i]);
        }
        return numbers;
    }

    /** Returns its limit on descriptors. */
    int maxDescriptors() throws IOException {
        try (var limits = Files.lines(Path.of("/proc", Long.toString(process.pid()), "limits"))) {
            String limit = limits.filter(line -> line.startsWith("Max open files")).findFirst().orElseThrow();
            return Integer.parseInt(limit.split("\\s+")[3]);
        }
    }

    /** Terminates it, with all its connections. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
