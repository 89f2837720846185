package io.panamio.test.support;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Counts this process's mappings of ring buffers: two for each. */
public final class RingMappings {
    private static final String MAPS = "self/maps";

    private RingMappings() {
    }

    /** Returns whether the system lists the mappings. */
    public static boolean areListed() {
        return Proc.has(MAPS);
    }

    /** Returns the number of mappings, or 0 where the system does not list them. */
    public static int count() throws IOException {
        return areListed() ? all().size() : 0;
    }

    /** Returns the number of mappings that are not among {@code before}, an earlier result of {@link #all}. */
    public static int countSince(Set<String> before) throws IOException {
        Set<String> made = new HashSet<>(all());
        made.removeAll(before);
        return made.size();
    }

    /** Returns a description of each mapping, with the inode of its memory, so that no two are equal. */
    public static Set<String> all() throws IOException {
        return Proc.lines(MAPS).stream().filter(l -> l.matches(".*/memfd:(panamio|/panamio-|SHM_ANON).*"))
            .collect(Collectors.toSet());
    }
}
