package io.panamio.test.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Counts this process's mappings of ring buffers: two for each. */
public final class RingMappings {
    private RingMappings() {
    }

    /** Returns the number of mappings, or 0 on Windows, which does not tell. */
    public static int count() throws IOException {
        if (Systems.WINDOWS) {
            return 0;
        }
        return all().size();
    }

    /** Returns the number of those made since then, of whose descriptions none is used again. */
    public static int countSince(Set<String> before) throws IOException {
        Set<String> made = new HashSet<>(all());
        made.removeAll(before);
        return made.size();
    }

    /** Returns a description of each, with the inode of its memory. */
    public static Set<String> all() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(l -> l.contains("memfd:panamio"))
            .collect(Collectors.toSet());
    }
}
