package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Reads and writes stream sockets, by recv(2), send(2), recvmsg(2) and sendmsg(2). */
final class SocketStreams extends UnixStreams {
    private final WriteErrors writeErrors;

    private SocketStreams(UnixConstants constants, int more) {
        super(constants, constants.MSG_DONTWAIT(), constants.MSG_DONTWAIT() | constants.MSG_NOSIGNAL(), more);
        writeErrors = new WriteErrors(constants);
    }

    /** The return type is the superclass, so that the verifier does not load this class for the caller. */
    static Streams open(UnixConstants constants, int more) {
        return new SocketStreams(constants, more);
    }

    @Override
    public long peek(int fd, MemorySegment dst) throws IOException {
        int flags = c.MSG_DONTWAIT() | Posix.MSG_PEEK;
        return dst.isNative() ? receive(fd, dst, 0, dst.byteSize(), flags)
            : receiveCopying(fd, dst, null, 0, dst.byteSize(), flags);
    }

    @Override
    public long peek(int fd, byte[] dst, int off, int len) throws IOException {
        return receiveCopying(fd, null, dst, off, len, c.MSG_DONTWAIT() | Posix.MSG_PEEK);
    }

    // ---- calls

    @Override
    long read(int fd, MemorySegment dst, long off, long len, int flags) {
        return Libc.recv(fd, dst, off, len, flags);
    }

    @Override
    long write(int fd, MemorySegment src, long off, long len, int flags) {
        return Libc.send(fd, src, off, len, flags);
    }

    @Override
    long readVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count) {
        return Libc.recvmsg(fd, message(scratch, vectors, count), c.MSG_DONTWAIT());
    }

    @Override
    long writeVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count, int flags) {
        return Libc.sendmsg(fd, message(scratch, vectors, count), flags);
    }

    @Override
    long writeVectors(int fd, UnixGatherList list, int count, int flags) {
        return Libc.sendmsg(fd, list.message(count), flags);
    }

    private MemorySegment message(NativeScratch scratch, MemorySegment vectors, int count) {
        MemorySegment message = scratch.message; // its other fields stay zero
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vectors.address());
        c.setLength(message, c.MSGHDR_IOVLEN(), count);
        return message;
    }

    // ---- errors

    @Override
    String readCall() {
        return "recv";
    }

    @Override
    String writeCall() {
        return "send";
    }

    @Override
    String readVectorsCall() {
        return "recvmsg";
    }

    @Override
    String writeVectorsCall() {
        return "sendmsg";
    }

    @Override
    IOException readError(String call, int errno) {
        return errors.socket(call, errno);
    }

    @Override
    IOException writeError(int fd, String call, int errno) {
        return writeErrors.exception(fd, call, errno);
    }

    @Override
    boolean isBlocked(int fd, long r) {
        return writeErrors.isBlocked(fd, r);
    }
}
