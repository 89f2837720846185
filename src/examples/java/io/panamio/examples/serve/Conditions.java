package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.examples.serve.Request.Field;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Conditional requests and ranges: evaluates RFC 9110, section 13, and then section 14. Several ranges are answered
 * with the whole file, which the RFC allows. Entity tags may be in several lines; a date or range that is repeated is
 * invalid and ignored. One instance is used for all requests of a loop.
 */
final class Conditions {
    private static final byte[] BYTES = "bytes=".getBytes(StandardCharsets.US_ASCII);

    /** The range of the content that a response with status 206 contains. */
    long from;
    long to;

    /** Returns the status: 200, 206, 304, 412 or 416. */
    int status(Request q, Resource r) {
        MemorySegment m = q.memory;
        from = 0;
        to = r.size;
        if (q.ifMatch.isPresent()) {
            if (!matches(m, q.ifMatch, r, false)) {
                return 412;
            }
        } else if (q.ifUnmodifiedSince.isOne()) {
            long date = date(m, q.ifUnmodifiedSince);
            if (date != HttpDate.NONE && r.seconds > date && !isItsDate(m, q.ifUnmodifiedSince, r)) {
                return 412;
            }
        }
        if (q.ifNoneMatch.isPresent()) {
            if (matches(m, q.ifNoneMatch, r, true)) {
                return 304;
            }
        } else if (q.ifModifiedSince.isOne() && (isItsDate(m, q.ifModifiedSince, r)
                || r.seconds <= date(m, q.ifModifiedSince))) { // an invalid date is before all others
            return 304;
        }
        if (q.range.isOne() && q.method == Request.GET && (!q.ifRange.isPresent() || isCurrent(m, q.ifRange, r))) {
            return range(m, q.range, r.size);
        }
        return 200;
    }

    private static long date(MemorySegment m, Field field) {
        return HttpDate.parse(m, field.at, field.length);
    }

    private static boolean isItsDate(MemorySegment m, Field field, Resource r) {
        return field.length == HttpDate.LENGTH && MemorySegment.mismatch(m, field.at, field.at + HttpDate.LENGTH,
            r.memory, r.modifiedAt, r.modifiedAt + HttpDate.LENGTH) < 0;
    }

    private static boolean isCurrent(MemorySegment m, Field field, Resource r) {
        return field.isOne() && (isTag(m, field.at, field.length, r) || isItsDate(m, field, r));
    }

    private static boolean isTag(MemorySegment m, long at, long length, Resource r) {
        return length == r.etagLength
            && MemorySegment.mismatch(m, at, at + length, r.memory, r.etagAt, r.etagAt + length) < 0;
    }

    /** Returns whether a list of entity tags contains that of the resource, or {@code *}. */
    private static boolean matches(MemorySegment m, Field list, Resource r, boolean weak) {
        for (Field field = list; field != null; field = field.next()) {
            if (has(m, field, r, weak)) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(MemorySegment m, Field field, Resource r, boolean weak) {
        long end = field.at + field.length;
        for (long p = field.at; p < end; p++) {
            byte b = m.get(JAVA_BYTE, p);
            if (b == '*') {
                return true;
            }
            if (b != ',' && b != ' ' && b != '\t') {
                boolean isWeak = b == 'W' && p + 1 < end && m.get(JAVA_BYTE, p + 1) == '/';
                p += isWeak ? 2 : 0;
                long tag = p++;
                while (p < end && m.get(JAVA_BYTE, p) != '"') {
                    p++;
                }
                if (p < end && (weak || !isWeak) && isTag(m, tag, p + 1 - tag, r)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- ranges

    private int range(MemorySegment m, Field field, long size) {
        long end = field.at + field.length;
        if (!Bytes.startsWith(m, field.at, field.length, BYTES)) {
            return 200; // another unit
        }
        long p = field.at + BYTES.length;
        long first = number(m, p, end);
        p = afterNumber;
        if (p == end || m.get(JAVA_BYTE, p) != '-') {
            return 200; // an invalid range is ignored
        }
        long last = number(m, p + 1, end);
        if (afterNumber != end || first < 0 && last < 0 || last >= 0 && first > last) {
            return 200; // as are several ranges
        }
        if (first < 0) { // the last bytes
            if (last == 0) {
                return 416;
            }
            from = Math.max(0, size - last);
            return size == 0 ? 200 : 206;
        }
        if (first >= size) {
            return 416;
        }
        from = first;
        to = last < 0 ? size : Math.min(size, last + 1);
        return 206;
    }

    private long afterNumber;

    /** Returns a number, saturated near Long.MAX_VALUE; -1 if there are no digits. */
    private long number(MemorySegment m, long at, long end) {
        long p = at;
        long n = 0;
        int digit;
        while (p < end && (digit = m.get(JAVA_BYTE, p) - '0') >= 0 && digit <= 9) {
            n = n > Long.MAX_VALUE / 10 - 1 ? Long.MAX_VALUE - 1 : 10 * n + digit;
            p++;
        }
        afterNumber = p;
        return p == at ? -1 : n;
    }
}
