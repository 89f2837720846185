package io.panamio.examples.serve;

import io.panamio.pipeline.FileSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is said about a path, prepared: the head of the answer and, unless it is a large file, the content behind it, in
 * one piece of memory. All times it is sent it is the same but for the date, which is written into it once a second.
 */
final class Resource {
    /** Where the value of Date is in every head, after {@code HTTP/1.1 200 } and so on. */
    private static final String DATE = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

    /** One of a cache's, to be found by the path. */
    final int hash;
    final int keyLength;
    Resource chain;
    Resource newer;
    Resource older;
    /** Whether this is kept somewhere, even if nobody sends it. */
    boolean cached;
    /** When it was last seen to be true, in nanoseconds. */
    long checked;
    /** How many connections are in the midst of sending it. */
    int users;

    final int status;
    final Arena arena = Arena.ofConfined();
    /** Head, content if it is in memory, key, path with a NUL. */
    final MemorySegment memory;
    final int headLength;
    /** Where the value of Date is. */
    final int dateAt;
    /** Since when that is true. */
    long dated = Long.MIN_VALUE;
    /** What heads of other answers take from this: ETag and Last-Modified, and then what says how the content is. */
    final int validatorsAt;
    final int entityAt;
    final int lengthAt;
    /** The value of ETag, with the quotes. */
    final int etagAt;
    final int etagLength;
    /** The value of Last-Modified. */
    final int modifiedAt;

    /** How long the content is. */
    final long size;
    /** Whether the content is behind the head in the memory. */
    final boolean inMemory;
    /** Where the content is otherwise. */
    FileSource file;
    private final long keyAt;
    /** Where the file is, to look again; null if that is not worth it. */
    final MemorySegment path;
    /** Which file it is, and its time. */
    long inode;
    long device;
    long seconds;
    int nanos;
    /** Whether the file may have changed again in the same tick of the clock that its time is of. */
    private boolean fresh;

    /** What a resource is made of. Content is an array, or what {@link #memory} is filled with later, or a file. */
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

    /** Whether this is a file, which can be asked for in part and on conditions. */
    boolean isFile() {
        return etagLength > 0;
    }

    boolean hasKey(MemorySegment m, long at, int length) {
        return length == keyLength
            && MemorySegment.mismatch(m, at, at + length, memory, keyAt, keyAt + length) < 0;
    }

    /** Writes the date into the head, if it is another one. */
    void date(Clock clock) {
        if (dated != clock.second) {
            dated = clock.second;
            MemorySegment.copy(clock.date, 0, memory, dateAt, HttpDate.LENGTH);
        }
    }

    /** Takes on the status of a file. */
    void identify(FileCalls status) {
        inode = status.inode;
        device = status.device;
        seconds = status.seconds;
        nanos = status.nanos;
        fresh = inMemory && System.currentTimeMillis() / 1000 - seconds <= 1;
    }

    /** Whether a status is that of this file, unchanged for sure. */
    boolean isSame(FileCalls status) {
        return !fresh && inode == status.inode && seconds == status.seconds && nanos == status.nanos
            && size == status.size && device == status.device && status.isRegular();
    }

    /** Ends what is no longer in a cache when nobody sends it. */
    void endIfUnused() {
        if (!cached && users == 0) {
            if (file != null) {
                file.close();
            }
            arena.close();
        }
    }
}
