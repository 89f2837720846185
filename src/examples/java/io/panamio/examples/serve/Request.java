package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The head of a request, parsed in place: stores offsets into the memory, so that nothing is copied or allocated. One
 * instance is used for all requests of a loop.
 *
 * <p>The parser is strict where two programs could interpret a request differently: no folded lines, no blanks before a
 * colon, no control characters, exactly one valid Host, one Content-Length or Transfer-Encoding. It is lenient where
 * that is harmless: a bare LF ends a line, and empty lines before a request are skipped.
 */
final class Request {
    static final int GET = 0;
    static final int HEAD = 1;
    /** A known method that is not allowed here. */
    static final int OTHER = 2;
    /** An unknown method. */
    static final int UNKNOWN = 3;
    private static final String[] OTHERS = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"};

    /** Larger targets are answered with 414. */
    static final int TARGET_LIMIT = 8000;
    /** Longer methods are answered with 501, however the request arrives. */
    private static final int METHOD_LIMIT = 64;
    private static final int INCOMPLETE = 0;

    /** Random, so that clients cannot construct paths that collide. */
    private static final int MULTIPLIER = ThreadLocalRandom.current().nextInt() | 1;

    /** The location of a header's value; absent if its length is negative. */
    static final class Field {
        final byte[] name;
        long at;
        int length = -1;
        /** The same header in a later line; allocated on first use and kept. */
        private Field next;
        private Field last = this;

        Field(String lowerCase) {
            this(lowerCase.getBytes(StandardCharsets.US_ASCII));
        }

        private Field(byte[] name) {
            this.name = name;
        }

        boolean isPresent() {
            return length >= 0;
        }

        /** Returns whether the header is present exactly once. */
        boolean isOne() {
            return isPresent() && last == this;
        }

        /** Returns the same header in the next line, or null if this is the last. */
        Field next() {
            return next != null && next.isPresent() ? next : null;
        }

        private void clear() {
            length = -1;
            last = this;
        }

        /** Adds a line, and returns it. */
        private Field add(long at, int length) {
            if (isPresent()) {
                if (last.next == null) {
                    last.next = new Field(name);
                }
                last = last.next;
            }
            last.at = at;
            last.length = length;
            if (last.next != null) {
                last.next.length = -1; // of an earlier request
            }
            return last;
        }
    }

    /** The memory that all offsets refer to. */
    MemorySegment memory;
    int method;
    /** The path of the target, as it was sent, without the query. */
    long path;
    int pathLength;
    int pathHash;
    /** The request line, for the log, as far as it was received. */
    long line;
    int lineLength;
    boolean keepAlive;
    /** Whether this is HTTP/1.0, which needs a header to keep the connection. */
    boolean old;
    boolean chunked;
    private boolean closing;
    /** The length of the body. */
    long contentLength;

    final Field range = new Field("range");
    final Field ifRange = new Field("if-range");
    final Field ifMatch = new Field("if-match");
    final Field ifNoneMatch = new Field("if-none-match");
    final Field ifModifiedSince = new Field("if-modified-since");
    final Field ifUnmodifiedSince = new Field("if-unmodified-since");
    final Field referer = new Field("referer");
    final Field userAgent = new Field("user-agent");
    final Field expect = new Field("expect");
    private final Field host = new Field("host");
    private final Field connection = new Field("connection");
    private final Field length = new Field("content-length");
    private final Field encoding = new Field("transfer-encoding");
    /** Indexed by the length of the name. */
    private final Field[][] fields = new Field[20][];

    Request() {
        Field[] all = {range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, referer, userAgent,
            expect, host, connection, length, encoding};
        for (int i = 0; i < fields.length; i++) {
            int size = i;
            fields[i] = Arrays.stream(all).filter(f -> f.name.length == size).toArray(Field[]::new);
        }
    }

    /**
     * Parses a head.
     *
     * @param m the memory
     * @param from the offset of its start
     * @param to the end of the received bytes
     * @return its length; 0 if it is incomplete; or a negated status if the request cannot be served, in which case the
     *     start of the next one is unknown
     */
    int parse(MemorySegment m, long from, long to) {
        memory = m;
        method = UNKNOWN;
        pathLength = 0;
        keepAlive = false;
        old = false;
        chunked = false;
        closing = false;
        contentLength = 0;
        for (Field[] some : fields) {
            for (Field field : some) {
                field.clear();
            }
        }
        long p = from;
        while (p < to && Bytes.isEndOfLine(m.get(JAVA_BYTE, p))) {
            p++;
        }
        line = p;
        lineLength = 0;
        p = requestLine(m, p, to);
        if (p <= INCOMPLETE) {
            if (lineLength == 0) {
                lineLength = firstLine(m, to);
            }
            return p == INCOMPLETE && to - line > TARGET_LIMIT + 64 && lineLength == to - line ? -414 : (int) p;
        }
        return headers(m, from, p, to);
    }

    private int firstLine(MemorySegment m, long to) {
        long p = line;
        while (p < to && !Bytes.isEndOfLine(m.get(JAVA_BYTE, p))) {
            p++;
        }
        return (int) (p - line);
    }

