package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/**
 * What a thread needs for its system calls: where errno is captured, and small room for arguments. Each thread has its
 * own, so no two calls share errno. The memory goes with the thread; it is automatic, as a segment of a closeable arena
 * costs more to pass.
 */
public final class ThreadState {
    private static final ThreadLocal<ThreadState> CURRENT = new ThreadLocal<>() { // a lambda costs a start more
        @Override
        protected ThreadState initialValue() {
            return new ThreadState();
        }
    };

    /** The most segments that one gather or scatter call takes: IOV_MAX of Linux, macOS and the BSDs. */
    static final int IOV_MAX = 1024;
    /** How much a copy through {@link #copyBuffer} moves at a time. */
    static final int COPY_SIZE = 64 * 1024;

    /** Where errno is captured; errno is the only state that a Unix has, so it is at offset 0. */
    public final MemorySegment capture;
    /** Room for one argument of up to 16 bytes, such as an option or an event. */
    public final MemorySegment argument;
    /** Room for the length of an address or an option. */
    final MemorySegment length;
    /** Room for a sockaddr_storage: 128 bytes, 256 on OpenBSD. */
    final MemorySegment address;
    /** Room for a struct msghdr, 56 bytes on Linux, 48 elsewhere, of which only the iovecs are ever set. */
    final MemorySegment message;
    /** Room for a struct msghdr of which everything is set each time. */
    final MemorySegment wholeMessage;

    private MemorySegment vectors;
    private MemorySegment copyBuffer;

    private ThreadState() {
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(Linker.Option.captureStateLayout());
        MemorySegment room = arena.allocate(16 + 16 + 256 + 64 + 64, 16);
        argument = room.asSlice(0, 16);
        length = room.asSlice(16, 4);
        address = room.asSlice(32, 256);
        message = room.asSlice(288, 64);
        wholeMessage = room.asSlice(352, 64);
    }

    /** The current thread's. */
    public static ThreadState get() {
        return CURRENT.get();
    }

    int errno() {
        return capture.get(JAVA_INT, 0);
    }

    /** Room for {@link #IOV_MAX} iovecs. */
    MemorySegment vectors() {
        if (vectors == null) {
            vectors = Arena.ofAuto().allocate((long) UnixStreams.IOVEC_SIZE * IOV_MAX, 16);
        }
        return vectors;
    }

    /** {@link #COPY_SIZE} bytes for what lies on the heap, where the system cannot reach. */
    MemorySegment copyBuffer() {
        if (copyBuffer == null) {
            copyBuffer = Arena.ofAuto().allocate(COPY_SIZE, 64);
        }
        return copyBuffer;
    }
}
