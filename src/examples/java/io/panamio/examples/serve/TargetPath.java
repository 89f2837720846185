package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the path of a request means: names below the folder, with the percent signs decoded first and {@code .} and
 * {@code ..} resolved then, so that no way to write them leads out of it. One object is used for all requests of a
 * loop, without garbage.
 */
final class TargetPath {
    private static final String HEX = "0123456789ABCDEF";

    private byte[] decoded = new byte[256];
    private byte[] names = new byte[256];
    private int size;
    private boolean directory;
    private byte[] key = new byte[256];
    private int keyLength;
    private MemorySegment keySegment = MemorySegment.ofArray(key);

    /** Reads a path as it was sent; false if it cannot be served: a bad percent sign, a NUL, above the folder. */
    boolean read(MemorySegment m, long at, int length) {
        if (length > names.length) {
            decoded = new byte[length];
            names = new byte[length];
        }
        int n = 0;
        for (int i = 0; i < length; i++) {
            byte b = m.get(JAVA_BYTE, at + i);
            if (b == '%') {
                int high = i + 2 < length ? Character.digit(m.get(JAVA_BYTE, at + i + 1), 16) : -1;
                int low = i + 2 < length ? Character.digit(m.get(JAVA_BYTE, at + i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    return false;
                }
                b = (byte) (high << 4 | low);
                i += 2;
            }
            if (b == 0) {
                return false;
            }
            decoded[n++] = b;
        }
        if (!resolve(n)) {
            return false;
        }
        writeKey();
        return true;
    }

    private boolean resolve(int length) {
        size = 0;
        directory = true;
        for (int from = 0; from < length;) {
            int to = from;
            while (to < length && decoded[to] != '/') {
                to++;
            }
            directory = to < length || to == from;
            if (to - from == 2 && decoded[from] == '.' && decoded[from + 1] == '.') {
                if (size == 0) {
                    return false;
                }
                do {
                    size--;
                } while (size > 0 && names[size] != '/');
                directory = true;
            } else if (to - from == 1 && decoded[from] == '.') {
                directory = true;
            } else if (to > from) {
                if (size > 0) {
                    names[size++] = '/';
                }
                System.arraycopy(decoded, from, names, size, to - from);
                size += to - from;
            }
            from = to + 1;
        }
        return true;
    }

    private void writeKey() {
        if (3 * size + 2 > key.length) {
            key = new byte[3 * size + 2];
            keySegment = MemorySegment.ofArray(key);
        }
        key[0] = '/';
        keyLength = encode(names, size, key, 1);
        if (directory && size > 0) {
            key[keyLength++] = '/';
        }
    }

    /** Percent-encodes what is not plain, and returns where that ends. */
    private static int encode(byte[] from, int size, byte[] to, int at) {
        int end = at;
        for (int i = 0; i < size; i++) {
            byte b = from[i];
            if (isPlain(b)) {
                to[end++] = b;
            } else {
                to[end++] = '%';
                to[end++] = (byte) HEX.charAt(b >> 4 & 15);
                to[end++] = (byte) HEX.charAt(b & 15);
            }
        }
        return end;
    }

    private static boolean isPlain(byte b) {
        return b > 0 && (Character.isLetterOrDigit(b) || "/-._~".indexOf(b) >= 0);
    }

    /** Returns the names, separated by one slash, with none before or after them. */
    byte[] names() {
        return Arrays.copyOf(names, size);
    }

    /** Whether it ended with a slash, or as if it did. */
    boolean isDirectory() {
        return directory;
    }

    /** The one way to write what this means, by which it is found again; its length is {@link #keyLength}. */
    MemorySegment key() {
        return keySegment;
    }

    int keyLength() {
        return keyLength;
    }

    /** Returns the path of a URI for some names. */
    static String encoded(byte[] names) {
        byte[] encoded = new byte[3 * names.length];
        return new String(encoded, 0, encode(names, names.length, encoded, 0), StandardCharsets.US_ASCII);
    }
}
