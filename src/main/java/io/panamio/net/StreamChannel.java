package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.Source;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ScatteringByteChannel;
import java.util.Objects;

/**
 * A stream as a non-blocking channel of {@code java.nio}, for code that is written for channels: a read or write that
 * would block returns 0, and the end of the stream is -1.
 *
 * {@snippet file="OptionSnippets.java" region="channel"}
 *
 * <p>The channel has no state of its own: what is read or written by it is read from or written to the stream, which
 * may be used at the same time. A result of 0 arms the stream for its next event, as {@link IoResult#WOULD_BLOCK} does.
 * The channel is as thread-safe as the stream.
 *
 * <p><em>No {@code java.nio.channels.Selector} accepts it.</em> Register the stream with a {@link io.panamio.Poll}, and
 * keep to its rule: after an event, repeat the operation until it returns 0 or less than requested. Code that expects a
 * blocking channel, such as {@link java.nio.channels.Channels#newInputStream}, needs a {@link Poller#channel} instead,
 * which waits where this returns 0.
 *
 * <p>Reading into and writing from one buffer allocates nothing, if the same direct buffer is used again and again: the
 * channel keeps a view of the last one, and thereby the buffer. Scattering and gathering allocate a short-lived view of
 * each buffer; {@link WritableStream#write(GatherList)} does not.
 */
public final class StreamChannel implements ByteChannel, GatheringByteChannel, ScatteringByteChannel {
    /** A direct or read-only buffer, and a segment of all its memory. */
    private record View(ByteBuffer buffer, MemorySegment segment) {
        static final View NONE = new View(null, MemorySegment.NULL);

        static View of(ByteBuffer buffer) {
            return new View(buffer, MemorySegment.ofBuffer(buffer.duplicate().clear()));
        }
    }

    private final ReadableStream source;
    private final WritableStream sink;
    /** Waits when an operation would block; null if it returns 0 instead. */
    private final Poller poller;
    private volatile boolean closed;
    private View lastRead = View.NONE;
    private View lastWritten = View.NONE;

    /** Constructs a channel; one of the streams may be null, and the poller if it does not block. */
    StreamChannel(ReadableStream source, WritableStream sink, Poller poller) {
        this.source = source;
        this.sink = sink;
        this.poller = poller;
    }

    /**
     * Returns a channel that reads from and writes to a stream.
     *
     * @param <S> the type of the stream
     * @param stream the stream
     * @return the channel
     */
    public static <S extends ReadableStream & WritableStream> StreamChannel of(S stream) {
        Objects.requireNonNull(stream, "stream");
        return new StreamChannel(stream, stream, null);
    }

    /**
     * Returns a channel that reads from a stream.
     *
     * @param stream the stream
     * @return the channel
     */
    public static ScatteringByteChannel reading(ReadableStream stream) {
        return new StreamChannel(Objects.requireNonNull(stream, "stream"), null, null);
    }

    /**
     * Returns a channel that writes to a stream.
     *
     * @param stream the stream
     * @return the channel
     */
    public static GatheringByteChannel writing(WritableStream stream) {
        return new StreamChannel(null, Objects.requireNonNull(stream, "stream"), null);
    }

    // ---- reading

    /**
     * Reads into a buffer, from its position to its limit, and advances the position by the number of bytes read.
     *
     * @param dst the buffer to read into
     * @return the number of bytes read; 0 if the read would block or no bytes remain in the buffer; -1 at the end of
     *     the stream
     * @throws IllegalArgumentException if the buffer is read-only
     * @throws NonReadableChannelException if the stream is only written to
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken
     */
    @Override
    public int read(ByteBuffer dst) throws IOException {
        requireReadable();
        requireWritable(dst);
        long n;
        do {
            n = readOnce(dst);
        } while (n == IoResult.WOULD_BLOCK && poller != null && poller.await((Source) source, Waits.READ));
        return (int) result(n);
    }

