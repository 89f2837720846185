package io.panamio.examples.serve;

import io.panamio.examples.serve.files.FileAccess;
import io.panamio.pipeline.FileSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A prepared response: the head and, unless it is a large file, the content after it, in one segment. Only the date
 * changes, which is updated in place once a second.
 */
final class Resource {
    /** The Date header, which follows the status line in every head. */
    private static final String DATE = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

    /** The entry in a cache, whose key is the path. */
    final int hash;
    final int keyLength;
    Resource chain;
    Resource newer;
    Resource older;
    /** Whether a cache holds this. */
    boolean cached;
    /** The time of the last check, in nanoseconds. */
    long checked;
    /** The number of connections that are sending this. */
    int users;

    final int status;
    final Arena arena = Arena.ofConfined();
    /** Head, content if it is in memory, key, path with a NUL. */
    final MemorySegment memory;
    final int headLength;
    /** The offset of the value of Date. */
    final int dateAt;
    /** The second that Date is set to. */
    long dated = Long.MIN_VALUE;
    /**
     * Offsets of the parts that other responses copy: ETag and Last-Modified, the headers of the content,
     * Content-Length.
     */
    final int validatorsAt;
    final int entityAt;
    final int lengthAt;
    /** The value of ETag, with the quotes. */
    final int etagAt;
    final int etagLength;
    /** The value of Last-Modified. */
    final int modifiedAt;

    /** The length of the content. */
    final long size;
    /** Whether the content follows the head in memory. */
    final boolean inMemory;
    /** The content otherwise. */
    FileSource file;
    private final long keyAt;
    /** The path of the file, for the next check; null if the response is not a file. */
    final MemorySegment path;
    /** The identity of the file, and its time of modification. */
    long inode;
    long device;
    long seconds;
    int nanos;
    /** Whether the file may have changed again without a change of its time: within one tick of the clock. */
    private boolean fresh;

    /** The parts of a resource. The content is an array, or is read into {@link #memory} later, or a file. */
    static final class Parts {
        int status = 200;
        String reason = "OK";
        String validators = "";
        String entity = "";
        byte[] content = new byte[0];
        long size = -1;
        boolean inMemory = true;
        byte[] key = new byte[0];
        int hash;
        byte[] path;
    }

    Resource(Parts parts) {
        status = parts.status;
        hash = parts.hash;
        keyLength = parts.key.length;
        inMemory = parts.inMemory;
        size = parts.size < 0 ? parts.content.length : parts.size;
        String line = "HTTP/1.1 " + status + " " + parts.reason + "\r\n";
        dateAt = line.length() + "Date: ".length();
        validatorsAt = line.length() + DATE.length();
        entityAt = validatorsAt + parts.validators.length();
        lengthAt = entityAt + parts.entity.length();
        etagAt = validatorsAt + "ETag: ".length();
        etagLength = Math.max(0, parts.validators.indexOf('\r') - "ETag: ".length());
        modifiedAt = validatorsAt + parts.validators.indexOf("Last-Modified: ") + "Last-Modified: ".length();
        byte[] head = (line + DATE + parts.validators + parts.entity + "Content-Length: " + size + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
        headLength = head.length;
        keyAt = headLength + (inMemory ? size : 0);
        byte[] end = parts.path == null ? new byte[0] : Arrays.copyOf(parts.path, parts.path.length + 1);
        memory = arena.allocate(keyAt + keyLength + end.length, 64);
        MemorySegment.copy(MemorySegment.ofArray(head), 0, memory, 0, headLength);
        MemorySegment.copy(MemorySegment.ofArray(parts.content), 0, memory, headLength, parts.content.length);
        MemorySegment.copy(MemorySegment.ofArray(parts.key), 0, memory, keyAt, keyLength);
        MemorySegment.copy(MemorySegment.ofArray(end), 0, memory, keyAt + keyLength, end.length);
        path = parts.path == null ? null : memory.asSlice(keyAt + keyLength);
    }

    /** Returns whether this is a file, which supports ranges and conditional requests. */
    boolean isFile() {
        return etagLength > 0;
    }

    boolean hasKey(MemorySegment m, long at, int length) {
        return length == keyLength
            && MemorySegment.mismatch(m, at, at + length, memory, keyAt, keyAt + length) < 0;
    }

    /** Updates the date in the head if it has changed. */
    void date(Clock clock) {
        if (dated != clock.second) {
            dated = clock.second;
            MemorySegment.copy(clock.date, 0, memory, dateAt, HttpDate.LENGTH);
        }
    }

    /** Sets the identity of the file from its status. */
    void identify(FileAccess status) {
        inode = status.inode;
        device = status.device;
        seconds = status.seconds;
        nanos = status.nanos;
        fresh = inMemory && System.currentTimeMillis() / 1000 - seconds <= 1;
    }

    /** Returns whether a status is that of this file and proves that it has not changed. */
    boolean isSame(FileAccess status) {
        return !fresh && inode == status.inode && seconds == status.seconds && nanos == status.nanos
            && size == status.size && device == status.device && status.isRegular;
    }

    /** Closes this if no cache holds it and no connection sends it. */
    void endIfUnused() {
        if (!cached && users == 0) {
            if (file != null) {
                file.close();
            }
            arena.close();
        }
    }
}
