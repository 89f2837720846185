package io.panamio.bench.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A profile of a server's processor time by perf(1): its system calls, and its own code. The kernel's work within a
 * call is part of it: on loopback, the delivery of a packet to the receiver's socket is part of the send.
 */
final class Profile {
    /** Time outside of system calls: the server itself, with its libraries and the JVM. */
    private static final String OWN = "own code";
    /** Kernel time that belongs to no system call: entry and exit, interrupts, page faults. */
    private static final String KERNEL = "kernel, other";

    private static final Pattern CALL = Pattern.compile(
        "(?:__(?:x64|arm64|se)_sys_|\\bksys_|\\bdo_(?=readv|writev))(\\w+)");
    private static final int HERTZ = 4000;
    /** Calls with a smaller part are not listed by name. */
    private static final double MIN_PART = 0.005;
    private static final int START_MILLIS = 200;

    private final Path data = Server.DIRECTORY.resolve("perf.data").toAbsolutePath();
    private final Process perf;

    /** Starts profiling a server. */
    Profile(Server server) throws IOException, InterruptedException {
        perf = new ProcessBuilder("perf", "record", "-q", "-e", "cpu-clock", "-F", Integer.toString(HERTZ), "-g",
            "-o", data.toString(), "-p", server.ids(",")).inheritIO().start();
        if (perf.waitFor(START_MILLIS, TimeUnit.MILLISECONDS)) {
            throw new IOException("perf record has ended");
        }
    }

    /** Stops profiling, and returns the part of the samples in each call, from 0 to 1. */
    TreeMap<String, Double> end() throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -INT " + perf.pid()).inheritIO().start().waitFor();
        perf.waitFor();
        Path script = data.resolveSibling("perf.txt");
        Process printing = new ProcessBuilder("perf", "script", "-F", "ip,sym", "-i", data.toString())
            .redirectOutput(script.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        if (printing.waitFor() != 0) {
            throw new IOException("perf script has failed");
        }
        return parts(Files.readAllLines(script));
    }

    /** Each sample is a stack, the innermost frame first, and an empty line. */
    private static TreeMap<String, Double> parts(List<String> lines) {
        TreeMap<String, Double> counts = new TreeMap<>();
        String place = null;
        for (String line : lines) {
            if (line.isBlank()) {
                if (place != null) {
                    counts.merge(place, 1.0, Double::sum);
                }
                place = null;
                continue;
            }
            Matcher call = CALL.matcher(line);
            if (call.find()) {
                place = call.group(1);
            } else if (place == null) {
                place = line.strip().startsWith("ffff") ? KERNEL : OWN;
            }
        }
        double all = counts.values().stream().mapToDouble(n -> n).sum();
        TreeMap<String, Double> parts = new TreeMap<>();
        counts.forEach((name, n) -> parts.merge(n / all < MIN_PART ? KERNEL : name, n / all, Double::sum));
        return parts;
    }
}
