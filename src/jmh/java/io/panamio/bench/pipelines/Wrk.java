package io.panamio.bench.pipelines;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The load: wrk with one thread; each connection requests the file again as soon as it has received it. It reads the
 * bodies without checking them; {@link Probe} checks them once.
 */
final class Wrk {
    private static final int TIMEOUT_SECONDS = 30;
    /** Prints the exact counts, as wrk's own output is rounded. */
    private static final String SCRIPT = """
        done = function(summary, latency, requests)
            local errors = summary.errors
            io.write(string.format("counted %.0f %.0f %.0f %.0f %.6f\\n", summary.bytes, summary.duration,
                errors.connect + errors.read + errors.write + errors.timeout, errors.status, os.clock()))
        end
        """;

    /**
     * The result of a run.
     *
     * @param bytes the number of bytes read, heads and bodies, including unfinished responses
     * @param seconds the duration
     * @param processor its processor time in seconds
     */
    record Run(double bytes, double seconds, double processor) {
    }

    private final Path script;

    /** Writes the script to a directory. */
    Wrk(Path directory) throws IOException {
        script = Files.writeString(directory.resolve("count.lua"), SCRIPT);
    }

    /** Starts wrk; {@link #finish} returns the result. */
    Process start(Body body, InetSocketAddress server, int seconds) throws IOException {
        return new ProcessBuilder("wrk", "--threads", "1", "--connections", Integer.toString(body.connections()),
            "--duration", seconds + "s", "--timeout", TIMEOUT_SECONDS + "s", "--script", script.toString(),
            "http:/" + server + "/" + body.file()).redirectErrorStream(true).start();
    }

    /** Waits for its end. Throws if a connection failed or a response was not successful. */
    Run finish(Process wrk, int seconds) throws IOException, InterruptedException {
        if (!wrk.waitFor(seconds + TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("wrk did not end in time");
        }
        String output = new String(wrk.getInputStream().readAllBytes());
        String[] counted = output.lines().filter(line -> line.startsWith("counted ")).findFirst()
            .orElseThrow(() -> new IOException("wrk: " + output)).split(" ");
        if (!counted[3].equals("0") || !counted[4].equals("0")) {
            throw new IOException("wrk counts %s errors and %s responses with an error status"
                .formatted(counted[3], counted[4]));
        }
        return new Run(Double.parseDouble(counted[1]), Double.parseDouble(counted[2]) / 1e6,
            Double.parseDouble(counted[5]));
    }
}
