package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the path of a request means: names below the folder, with the percent signs decoded first and {@code .} and
 * {@code ..} resolved then, so that no way to write them leads out of it.
 *
 * @param bytes the names, separated by one slash, with none before or after them
 * @param isDirectory whether it ended with a slash, or as if it did
 */
record TargetPath(byte[] bytes, boolean isDirectory) {
    private static final String HEX = "0123456789ABCDEF";

    /** Reads a path as it was sent; null if it cannot be served: a bad percent sign, a NUL, above the folder. */
    static TargetPath of(MemorySegment m, long at, int length) {
        byte[] decoded = new byte[length];
        int size = 0;
        for (int i = 0; i < length; i++) {
            byte b = m.get(JAVA_BYTE, at + i);
            if (b == '%') {
                int high = i + 2 < length ? Character.digit(m.get(JAVA_BYTE, at + i + 1), 16) : -1;
                int low = i + 2 < length ? Character.digit(m.get(JAVA_BYTE, at + i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    return null;
                }
                b = (byte) (high << 4 | low);
                i += 2;
            }
            if (b == 0) {
                return null;
            }
            decoded[size++] = b;
        }
        return resolved(decoded, size);
    }

    private static TargetPath resolved(byte[] path, int length) {
        byte[] names = new byte[length];
        int size = 0;
        boolean directory = true;
        for (int from = 0; from < length;) {
            int to = from;
            while (to < length && path[to] != '/') {
                to++;
            }
            directory = to < length || to == from;
            if (to - from == 2 && path[from] == '.' && path[from + 1] == '.') {
                if (size == 0) {
                    return null;
                }
                do {
                    size--;
                } while (size > 0 && names[size] != '/');
                directory = true;
            } else if (to - from == 1 && path[from] == '.') {
                directory = true;
            } else if (to > from) {
                if (size > 0) {
                    names[size++] = '/';
                }
                System.arraycopy(path, from, names, size, to - from);
                size += to - from;
            }
            from = to + 1;
        }
        return new TargetPath(Arrays.copyOf(names, size), directory);
    }

    /** The path of a URI for these names: what is not plain is percent-encoded. */
    static String encoded(byte[] names) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte b : names) {
            if (b > 0 && (Character.isLetterOrDigit(b) || "/-._~".indexOf(b) >= 0)) {
                out.write(b);
            } else {
                out.write('%');
                out.write(HEX.charAt(b >> 4 & 15));
                out.write(HEX.charAt(b & 15));
            }
        }
        return out.toString(StandardCharsets.US_ASCII);
    }
}
