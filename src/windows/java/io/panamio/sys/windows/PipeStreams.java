package io.panamio.sys.windows;

import io.panamio.sys.Gather;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The calls on an end of a pipe, by two that a subclass has: reading and writing a part of a segment or an array. */
abstract class PipeStreams extends Streams {
    /** Reads into a part of {@code dst} or, if that is null, of {@code array}; returns 0 at the end of the stream. */
    abstract long read(MemorySegment dst, byte[] array, long off, long len) throws IOException;

    /** Writes a part of {@code src} or, if that is null, of {@code array}. */
    abstract long write(MemorySegment src, byte[] array, long off, long len) throws IOException;

    /** Returns whether another read may follow the last one in the same call. */
    boolean continues() {
        return true;
    }

    @Override
    public long recv(int fd, MemorySegment dst, long off, long len) throws IOException {
        return read(dst, null, off, len);
    }

    @Override
    public long recv(int fd, byte[] dst, int off, int len) throws IOException {
        return read(null, dst, off, len);
    }

    @Override
    public long send(int fd, MemorySegment src, long off, long len) throws IOException {
        return write(src, null, off, len);
    }

    @Override
    public long send(int fd, byte[] src, int off, int len) throws IOException {
        return write(null, src, off, len);
    }

    @Override
    public long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
        return move(dsts, false);
    }

    @Override
    public long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
        return move(srcs, true);
    }

    private long move(MemorySegment[] segments, boolean write) throws IOException {
        RawAccess.requireUsable(segments);
        long done = 0;
        for (MemorySegment segment : segments) {
            long size = segment.byteSize();
            if (size > 0) {
                long n;
                try {
                    n = write ? write(segment, null, 0, size) : read(segment, null, 0, size);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the next call fails with the same error
                    }
                    throw e;
                }
                if (n <= 0) {
                    return done > 0 ? done : n;
                }
                done += n;
                if (n < size || !write && !continues()) {
                    return done;
                }
            }
        }
        return done;
    }

    @Override
    public Gather newGather(int capacity) {
        return WindowsGather.open(capacity);
    }

    @Override
    public long send(int fd, Gather list) throws IOException {
        for (int i = 0; i < list.capacity(); i++) {
            if (list.remaining(i) > 0) {
                RawAccess.requireUsable(list.segment(i)); // before any byte moves
            }
        }
        long done = 0;
        for (int i = 0; i < list.capacity() && list.remaining() > 0; i++) {
            long size = list.remaining(i);
            if (size > 0) {
                long n;
                try {
                    n = write(list.segment(i), null, list.offset(i), size);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the next call fails with the same error
                    }
                    throw e;
                }
                if (n < 0) {
                    return done > 0 ? done : n;
                }
                list.advance(n);
                done += n;
                if (n < size) {
                    return done;
                }
            }
        }
        return done;
    }
}
