package io.panamio.bench.echo;

import io.panamio.bench.rig.Scenario;
import java.util.List;

/**
 * The load on the echo servers.
 *
 * @param key its name on the command line
 * @param title its name in the results
 * @param idle the number of idle connections
 * @param connections the number of connections on which a message is always in progress
 * @param size the size of a message in bytes
 * @param reconnect whether each message uses a new connection
 * @param spin whether servers that never sleep take part
 */
record EchoScenario(String key, String title, int idle, int connections, int size, boolean reconnect, boolean spin)
        implements Scenario {
    /** All scenarios. */
    static List<EchoScenario> all(int idle) {
        return List.of(
            new EchoScenario("1x64", "1 x 64 B", 0, 1, 64, false, false),
            new EchoScenario("64x64", "64 x 64 B", 0, 64, 64, false, false),
            new EchoScenario("1000x64", "1000 x 64 B", 0, 1000, 64, false, false),
            new EchoScenario("10000x64", "10000 x 64 B", 0, 10000, 64, false, false),
            new EchoScenario("64x16k", "64 x 16 KiB", 0, 64, 16 * 1024, false, false),
            new EchoScenario("connect", "connect, 64 B, close; 16 at a time", 0, 16, 64, true, false),
            new EchoScenario("idle", idle + " idle + 64 x 64 B", idle, 64, 64, false, false),
            new EchoScenario("spin", "1 x 64 B, spinning or not", 0, 1, 64, false, true));
    }

    /** The unit that costs are given for: a request or a connection. */
    String unit() {
        return reconnect ? "connection" : "request";
    }

    @Override
    public String toString() {
        return key;
    }
}
