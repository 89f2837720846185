package io.panamio.examples.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Paths of requests, normalized by {@link TargetPath} and name by name. */
public final class PathFuzz {
    private static final Pattern INVALID = Pattern.compile("%(?![0-9A-Fa-f]{2})|%00|\\x00");
    private static final Pattern ENCODED = Pattern.compile("%([0-9A-Fa-f]{2})");
    private static final Pattern DIRECTORY = Pattern.compile("(?:.*/)?\\.{0,2}", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("/[A-Za-z0-9._~%/-]*");

    private PathFuzz() {
    }

    /** Normalizes the input both ways, and what it becomes once more. */
    public static void fuzzerTestOneInput(byte[] input) {
        TargetPath path = new TargetPath();
        boolean valid = path.read(MemorySegment.ofArray(input), 0, input.length);
        List<String> names = names(new String(input, ISO_8859_1));
        assertEquals(names != null, valid);
        if (!valid) {
            return;
        }
        assertEquals(String.join("/", names), new String(path.names(), ISO_8859_1));
        byte[] key = key(path);
        String text = new String(key, ISO_8859_1);
        assertTrue(KEY.matcher(text).matches() && !text.contains("//"), text);
        boolean directory = path.isDirectory();
        assertEquals(directory, text.endsWith("/"));
        assertEquals(DIRECTORY.matcher(decoded(new String(input, ISO_8859_1))).matches(), directory);
        byte[] plain = path.names();
        assertTrue(path.read(MemorySegment.ofArray(key), 0, key.length), "its own key");
        assertEquals(text, new String(key(path), ISO_8859_1));
        assertEquals(new String(plain, ISO_8859_1), new String(path.names(), ISO_8859_1));
        assertEquals(directory, path.isDirectory());
        assertEquals(text.replaceAll("^/|/$", ""), TargetPath.encoded(plain));
    }

    private static byte[] key(TargetPath path) {
        return path.key().asSlice(0, path.keyLength()).toArray(ValueLayout.JAVA_BYTE);
    }

    private static String decoded(String path) {
        return ENCODED.matcher(path)
            .replaceAll(r -> Matcher.quoteReplacement("" + (char) Integer.parseInt(r.group(1), 16)));
    }

    /** Returns the names of a path, or null if it is invalid. */
    private static List<String> names(String path) {
        if (INVALID.matcher(path).find()) {
            return null;
        }
        List<String> names = new ArrayList<>();
        for (String name : decoded(path).split("/")) {
            if (name.equals("..")) {
                if (names.isEmpty()) {
                    return null;
                }
                names.removeLast();
            } else if (!name.isEmpty() && !name.equals(".")) {
                names.add(name);
            }
        }
        return names;
    }
}
