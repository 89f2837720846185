package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.examples.serve.files.FileAccess;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Responds to requests: chooses the status, head and content. A prepared resource is sent as it is; other heads are
 * composed of its parts. Allocates nothing for a cached resource. One instance per loop.
 */
final class Responses implements AutoCloseable {
    /** Larger than every head that is not prepared. */
    private static final int HEAD = 1024;

    private final Settings settings;
    private final Clock clock;
    private final Output out;
    private final AccessLog log;
    final FileCache files;
    private final Conditions conditions = new Conditions();
    private final Resource[] errors = new Resource[600];
    /** Whether every connection closes after its response. */
    boolean ending;
    /** Whether the response to the last request has begun. */
    boolean begun;
    long count;

    Responses(Settings settings, Clock clock, Output out, FileCache files, AccessLog log) {
        this.settings = settings;
        this.clock = clock;
        this.out = out;
        this.log = log;
        this.files = files;
    }

    // ---- prepared responses

    /** Returns a response whose content is its status code and reason phrase. */
    static Resource error(Resource.Parts parts, int status) {
        parts.status = status;
        parts.reason = reason(status);
        parts.validators = "";
        parts.entity = (status == 405 ? "Allow: GET, HEAD\r\n" : "") + "Content-Type: text/plain; charset=utf-8\r\n";
        parts.content = (status + " " + parts.reason + "\n").getBytes(StandardCharsets.US_ASCII);
        parts.size = -1;
        parts.inMemory = true;
        parts.path = null;
        return new Resource(parts);
    }

    private static String reason(int status) {
        return switch (status) {
            case 301 -> "Moved Permanently";
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 417 -> "Expectation Failed";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 503 -> "Service Unavailable";
            case 505 -> "HTTP Version Not Supported";
            default -> throw new IllegalArgumentException("status " + status);
        };
    }

    /** Returns a redirect to a location in plain ASCII. */
    static Resource redirect(Resource.Parts parts, String location) {
        parts.status = 301;
        parts.reason = reason(301);
        parts.entity = "Location: " + location + "\r\nContent-Type: text/plain; charset=utf-8\r\n";
        parts.content = (location + "\n").getBytes(StandardCharsets.US_ASCII);
        return new Resource(parts);
    }

