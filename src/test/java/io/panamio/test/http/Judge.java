package io.panamio.test.http;

import io.panamio.test.http.Rfc9112.Extent;
import io.panamio.test.http.Rfc9112.Message;
import io.panamio.test.http.Rfc9112.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * Judges the answers on a connection by what the two parsers see in the requests. What this parser expects must be so;
 * where HttpCore reads a request differently than {@code serve}, the difference must be a known one.
 */
final class Judge {
    private static final int BODY_LIMIT = 1 << 20;

    /** How HttpCore reads requests differently, where {@code serve} is right or as strict as the RFC permits. */
    private static final Set<String> EXPLAINED = explained();

    private final Map<String, byte[]> files;
    /** The differences, and how often they occurred. */
    final Map<String, LongAdder> differences = new ConcurrentHashMap<>();
    final LongAdder answers = new LongAdder();
    final LongAdder refusals = new LongAdder();

    Judge(Map<String, byte[]> files) {
        this.files = files;
    }

    private static Set<String> explained() {
        Set<String> all = new HashSet<>();
        for (Problem problem : Problem.values()) {
            all.add("refused here: " + problem);
        }
        all.add("complete there: chunks"); // it takes the end of the connection for that of the trailers
        return all;
    }

    /** What must be answered. */
    private record Expected(Set<Integer> statuses, byte[] content, boolean closes) {
    }

    /** Judges the answers to what was sent on a connection that the server has closed. */
    void judge(byte[] sent, List<Answer> answered) {
        List<Message> messages = Rfc9112.parse(sent);
        int n = 0;
        boolean closed = false;
        for (Message message : messages) {
            if (closed) {
                break;
            }
            if (message.extent == Extent.INCOMPLETE_HEAD && !message.problems.contains(Problem.LONG_HEAD)
                    && n == answered.size()) {
                break; // or it is refused as soon as it is hopeless
            }
            if (n == answered.size()) {
                throw new AssertionError("no answer to " + message);
            }
            Answer answer = answered.get(n++);
            Expected expected = expected(message);
            if (!expected.statuses.contains(answer.status())) {
                throw new AssertionError(answer.status() + " instead of " + expected.statuses + " for " + message);
            }
            if (expected.content != null && answer.status() == 200
                    && !Arrays.equals(expected.content, answer.content())) {
                throw new AssertionError("another content for " + message);
            }
            closed = expected.closes || answer.status() == 400 && answer.isLast();
            if (expected.closes != answer.isLast() && message.extent != Extent.INCOMPLETE_HEAD
                    && message.inBody == null) {
                throw new AssertionError((answer.isLast() ? "closed" : "kept open") + " after " + message);
            }
            answers.increment();
            if (!message.problems.isEmpty()) {
                refusals.increment();
            }
        }
        if (n < answered.size()) {
            throw new AssertionError(answered.size() + " answers, " + n + " requests: " + messages);
        }
        compare(messages, HttpCore.parse(sent), n);
    }

    private Expected expected(Message m) {
        if (m.extent == Extent.INCOMPLETE_HEAD && m.problems.isEmpty()) {
            return new Expected(Set.of(400, 413, 414, 431, 501, 505), null, true);
        }
        Set<Integer> statuses = new HashSet<>();
        if (!m.problems.isEmpty()) {
            for (int status : new int[] {400, 413, 414, 431, 501, 505}) {
                if (m.problems.stream().anyMatch(problem -> problem.allows(status))) {
                    statuses.add(status);
                }
            }
            if (m.extent == Extent.INCOMPLETE_HEAD) {
                statuses.addAll(Set.of(400, 413, 501, 505));
            }
            return new Expected(statuses, null, true);
        }
        List<String> connection = m.elements("connection");
        List<String> expect = m.elements("expect");
        boolean tooLarge = m.contentLength > BODY_LIMIT;
        boolean closes = (m.minor == 0 ? !connection.contains("keep-alive") : false) || connection.contains("close")
            || tooLarge || !m.values("expect").isEmpty() && (m.chunked || m.contentLength > 0);
        byte[] content = null;
        if (!Rfc9112.KNOWN.contains(m.method)) {
            statuses.add(501);
        } else if (!m.method.equals("GET") && !m.method.equals("HEAD")) {
            statuses.add(405);
        } else if (tooLarge) {
            statuses.add(413);
        } else if (m.minor > 0 && expect.stream().anyMatch(e -> !e.equals("100-continue"))) {
            statuses.add(417);
        } else {
            String[] known = Requests.TARGETS.stream().filter(t -> t[0].equals(m.target)).findAny().orElse(null);
            if (known == null || known[1] == null) {
                statuses.addAll(Set.of(301, 400, 403, 404));
            }
            if (known == null || known[1] != null) {
                statuses.add(200);
            }
            content = known == null || known[1] == null ? null
                : m.method.equals("HEAD") ? new byte[0] : files.get(known[1]);
        }
        if (m.inBody != null) { // found before the answer, or after it
            statuses.addAll(m.inBody == Problem.CHUNK ? Set.of(400) : Set.of(413));
            closes = true;
        }
        return new Expected(statuses, content, closes);
    }

    // ---- the other parser

    private void compare(List<Message> messages, List<HttpCore.Seen> seen, int answered) {
        for (int i = 0; i < Math.min(messages.size(), answered); i++) {
            Message m = messages.get(i);
            HttpCore.Seen other = i < seen.size() ? seen.get(i) : null;
            if (m.extent == Extent.INCOMPLETE_HEAD) {
                return;
            }
            if (!m.problems.isEmpty()) {
                if (other != null) {
                    differs("refused here: " + m.problems.iterator().next());
                }
                return;
            }
            if (m.extent == Extent.INCOMPLETE_BODY) {
                if (other != null && other.end() >= 0) {
                    differs(m.inBody != null ? "refused here: " + m.inBody : "complete there: " + trait(m));
                }
                return;
            }
            if (other == null) {
                differs("refused there: " + trait(m));
                return;
            }
            if (!other.method().equals(m.method) || other.end() != m.end) {
                differs("read differently: " + trait(m));
                return;
            }
        }
    }

    /** Returns what is unusual in a request. */
    private static String trait(Message m) {
        return m.target.chars().anyMatch(c -> c > 127) ? "bytes above 127 in the target"
            : m.minor > 1 ? "HTTP/1." + m.minor
            : !m.target.startsWith("/") ? "target " + m.target : m.chunked ? "chunks" : m.toString();
    }

    private void differs(String what) {
        differences.computeIfAbsent(what, w -> new LongAdder()).increment();
    }

    /** {@return the differences that have no explanation} */
    Set<String> unexplained() {
        return differences.keySet().stream().filter(d -> !EXPLAINED.contains(d)).collect(Collectors.toSet());
    }

    /** {@return a line for each difference} */
    String table() {
        return new TreeMap<>(differences).entrySet().stream().map(d -> d.getValue() + "\t" + d.getKey())
            .collect(Collectors.joining("\n"));
    }

    /** Returns bytes as text in which control characters are visible. */
    static String visible(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (char c : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray()) {
            text.append(c == '\r' ? "\\r" : c == '\n' ? "\\n\n" : c < ' ' || c > 126 ? String.format("\\x%02x", (int) c)
                : String.valueOf(c));
        }
        return text.toString();
    }
}
