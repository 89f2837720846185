package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Parses text in memory, in place. */
final class Bytes {
    private static final boolean[] TOKEN = new boolean[256];
    /** The bytes of a host name. A comma is valid there, too, but refused, as it may come from joined headers. */
    private static final boolean[] HOST = new boolean[256];

    static {
        for (int c = 0x21; c < 0x7f; c++) {
            TOKEN[c] = "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
            HOST[c] = Character.isLetterOrDigit(c) || "-._~%!$&'()*+;=".indexOf(c) >= 0;
        }
    }

    private Bytes() {
    }

    /** Returns whether a byte may be in a method or header name. */
    static boolean isToken(byte b) {
        return TOKEN[b & 0xff];
    }

    /** Returns whether a byte may be in a host name. */
    static boolean isHost(byte b) {
        return HOST[b & 0xff];
    }

    /** Returns whether a byte may be in an IPv6 address. */
    static boolean isIpv6(byte b) {
        return Character.digit(b, 16) >= 0 || b == ':' || b == '.';
    }

    static boolean isControl(byte b) {
        return b >= 0 && b < ' ' && b != '\t' || b == 0x7f;
    }

    static boolean isEndOfLine(byte b) {
        return b == '\r' || b == '\n';
    }

    static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    /** Returns whether the bytes start with a text, ignoring their case; the text must be in lower case. */
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

    /**
     * Returns the offset of the next control character other than a tab, or {@code to} if there is none. Scans eight
     * bytes at a time.
     */
    static long control(MemorySegment m, long from, long to) {
        long p = from;
        for (;;) {
            while (p <= to - 8) {
                long word = m.get(JAVA_LONG_UNALIGNED, p);
                long delete = word ^ 0x7f7f7f7f7f7f7f7fL;
                long less = (word - 0x2020202020202020L & ~word | delete - 0x0101010101010101L & ~delete)
                    & 0x8080808080808080L; // exact up to the lowest set bit: a borrow may set higher ones
                if (less != 0) {
                    p += Long.numberOfTrailingZeros(less) >>> 3;
                    break;
                }
                p += 8;
            }
            byte b = ' ';
            while (p < to && (b = m.get(JAVA_BYTE, p)) != '\t' && !isControl(b)) {
                p++;
            }
            if (p == to || b != '\t') {
                return p;
            }
            p++;
        }
    }
}