    /**
     * Sets the headers of a file from its status. The entity tag consists of inode, size and time to the nanosecond.
     */
    static void describe(Resource.Parts parts, FileAccess status, byte[] name) {
        MemorySegment date = Arena.ofAuto().allocate(HttpDate.LENGTH);
        long now = System.currentTimeMillis() / 1000; // a time in the future must not be sent
        HttpDate.write(Math.clamp(status.seconds, HttpDate.FIRST, now), date, 0);
        String modified = new String(date.toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
        parts.validators = "ETag: \"" + Long.toHexString(status.seconds) + "." + Integer.toHexString(status.nanos) + "-"
            + Long.toHexString(status.size) + "-" + Long.toHexString(status.inode) + "\"\r\nLast-Modified: "
            + modified + "\r\n";
        parts.entity = "Content-Type: " + ContentTypes.of(name) + "\r\nAccept-Ranges: bytes\r\n";
    }

    // ---- answering

    /** Responds to a request whose head has been read. */
    void respond(Connection c, Request q, boolean last) throws IOException {
        boolean tooLarge = q.contentLength > settings.bodyLimit;
        c.closing = !q.keepAlive || ending || tooLarge || q.expect.isPresent() && (q.chunked || q.contentLength > 0);
        c.moreToCome = c.closing && !c.body.isDone();
        Resource found = null;
        int status = q.method == Request.UNKNOWN ? 501 : q.method == Request.OTHER ? 405 : tooLarge ? 413
            : q.expectsOther() ? 417 : 0;
        if (status == 0) {
            found = files.find(q);
            status = files.status;
        }
        send(c, q, found != null ? found : error(status), last);
    }

    /** Responds to a malformed or incomplete request. */
    void refuse(Connection c, Request q, int status) throws IOException {
        c.closing = true;
        c.moreToCome = true;
        send(c, q, error(status), true);
    }

    private Resource error(int status) {
        if (errors[status] == null) {
            errors[status] = error(new Resource.Parts(), status);
            errors[status].cached = true; // in this array, until close
        }
        return errors[status];
    }

    private void send(Connection c, Request q, Resource r, boolean last) throws IOException {
        begun = true;
        count++;
        int status = r.isFile() ? conditions.status(q, r) : r.status;
        boolean body = q.method != Request.HEAD;
        r.date(clock);
        if (status == r.status) {
            if (log != null) {
                log.line(c, q, status, body ? r.size : 0);
            }
            whole(c, q, r, body, last);
            return;
        }
        boolean part = status == 206;
        if (log != null) {
            log.line(c, q, status, part ? conditions.to - conditions.from : 0);
        }
        out.reserve(c, HEAD);
        out.put(status == 206 ? PARTIAL : status == 304 ? NOT_MODIFIED : status == 412 ? FAILED : UNSATISFIABLE);
        out.put(clock.date, 0, HttpDate.LENGTH);
        out.put(END_OF_LINE);
        if (status == 416) {
            out.put(NO_RANGE);
            out.putNumber(r.size);
            out.put(END_OF_LINE);
            out.put(NO_CONTENT);
        } else if (status == 412) {
            out.put(NO_CONTENT);
        } else {
            out.put(r.memory, r.validatorsAt, (part ? r.lengthAt : r.entityAt) - r.validatorsAt);
        }
        if (part) {
            range(r);
        }
        connection(c, q);
        if (part) {
            out.content(c, r, conditions.from, conditions.to);
        }
    }

    private void range(Resource r) {
        out.put(RANGE);
        out.putNumber(conditions.from);
        out.put(DASH);
        out.putNumber(conditions.to - 1);
        out.put(SLASH);
        out.putNumber(r.size);
        out.put(LENGTH);
        out.putNumber(conditions.to - conditions.from);
        out.put(END_OF_LINE);
    }

    private void whole(Connection c, Request q, Resource r, boolean body, boolean last) throws IOException {
        if (body && r.inMemory && last && !c.closing && !q.old && out.isEmpty() && !c.hasOutput()) {
            out.write(c, r);
            return;
        }
        out.reserve(c, r.headLength + HEAD);
        out.put(r.memory, 0, r.headLength - END_OF_LINE.length);
        connection(c, q);
        if (body) {
            out.content(c, r, 0, r.size);
        }
    }

    /** Adds the Connection header where it differs from the default, and ends the head. */
    private void connection(Connection c, Request q) {
        if (c.closing) {
            out.put(CLOSE);
        } else if (q.old) {
            out.put(KEEP_ALIVE);
        }
        out.put(END_OF_LINE);
    }

    @Override
    public void close() {
        files.close();
        for (Resource r : errors) {
            if (r != null) {
                r.cached = false;
                r.endIfUnused();
            }
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static final byte[] PARTIAL = ascii("HTTP/1.1 206 Partial Content\r\nDate: ");
    private static final byte[] NOT_MODIFIED = ascii("HTTP/1.1 304 Not Modified\r\nDate: ");
    private static final byte[] FAILED = ascii("HTTP/1.1 412 Precondition Failed\r\nDate: ");
    private static final byte[] UNSATISFIABLE = ascii("HTTP/1.1 416 Range Not Satisfiable\r\nDate: ");
    private static final byte[] RANGE = ascii("Content-Range: bytes ");
    private static final byte[] NO_RANGE = ascii("Content-Range: bytes */");
    private static final byte[] NO_CONTENT = ascii("Content-Length: 0\r\n");
    private static final byte[] LENGTH = ascii("\r\nContent-Length: ");
    private static final byte[] DASH = ascii("-");
    private static final byte[] SLASH = ascii("/");
    private static final byte[] END_OF_LINE = ascii("\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
}
