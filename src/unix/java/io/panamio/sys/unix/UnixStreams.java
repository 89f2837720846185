package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.Gather;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Map;

/** The bytes of stream sockets and of pipes, as POSIX moves them. */
final class UnixStreams extends Streams {
    static final int IOVEC_SIZE = 16;
    static final long IOV_BASE_OFFSET = 0;
    static final long IOV_LEN_OFFSET = 8;

    private static final String RECV = "recv";
    private static final String SEND = "send";
    private static final Map<String, String> PIPE_CALLS =
        Map.of(RECV, "read", SEND, "write", "recvmsg", "readv", "sendmsg", "writev");

    private final UnixConstants c;
    private final Errors errors;
    private final boolean pipes;

    /** For sockets or for pipes, which have other calls for the same. */
    UnixStreams(UnixConstants constants, boolean pipes) {
        c = constants;
        this.pipes = pipes;
        errors = new Errors(constants);
    }

    @Override
    public long recv(int fd, MemorySegment dst, long off, long len) throws IOException {
        return dst.isNative() ? receive(fd, dst, off, len, c.MSG_DONTWAIT())
            : receiveCopying(fd, dst, null, off, len, c.MSG_DONTWAIT());
    }

    @Override
    public long peek(int fd, MemorySegment dst) throws IOException {
        int flags = c.MSG_DONTWAIT() | c.MSG_PEEK();
        return dst.isNative() ? receive(fd, dst, 0, dst.byteSize(), flags)
            : receiveCopying(fd, dst, null, 0, dst.byteSize(), flags);
    }

    @Override
    public long send(int fd, MemorySegment src, long off, long len) throws IOException {
        return transmit(fd, src, off, len, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
    }

    @Override
    public long sendMore(int fd, MemorySegment src, long off, long len) throws IOException {
        return transmit(fd, src, off, len, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL() | c.MSG_MORE());
    }

    private long receive(int fd, MemorySegment dst, long off, long len, int flags) throws IOException {
        long size = Math.min(len, Libc.MAX_TRANSFER);
        long r;
        do {
            r = pipes ? Libc.read(fd, dst, off, size) : Libc.recv(fd, dst, off, size, flags);
        } while (r == -c.EINTR());
        return r >= 0 ? r : failed(RECV, r);
    }

    private long transmit(int fd, MemorySegment src, long off, long len, int flags) throws IOException {
        if (!src.isNative()) {
            return transmitCopying(fd, src, null, off, len, flags);
        }
        long size = Math.min(len, Libc.MAX_TRANSFER);
        long r;
        do {
            r = pipes ? Libc.write(fd, src, off, size) : Libc.send(fd, src, off, size, flags);
        } while (r == -c.EINTR());
        return r >= 0 ? r : failed(SEND, r);
    }

    @Override
    public long recv(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, c.MSG_DONTWAIT());
    }

