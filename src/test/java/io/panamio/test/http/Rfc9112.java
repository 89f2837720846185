package io.panamio.test.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A parser of requests, written from RFC 9112 for clarity, not for speed: where the RFC lets a server choose between
 * refusing and repairing, it refuses. It is lenient where {@code serve} is documented to be: a bare LF ends a line of a
 * head, empty lines before a request are skipped, and bytes above 127 may be in a target.
 */
final class Rfc9112 {
    /** Why a request is refused, and the status. */
    enum Problem {
        /** Section 3: not a method, a target and a version, separated by one blank each. */
        REQUEST_LINE(400),
        /** Section 3: longer than any that the server implements. */
        LONG_METHOD(501),
        /** Section 2.3. */
        VERSION(505, 400),
        /** Section 3.2: neither a path nor an absolute URI, for a method that needs one. */
        TARGET(400),
        /** Section 3: longer than the server permits. */
        LONG_TARGET(414, 431),
        LONG_HEAD(431),
        /** Section 5: no name, or no colon directly after it. */
        FIELD(400),
        /** Section 5.2. */
        FOLDED_LINE(400),
        /** RFC 9110, section 5.5: a NUL, a bare CR or another control character. */
        CONTROL_CHARACTER(400),
        /** Section 3.2: none, several, or an invalid one. */
        HOST(400),
        /** Section 6.3: not one number. */
        CONTENT_LENGTH(400),
        /** A number that no server could count to. */
        LARGE_CONTENT_LENGTH(413),
        /** Section 6.3: both, or a coding in HTTP/1.0, or several lines. */
        TRANSFER_ENCODING(400),
        /** Section 6.1. */
        UNKNOWN_CODING(501),
        /** Section 7.1. */
        CHUNK(400),
        LARGE_CHUNK(413);

        private final Set<Integer> statuses;

        Problem(Integer... statuses) {
            this.statuses = Set.of(statuses);
        }

        boolean allows(int status) {
            return statuses.contains(status);
        }
    }

    /** How far a request goes. */
    enum Extent {
        COMPLETE, INCOMPLETE_BODY, INCOMPLETE_HEAD
    }

    /** A request. */
    static final class Message {
        final int start;
        int end;
        String method = "";
        String target = "";
        int minor;
        final List<String[]> fields = new ArrayList<>();
        final Set<Problem> problems = EnumSet.noneOf(Problem.class);
        /** Found in the body, possibly after the answer. */
        Problem inBody;
        Extent extent = Extent.INCOMPLETE_HEAD;
        long contentLength;
        boolean chunked;

        Message(int start) {
            this.start = start;
        }

        List<String> values(String name) {
            return fields.stream().filter(f -> f[0].equals(name)).map(f -> f[1]).toList();
        }

        /** {@return the elements of a list, in lower case} */
        List<String> elements(String name) {
            List<String> all = new ArrayList<>();
            for (String value : values(name)) {
                for (String element : value.split(",")) {
                    if (!element.strip().isEmpty()) {
                        all.add(element.strip().toLowerCase(Locale.ROOT));
                    }
                }
            }
            return all;
        }

        @Override
        public String toString() {
            return method + " " + target + " " + extent + " " + problems + (inBody != null ? " then " + inBody : "");
        }
    }

    private static final int HEAD_LIMIT = 16 * 1024;
    private static final int TARGET_LIMIT = 8000;
    private static final int METHOD_LIMIT = 64;
    private static final String TCHAR =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int BODY_LIMIT = 1 << 20;
    private static final String TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
    private static final Pattern REQUEST_LINE = Pattern.compile("(" + TOKEN + ") ([^ ]+) (HTTP/\\d\\.\\d)");
    private static final Pattern OTHER_VERSION = Pattern.compile(TOKEN + " [^ ]+ HTTP/.*", Pattern.DOTALL);
    private static final Pattern FIELD = Pattern.compile("(" + TOKEN + "):[ \t]*(.*?)[ \t]*", Pattern.DOTALL);
    private static final Pattern HOST =
        Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9\\-._~%!$&'()*+;=]*)(:\\d*)?");
    private static final Pattern TRAILER = Pattern.compile(TOKEN + ":.*", Pattern.DOTALL);
    /** The grammar of extensions is not checked, as nothing depends on it: only that none hides the end of the line. */
    private static final Pattern CHUNK = Pattern.compile("[0-9A-Fa-f]+([ \t]*;.*)?", Pattern.DOTALL);
    static final Set<String> KNOWN =
        Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT");

