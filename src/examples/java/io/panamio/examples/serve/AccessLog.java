package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.examples.log.LogFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A loop's lines for the log, in the Common Log Format or the Combined one, written when there are many, and each
 * second. A line is made when its answer begins: the bytes are those that the content has. What is no plain ASCII in
 * what the client said is told as {@code \xHH}, so that nobody can forge a line. Makes no garbage.
 */
final class AccessLog {
    private static final int CAPACITY = 64 * 1024;
    /** Of what a client says, so much is told. */
    private static final int LONGEST = 2048;
    /** Larger than every line. */
    private static final int ROOM = 3 * 4 * LONGEST + 256;
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
        said(q.memory, q.line, q.lineLength);
        put('"');
        put(' ');
        number(status);
        put(' ');
        number(size);
        if (combined) {
            said(q, q.referer);
            said(q, q.userAgent);
        }
        put('\n');
        count++;
    }

    private void said(Request q, Request.Field field) {
        put(' ');
        put('"');
        if (field.length > 0) {
            said(q.memory, field.at, field.length);
        } else {
            put('-');
        }
        put('"');
    }

    private void said(MemorySegment m, long at, int size) {
        for (int i = 0; i < Math.min(size, LONGEST); i++) {
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

    /** Whether there are lines that are not written. */
    boolean hasLines() {
        return length > 0;
    }

    /** Writes the lines if the second has passed since it was done last. */
    void flushIfDue() {
        if (length > 0 && clock.second != flushed) {
            flush();
        }
    }

    /** Writes the lines. */
    void flush() {
        flushed = clock.second;
        bytes.clear().limit(length);
        file.write(bytes, count);
        length = 0;
        count = 0;
    }

    /** Writes the last lines, and waits a second at most until they are written. */
    void end() {
        flush();
        file.await(Duration.ofSeconds(1));
    }
}
