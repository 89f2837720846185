package io.panamio.examples.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.Year;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates of HTTP, read and written by {@link HttpDate} and by {@code java.time}. */
public final class DateFuzz {
    private static final String[] MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
    private static final String TIME = "(?<h>[0-9]{2}):(?<m>[0-9]{2}):(?<s>[0-9]{2})";
    private static final String MONTH = "(?<month>" + String.join("|", MONTHS) + ")";
    private static final Pattern[] FORMATS = {
        Pattern.compile("..., (?<d>[0-9]{2}) " + MONTH + " (?<y>[0-9]{4}) " + TIME + " GMT", Pattern.DOTALL),
        Pattern.compile("... " + MONTH + " (?<d>[0-9]{2}| [0-9]) " + TIME + " (?<y>[0-9]{4})", Pattern.DOTALL),
        Pattern.compile(".{6,9}, (?<d>[0-9]{2})-" + MONTH + "-(?<y>[0-9]{2}) " + TIME + " GMT", Pattern.DOTALL)};
    private static final DateTimeFormatter FORMAT =
        DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter LOG =
        DateTimeFormatter.ofPattern("dd/MMM/uuuu:HH:mm:ss", Locale.US).withZone(ZoneOffset.UTC);

    private DateFuzz() {
    }

    /** Reads the input both ways; writes the second that its first bytes make. */
    public static void fuzzerTestOneInput(byte[] input) {
        long read = HttpDate.parse(MemorySegment.ofArray(input), 0, input.length);
        assertEquals(expected(new String(input, ISO_8859_1)), read);
        if (read >= HttpDate.FIRST && read <= HttpDate.LAST) { // not 9999-12-31 23:59:60
            write(read);
        }
        long any = ByteBuffer.wrap(Arrays.copyOf(input, 8)).getLong();
        write(Math.floorMod(any, HttpDate.LAST - HttpDate.FIRST + 1) + HttpDate.FIRST);
    }

    private static void write(long second) {
        byte[] written = new byte[HttpDate.LENGTH + 1];
        HttpDate.write(second, MemorySegment.ofArray(written), 1);
        assertEquals("\0" + FORMAT.format(Instant.ofEpochSecond(second)), new String(written, ISO_8859_1));
        assertEquals(second, HttpDate.parse(MemorySegment.ofArray(written), 1, HttpDate.LENGTH));
        byte[] logged = new byte[20];
        HttpDate.writeLog(second, MemorySegment.ofArray(logged), 0);
        assertEquals(LOG.format(Instant.ofEpochSecond(second)), new String(logged, ISO_8859_1));
    }

    private static long expected(String text) {
        for (Pattern format : FORMATS) {
            Matcher m = format.matcher(text);
            if (m.matches()) {
                return seconds(m);
            }
        }
        return HttpDate.NONE;
    }

    private static long seconds(Matcher m) {
        int year = Integer.parseInt(m.group("y"));
        if (m.group("y").length() == 2) { // RFC 9110: not more than 50 years in the future
            int now = Year.now(ZoneOffset.UTC).getValue();
            year += now - now % 100;
            year -= year > now + 50 ? 100 : 0;
        }
        try {
            int second = Integer.parseInt(m.group("s"));
            LocalDateTime time = LocalDateTime.of(year, Arrays.asList(MONTHS).indexOf(m.group("month")) + 1,
                Integer.parseInt(m.group("d").strip()), Integer.parseInt(m.group("h")), Integer.parseInt(m.group("m")),
                second == 60 ? 59 : second);
            return time.toEpochSecond(ZoneOffset.UTC) + (second == 60 ? 1 : 0);
        } catch (DateTimeException e) {
            return HttpDate.NONE;
        }
    }
}