    private long readOnce(ByteBuffer dst) throws IOException {
        if (dst.hasArray()) {
            return source.read(dst);
        }
        View view = lastRead;
        if (view.buffer != dst) {
            view = View.of(dst);
            lastRead = view;
        }
        return Buffers.advance(dst, source.read(view.segment, dst.position(), dst.remaining()));
    }

    /**
     * Reads into several buffers in order, each from its position to its limit, with one system call for many.
     *
     * @param dsts the buffers to read into
     * @return the number of bytes read; 0 if the read would block or no bytes remain in the buffers; -1 at the end of
     *     the stream
     * @throws IllegalArgumentException if a buffer is read-only
     * @throws NonReadableChannelException if the stream is only written to
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken
     */
    @Override
    public long read(ByteBuffer[] dsts) throws IOException {
        return read(dsts, 0, dsts.length);
    }

    /**
     * Reads into some buffers of an array, as {@link #read(ByteBuffer[])}.
     *
     * @param dsts the array
     * @param offset the index of the first buffer
     * @param length the number of buffers
     * @return as {@link #read(ByteBuffer[])}
     * @throws IndexOutOfBoundsException if the buffers are not within the array
     * @throws IllegalArgumentException if a buffer is read-only
     * @throws NonReadableChannelException if the stream is only written to
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken
     */
    @Override
    public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, dsts.length);
        requireReadable();
        for (int i = offset; i < offset + length; i++) {
            requireWritable(dsts[i]);
        }
        MemorySegment[] segments = segments(dsts, offset, length);
        long n;
        do {
            n = source.readVectored(segments);
        } while (n == IoResult.WOULD_BLOCK && poller != null && poller.await((Source) source, Waits.READ));
        return result(advance(dsts, offset, segments, n));
    }

    // ---- writing

    /**
     * Writes a buffer, from its position to its limit, and advances the position by the number of bytes written.
     *
     * @param src the buffer to write
     * @return the number of bytes written, possibly fewer than given; 0 if the write would block or no bytes remain in
     *     the buffer
     * @throws NonWritableChannelException if the stream is only read from
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    @Override
    public int write(ByteBuffer src) throws IOException {
        requireWritable();
        if (poller == null) {
            return (int) result(writeOnce(src));
        }
        int size = src.remaining();
        try {
            do {
                if (writeOnce(src) == IoResult.WOULD_BLOCK) {
                    poller.await((Source) sink, Waits.WRITE);
                }
            } while (src.hasRemaining());
            flush();
        } catch (InterruptedIOException e) {
            e.bytesTransferred = size - src.remaining();
            throw e;
        }
        return size;
    }

    private long writeOnce(ByteBuffer src) throws IOException {
        if (src.hasArray()) {
            return sink.write(src);
        }
        View view = lastWritten;
        if (view.buffer != src) {
            view = View.of(src);
            lastWritten = view;
        }
        return Buffers.advance(src, sink.write(view.segment, src.position(), src.remaining()));
    }

    /** Writes part of an array by a channel that blocks; see {@link #write(ByteBuffer)}. */
    void write(byte[] src, int off, int len) throws IOException {
        requireWritable();
        int done = 0;
        try {
            do {
                long n = sink.write(src, off + done, len - done);
                if (n == IoResult.WOULD_BLOCK) {
                    poller.await((Source) sink, Waits.WRITE);
                } else {
                    done += (int) n;
                }
            } while (done < len);
            flush();
        } catch (InterruptedIOException e) {
            e.bytesTransferred = done;
            throw e;
        }
    }

    /** Waits until the stream holds back nothing. */
    private void flush() throws IOException {
        while (!sink.flush()) {
            poller.await((Source) sink, Waits.WRITE);
        }
    }

    /**
     * Writes several buffers in order, each from its position to its limit, with one system call for many.
     *
     * @param srcs the buffers to write
     * @return the number of bytes written, possibly fewer than given; 0 if the write would block or no bytes remain in
     *     the buffers
     * @throws NonWritableChannelException if the stream is only read from
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    @Override
    public long write(ByteBuffer[] srcs) throws IOException {
        return write(srcs, 0, srcs.length);
    }

    /**
     * Writes some buffers of an array, as {@link #write(ByteBuffer[])}.
     *
     * @param srcs the array
     * @param offset the index of the first buffer
     * @param length the number of buffers
     * @return as {@link #write(ByteBuffer[])}
     * @throws IndexOutOfBoundsException if the buffers are not within the array
     * @throws NonWritableChannelException if the stream is only read from
     * @throws ClosedChannelException if this or the stream is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    @Override
    public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, srcs.length);
        requireWritable();
        if (poller == null) {
            return result(writeOnce(srcs, offset, length));
        }
        int last = offset + length;
        int next = offset;
        long done = 0;
        try {
            do {
                long n = writeOnce(srcs, next, last - next);
                if (n == IoResult.WOULD_BLOCK) {
                    poller.await((Source) sink, Waits.WRITE);
                } else {
                    done += n;
                }
                while (next < last && !srcs[next].hasRemaining()) {
                    next++;
                }
            } while (next < last);
            flush();
        } catch (InterruptedIOException e) {
            e.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
            throw e;
        }
        return done;
    }

    private long writeOnce(ByteBuffer[] srcs, int offset, int length) throws IOException {
        MemorySegment[] segments = segments(srcs, offset, length);
        return advance(srcs, offset, segments, sink.writeVectored(segments));
    }

    // ---- closing

    /**
     * Returns whether the stream is open; of a stream that is not an {@link IoSource}, whether this channel is.
     *
     * @return {@code false} once either is closed
     */
    @Override
    public boolean isOpen() {
        return !closed && !(stream() instanceof IoSource s && !s.isOpen());
    }

    /**
     * Closes the stream. Idempotent.
     *
     * @throws IOException if a stream that is not of this library throws it
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        close(stream());
    }

    /** Closes a stream, if it can be closed. */
    static void close(Object stream) throws IOException {
        if (stream instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    /** {@return the stream, for diagnostics} */
    @Override
    public String toString() {
        return "StreamChannel[" + stream() + "]";
    }

    private Object stream() {
        return source != null ? source : sink;
    }

    // ---- checks

    private void requireOpen() throws ClosedChannelException {
        if (closed) { // of a stream of a user, this may be all that is closed
            throw new ClosedChannelException();
        }
    }

    private void requireReadable() throws ClosedChannelException {
        requireOpen();
        if (source == null) {
            throw new NonReadableChannelException();
        }
    }

    private void requireWritable() throws ClosedChannelException {
        requireOpen();
        if (sink == null) {
            throw new NonWritableChannelException();
        }
    }

    private static void requireWritable(ByteBuffer dst) {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("the buffer to read into is read-only");
        }
    }

    // ---- several buffers

    private static MemorySegment[] segments(ByteBuffer[] buffers, int offset, int length) {
        MemorySegment[] segments = new MemorySegment[length];
        for (int i = 0; i < length; i++) {
            segments[i] = MemorySegment.ofBuffer(buffers[offset + i]);
        }
        return segments;
    }

    /**
     * Advances the positions by the number of bytes transferred, and returns {@code n}. A buffer may occur twice: each
     * time its remaining bytes are those of its segment.
     */
    private static long advance(ByteBuffer[] buffers, int offset, MemorySegment[] segments, long n) {
        long left = n;
        for (int i = 0; left > 0; i++) {
            ByteBuffer buffer = buffers[offset + i];
            long size = segments[i].byteSize();
            long here = Math.min(left, size);
            buffer.position((int) (buffer.limit() - size + here));
            left -= here;
        }
        return n;
    }

    private static long result(long n) {
        return n == IoResult.WOULD_BLOCK ? 0 : n;
    }
}
