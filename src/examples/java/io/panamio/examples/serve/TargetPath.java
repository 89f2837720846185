package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The path of a request, normalized: percent-encoding is decoded first, then {@code .} and {@code ..} are resolved, so
 * that no spelling leads out of the directory. One instance is used for all requests of a loop and allocates nothing.
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

    /**
     * Parses a path as it was sent. Returns false if it is invalid: a bad percent-encoding, a NUL, or a path that leads
     * above the directory.
     */
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

    /** Percent-encodes reserved bytes, and returns the end of the result. */
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

    /** Returns the names, separated by one slash each, without a leading or trailing one. */
    byte[] names() {
        return Arrays.copyOf(names, size);
    }

    /** Returns whether the path ends with a slash, {@code .} or {@code ..}. */
    boolean isDirectory() {
        return directory;
    }

    /** Returns the normalized path, the key of a cache; its length is {@link #keyLength}. */
    MemorySegment key() {
        return keySegment;
    }

    int keyLength() {
        return keyLength;
    }

    /** Returns names percent-encoded, as the path of a URI. */
    static String encoded(byte[] names) {
        byte[] encoded = new byte[3 * names.length];
        return new String(encoded, 0, encode(names, names.length, encoded, 0), StandardCharsets.US_ASCII);
    }
}
