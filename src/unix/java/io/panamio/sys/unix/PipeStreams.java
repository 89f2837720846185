package io.panamio.sys.unix;

import io.panamio.sys.NativeScratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The bytes of pipes: read(2), write(2), readv(2) and writev(2). */
final class PipeStreams extends UnixStreams {
    PipeStreams(UnixConstants constants) {
        super(constants, 0, 0, 0); // read(2) and write(2) have no flags
    }

    // ---- calls

    @Override
    long read(int fd, MemorySegment dst, long off, long len, int flags) {
        return Libc.read(fd, dst, off, len);
    }

    @Override
    long write(int fd, MemorySegment src, long off, long len, int flags) {
        return Libc.write(fd, src, off, len);
    }

    @Override
    long readVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count) {
        return Libc.readv(fd, vectors, count);
    }

    @Override
    long writeVectors(int fd, NativeScratch scratch, MemorySegment vectors, int count, int flags) {
        return Libc.writev(fd, vectors, 0, count);
    }

    @Override
    long writeVectors(int fd, UnixGatherList list, int count, int flags) {
        return Libc.writev(fd, list.vectors, list.vectorsOffset(), count);
    }

    // ---- errors

    @Override
    String readCall() {
        return "read";
    }

    @Override
    String writeCall() {
        return "write";
    }

    @Override
    String readVectorsCall() {
        return "readv";
    }

    @Override
    String writeVectorsCall() {
        return "writev";
    }

    @Override
    IOException readError(String call, int errno) {
        return errors.io(call, errno);
    }

    @Override
    IOException writeError(int fd, String call, int errno) {
        return errors.io(call, errno);
    }

    @Override
    boolean isBlocked(int fd, long r) {
        return c.wouldBlock(r);
    }
}
