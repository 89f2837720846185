package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The page of a folder that has no index.html: folders first, each by name. A link that leads out of what is served is
 * named, and nothing of the target is shown.
 */
final class Listing implements FileCalls.Names {
    private static final int LONGEST = 10_000;
    private static final String UNKNOWN = "-";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT);

    private record Entry(String href, String name, boolean directory, String size, String time)
            implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            return directory != other.directory ? directory ? -1 : 1 : name.compareTo(other.name);
        }
    }

    private final FileCalls calls;
    private final Path root;
    private final int folder;
    private final List<Entry> entries = new ArrayList<>();
    private boolean cut;

    Listing(FileCalls calls, Path root, int folder) {
        this.calls = calls;
        this.root = root;
        this.folder = folder;
    }

    @Override
    public boolean add(MemorySegment name) {
        cut = entries.size() == LONGEST;
        if (!cut) {
            entries.add(entry(name));
        }
        return !cut;
    }

    /** Makes the page of the names that were added. */
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
        page.append(cut ? "<tr><td>and more</td></tr>\n" : "").append("</table>\n</body>\n</html>\n");
        parts.entity = "Content-Type: text/html; charset=utf-8\r\n";
        parts.content = page.toString().getBytes(StandardCharsets.UTF_8);
        return new Resource(parts);
    }

    private Entry entry(MemorySegment name) {
        int length = 0;
        while (name.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        byte[] bytes = name.asSlice(0, length).toArray(JAVA_BYTE);
        String href = TargetPath.encoded(bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (!calls.statLink(folder, name) || calls.isLink() && !follow(name)) {
            return new Entry(href, text, false, UNKNOWN, UNKNOWN);
        }
        String slash = calls.isDirectory() ? "/" : "";
        return new Entry(href + slash, text + slash, calls.isDirectory(),
            calls.isRegular() ? Long.toString(calls.size) : UNKNOWN, time(calls.seconds));
    }

    /** Asks for the status of what a link leads to; false if that is nothing, or not within what is served. */
    private boolean follow(MemorySegment name) {
        int fd = calls.look(folder, name);
        if (fd < 0) {
            return false;
        }
        try {
            return FileCalls.target(fd).startsWith(root) && calls.stat(fd);
        } catch (IOException e) {
            return false;
        } finally {
            calls.close(fd);
        }
    }

    private static String time(long second) {
        return second < HttpDate.FIRST || second > HttpDate.LAST ? UNKNOWN
            : TIME.format(LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC));
    }

    /** A text as HTML has it. */
    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")
            .replace("'", "&#39;");
    }
}
