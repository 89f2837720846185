package io.panamio.examples.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.serve.Request.Field;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Heads of requests, read by {@link Request} and by regular expressions, whole and in every prefix. */
public final class RequestFuzz {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern HEAD = Pattern.compile("[\r\n]*+((" + TOKEN + ") ([^\\x00-\\x20\\x7f]*+) "
        + "HTTP/1\\.([0-9]))\r?\n((?:" + TOKEN + ":[^\\x00-\\x08\\x0a-\\x1f\\x7f]*+\r?\n)*+)\r?\n");
    private static final Pattern LINE = Pattern.compile("(" + TOKEN + "):[ \t]*+(.*?)[ \t]*+\r?\n", Pattern.DOTALL);
    /** An empty line after another line. */
    private static final Pattern END = Pattern.compile("[\r\n]*+[^\r\n][^\n]*+\n(?:\r*+[^\r\n][^\n]*+\n)*+\r?\n");
    private static final String HOST = "(?:\\[[0-9A-Fa-f:.]*\\]|[A-Za-z0-9._~%!$&'()*+;=-]*)(?::[0-9]*)?";
    private static final Pattern ABSOLUTE = Pattern.compile("(?i:https?://)(" + HOST + ")((?:/.*)?)", Pattern.DOTALL);

    private RequestFuzz() {
    }

    /** Reads the input both ways. */
    public static void fuzzerTestOneInput(byte[] input) {
        Request q = new Request();
        MemorySegment m = MemorySegment.ofArray(input);
        int size = q.parse(m, 0, input.length);
        compare(q, size, new String(input, ISO_8859_1));
        // the same in parts, at another place, by an instance that was used before
        byte[] moved = new byte[input.length + 3];
        System.arraycopy(input, 0, moved, 3, input.length);
        int step = Math.max(1, input.length / 100);
        for (int n = input.length % step; n <= input.length; n += step) {
            int part = q.parse(MemorySegment.ofArray(moved), 3, 3 + n);
            if (size > 0) {
                assertEquals(n < size ? 0 : size, part, "of the first " + n + " bytes");
            } else {
                assertTrue(part <= 0, "accepted in parts, refused as a whole");
            }
        }
    }

    private static void compare(Request q, int size, String text) {
        Matcher head = HEAD.matcher(text);
        if (!head.lookingAt()) {
            assertTrue(size <= 0, "accepted");
            assertTrue(size < 0 || !END.matcher(text).lookingAt(), "waits for more after the end of a head");
            return;
        }
        String target = head.group(3);
        boolean old = head.group(4).equals("0");
        String path = path(head.group(2), target);
        List<String> hosts = values(head.group(5), "host");
        List<String> lengths = values(head.group(5), "content-length");
        List<String> encodings = values(head.group(5), "transfer-encoding");
        boolean valid = target.length() <= Request.TARGET_LIMIT && path != null
            && (hosts.size() == 1 && hosts.get(0).matches(HOST) || old && hosts.isEmpty())
            && lengths.stream().allMatch(s -> s.matches("[0-9]{1,18}"))
            && lengths.size() <= 1
            && (encodings.isEmpty() || encodings.size() == 1 && encodings.get(0).equalsIgnoreCase("chunked")
                && lengths.isEmpty() && !old);
        assertEquals(valid ? head.end() : -1, Math.max(size, -1), text);
        if (!valid) {
            return;
        }
        assertEquals(path, text(q, q.path, q.pathLength));
        assertEquals(Request.hash(q.memory, q.path, q.pathLength), q.pathHash);
        assertEquals(head.group(1), text(q, q.line, q.lineLength));
        assertEquals(method(head.group(2)), q.method);
        assertEquals(old, q.old);
        assertEquals(!encodings.isEmpty(), q.chunked);
        assertEquals(lengths.isEmpty() ? 0 : Long.parseLong(lengths.get(0)), q.contentLength);
        List<String> options = values(head.group(5), "connection").stream()
            .flatMap(s -> Pattern.compile("[, \t]+").splitAsStream(s.toLowerCase(Locale.ROOT))).toList();
        assertEquals((!old || options.contains("keep-alive")) && !options.contains("close"), q.keepAlive);
        for (Field f : List.of(q.range, q.ifRange, q.ifMatch, q.ifNoneMatch, q.ifModifiedSince, q.ifUnmodifiedSince,
                q.referer, q.userAgent, q.expect)) {
            List<String> got = new ArrayList<>();
            for (Field line = f.isPresent() ? f : null; line != null; line = line.next()) {
                got.add(text(q, line.at, line.length));
            }
            assertEquals(values(head.group(5), new String(f.name, ISO_8859_1)), got);
            assertEquals(got.size() == 1, f.isOne());
        }
        List<String> expected = values(head.group(5), "expect").stream()
            .flatMap(s -> Pattern.compile(",").splitAsStream(s)).map(s -> s.replaceAll("^[ \t]+|[ \t]+$", ""))
            .filter(s -> !s.isEmpty()).toList();
        assertEquals(!old && !expected.stream().allMatch("100-continue"::equalsIgnoreCase), q.expectsOther());
    }

    private static int method(String name) {
        return switch (name) {
            case "GET" -> Request.GET;
            case "HEAD" -> Request.HEAD;
            case "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT" -> Request.OTHER;
            default -> Request.UNKNOWN;
        };
    }

    /** Returns the path of a target, or null if it is invalid. */
    private static String path(String method, String target) {
        String path = target.replaceAll("(?s)\\?.*", "");
        if (path.startsWith("/") || method(method) >= Request.OTHER) {
            return path;
        }
        Matcher absolute = ABSOLUTE.matcher(path);
        return absolute.matches() && !absolute.group(1).isEmpty() ? absolute.group(2) : null;
    }

    private static List<String> values(String lines, String name) {
        return LINE.matcher(lines).results().filter(r -> r.group(1).equalsIgnoreCase(name)).map(r -> r.group(2))
            .toList();
    }

    private static String text(Request q, long at, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(q.memory, at, MemorySegment.ofArray(bytes), 0, length);
        return new String(bytes, ISO_8859_1);
    }
}
