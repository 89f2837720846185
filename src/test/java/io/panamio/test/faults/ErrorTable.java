package io.panamio.test.faults;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.UnixConstants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The errors of each function: {@code src/test/faults/errors.txt}. */
final class ErrorTable {
    /** Calls of which an error may say that a direction is drained: with edges, an event follows only if it is. */
    private static final Set<String> DRAINING = Set.of("accept", "accept4", "recv", "recvfrom", "recvmsg", "recvmmsg",
        "send", "sendto", "sendmsg", "sendmmsg", "read", "readv", "write", "writev", "splice", "sendfile");
    /** Errors that the library does not name; every Unix has the same numbers. */
    private static final Map<String, Integer> UNNAMED = Map.of("EDOM", 33, "EFBIG", 27);

    private final Map<String, List<String>> errors = new HashMap<>();

    ErrorTable(Path file) throws IOException {
        for (String line : Files.readAllLines(file)) {
            int colon = line.indexOf(':');
            if (!line.startsWith("#") && colon > 0) {
                errors.put(line.substring(0, colon), List.of(line.substring(colon + 1).trim().split(" ")));
            }
        }
    }

    /** {@return the faults of the nth call of a function that can be injected on this system} */
    List<Fault> faults(String function, long nth, boolean level) {
        boolean edges = !level && Feature.EDGES.support() == Support.SUPPORTED;
        return errors.getOrDefault(function.replace("$INODE64", ""), List.of()).stream()
            .filter(error -> !edges || !isDrained(function, error))
            .map(error -> new Fault(function, nth, error, number(error)))
            .filter(fault -> fault.errno() != 0).toList();
    }

    /** Returns whether an event follows an error, if it is not injected: ENOTCONN is that of a pending connect. */
    private static boolean isDrained(String function, String error) {
        return DRAINING.contains(function) && (error.equals("EAGAIN") || error.equals("ENOTCONN"));
    }

    private static final UnixConstants CONSTANTS = constants();

    private static UnixConstants constants() {
        String os = System.getProperty("os.name").toLowerCase();
        String name = os.startsWith("mac") ? "macos" : os;
        String type = "io.panamio.sys." + name + "." + name.substring(0, 1).toUpperCase() + name.substring(1)
            + "Constants";
        try {
            var field = Class.forName(type).getDeclaredField("INSTANCE");
            field.setAccessible(true);
            return (UnixConstants) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the number of an error, or 0 if this system does not have it. */
    private static int number(String error) {
        if (UNNAMED.containsKey(error)) {
            return UNNAMED.get(error);
        }
        try {
            return CONSTANTS.number(Errno.valueOf(error));
        } catch (AssertionError e) {
            return 0;
        }
    }
}
