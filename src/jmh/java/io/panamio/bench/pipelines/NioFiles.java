package io.panamio.bench.pipelines;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The open files of {@link NioServe}, with the heads of their responses, found by the bytes of a request. */
final class NioFiles {
    /** Larger files are sent by transferTo. */
    private static final int MOST_SMALL = 16 * 1024;
    private static final long SECOND_NANOS = 1_000_000_000L;
    /** The format of HTTP, always 29 characters. */
    private static final DateTimeFormatter DATE =
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);
    private static final String BEFORE_DATE = "Server: nio\r\nDate: ";

    /**
     * An open file. Its buffers are shared by all its clients, which continue with duplicates after a partial write.
     */
    static final class Entry {
        private final Path path;
        private final FileTime modified;
        private final FileChannel channel;
        private final long size;
        private final ByteBuffer head;
        private final int dateAt;
        private final ByteBuffer[] headOnly;
        private final ByteBuffer[] whole;
        private long looked = System.nanoTime();

        private Entry(String status, Path path) throws IOException {
            this.path = path;
            channel = path == null ? null : FileChannel.open(path);
            size = path == null ? 0 : channel.size();
            modified = path == null ? FileTime.fromMillis(0) : Files.getLastModifiedTime(path);
            String text = "HTTP/1.1 " + status + "\r\n" + BEFORE_DATE + DATE.format(Instant.now())
                + "\r\nContent-Type: application/octet-stream\r\nContent-Length: " + size + "\r\n"
                + (path == null ? "" : "Last-Modified: " + DATE.format(modified.toInstant()) + "\r\n")
                + "Connection: keep-alive\r\n"
                + (path == null ? "" : "ETag: \"" + Long.toHexString(modified.toMillis()) + "-"
                    + Long.toHexString(size) + "\"\r\n") + "\r\n";
            head = ByteBuffer.allocateDirect(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
            dateAt = text.indexOf(BEFORE_DATE) + BEFORE_DATE.length();
            headOnly = new ByteBuffer[] {head};
            whole = size > 0 && isSmall() ? new ByteBuffer[] {head, channel.map(MapMode.READ_ONLY, 0, size)} : headOnly;
        }

        FileChannel channel() {
            return channel;
        }

        long size() {
            return size;
        }

        /** Whether {@link #first} contains the whole body. */
        boolean isSmall() {
            return size <= MOST_SMALL;
        }

        /** The head, with the body if it is small and requested. */
        ByteBuffer[] first(boolean withoutBody) {
            ByteBuffer[] first = withoutBody ? headOnly : whole;
            for (ByteBuffer part : first) {
                part.rewind();
            }
            return first;
        }
    }

    private final Path directory;
    private final Map<ByteBuffer, Entry> entries = new HashMap<>();
    private final Entry refused = new Entry("405 Method Not Allowed", null);
    private final Entry missing = new Entry("404 Not Found", null);
    private long second;
    private byte[] date = new byte[0];

    /** Files below a directory. */
    NioFiles(Path directory) throws IOException {
        this.directory = directory.toRealPath();
    }

    /** Returns the response to an unknown method. */
    Entry refused() {
        return withDate(refused);
    }

    /** Finds the entry of the path from an index to the next space. Changes the buffer's position and limit. */
    Entry find(ByteBuffer in, int at, int end) throws IOException {
        int to = at;
        while (to < end && in.get(to) != ' ') {
            to++;
        }
        in.limit(to).position(at);
        Entry entry = entries.get(in);
        if (entry != null && isOld(entry)) {
            entries.remove(in).channel.close(); // clients in the middle of it are disconnected
            entry = null;
        }
        return withDate(entry == null ? open(in) : entry);
    }

    /** Checks the file again after one second. */
    private static boolean isOld(Entry entry) throws IOException {
        long now = System.nanoTime();
        if (now - entry.looked < SECOND_NANOS) {
            return false;
        }
        entry.looked = now;
        return !Files.exists(entry.path) || !Files.getLastModifiedTime(entry.path).equals(entry.modified)
            || Files.size(entry.path) != entry.size;
    }

    private Entry open(ByteBuffer name) throws IOException {
        byte[] bytes = new byte[name.remaining()];
        name.get(name.position(), bytes);
        Path path = directory.resolve(new String(bytes, StandardCharsets.UTF_8).replaceFirst("^/", "")).normalize();
        if (!path.startsWith(directory) || !Files.isRegularFile(path)) {
            return missing;
        }
        Entry entry = new Entry("200 OK", path);
        entries.put(ByteBuffer.wrap(bytes), entry);
        return entry;
    }

    private Entry withDate(Entry entry) {
        long now = System.currentTimeMillis() / 1000;
        if (now != second) {
            second = now;
            date = DATE.format(Instant.ofEpochSecond(now)).getBytes(StandardCharsets.US_ASCII);
        }
        entry.head.put(entry.dateAt, date);
        return entry;
    }

    /** Buffers of the same memory with positions of their own. */
    static ByteBuffer[] copies(ByteBuffer[] parts) {
        ByteBuffer[] copies = new ByteBuffer[parts.length];
        for (int i = 0; i < parts.length; i++) {
            copies[i] = parts[i].duplicate();
        }
        return copies;
    }
}
