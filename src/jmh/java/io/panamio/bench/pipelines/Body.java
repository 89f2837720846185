package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Scenario;
import java.util.List;

/**
 * A file that is asked for again and again, of a file server or through a proxy.
 *
 * @param key its name on the command line
 * @param title its name in the results
 * @param proxy whether there is a proxy between
 * @param file the file's name
 * @param size its bytes
 * @param connections how many connections ask, each for the next as soon as it has one
 */
record Body(String key, String title, boolean proxy, String file, int size, int connections) implements Scenario {
    /** All that there are. */
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
