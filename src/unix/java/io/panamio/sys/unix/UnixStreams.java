package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The calls of POSIX for streams of bytes: what sockets and pipes have in common. Each of the two adds its system
 * calls, which return their result or the negated errno.
 */
abstract class UnixStreams extends Streams {
    final UnixConstants c;
    final Errors errors;
    /** The flags of each receive and of each send. */
    private final int receiveFlags;
    private final int sendFlags;
    /** The flag that announces another send immediately after, or 0. */
    private final int more;

    UnixStreams(UnixConstants constants, int receiveFlags, int sendFlags, int more) {
        c = constants;
        errors = new Errors(constants);
        this.receiveFlags = receiveFlags;
        this.sendFlags = sendFlags;
        this.more = more;
    }

    // ---- calls

    abstract long read(int fd, MemorySegment dst, long off, long len, int flags);

    abstract long write(int fd, MemorySegment src, long off, long len, int flags);

    abstract long readVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count);

    abstract long writeVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count, int flags);

    abstract long writeVectors(int fd, UnixGatherList list, int count, int flags);

    // ---- errors

    /** Returns the name of the system call that {@link #read} makes, for errors; the next three do the same. */
    abstract String readCall();

    abstract String writeCall();

    abstract String readVectorsCall();

    abstract String writeVectorsCall();

    abstract IOException readError(String call, int errno);

    abstract IOException writeError(int fd, String call, int errno);

    /** Returns whether a write that failed would block. */
    abstract boolean isBlocked(int fd, long r);

    private long readFailed(String call, long r) throws IOException {
        if (c.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw readError(call, (int) -r);
    }

    private long writeFailed(int fd, String call, long r) throws IOException {
        if (isBlocked(fd, r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw writeError(fd, call, (int) -r);
    }

    // ---- one segment or array

    @Override
    public final long recv(int fd, MemorySegment dst, long off, long len) throws IOException {
        return dst.isNative() ? receive(fd, dst, off, len, receiveFlags)
            : receiveCopying(fd, dst, null, off, len, receiveFlags);
    }

    @Override
    public final long recv(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, receiveFlags);
    }

    @Override
    public final long send(int fd, MemorySegment src, long off, long len) throws IOException {
        return transmit(fd, src, off, len, sendFlags);
    }

    @Override
    public final long sendMore(int fd, MemorySegment src, long off, long len) throws IOException {
        return transmit(fd, src, off, len, sendFlags | more);
    }

    @Override
    public final long send(int fd, byte[] src, int off, int len) throws IOException {
        return transmitCopying(fd, null, src, off, len, sendFlags);
    }

    @Override
    public final long maxTransfer() {
        return Libc.MAX_TRANSFER;
    }

    final long receive(int fd, MemorySegment dst, long off, long len, int flags) throws IOException {
        long size = Math.min(len, Libc.MAX_TRANSFER);
        long r;
        do {
            r = read(fd, dst, off, size, flags);
        } while (r == -Posix.EINTR);
        return r >= 0 ? r : readFailed(readCall(), r);
    }

    private long transmit(int fd, MemorySegment src, long off, long len, int flags) throws IOException {
        if (!src.isNative()) {
            return transmitCopying(fd, src, null, off, len, flags);
        }
        long size = Math.min(len, Libc.MAX_TRANSFER);
        long r;
        do {
            r = write(fd, src, off, size, flags);
        } while (r == -Posix.EINTR);
        return r >= 0 ? r : writeFailed(fd, writeCall(), r);
    }

    /**
     * Receives to the heap, a segment or else an array, through native memory. An array is passed as it is, since a
     * segment of it would be garbage. Never receives again where that could take an error that is reported only once.
     */
    final long receiveCopying(int fd, MemorySegment dst, byte[] array, long off, long asked, int flags)
            throws IOException {
        long size = Math.min(asked, Libc.MAX_TRANSFER);
        try (NativeScratch scratch = NativeScratch.enterToCopy(Math.min(size, NativeScratch.COPY_SIZE))) {
            MemorySegment copy = scratch.copyBuffer(Math.min(size, NativeScratch.COPY_SIZE));
            long done = 0;
            do {
                long piece = Math.min(size - done, NativeScratch.COPY_SIZE);
                long r;
                do {
                    r = read(fd, copy, 0, piece, flags);
                } while (r == -Posix.EINTR);
                if (r <= 0) {
                    return done > 0 ? done : r == 0 ? 0 : readFailed(readCall(), r);
                }
                if (array == null) {
                    MemorySegment.copy(copy, 0, dst, off + done, r);
                } else {
                    MemorySegment.copy(copy, JAVA_BYTE, 0, array, (int) (off + done), (int) r);
                }
                done += r;
                if (r < piece || (flags & Posix.MSG_PEEK) != 0) {
                    return done;
                }
            } while (done < size && hasMore(fd));
            return done;
        }
    }

    private long transmitCopying(int fd, MemorySegment src, byte[] array, long off, long asked, int flags)
            throws IOException {
        long size = Math.min(asked, Libc.MAX_TRANSFER);
        try (NativeScratch scratch = NativeScratch.enterToCopy(Math.min(size, NativeScratch.COPY_SIZE))) {
            MemorySegment copy = scratch.copyBuffer(Math.min(size, NativeScratch.COPY_SIZE));
            long done = 0;
            do {
                long piece = Math.min(size - done, NativeScratch.COPY_SIZE);
                if (array == null) {
                    MemorySegment.copy(src, off + done, copy, 0, piece);
                } else {
                    MemorySegment.copy(array, (int) (off + done), copy, JAVA_BYTE, 0, (int) piece);
                }
                long r;
                do {
                    r = write(fd, copy, 0, piece, flags);
                } while (r == -Posix.EINTR);
                if (r < 0) {
                    return done > 0 ? done : writeFailed(fd, writeCall(), r); // the next call fails with the same error
                }
                done += r;
                if (r < piece) {
                    return done;
                }
            } while (done < size);
            return done;
        }
    }

    /** Returns whether bytes can be received. Does not clear a pending error, as a receive would. */
    private boolean hasMore(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            if (Libc.ioctl(fd, c.FIONREAD(), scratch.argument) >= 0) {
                return scratch.argumentBytes.getInt(0) > 0;
            }
        }
        int readiness = Libc.pollNow(fd, Posix.POLLIN); // refused, as by a sandbox: a short read would mean drained
        return readiness > 0 && (readiness & Posix.POLLIN) != 0 && (readiness & Posix.POLLERR) == 0;
    }

    // ---- vectors

    @Override
    public final Gather newGather(int capacity) {
        return UnixGatherList.open(c, capacity);
    }

    @Override
    public final long send(int fd, Gather gather) throws IOException {
        UnixGatherList list = (UnixGatherList) gather;
        long done = 0;
        while (list.remaining() > 0) {
            int run = list.run();
            long asked = list.size(run);
            int flags = sendFlags | (list.remaining() > asked ? more : 0);
            long r;
            try {
                r = run == 1 ? transmit(fd, list.segment(list.first()), list.offset(list.first()), asked, flags)
                    : transmitRun(fd, list, run, flags);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the next call fails with the same error
                }
                throw e;
            }
            if (r < 0) {
                return done > 0 ? done : r;
            }
            list.advance(r);
            done += r;
            if (r < Math.min(asked, Libc.MAX_TRANSFER)) {
                return done;
            }
        }
        return done;
    }

    private long transmitRun(int fd, UnixGatherList list, int count, int flags) throws IOException {
        long r;
        do {
            r = writeVectors(fd, list, count, flags);
        } while (r == -Posix.EINTR);
        Reference.reachabilityFence(list);
        return r >= 0 ? r : writeFailed(fd, writeVectorsCall(), r);
    }

    @Override
    public final long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
        RawAccess.requireUsable(dsts);
        long done = 0;
        for (int i = 0; i < dsts.length && (done == 0 || hasMore(fd));) {
            int run = Math.max(1, vectorable(dsts, i, Libc.MAX_TRANSFER));
            long asked = size(dsts, i, run);
            if (asked > 0) {
                long r;
                try {
                    r = run == 1 ? recv(fd, dsts[i], 0, asked) : receiveRun(fd, dsts, i, run);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the next call returns the end of the stream
                    }
                    throw e;
                }
                if (r <= 0) {
                    return done > 0 ? done : r;
                }
                done += r;
                if (r < asked) {
                    return done;
                }
            }
            i += run;
        }
        return done;
    }

    @Override
    public final long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
        RawAccess.requireUsable(srcs);
        long left = size(srcs, 0, srcs.length);
        long done = 0;
        for (int i = 0; i < srcs.length;) {
            int run = Math.max(1, vectorable(srcs, i, Libc.MAX_TRANSFER));
            long asked = size(srcs, i, run);
            if (asked > 0) {
                left -= asked; // empty segments may follow; the last byte must not be held back
                int flags = sendFlags | (left > 0 ? more : 0);
                long r;
                try {
                    r = run == 1 ? transmit(fd, srcs[i], 0, asked, flags) : transmitRun(fd, srcs, i, run, flags);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the next call fails with the same error
                    }
                    throw e;
                }
                if (r < 0) {
                    return done > 0 ? done : r;
                }
                done += r;
                if (r < asked) {
                    return done;
                }
            }
            i += run;
        }
        return done;
    }

    private long receiveRun(int fd, MemorySegment[] segments, int from, int count) throws IOException {
        long copied = sizeOnHeap(segments, from, count);
        try (NativeScratch scratch = NativeScratch.enterToCopy(copied)) {
            MemorySegment copy = copied == 0 ? MemorySegment.NULL : scratch.copyBuffer(copied);
            MemorySegment vectors = vectors(scratch, segments, from, count, copy);
            long r;
            do {
                r = readVectors(fd, scratch, vectors, count);
            } while (r == -Posix.EINTR);
            Reference.reachabilityFence(segments);
            if (r < 0) {
                return readFailed(readVectorsCall(), r);
            }
            if (copied > 0) {
                copyToHeap(segments, from, copy, r);
            }
            return r;
        }
    }

    private long transmitRun(int fd, MemorySegment[] segments, int from, int count, int flags) throws IOException {
        long copied = sizeOnHeap(segments, from, count);
        try (NativeScratch scratch = NativeScratch.enterToCopy(copied)) {
            MemorySegment copy = copied == 0 ? MemorySegment.NULL : scratch.copyBuffer(copied);
            if (copied > 0) {
                copyFromHeap(segments, from, count, copy);
            }
            MemorySegment vectors = vectors(scratch, segments, from, count, copy);
            long r;
            do {
                r = writeVectors(fd, scratch, vectors, count, flags);
            } while (r == -Posix.EINTR);
            Reference.reachabilityFence(segments);
            return r >= 0 ? r : writeFailed(fd, writeVectorsCall(), r);
        }
    }

    /** Fills in the iovecs of segments, which point to the copy buffer for those on the heap. */
    private static MemorySegment vectors(NativeScratch scratch, MemorySegment[] segments, int from, int count,
            MemorySegment copy) {
        MemorySegment vectors = scratch.vectors((long) Structs.IOVEC_SIZE * count);
        long copied = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment segment = segments[from + i];
            long size = segment.byteSize();
            long address;
            if (segment.isNative()) {
                address = segment.address();
            } else {
                address = copy.address() + copied;
                copied += size;
            }
            vectors.set(JAVA_LONG, (long) i * Structs.IOVEC_SIZE + Structs.IOVEC_BASE, address);
            vectors.set(JAVA_LONG, (long) i * Structs.IOVEC_SIZE + Structs.IOVEC_LEN, size);
        }
        return vectors;
    }
}
