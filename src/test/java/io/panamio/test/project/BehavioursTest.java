package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code src/test/double/behaviours.txt} lists each behaviour of the kernels of macOS and FreeBSD, and how the doubles
 * imitate it. {@link DoubleAnswersTest} compares those of FreeBSD.
 */
@Tag("any-platform")
class BehavioursTest {
    private static final Set<String> OF_FREEBSD = Set.of("compared", "table", "modelled", "refused", "unreachable");
    private static final Set<String> OF_MACOS = Set.of("same", "own", "unknown", "refused");

    private static List<String[]> lines() throws IOException {
        List<String[]> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Child.BASE.resolve("src/test/double/behaviours.txt"))) {
            if (!line.startsWith("#")) {
                lines.add(line.split(" \\| ?", -1));
            }
        }
        return lines;
    }

    @Test
    void everyBehaviourHasAClassForEachSystem() throws IOException {
        Set<String> names = new HashSet<>();
        for (String[] line : lines()) {
            String name = line[0] + " " + line[1];
            assertEquals(5, line.length, name);
            assertTrue(names.add(name), name);
            assertTrue(OF_FREEBSD.contains(line[2]), name);
            assertTrue(OF_MACOS.contains(line[3]), name);
            assertEquals(line[2].equals("refused"), line[3].equals("refused"), name);
            if (Set.of("modelled", "refused", "unreachable").contains(line[2])) {
                assertTrue(line[4].length() > 10, name + " has no reason");
            }
        }
        assertTrue(names.size() > 170, names.size() + " behaviours");
    }

    @Test
    void thePageCountsWhatIsUnknown() throws IOException {
        String page = Files.readString(Child.BASE.resolve("src/site/markdown/platforms.md"));
        List<String[]> lines = lines();
        long unknown = lines.stream().filter(line -> line[3].equals("unknown")).count();
        String count = unknown + " of the " + lines.size() + " cases";
        assertTrue(page.contains("Unknown: what macOS does in " + count), count);
    }

    /** What a loop relies on: kevent(2), EVFILT_USER, TCP, errors, pipes and poll(2). */
    @Test
    void mostOfWhatALoopReliesOnIsCompared() throws IOException {
        int all = 0;
        int compared = 0;
        for (String[] line : lines()) {
            if (Set.of("1", "2", "3", "4", "5", "8", "10").contains(line[0])) {
                all++;
                compared += Set.of("compared", "table").contains(line[2]) ? 1 : 0;
            }
        }
        assertTrue(compared >= all * 19 / 20, compared + " of " + all);
    }
}
