package io.panamio.bench.tls;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * What the servers answer. The path of a request is one letter. The last byte of a request shows that it is complete:
 * {@link #END} of an upload, otherwise the line feed after the head. A head is smaller than a record, so it arrives as a
 * whole.
 */
final class Content {
    /** Asks for 64 bytes, after which the server closes the connection. */
    static final char CLOSE = 'c';
    /** Asks for a KiB. */
    static final char KIB = 'k';
    /** Asks for a MiB. */
    static final char MIB = 'm';
    /** Sends a MiB. */
    static final char UPLOAD = 'u';

    static final int LARGE = 1 << 20;
    /** The index of the path's letter in {@code GET /c} and, one further, in {@code POST /u}. */
    static final int LETTER = 5;
    static final byte END = '!';

    private Content() {
    }

    /** Returns the response, head and body. */
    static byte[] response(char page) {
        byte[] body = new byte[page == UPLOAD ? 0 : page == KIB ? 1024 : page == MIB ? LARGE : 64];
        new Random(42).nextBytes(body);
        byte[] head = ("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n"
            + (page == CLOSE ? "Connection: close\r\n" : "") + "\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    /** Returns whether a request ends with this byte. */
    static boolean isEnd(byte last) {
        return last == '\n' || last == END;
    }
}
