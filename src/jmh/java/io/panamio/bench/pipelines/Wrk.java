package io.panamio.bench.pipelines;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The load: wrk, one thread, each connection asking for the file again as soon as it has it. It reads the bodies and
 * looks at none of their bytes; {@link Probe} does so once.
 */
final class Wrk {
    private static final int TIMEOUT_SECONDS = 30;
    /** What it counts, exactly; what it prints itself is rounded. */
    private static final String SCRIPT = """
        done = function(summary, latency, requests)
            local errors = summary.errors
            io.write(string.format("counted %.0f %.0f %.0f %.0f %.6f\\n", summary.bytes, summary.duration,
                errors.connect + errors.read + errors.write + errors.timeout, errors.status, os.clock()))
        end
        """;

    /**
     * What it has done.
     *
     * @param bytes what it has read, heads and bodies, those of unfinished answers too
     * @param seconds how long it ran
     * @param processor seconds of processor time that it used
     */
    record Run(double bytes, double seconds, double processor) {
    }

    private final Path script;

    /** Puts a script into a directory. */
    Wrk(Path directory) throws IOException {
        script = Files.writeString(directory.resolve("count.lua"), SCRIPT);
    }

    /** Starts it; {@link #finish} tells what it has done. */
    Process start(Body body, InetSocketAddress server, int seconds) throws IOException {
        return new ProcessBuilder("wrk", "--threads", "1", "--connections", Integer.toString(body.connections()),
            "--duration", seconds + "s", "--timeout", TIMEOUT_SECONDS + "s", "--script", script.toString(),
            "http:/" + server + "/" + body.file()).redirectErrorStream(true).start();
    }

    /** Waits for its end. Fails if a connection has, or an answer was not what was asked for. */
    Run finish(Process wrk, int seconds) throws IOException, InterruptedException {
        if (!wrk.waitFor(seconds + TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("wrk does not end");
        }
        String output = new String(wrk.getInputStream().readAllBytes());
        String[] counted = output.lines().filter(line -> line.startsWith("counted ")).findFirst()
            .orElseThrow(() -> new IOException("wrk: " + output)).split(" ");
        if (!counted[3].equals("0") || !counted[4].equals("0")) {
            throw new IOException("wrk counts %s errors and %s answers with an error's status"
                .formatted(counted[3], counted[4]));
        }
        return new Run(Double.parseDouble(counted[1]), Double.parseDouble(counted[2]) / 1e6,
            Double.parseDouble(counted[5]));
    }
}
