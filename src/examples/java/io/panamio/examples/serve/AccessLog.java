package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.examples.log.LogFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The access log of a loop, in the Common or Combined Log Format, written when the buffer is full and once a second. A
 * line is added when its response begins, so the size in it is that of the content, whether or not all of it is sent.
 * Bytes from the client other than printable ASCII, quotes and backslashes are written as {@code \xHH}, so that a
 * request cannot forge a line. Allocates nothing.
 */
final class AccessLog {
    private static final int CAPACITY = 64 * 1024;
    /** The maximum length of a value from the client. */
    private static final int MAX_VALUE = 2048;
    /** More than the maximum length of a line: three values, each of whose bytes may take four. */
    private static final int ROOM = 3 * 4 * MAX_VALUE + 256;
    private static final byte[] BEFORE_TIME = ascii(" - - [");
    private static final byte[] AFTER_TIME = ascii(" +0000] \"");
    private static final byte[] HEX = ascii("0123456789abcdef");

    private final LogFile file;
    private final boolean combined;
    private final Clock clock;
    private final MemorySegment lines = Arena.ofAuto().allocate(CAPACITY, 64);
    private final ByteBuffer bytes = lines.asByteBuffer();
    private int length;
    private int count;
    private long flushed;

    AccessLog(Settings settings, Clock clock) {
        file = settings.log;
        combined = settings.combinedLog;
        this.clock = clock;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Adds a line. */
    void line(Connection c, Request q, int status, long size) {
        if (length > CAPACITY - ROOM) {
            flush();
        }
        put(c.peer);
        put(BEFORE_TIME);
        MemorySegment.copy(clock.logTime, 0, lines, length, Clock.LOG_LENGTH);
        length += Clock.LOG_LENGTH;
        put(AFTER_TIME);
        escaped(q.memory, q.line, q.lineLength);
        put('"');
        put(' ');
        number(status);
        put(' ');
        number(size);
        if (combined) {
            escaped(q, q.referer);
            escaped(q, q.userAgent);
        }
        put('\n');
        count++;
    }

    private void escaped(Request q, Request.Field field) {
        put(' ');
        put('"');
        if (field.length > 0) {
            escaped(q.memory, field.at, field.length);
        } else {
            put('-');
        }
        put('"');
    }

    private void escaped(MemorySegment m, long at, int size) {
        for (int i = 0; i < Math.min(size, MAX_VALUE); i++) {
            byte b = m.get(JAVA_BYTE, at + i);
            if (b < ' ' || b == 0x7f || b == '"' || b == '\\') {
                put('\\');
                put('x');
                put((char) HEX[b >> 4 & 15]);
                put((char) HEX[b & 15]);
            } else {
                lines.set(JAVA_BYTE, length++, b);
            }
        }
    }

    private void put(char c) {
        lines.set(JAVA_BYTE, length++, (byte) c);
    }

    private void put(byte[] text) {
        MemorySegment.copy(text, 0, lines, JAVA_BYTE, length, text.length);
        length += text.length;
    }

    private void number(long n) {
        if (n >= 10) {
            number(n / 10);
        }
        put((char) ('0' + n % 10));
    }

    /** Returns whether lines are pending. */
    boolean hasLines() {
        return length > 0;
    }

    /** Writes the pending lines if a second has passed since the last write. */
    void flushIfDue() {
        if (length > 0 && clock.second != flushed) {
            flush();
        }
    }

    /** Writes the pending lines. */
    void flush() {
        flushed = clock.second;
        bytes.clear().limit(length);
        file.write(bytes, count);
        length = 0;
        count = 0;
    }

    /** Writes the pending lines, and waits for at most a second. */
    void end() {
        flush();
        file.await(Duration.ofSeconds(1));
    }
}