    /** Returns the start of the next line, 0 if incomplete, or a negated status. */
    private long requestLine(MemorySegment m, long from, long to) {
        long p = from;
        byte b;
        while (p < to && Bytes.isToken(m.get(JAVA_BYTE, p))) {
            p++;
        }
        if (p - from > METHOD_LIMIT) {
            return -501;
        }
        if (p == to) {
            return INCOMPLETE;
        }
        if (p == from || m.get(JAVA_BYTE, p) != ' ') {
            return -400;
        }
        method = is(m, from, p, "GET") ? GET : is(m, from, p, "HEAD") ? HEAD : other(m, from, p);
        long target = ++p;
        path = target;
        int hash = 0;
        while (p < to && (b = m.get(JAVA_BYTE, p)) != ' ' && b != '?') {
            if (b >= 0 && b < ' ' || b == 0x7f) {
                return -400;
            }
            hash = hash(hash, b);
            p++;
        }
        long pathEnd = p;
        while (p < to && (b = m.get(JAVA_BYTE, p)) != ' ') {
            if (b >= 0 && b < ' ' || b == 0x7f) {
                return -400;
            }
            p++;
        }
        if (p - target > TARGET_LIMIT) {
            return -414;
        }
        if (p == to) {
            return INCOMPLETE;
        }
        if (p == target) {
            return -400;
        }
        pathHash = hash;
        pathLength = (int) (pathEnd - target);
        if (to - p < 10) { // " HTTP/1.1\n"
            return Bytes.control(m, p, to) == to ? INCOMPLETE : -400;
        }
        lineLength = (int) (p + 9 - from);
        int status = version(m, p + 1);
        if (status != 0) {
            lineLength = 0;
            return -status;
        }
        p += 9;
        b = m.get(JAVA_BYTE, p++);
        if (b == '\r') {
            if (p == to) {
                return INCOMPLETE;
            }
            b = m.get(JAVA_BYTE, p++);
        }
        if (b != '\n') {
            return -400;
        }
        status = target(m, pathEnd);
        return status != 0 ? -status : p;
    }

    /** HTTP/1. as a little-endian number; all supported processors are little-endian. */
    private static final long HTTP = 0x2e312f50545448L;

