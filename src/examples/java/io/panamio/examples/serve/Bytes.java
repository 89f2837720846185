package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Looks at text in memory, where it lies. */
final class Bytes {
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (int c = 0x21; c < 0x7f; c++) {
            TOKEN[c] = "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
        }
    }

    private Bytes() {
    }

    /** Whether a byte may be in a method or in the name of a header. */
    static boolean isToken(byte b) {
        return TOKEN[b & 0xff];
    }

    static boolean isEndOfLine(byte b) {
        return b == '\r' || b == '\n';
    }

    static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    /** Whether bytes begin with a text of lower case, in any case. */
    static boolean startsWith(MemorySegment m, long at, int length, byte[] lowerCase) {
        if (length < lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            byte b = m.get(JAVA_BYTE, at + i);
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    /** Where the next control character is that is no tab, or the end: eight bytes at a time. */
    static long control(MemorySegment m, long from, long to) {
        long p = from;
        for (;;) {
            while (p <= to - 8) {
                long word = m.get(JAVA_LONG_UNALIGNED, p);
                long less = word - 0x2020202020202020L & ~word & 0x8080808080808080L; // the lowest is exact
                if (less != 0) {
                    p += Long.numberOfTrailingZeros(less) >>> 3;
                    break;
                }
                p += 8;
            }
            byte b = ' ';
            while (p < to && ((b = m.get(JAVA_BYTE, p)) < 0 || b >= ' ')) {
                p++;
            }
            if (p == to || b != '\t') {
                return p;
            }
            p++;
        }
    }
}
