package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._WSABUF;
import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The bytes of stream sockets: recv, send, WSARecv and WSASend. A send accepts all bytes that it is given, whatever the
 * size of the send buffer; so one call sends at most {@link Winsock#MAX_TRANSFER}.
 */
final class WindowsStreams extends Streams {
    private WindowsStreams() {
    }

    /** The return type is the superclass, so that the verifier does not load this class for the caller. */
    static Streams open() {
        return new WindowsStreams();
    }

    // ---- errors

    /**
     * Returns the result of a receive that received nothing, or throws its error: 0 if the stream has ended, also after
     * an error that was already thrown.
     */
    static long received(int fd, String call, int r) throws IOException {
        switch (-r) {
            case 0: // also after a connect that failed
                return SocketState.hasFailed(fd) ? WindowsSockets.notConnected(fd, call) : 0;
            case Windows.WSAEWOULDBLOCK:
                return (SocketState.shut(fd) & Readiness.READABLE) != 0 ? 0 : Sockets.WOULD_BLOCK;
            case Windows.WSAESHUTDOWN, Windows.WSAEDISCON:
                return 0;
            case Windows.WSAECONNRESET, Windows.WSAECONNABORTED:
                if (!SocketState.takeReset(fd)) {
                    return 0;
                }
                break;
            case Windows.WSAENOTCONN:
                return WindowsSockets.notConnected(fd, call);
            default:
                break;
        }
        throw Errors.socket(call, -r);
    }

    static long sendFailed(int fd, String call, int r) throws IOException {
        switch (-r) {
            case Windows.WSAEWOULDBLOCK:
                return Sockets.WOULD_BLOCK;
            case Windows.WSAENOTCONN, Windows.WSAECONNRESET, Windows.WSAECONNABORTED:
                if (r == -Windows.WSAENOTCONN || SocketState.hasFailed(fd)) {
                    if (WindowsSockets.notConnected(fd, call) != 0) {
                        return Sockets.WOULD_BLOCK;
                    }
                } else if (SocketState.takeReset(fd)) {
                    break;
                }
                throw Errors.socket(call, Windows.WSAESHUTDOWN); // the failure was already thrown
            default:
                break;
        }
        throw Errors.socket(call, -r);
    }

    // ---- one segment or array

    @Override
    public long maxTransfer() {
        return Winsock.MAX_TRANSFER;
    }

    @Override
    public long recv(int fd, MemorySegment dst, long off, long len) throws IOException {
        return receive(fd, dst, off, len, 0);
    }

    @Override
    public long recv(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, 0);
    }

    @Override
    public long peek(int fd, MemorySegment dst) throws IOException {
        return receive(fd, dst, 0, dst.byteSize(), Windows.MSG_PEEK);
    }

    @Override
    public long peek(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, Windows.MSG_PEEK);
    }

    static long receive(int fd, MemorySegment dst, long off, long len, int flags) throws IOException {
        if (!dst.isNative()) {
            return receiveCopying(fd, dst, null, off, len, flags);
        }
        int r = Winsock.recv(fd, dst, off, (int) Math.min(len, Winsock.MAX_TRANSFER), flags);
        return r > 0 ? r : received(fd, "recv", r);
    }

    /**
     * Receives to the heap, a segment or else an array, through native memory. An array is passed as it is, since a
     * segment of it would be garbage. Never receives again where that could take an error that is reported only once.
     */
    private static long receiveCopying(int fd, MemorySegment dst, byte[] array, long off, long asked, int flags)
            throws IOException {
        int size = (int) Math.min(asked, Winsock.MAX_TRANSFER);
        try (NativeScratch scratch = NativeScratch.enterToCopy(Math.min(size, NativeScratch.COPY_SIZE))) {
            MemorySegment copy = scratch.copyBuffer(Math.min(size, NativeScratch.COPY_SIZE));
            int done = 0;
            do {
                int piece = Math.min(size - done, NativeScratch.COPY_SIZE);
                int r = Winsock.recv(fd, copy, 0, piece, flags);
                if (r <= 0) {
                    return done > 0 ? done : received(fd, "recv", r);
                }
                if (array == null) {
                    MemorySegment.copy(copy, 0, dst, off + done, r);
                } else {
                    MemorySegment.copy(copy, JAVA_BYTE, 0, array, (int) off + done, r);
                }
                done += r;
                if (r < piece || (flags & Windows.MSG_PEEK) != 0) {
                    return done;
                }
            } while (done < size && available(fd) > 0);
            return done;
        }
    }

    /** Returns the number of bytes that can be received. */
    private static int available(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0);
            return Winsock.ioctlsocket(fd, Windows.FIONREAD, scratch.argument) < 0 ? 0
                : scratch.argumentBytes.getInt(0);
        }
    }

    @Override
    public long send(int fd, MemorySegment src, long off, long len) throws IOException {
        if (!src.isNative()) {
            return sendCopying(fd, src, null, off, len);
        }
        int r = Winsock.send(fd, src, off, (int) Math.min(len, Winsock.MAX_TRANSFER), 0);
        return r >= 0 ? r : sendFailed(fd, "send", r);
    }

    @Override
    public long send(int fd, byte[] src, int off, int len) throws IOException {
        return sendCopying(fd, null, src, off, len);
    }

    private static long sendCopying(int fd, MemorySegment src, byte[] array, long off, long asked)
            throws IOException {
        int size = (int) Math.min(asked, Winsock.MAX_TRANSFER);
        try (NativeScratch scratch = NativeScratch.enterToCopy(Math.min(size, NativeScratch.COPY_SIZE))) {
            MemorySegment copy = scratch.copyBuffer(Math.min(size, NativeScratch.COPY_SIZE));
            int done = 0;
            do {
                int piece = Math.min(size - done, NativeScratch.COPY_SIZE);
                if (array == null) {
                    MemorySegment.copy(src, off + done, copy, 0, piece);
                } else {
                    MemorySegment.copy(array, (int) off + done, copy, JAVA_BYTE, 0, piece);
                }
                int r = Winsock.send(fd, copy, 0, piece, 0);
                if (r < 0) {
                    return done > 0 ? done : sendFailed(fd, "send", r); // the next call fails with the same error
                }
                done += r;
                if (r < piece) {
                    return done;
                }
            } while (done < size);
            return done;
        }
    }

    // ---- vectors

    @Override
    public Gather newGather(int capacity) {
        return WindowsGather.open(capacity);
    }

    @Override
    public long send(int fd, Gather gather) throws IOException {
        WindowsGather list = (WindowsGather) gather;
        long done = 0;
        while (list.remaining() > 0) {
            int count = list.prepare();
            long asked = list.size(count);
            int sent;
            try (NativeScratch scratch = NativeScratch.enter()) {
                int r = Winsock.wsaSend(fd, list.buffers, 0, count, scratch.length, 0);
                sent = r < 0 ? r : scratch.length();
            }
            Reference.reachabilityFence(list);
            if (sent < 0) {
                return done > 0 ? done : sendFailed(fd, "WSASend", sent); // the next call fails with the same error
            }
            list.advance(sent);
            done += sent;
            if (sent < asked) {
                break;
            }
        }
        return done;
    }

    @Override
    public long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
        return move(fd, dsts, false);
    }

    @Override
    public long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
        return move(fd, srcs, true);
    }

    /** Moves the bytes of segments in runs, each of which takes one call. */
    private long move(int fd, MemorySegment[] segments, boolean send) throws IOException {
        RawAccess.requireUsable(segments);
        long done = 0;
        for (int i = 0; i < segments.length && (send || done == 0 || available(fd) > 0);) {
            int run = Math.max(1, vectorable(segments, i, Winsock.MAX_TRANSFER));
            long asked = size(segments, i, run);
            if (asked > 0) {
                long r;
                try {
                    r = run > 1 ? moveRun(fd, segments, i, run, send)
                        : send ? send(fd, segments[i], 0, asked) : recv(fd, segments[i], 0, asked);
                } catch (IOException e) {
                    if (done > 0) {
                        return done; // the next call fails with the same error, or finds the end of the stream
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

    private static long moveRun(int fd, MemorySegment[] segments, int from, int count, boolean send)
            throws IOException {
        long copied = sizeOnHeap(segments, from, count);
        try (NativeScratch scratch = NativeScratch.enterToCopy(copied)) {
            MemorySegment copy = copied == 0 ? MemorySegment.NULL : scratch.copyBuffer(copied);
            MemorySegment buffers = buffers(scratch, segments, from, count, copy, send);
            int r;
            if (send) {
                r = Winsock.wsaSend(fd, buffers, 0, count, scratch.length, 0);
            } else {
                scratch.argumentBytes.putInt(0, 0); // the flags
                r = Winsock.wsaRecv(fd, buffers, count, scratch.length, scratch.argument);
            }
            Reference.reachabilityFence(segments);
            int moved = r < 0 ? r : scratch.length();
            if (send ? moved < 0 : moved <= 0) {
                return send ? sendFailed(fd, "WSASend", moved) : received(fd, "WSARecv", moved);
            }
            if (copied > 0 && !send) {
                copyToHeap(segments, from, copy, moved);
            }
            return moved;
        }
    }

    /**
     * Fills in the WSABUFs of segments, which point to the copy buffer for those on the heap; it gets their bytes if
     * {@code full}.
     */
    private static MemorySegment buffers(NativeScratch scratch, MemorySegment[] segments, int from, int count,
            MemorySegment copy, boolean full) {
        MemorySegment buffers = scratch.vectors(_WSABUF.sizeof() * count);
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
            buffers.set(JAVA_INT, i * _WSABUF.sizeof() + _WSABUF.len$offset(), (int) size);
            buffers.set(JAVA_LONG, i * _WSABUF.sizeof() + _WSABUF.buf$offset(), address);
        }
        return buffers;
    }
}
