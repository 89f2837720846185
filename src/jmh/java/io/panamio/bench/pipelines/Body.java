package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Scenario;
import java.util.List;

/**
 * A file that is requested repeatedly, from a file server or through a proxy.
 *
 * @param key its name on the command line
 * @param title its name in the results
 * @param proxy whether through a proxy
 * @param file the file's name
 * @param size its size in bytes
 * @param connections the number of connections, each of which requests the file again as soon as it has received it
 */
record Body(String key, String title, boolean proxy, String file, int size, int connections) implements Scenario {
    /** All bodies. */
    static List<Body> all() {
        return List.of(
            new Body("serve-1k", "serve, 1 KiB", false, "1k", 1 << 10, 64),
            new Body("serve-100k", "serve, 100 KiB", false, "100k", 100 << 10, 64),
            new Body("serve-100m", "serve, 100 MiB", false, "100m", 100 << 20, 4),
            new Body("proxy-1k", "proxy, 1 KiB", true, "1k", 1 << 10, 64),
            new Body("proxy-100k", "proxy, 100 KiB", true, "100k", 100 << 10, 64),
            new Body("proxy-100m", "proxy, 100 MiB", true, "100m", 100 << 20, 4));
    }

    @Override
    public String toString() {
        return key;
    }
}
