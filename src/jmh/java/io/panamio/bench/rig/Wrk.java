package io.panamio.bench.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The load: wrk with one thread; each connection sends the request again as soon as it has received the response. It
 * reads the bodies without checking them.
 */
public final class Wrk {
    private static final int TIMEOUT_SECONDS = 30;
    /** Prints the exact counts, as wrk's own output is rounded. */
    private static final String SCRIPT = """
        done = function(summary, latency, requests)
            local errors = summary.errors
            io.write(string.format("counted %.0f %.0f %.0f %.0f %.6f %.0f\\n", summary.bytes, summary.duration,
                errors.connect + errors.read + errors.write + errors.timeout, errors.status, os.clock(),
                summary.requests))
        end
        """;

    /**
     * The result of a run.
     *
     * @param bytes the number of bytes read, heads and bodies, including unfinished responses
     * @param responses the number of complete responses
     * @param seconds the duration
     * @param processor its processor time in seconds
     */
    public record Run(double bytes, double responses, double seconds, double processor) {
    }

    /**
     * What to request.
     *
     * @param url the address
     * @param connections the number of connections
     * @param script further lines in Lua
     * @param configuration the configuration of OpenSSL, or null for the system's
     */
    public record Request(String url, int connections, String script, Path configuration) {
    }

    private final Path directory;

    /** Keeps its scripts in a directory. */
    public Wrk(Path directory) {
        this.directory = directory;
    }

    /** Starts wrk; {@link #finish} returns the result. */
    Process start(Request request, int seconds) throws IOException {
        Path script = Files.writeString(directory.resolve("count.lua"), request.script + SCRIPT);
        ProcessBuilder wrk = new ProcessBuilder(List.of("wrk", "--threads", "1", "--connections",
            Integer.toString(request.connections), "--duration", seconds + "s", "--timeout", TIMEOUT_SECONDS + "s",
            "--script", script.toString(), request.url)).redirectErrorStream(true);
        if (request.configuration != null) {
            wrk.environment().put("OPENSSL_CONF", request.configuration.toAbsolutePath().toString());
        }
        return wrk.start();
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
        return new Run(Double.parseDouble(counted[1]), Double.parseDouble(counted[6]),
            Double.parseDouble(counted[2]) / 1e6, Double.parseDouble(counted[5]));
    }
}
