package io.panamio.examples.serve;

import io.panamio.examples.serve.files.FileAccess;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The page of a directory without an index.html: directories first, each sorted by name. A link that leads out of the
 * root is listed without details of its target.
 */
final class Listing implements FileAccess.Entries {
    private static final int MAX_ENTRIES = 10_000;
    private static final String UNKNOWN = "-";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT);

    private record Entry(String href, String name, boolean directory, String size, String time)
            implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            return directory != other.directory ? directory ? -1 : 1 : name.compareTo(other.name);
        }
    }

    private final FileAccess access;
    private final List<Entry> entries = new ArrayList<>();
    private boolean truncated;

    Listing(FileAccess access) {
        this.access = access;
    }

    @Override
    public boolean add(byte[] name, boolean known) {
        truncated = entries.size() == MAX_ENTRIES;
        if (!truncated) {
            entries.add(entry(name, known));
        }
        return !truncated;
    }

    /** Returns the page of the entries that were added. */
    Resource page(Resource.Parts parts, byte[] names) {
        Collections.sort(entries);
        String name = new String(names, StandardCharsets.UTF_8);
        String title = escaped("Index of /" + name + (name.isEmpty() ? "" : "/"));
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>")
            .append(title).append("</title></head>\n<body>\n<h1>").append(title).append("</h1>\n<table>\n");
        if (names.length > 0) {
            page.append("<tr><td><a href=\"../\">../</a></td></tr>\n");
        }
        for (Entry entry : entries) {
            page.append("<tr><td><a href=\"./").append(entry.href).append("\">").append(escaped(entry.name))
                .append("</a></td><td align=\"right\">").append(entry.size)
                .append("</td><td>").append(entry.time).append("</td></tr>\n");
        }
        page.append(truncated ? "<tr><td>and more</td></tr>\n" : "").append("</table>\n</body>\n</html>\n");
        parts.entity = "Content-Type: text/html; charset=utf-8\r\n";
        parts.content = page.toString().getBytes(StandardCharsets.UTF_8);
        return new Resource(parts);
    }

    private Entry entry(byte[] name, boolean known) {
        String href = TargetPath.encoded(name);
        String text = new String(name, StandardCharsets.UTF_8);
        if (!known) {
            return new Entry(href, text, false, UNKNOWN, UNKNOWN);
        }
        String slash = access.isDirectory ? "/" : "";
        return new Entry(href + slash, text + slash, access.isDirectory,
            access.isRegular ? Long.toString(access.size) : UNKNOWN, time(access.seconds));
    }

    private static String time(long second) {
        return second < HttpDate.FIRST || second > HttpDate.LAST ? UNKNOWN
            : TIME.format(LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC));
    }

    /** Returns a text escaped for HTML. */
    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")
            .replace("'", "&#39;");
    }
}