    private final byte[] bytes;
    private int at;

    private Rfc9112(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns the requests up to the first one that is refused or incomplete, which is the last one of the list. */
    static List<Message> parse(byte[] bytes) {
        Rfc9112 parser = new Rfc9112(bytes);
        List<Message> all = new ArrayList<>();
        while (parser.at < bytes.length) {
            Message message = parser.message();
            if (message == null) {
                break; // only empty lines
            }
            all.add(message);
            if (!message.problems.isEmpty() || message.extent != Extent.COMPLETE) {
                break;
            }
        }
        return all;
    }

    private Message message() {
        Message m = new Message(at);
        int limit = Math.min(bytes.length, at + HEAD_LIMIT);
        while (at < limit && (bytes[at] == '\r' || bytes[at] == '\n')) {
            at++;
        }
        if (at == limit && limit == bytes.length) {
            return null;
        }
        if (new String(bytes, at, Math.min(5, bytes.length - at), StandardCharsets.ISO_8859_1).equals("HEAD ")) {
            m.method = "HEAD"; // also if the rest is malformed
        }
        int method = at;
        while (method < limit && TCHAR.indexOf(bytes[method]) >= 0) {
            method++;
        }
        if (method - at > METHOD_LIMIT) {
            m.problems.add(Problem.LONG_METHOD);
            m.extent = Extent.COMPLETE;
            return m;
        }
        String line = line(m, limit, true);
        if (line == null) {
            return incomplete(m, limit);
        }
        requestLine(m, line);
        while ((line = line(m, limit, false)) != null && !line.isEmpty()) {
            field(m, line);
        }
        if (line == null) {
            return incomplete(m, limit);
        }
        head(m);
        m.end = at;
        if (m.problems.isEmpty()) {
            body(m);
        } else {
            m.extent = Extent.COMPLETE;
        }
        return m;
    }

    private Message incomplete(Message m, int limit) {
        if (limit < bytes.length || limit - m.start == HEAD_LIMIT) {
            m.problems.add(Problem.LONG_HEAD);
        }
        return m;
    }

    /** Returns the next line without its end, or null if it is incomplete. */
    private String line(Message m, int limit, boolean first) {
        int end = at;
        while (end < limit && bytes[end] != '\n') {
            end++;
        }
        if (first && end - at > TARGET_LIMIT) {
            m.problems.add(Problem.LONG_TARGET);
        }
        if (end == limit) {
            return null;
        }
        int last = end > at && bytes[end - 1] == '\r' ? end - 1 : end;
        String line = new String(bytes, at, last - at, StandardCharsets.ISO_8859_1);
        at = end + 1;
        if (line.chars().anyMatch(c -> c < ' ' && (c != '\t' || first) || c == 0x7f)) {
            m.problems.add(Problem.CONTROL_CHARACTER);
        }
        return line;
    }

    private static void requestLine(Message m, String line) {
        Matcher matcher = REQUEST_LINE.matcher(line);
        if (!matcher.matches()) {
            m.problems.add(OTHER_VERSION.matcher(line).matches() ? Problem.VERSION : Problem.REQUEST_LINE);
            return;
        }
        m.method = matcher.group(1);
        m.target = matcher.group(2);
        m.minor = matcher.group(3).charAt(7) - '0';
        if (matcher.group(3).charAt(5) != '1') {
            m.problems.add(Problem.VERSION);
        }
        if (m.target.length() <= TARGET_LIMIT) {
            m.problems.remove(Problem.LONG_TARGET);
        }
        if (Set.of("GET", "HEAD").contains(m.method) && !m.target.startsWith("/")) {
            Matcher uri = Pattern.compile("(?i)https?://([^/?]*)([/?].*)?", Pattern.DOTALL).matcher(m.target);
            if (!uri.matches() || uri.group(1).isEmpty() || !HOST.matcher(uri.group(1)).matches()) {
                m.problems.add(Problem.TARGET);
            }
        }
    }

    private static void field(Message m, String line) {
        Matcher matcher = FIELD.matcher(line);
        if (line.startsWith(" ") || line.startsWith("\t")) {
            m.problems.add(Problem.FOLDED_LINE);
        } else if (!matcher.matches()) {
            m.problems.add(Problem.FIELD);
        } else {
            m.fields.add(new String[] {matcher.group(1).toLowerCase(Locale.ROOT), matcher.group(2)});
        }
    }

    private static void head(Message m) {
        List<String> hosts = m.values("host");
        if (hosts.size() > 1 || hosts.isEmpty() && m.minor > 0
                || !hosts.isEmpty() && !HOST.matcher(hosts.getFirst()).matches()) {
            m.problems.add(Problem.HOST);
        }
        List<String> lengths = m.values("content-length");
        for (String length : lengths) {
            if (!length.matches("[0-9]+")) {
                m.problems.add(length.length() > 18 ? Problem.LARGE_CONTENT_LENGTH : Problem.CONTENT_LENGTH);
            } else if (length.length() > 18) {
                m.problems.add(Problem.LARGE_CONTENT_LENGTH);
            } else {
                m.contentLength = Long.parseLong(length);
            }
        }
        if (lengths.size() > 1) {
            m.problems.add(Problem.CONTENT_LENGTH);
        }
        List<String> codings = m.values("transfer-encoding");
        if (!codings.isEmpty()) {
            m.chunked = true;
            if (codings.size() > 1 || !lengths.isEmpty() || m.minor == 0) {
                m.problems.add(Problem.TRANSFER_ENCODING);
            } else if (!codings.getFirst().equalsIgnoreCase("chunked")) {
                m.problems.add(Problem.UNKNOWN_CODING);
            }
        }
    }

    private void body(Message m) {
        m.extent = Extent.INCOMPLETE_BODY;
        if (m.chunked) {
            chunks(m);
        } else if (m.contentLength <= bytes.length - at) {
            at += (int) m.contentLength;
            m.extent = Extent.COMPLETE;
        }
        m.end = at;
    }

    private void chunks(Message m) {
        int begin = at;
        for (;;) {
            int size = 0;
            for (int p = at; p < bytes.length && Character.digit(bytes[p], 16) >= 0; p++) {
                size = 16 * size + Character.digit(bytes[p], 16);
                if (size > BODY_LIMIT - (p - begin)) { // whatever follows
                    m.inBody = Problem.LARGE_CHUNK;
                    return;
                }
            }
            String line = strictLine(m);
            if (line == null) {
                return;
            }
            if (!CHUNK.matcher(line).matches()) {
                m.inBody = Problem.CHUNK;
                return;
            }
            if (size == 0) {
                trailers(m);
                return;
            }
            if (bytes.length - at < size) {
                return;
            }
            at += size;
            line = strictLine(m);
            if (line == null) {
                return;
            }
            if (!line.isEmpty()) {
                m.inBody = Problem.CHUNK;
                return;
            }
        }
    }

    private void trailers(Message m) {
        for (String line; (line = strictLine(m)) != null;) {
            if (line.isEmpty()) {
                m.extent = Extent.COMPLETE;
                return;
            }
            if (!TRAILER.matcher(line).matches()) {
                m.inBody = Problem.CHUNK;
                return;
            }
        }
    }

    /** Returns the next line, which must end with CRLF and have no control character. */
    private String strictLine(Message m) {
        int end = at;
        while (end < bytes.length
                && !(bytes[end] == '\r' && (end + 1 == bytes.length || bytes[end + 1] == '\n'))) {
            if (bytes[end] >= 0 && bytes[end] < ' ' && bytes[end] != '\t' || bytes[end] == 0x7f) {
                m.inBody = Problem.CHUNK;
                return null;
            }
            end++;
        }
        if (end + 1 >= bytes.length) {
            return null;
        }
        String line = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
        at = end + 2;
        return line;
    }
}
