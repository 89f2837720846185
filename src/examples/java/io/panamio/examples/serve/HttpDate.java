package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Dates of HTTP, RFC 9110 section 5.6.7, formatted into memory and parsed from memory without allocation. */
final class HttpDate {
    /** The length of {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    static final int LENGTH = 29;
    /** The first and last second that can be formatted: years have four digits. */
    static final long FIRST = -62_167_219_200L;
    static final long LAST = 253_402_300_799L;
    /** The result of parsing an invalid date. */
    static final long NONE = Long.MIN_VALUE;

    /** Day 0 was a Thursday. */
    private static final byte[] DAYS = "ThuFriSatSunMonTueWed".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MONTHS =
        "JanFebMarAprMayJunJulAugSepOctNovDec".getBytes(StandardCharsets.US_ASCII);
    private static final long DAY = 86_400;

    private HttpDate() {
    }

    /** Formats a time in seconds, from {@link #FIRST} to {@link #LAST}, as a date of 29 bytes. */
    static void write(long second, MemorySegment to, long at) {
        long day = Math.floorDiv(second, DAY);
        int time = (int) Math.floorMod(second, DAY);
        copy(DAYS, (int) Math.floorMod(day, 7L), to, at);
        to.set(JAVA_BYTE, at + 3, (byte) ',');
        to.set(JAVA_BYTE, at + 4, (byte) ' ');
        long year = calendar(day, to, at + 5, (byte) ' ');
        to.set(JAVA_BYTE, at + 11, (byte) ' ');
        two(to, at + 12, (int) (year / 100));
        two(to, at + 14, (int) (year % 100));
        to.set(JAVA_BYTE, at + 16, (byte) ' ');
        time(time, to, at + 17);
        to.set(JAVA_BYTE, at + 25, (byte) ' ');
        to.set(JAVA_BYTE, at + 26, (byte) 'G');
        to.set(JAVA_BYTE, at + 27, (byte) 'M');
        to.set(JAVA_BYTE, at + 28, (byte) 'T');
    }

    /** Formats a time for the access log, {@code 06/Nov/1994:08:49:37}, 20 bytes. */
    static void writeLog(long second, MemorySegment to, long at) {
        long year = calendar(Math.floorDiv(second, DAY), to, at, (byte) '/');
        to.set(JAVA_BYTE, at + 6, (byte) '/');
        two(to, at + 7, (int) (year / 100));
        two(to, at + 9, (int) (year % 100));
        to.set(JAVA_BYTE, at + 11, (byte) ':');
        time((int) Math.floorMod(second, DAY), to, at + 12);
    }

    /** Formats day and month, {@code 06 Nov}, and returns the year. */
    private static long calendar(long day, MemorySegment to, long at, byte separator) {
        // years begin in March here, so that the leap day is their last; 146097 days are 400 years
        long z = day + 719_468;
        long era = Math.floorDiv(z, 146_097L);
        int ofEra = (int) Math.floorMod(z, 146_097L);
        int yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
        int ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int month = (5 * ofYear + 2) / 153;
        two(to, at, ofYear - (153 * month + 2) / 5 + 1);
        to.set(JAVA_BYTE, at + 2, separator);
        copy(MONTHS, (month + 2) % 12, to, at + 3);
        return yearOfEra + era * 400 + (month >= 10 ? 1 : 0);
    }

    private static void time(int second, MemorySegment to, long at) {
        two(to, at, second / 3600);
        to.set(JAVA_BYTE, at + 2, (byte) ':');
        two(to, at + 3, second / 60 % 60);
        to.set(JAVA_BYTE, at + 5, (byte) ':');
        two(to, at + 6, second % 60);
    }

    private static void copy(byte[] names, int which, MemorySegment to, long at) {
        for (int i = 0; i < 3; i++) {
            to.set(JAVA_BYTE, at + i, names[3 * which + i]);
        }
    }