    private static boolean is(MemorySegment m, long from, long to, String text) {
        if (to - from != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (m.get(JAVA_BYTE, from + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static int other(MemorySegment m, long from, long to) {
        for (String other : OTHERS) {
            if (is(m, from, to, other)) {
                return OTHER;
            }
        }
        return UNKNOWN;
    }

    private int version(MemorySegment m, long p) {
        long text = m.get(Bytes.EIGHT, p);
        int minor = (int) (text >>> 56) - '0';
        if ((text & 0xffffffffffffffL) != HTTP || minor < 0 || minor > 9) {
            boolean another = (text & 0xffffffffffL) == 0x2f50545448L && m.get(JAVA_BYTE, p + 6) == '.';
            return another ? 505 : 400;
        }
        old = minor == 0;
        keepAlive = !old;
        return 0;
    }

    /** Extracts the path from an absolute target. {@code *} (OPTIONS) and an authority (CONNECT) need none. */
    private int target(MemorySegment m, long end) {
        if (pathLength > 0 && m.get(JAVA_BYTE, path) == '/' || method >= OTHER) {
            return 0;
        }
        long p = path;
        if (!Bytes.startsWith(m, p, pathLength, HTTP_SCHEME) && !Bytes.startsWith(m, p, pathLength, HTTPS_SCHEME)) {
            return 400;
        }
        p += Bytes.startsWith(m, p, pathLength, HTTP_SCHEME) ? HTTP_SCHEME.length : HTTPS_SCHEME.length;
        long authority = p;
        while (p < end && m.get(JAVA_BYTE, p) != '/') {
            p++;
        }
        if (p == authority || !isHost(m, authority, p)) {
            return 400;
        }
        path = p;
        pathLength = (int) (end - p);
        pathHash = hash(m, p, pathLength);
        return 0;
    }

    private static int hash(int hash, byte b) {
        return hash * MULTIPLIER + b;
    }

    /** Returns the hash of a path, as in {@link #pathHash}. */
    static int hash(MemorySegment m, long at, int length) {
        int hash = 0;
        for (int i = 0; i < length; i++) {
            hash = hash(hash, m.get(JAVA_BYTE, at + i));
        }
        return hash;
    }

    /** Returns whether bytes are a host and an optional port; or empty. */
    private static boolean isHost(MemorySegment m, long from, long to) {
        long p = from;
        if (p < to && m.get(JAVA_BYTE, p) == '[') {
            do {
                p++;
            } while (p < to && Bytes.isIpv6(m.get(JAVA_BYTE, p)));
            if (p == from + 1 || p == to || m.get(JAVA_BYTE, p++) != ']') {
                return false;
            }
        } else {
            while (p < to && Bytes.isHost(m.get(JAVA_BYTE, p))) {
                p++;
            }
        }
        if (p < to && m.get(JAVA_BYTE, p++) != ':') {
            return false;
        }
        while (p < to && m.get(JAVA_BYTE, p) >= '0' && m.get(JAVA_BYTE, p) <= '9') {
            p++;
        }
        return p == to;
    }

    private static final byte[] HTTP_SCHEME = "http://".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HTTPS_SCHEME = "https://".getBytes(StandardCharsets.US_ASCII);

    // ---- headers

    private int headers(MemorySegment m, long from, long first, long to) {
        long p = first;
        for (;;) {
            if (p == to) {
                return INCOMPLETE;
            }
            long name = p;
            byte b;
            while (Bytes.isToken(b = m.get(JAVA_BYTE, p))) {
                if (++p == to) {
                    return INCOMPLETE;
                }
            }
            if (b != ':' || p == name) {
                if (p > name) {
                    return -400;
                }
                if (b == '\r') {
                    if (++p == to) {
                        return INCOMPLETE;
                    }
                    b = m.get(JAVA_BYTE, p);
                }
                return b != '\n' ? -400 : finish(m, (int) (p + 1 - from));
            }
            int nameLength = (int) (p - name);
            long value = ++p;
            p = Bytes.control(m, p, to);
            if (p == to) {
                return INCOMPLETE;
            }
            long end = p;
            if (m.get(JAVA_BYTE, p) == '\r') {
                if (++p == to) {
                    return INCOMPLETE;
                }
            }
            if (m.get(JAVA_BYTE, p++) != '\n') {
                return -400;
            }
            if (nameLength < fields.length && fields[nameLength].length > 0) {
                int status = field(m, name, nameLength, value, end);
                if (status != 0) {
                    return -status;
                }
            }
        }
    }

    private int field(MemorySegment m, long name, int nameLength, long from, long to) {
        for (Field field : fields[nameLength]) {
            if (Bytes.startsWith(m, name, nameLength, field.name)) {
                long at = from;
                long end = to;
                while (at < end && Bytes.isBlank(m.get(JAVA_BYTE, at))) {
                    at++;
                }
                while (at < end && Bytes.isBlank(m.get(JAVA_BYTE, end - 1))) {
                    end--;
                }
                boolean again = field.isPresent();
                Field one = field.add(at, (int) (end - at));
                return field == connection ? connection(m, one) : field == length ? length(m, one, again)
                    : again && (field == host || field == encoding) ? 400 : 0;
            }
        }
        return 0;
    }

    private int connection(MemorySegment m, Field field) {
        long end = field.at + field.length;
        for (long p = field.at; p < end;) {
            long from = p;
            while (p < end && m.get(JAVA_BYTE, p) != ',' && !Bytes.isBlank(m.get(JAVA_BYTE, p))) {
                p++;
            }
            int size = (int) (p - from);
            if (size == CLOSE.length && Bytes.startsWith(m, from, size, CLOSE)) {
                closing = true;
            } else if (size == KEEP_ALIVE.length && Bytes.startsWith(m, from, size, KEEP_ALIVE)) {
                keepAlive = true;
            }
            p++;
        }
        return 0;
    }

    private static final byte[] CLOSE = "close".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEEP_ALIVE = "keep-alive".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTINUE = "100-continue".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "chunked".getBytes(StandardCharsets.US_ASCII);

    private int length(MemorySegment m, Field field, boolean again) {
        if (again || field.length == 0) { // some programs ignore a length that is there twice
            return 400;
        }
        if (field.length > 18) {
            return 413;
        }
        long n = 0;
        for (long p = field.at; p < field.at + field.length; p++) {
            int digit = m.get(JAVA_BYTE, p) - '0';
            if (digit < 0 || digit > 9) {
                return 400;
            }
            n = 10 * n + digit;
        }
        contentLength = n;
        return 0;
    }

    /** Returns whether there is an expectation other than 100-continue; HTTP/1.0 has none. */
    boolean expectsOther() {
        for (Field field = expect; !old && field != null && field.isPresent(); field = field.next()) {
            long end = field.at + field.length;
            for (long p = field.at; p < end; p++) {
                long from = p;
                while (p < end && memory.get(JAVA_BYTE, p) != ',') {
                    p++;
                }
                long to = p;
                while (from < to && Bytes.isBlank(memory.get(JAVA_BYTE, from))) {
                    from++;
                }
                while (from < to && Bytes.isBlank(memory.get(JAVA_BYTE, to - 1))) {
                    to--;
                }
                int size = (int) (to - from);
                if (size > 0 && !(size == CONTINUE.length && Bytes.startsWith(memory, from, size, CONTINUE))) {
                    return true;
                }
            }
        }
        return false;
    }

    private int finish(MemorySegment m, int size) {
        keepAlive &= !closing;
        if (host.isPresent() ? !isHost(m, host.at, host.at + host.length) : !old) {
            return -400;
        }
        if (encoding.isPresent()) {
            if (length.isPresent() || old) {
                return -400;
            }
            chunked = true;
            if (encoding.length != CHUNKED.length || !Bytes.startsWith(m, encoding.at, encoding.length, CHUNKED)) {
                return -501;
            }
        }
        return size;
    }
}
