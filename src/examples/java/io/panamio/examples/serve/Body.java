package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Skips the body of a request: of a known length, or chunked, RFC 9112 section 7.1. The parser is strict: otherwise
 * bytes that a proxy interprets as a chunk could be interpreted as a request here.
 */
final class Body {
    private static final int DONE = 0;
    private static final int PLAIN = 1;
    private static final int FIRST_DIGIT = 2;
    private static final int SIZE = 3;
    private static final int BLANKS = 4;
    private static final int EXTENSION = 5;
    private static final int END_OF_SIZE = 6;
    private static final int CHUNK = 7;
    private static final int AFTER_CHUNK = 8;
    private static final int END_OF_CHUNK = 9;
    private static final int TRAILER = 10;
    private static final int IN_TRAILER = 11;
    private static final int END_OF_TRAILER = 12;
    private static final int LAST = 13;
    private static final int TRAILER_NAME = 14;

    private int state = DONE;
    /** The bytes of the body or chunk still to come. */
    private long size;
    /** The bytes of the body that may still come, including the framing of chunks. */
    private long left;

    /** Begins the body of a request; the limit is the maximum size of a chunked one. */
    void begin(Request q, long limit) {
        size = q.contentLength;
        left = q.chunked ? limit : size;
        state = q.chunked ? FIRST_DIGIT : size > 0 ? PLAIN : DONE;
    }

    boolean isDone() {
        return state == DONE;
    }

    /** Returns how many of the bytes belong to the body, or a negated status if it is malformed. */
    long skip(MemorySegment m, long from, long to) {
        long p = from;
        while (p < to && state != DONE) {
            if (state == PLAIN || state == CHUNK) {
                long n = Math.min(size, to - p);
                p += n;
                size -= n;
                left -= n;
                if (size == 0) {
                    state = state == PLAIN ? DONE : AFTER_CHUNK;
                }
            } else {
                left--;
                state = next(m.get(JAVA_BYTE, p++));
                if (state < 0) {
                    return state;
                }
            }
            if (left < 0) {
                return -413;
            }
        }
        return p - from;
    }

    /** Returns the state after a byte, or a negated status. */
    private int next(byte b) {
        return switch (state) {
            case FIRST_DIGIT -> {
                size = 0;
                yield digit(b);
            }
            case SIZE -> b == '\r' ? END_OF_SIZE : b == ';' ? EXTENSION : Bytes.isBlank(b) ? BLANKS : digit(b);
            case BLANKS -> Bytes.isBlank(b) ? BLANKS : b == ';' ? EXTENSION : -400;
            case EXTENSION -> b == '\r' ? END_OF_SIZE : Bytes.isControl(b) ? -400 : EXTENSION;
            case END_OF_SIZE -> b != '\n' ? -400 : size == 0 ? TRAILER : CHUNK;
            case AFTER_CHUNK -> b == '\r' ? END_OF_CHUNK : -400;
            case END_OF_CHUNK -> b == '\n' ? FIRST_DIGIT : -400;
            case TRAILER -> b == '\r' ? LAST : Bytes.isToken(b) ? TRAILER_NAME : -400;
            case TRAILER_NAME -> b == ':' ? IN_TRAILER : Bytes.isToken(b) ? TRAILER_NAME : -400;
            case IN_TRAILER -> b == '\r' ? END_OF_TRAILER : Bytes.isControl(b) ? -400 : IN_TRAILER;
            case END_OF_TRAILER -> b == '\n' ? TRAILER : -400;
            case LAST -> b == '\n' ? DONE : -400;
            default -> throw new IllegalStateException("state " + state);
        };
    }

    private int digit(byte b) {
        int digit = Character.digit(b, 16);
        size = 16 * size + digit;
        return digit < 0 ? -400 : size < 0 || size > left ? -413 : SIZE;
    }
}
