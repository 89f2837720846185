package io.panamio.examples.serve;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The page of a folder that has no index.html: folders first, each by name. */
final class Listing {
    private static final int LONGEST = 10_000;
    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneOffset.UTC);

    private record Entry(String href, String name, boolean directory, String size, String time)
            implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            return directory != other.directory ? directory ? -1 : 1 : name.compareTo(other.name);
        }
    }

    private Listing() {
    }

    /** A page about a folder. */
    static Resource of(Resource.Parts parts, byte[] names, Path folder) {
        List<Entry> entries = new ArrayList<>();
        boolean cut = false;
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            for (Path path : stream) {
                if (entries.size() == LONGEST) {
                    cut = true;
                    break;
                }
                entries.add(entry(path));
            }
        } catch (IOException e) {
            return Answers.error(parts, 403);
        }
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

    private static Entry entry(Path path) {
        String raw = path.getParent().relativize(path).toUri().getRawPath(); // the bytes, whatever their encoding
        raw = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
        String last = raw.substring(raw.lastIndexOf('/') + 1);
        byte[] ascii = last.getBytes(StandardCharsets.US_ASCII);
        byte[] name = TargetPath.of(MemorySegment.ofArray(ascii), 0, ascii.length).bytes();
        String href = TargetPath.encoded(name);
        String text = new String(name, StandardCharsets.UTF_8);
        try {
            BasicFileAttributes a = attributes(path);
            String slash = a.isDirectory() ? "/" : "";
            return new Entry(href + slash, text + slash, a.isDirectory(),
                a.isRegularFile() ? Long.toString(a.size()) : "-", TIME.format(a.lastModifiedTime().toInstant()));
        } catch (IOException e) {
            return new Entry(href, text, false, "-", "");
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException e) { // a link that leads nowhere
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** A text as HTML has it. */
    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")
            .replace("'", "&#39;");
    }
}
