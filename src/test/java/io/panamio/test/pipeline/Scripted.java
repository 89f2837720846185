package io.panamio.test.pipeline;

import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;

/**
 * A test double: each call performs the next step of a script. A number transfers at most as many bytes, EOF and
 * WOULD_BLOCK are returned, a failure is thrown. After the end of the script, a call would block.
 */
final class Scripted implements DuplexStream {
    private final Deque<Object> script;
    private final byte[] toRead;
    private int read;
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    /** The number of bytes that each call requested. */
    final Deque<Long> asked = new ArrayDeque<>();
    Shutdown shut;
    boolean closed;

    private Scripted(byte[] toRead, Object... steps) {
        this.toRead = toRead;
        script = new ArrayDeque<>(Arrays.asList(steps));
    }

    static Scripted reading(String text, Object... steps) {
        return new Scripted(text.getBytes(), steps);
    }

    static Scripted writing(Object... steps) {
        return new Scripted(new byte[0], steps);
    }

    private long step(long size, long len) throws IOException {
        Objects.checkFromIndexSize(0, len, size);
        if (closed) {
            throw new ClosedChannelException();
        }
        if (len == 0) {
            return 0;
        }
        asked.add(len);
        return switch (script.poll()) {
            case null -> -2;
            case Integer n when n > 0 -> Math.min(n, len);
            case Integer n -> n;
            case IOException e -> throw e;
            case Object o -> throw new AssertionError(o);
        };
    }

    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        long n = step(dst.byteSize() - off, len);
        if (n > 0) {
            MemorySegment.copy(toRead, read, dst, ValueLayout.JAVA_BYTE, off, (int) n);
            read += (int) n;
        }
        return n;
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        long n = step(src.byteSize() - off, len);
        if (n > 0) {
            written.writeBytes(src.asSlice(off, n).toArray(ValueLayout.JAVA_BYTE));
        }
        return n;
    }

    @Override
    public void shutdown(Shutdown how) {
        shut = how;
    }

    @Override
    public IOException takeError() {
        return null;
    }

    @Override
    public void close() {
        closed = true;
    }
}