    @Override
    public long peek(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, c.MSG_DONTWAIT() | c.MSG_PEEK());
    }

    @Override
    public long send(int fd, byte[] src, int off, int len) throws IOException {
        return transmitCopying(fd, null, src, off, len, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
    }

    @Override
    public long maxTransfer() {
        return Libc.MAX_TRANSFER;
    }

    private long failed(String call, long r) throws IOException {
        if (c.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw pipes ? errors.io(PIPE_CALLS.get(call), (int) -r) : errors.socket(call, (int) -r);
    }

    /**
     * Receives to the heap, a segment or else an array, by way of native memory. An array comes as it is, since a
     * segment of it would be garbage. One call never asks twice for an error that is reported once.
     */
    private long receiveCopying(int fd, MemorySegment dst, byte[] array, long off, long asked, int flags)
            throws IOException {
        long size = Math.min(asked, Libc.MAX_TRANSFER);
        try (NativeScratch scratch = NativeScratch.enterToCopy(Math.min(size, NativeScratch.COPY_SIZE))) {
            MemorySegment copy = scratch.copyBuffer(Math.min(size, NativeScratch.COPY_SIZE));
            long done = 0;
            do {
                long piece = Math.min(size - done, NativeScratch.COPY_SIZE);
                long r;
                do {
                    r = pipes ? Libc.read(fd, copy, 0, piece) : Libc.recv(fd, copy, 0, piece, flags);
                } while (r == -c.EINTR());
                if (r <= 0) {
                    return done > 0 ? done : r == 0 ? 0 : failed(RECV, r);
                }
                if (array == null) {
                    MemorySegment.copy(copy, 0, dst, off + done, r);
                } else {
                    MemorySegment.copy(copy, JAVA_BYTE, 0, array, (int) (off + done), (int) r);
                }
                done += r;
                if (r < piece || (flags & c.MSG_PEEK()) != 0) {
                    return done;
                }
            } while (done < size && available(fd) > 0);
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
                    r = pipes ? Libc.write(fd, copy, 0, piece) : Libc.send(fd, copy, 0, piece, flags);
                } while (r == -c.EINTR());
                if (r < 0) {
                    return done > 0 ? done : failed(SEND, r); // an error will be there again for the next call
                }
                done += r;
                if (r < piece) {
                    return done;
                }
            } while (done < size);
            return done;
        }
    }

    /** How many bytes wait to be received. Asking does not take a pending error away, as receiving would. */
    private int available(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Libc.ioctl(fd, c.FIONREAD(), scratch.argument) < 0 ? 0 : scratch.argumentBytes.getInt(0);
        }
    }

    // ---- vectors

    @Override
    public Gather newGather(int capacity) {
        return UnixGatherList.open(c, capacity);
    }

    @Override
    public long send(int fd, Gather gather) throws IOException {
        UnixGatherList list = (UnixGatherList) gather;
        long done = 0;
        while (list.remaining() > 0) {
            int run = list.run();
            long asked = list.size(run);
            int flags = c.MSG_DONTWAIT() | c.MSG_NOSIGNAL() | (list.remaining() > asked ? c.MSG_MORE() : 0);
            long r;
            try {
                r = run == 1 ? transmit(fd, list.segment(list.first()), list.offset(list.first()), asked, flags)
                    : transmitRun(fd, list, run, flags);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the error will be there again for the next call
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
            r = pipes ? Libc.writev(fd, list.vectors, list.vectorsOffset(), count)
                : Libc.sendmsg(fd, list.message(count), flags);
        } while (r == -c.EINTR());
        Reference.reachabilityFence(list);
        return r >= 0 ? r : failed("sendmsg", r);
    }

    @Override
    public long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
        requireUsable(dsts);
        long done = 0;
        for (int i = 0; i < dsts.length && (done == 0 || available(fd) > 0);) {
            int run = Math.max(1, vectorable(dsts, i));
            long asked = size(dsts, i, run);
            if (asked > 0) {
                long r;
                try {
                    r = run == 1 ? recv(fd, dsts[i], 0, asked) : receiveRun(fd, dsts, i, run);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the bytes matter more: the next call finds the end of the stream
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
    public long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
        requireUsable(srcs);
        long left = size(srcs, 0, srcs.length);
        long done = 0;
        for (int i = 0; i < srcs.length;) {
            int run = Math.max(1, vectorable(srcs, i));
            long asked = size(srcs, i, run);
            if (asked > 0) {
                left -= asked; // empty segments may follow: after the last byte nothing may be held back
                int flags = c.MSG_DONTWAIT() | c.MSG_NOSIGNAL() | (left > 0 ? c.MSG_MORE() : 0);
                long r;
                try {
                    r = run == 1 ? transmit(fd, srcs[i], 0, asked, flags) : transmitRun(fd, srcs, i, run, flags);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the error will be there again for the next call
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

    /** Before any byte has moved, as the count of those that have is lost with an exception. */
    private static void requireUsable(MemorySegment[] segments) {
        for (MemorySegment segment : segments) {
            RawAccess.requireUsable(segment);
        }
    }

    private long receiveRun(int fd, MemorySegment[] segments, int from, int count) throws IOException {
        long copied = sizeOnHeap(segments, from, count);
        try (NativeScratch scratch = NativeScratch.enterToCopy(copied)) {
            MemorySegment copy = copied == 0 ? MemorySegment.NULL : scratch.copyBuffer(copied);
            MemorySegment vectors = vectors(scratch, segments, from, count, copy, false);
            long r;
            do {
                r = pipes ? Libc.readv(fd, vectors, count)
                    : Libc.recvmsg(fd, message(scratch, vectors, count), c.MSG_DONTWAIT());
            } while (r == -c.EINTR());
            Reference.reachabilityFence(segments);
            if (r < 0) {
                return failed("recvmsg", r);
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
            MemorySegment vectors = vectors(scratch, segments, from, count, copy, true);
            long r;
            do {
                r = pipes ? Libc.writev(fd, vectors, 0, count)
                    : Libc.sendmsg(fd, message(scratch, vectors, count), flags);
            } while (r == -c.EINTR());
            Reference.reachabilityFence(segments);
            return r >= 0 ? r : failed("sendmsg", r);
        }
    }

    private MemorySegment message(NativeScratch scratch, MemorySegment vectors, int count) {
        MemorySegment message = scratch.message; // the rest of it is zero and stays so
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vectors.address());
        message.set(JAVA_INT, c.MSGHDR_IOVLEN(), count);
        return message;
    }

    /** Vectors of segments; those on the heap lie one after the other in the copy buffer, with their bytes or not. */
    private static MemorySegment vectors(NativeScratch scratch, MemorySegment[] segments, int from, int count,
            MemorySegment copy, boolean full) {
        MemorySegment vectors = scratch.vectors(count);
        long copied = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment segment = segments[from + i];
            long size = segment.byteSize();
            long address;
            if (segment.isNative()) {
                address = segment.address();
            } else {
                if (full) {
                    MemorySegment.copy(segment, 0, copy, copied, size);
                }
                address = copy.address() + copied;
                copied += size;
            }
            vectors.set(JAVA_LONG, (long) i * IOVEC_SIZE + IOV_BASE_OFFSET, address);
            vectors.set(JAVA_LONG, (long) i * IOVEC_SIZE + IOV_LEN_OFFSET, size);
        }
        return vectors;
    }

    /** Copies what was received for segments on the heap. */
    private static void copyToHeap(MemorySegment[] segments, int from, MemorySegment copy, long received) {
        long copied = 0;
        long left = received;
        for (int i = from; left > 0; i++) {
            MemorySegment segment = segments[i];
            long n = Math.min(left, segment.byteSize());
            if (!segment.isNative()) {
                MemorySegment.copy(copy, copied, segment, 0, n);
                copied += n;
            }
            left -= n;
        }
    }

    private static long sizeOnHeap(MemorySegment[] segments, int from, int count) {
        long size = 0;
        for (int i = from; i < from + count; i++) {
            size += segments[i].isNative() ? 0 : segments[i].byteSize();
        }
        return size;
    }

    private static long size(MemorySegment[] segments, int from, int count) {
        long size = 0;
        for (int i = from; i < from + count; i++) {
            size += segments[i].byteSize();
        }
        return size;
    }

    /**
     * How many segments from {@code from} on can go into one iovec array, see {@link RawAccess}: native ones, and on the
     * heap as much as the copy buffer holds. A segment of a shared arena goes alone, as an argument.
     */
    private static int vectorable(MemorySegment[] segments, int from) {
        long size = 0;
        long copied = 0;
        int i = from;
        while (i < segments.length && i - from < NativeScratch.IOV_MAX) {
            MemorySegment segment = segments[i];
            copied += segment.isNative() ? 0 : segment.byteSize();
            if (copied > NativeScratch.COPY_SIZE || segment.isNative() && !RawAccess.isSafe(segment)) {
                break;
            }
            size += segment.byteSize();
            if (size < 0 || size > Libc.MAX_TRANSFER) {
                break;
            }
            i++;
        }
        return i - from;
    }
}