    private static void two(MemorySegment to, long at, int n) {
        to.set(JAVA_BYTE, at, (byte) ('0' + n / 10));
        to.set(JAVA_BYTE, at + 1, (byte) ('0' + n % 10));
    }

    // ---- reading

    /**
     * Parses a date in any of the three required formats, and returns its seconds, or {@link #NONE} if it is invalid,
     * such as with a zone other than GMT. The day of the week is not checked.
     */
    static long parse(MemorySegment m, long at, long length) {
        if (length == LENGTH && isLike(m, at + 3, ", .. ... .... ........ GMT")) { // Sun, 06 Nov 1994 08:49:37 GMT
            return seconds(number(m, at + 12, 4), month(m, at + 8), number(m, at + 5, 2), m, at + 17);
        }
        if (length == 24 && isLike(m, at + 3, " ... .. ........ ....")) { // Sun Nov  6 08:49:37 1994
            int day = m.get(JAVA_BYTE, at + 8) == ' ' ? number(m, at + 9, 1) : number(m, at + 8, 2);
            return seconds(number(m, at + 20, 4), month(m, at + 4), day, m, at + 11);
        }
        long i = length - 24; // Sunday, 06-Nov-94 08:49:37 GMT: the length of the day's name
        if (i >= 6 && i <= 9 && isLike(m, at + i, ", ..-...-.. ........ GMT")) {
            return seconds(year(number(m, at + i + 9, 2)), month(m, at + i + 5), number(m, at + i + 2, 2), m,
                at + i + 12);
        }
        return NONE;
    }

    /** Returns whether bytes match a pattern, in which a dot matches any byte. */
    private static boolean isLike(MemorySegment m, long at, String pattern) {
        for (int i = 0; i < pattern.length(); i++) {
            if (pattern.charAt(i) != '.' && m.get(JAVA_BYTE, at + i) != pattern.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the year of two digits: at most 50 years in the future. */
    private static int year(int digits) {
        int now = (int) (1970 + System.currentTimeMillis() / 31_556_952_000L);
        int year = now - now % 100 + digits;
        return digits < 0 ? -1 : year > now + 50 ? year - 100 : year;
    }

    private static int number(MemorySegment m, long at, int digits) {
        int n = 0;
        for (int i = 0; i < digits; i++) {
            int digit = m.get(JAVA_BYTE, at + i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            n = 10 * n + digit;
        }
        return n;
    }

    private static int month(MemorySegment m, long at) {
        for (int i = 0; i < 12; i++) {
            if (m.get(JAVA_BYTE, at) == MONTHS[3 * i] && m.get(JAVA_BYTE, at + 1) == MONTHS[3 * i + 1]
                    && m.get(JAVA_BYTE, at + 2) == MONTHS[3 * i + 2]) {
                return i;
            }
        }
        return -1;
    }

    private static int days(int year, int month) {
        return month != 1 ? 30 + (month + month / 7 + 1) % 2
            : year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    }

    private static long seconds(int year, int month, int day, MemorySegment m, long timeAt) {
        int hour = number(m, timeAt, 2);
        int minute = number(m, timeAt + 3, 2);
        int second = number(m, timeAt + 6, 2);
        if (m.get(JAVA_BYTE, timeAt + 2) != ':' || m.get(JAVA_BYTE, timeAt + 5) != ':') {
            return NONE;
        }
        if (year < 0 || month < 0 || day < 1 || day > days(year, month) || hour < 0 || hour > 23
                || minute < 0 || minute > 59 || second < 0 || second > 60) {
            return NONE;
        }
        int marchYear = month < 2 ? year - 1 : year;
        int era = Math.floorDiv(marchYear, 400);
        int yearOfEra = Math.floorMod(marchYear, 400);
        int ofYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
        long days = era * 146_097L + 365L * yearOfEra + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468;
        return days * DAY + hour * 3600 + minute * 60 + second;
    }
}
