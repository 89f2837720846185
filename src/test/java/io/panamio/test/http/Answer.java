package io.panamio.test.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * An answer.
 *
 * @param fields by names in lower case
 * @param isLast whether it says that the connection ends
 */
record Answer(int status, Map<String, String> fields, byte[] content, boolean isLast) {
    /** Reads the next answer, strictly; returns null at the end. */
    static Answer read(InputStream in, boolean head) throws IOException {
        String line = line(in);
        if (line == null) {
            return null;
        }
        if (!line.matches("HTTP/1\\.1 [1-5]\\d\\d [ -~]*")) {
            throw new AssertionError("no status line: " + line);
        }
        int status = Integer.parseInt(line.substring(9, 12));
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String field; !(field = line(in)).isEmpty();) {
            if (!field.matches("[A-Za-z-]+: [ -~]*")) {
                throw new AssertionError("no field: " + field);
            }
            int colon = field.indexOf(':');
            if (fields.put(field.substring(0, colon), field.substring(colon + 2)) != null) {
                throw new AssertionError("twice: " + field);
            }
        }
        byte[] content = {};
        if (status != 304 && !head) {
            int length = Integer.parseInt(fields.get("Content-Length"));
            content = in.readNBytes(length);
            if (content.length < length) {
                throw new EOFException(content.length + " of " + length + " bytes");
            }
        }
        return new Answer(status, fields, content, "close".equals(fields.get("Connection")));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b; (b = in.read()) != '\n';) {
            if (b < 0) {
                if (line.isEmpty()) {
                    return null;
                }
                throw new EOFException("in a head: " + line);
            }
            line.append((char) b);
        }
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
            throw new AssertionError("no CRLF: " + line);
        }
        return line.substring(0, line.length() - 1);
    }

    /** {@return the field, or the empty text} */
    String field(String name) {
        return fields.getOrDefault(name, "");
    }

    String text() {
        return new String(content, StandardCharsets.ISO_8859_1);
    }
}
