package io.panamio.sys.unix;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a thread needs for its system calls: where errno is captured, and small room for arguments. Each thread has its
 * own, so no two calls share errno. The memory goes with the thread; it is automatic, as a segment of a closeable arena
 * costs more to pass.
 *
 * <p>What every start needs is read and written as a buffer, by which the same memory can be had: the first value that
 * is read from a segment costs a cold JVM 5 ms, in which it makes a var handle; a buffer has none.
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
    private final ByteBuffer captured;
    /** Room for one argument of up to 16 bytes, such as an option or an event. */
    public final MemorySegment argument;
    /** The same. */
    public final ByteBuffer argumentBytes;
    /** Room for the length of an address or an option. */
    final MemorySegment length;
    private final ByteBuffer lengthBytes;
    /** Room for a sockaddr_storage: 128 bytes, 256 on OpenBSD. */
    final MemorySegment address;
    /** The same. */
    final ByteBuffer addressBytes;
    /** Room for a struct msghdr, 56 bytes on Linux, 48 elsewhere, of which only the iovecs are ever set. */
    final MemorySegment message;
    /** Room for a struct msghdr of which everything is set each time. */
    final MemorySegment wholeMessage;

    private MemorySegment vectors;
    private MemorySegment copyBuffer;

    private ThreadState() {
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(Linker.Option.captureStateLayout());
        captured = bytes(capture);
        MemorySegment room = arena.allocate(16 + 16 + 256 + 64 + 64, 16);
        argument = room.asSlice(0, 16);
        argumentBytes = bytes(argument);
        length = room.asSlice(16, 4);
        lengthBytes = bytes(length);
        address = room.asSlice(32, 256);
        addressBytes = bytes(address);
        message = room.asSlice(288, 64);
        wholeMessage = room.asSlice(352, 64);
    }

    /** A view of native memory in the system's byte order. */
    public static ByteBuffer bytes(MemorySegment memory) {
        return memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** The current thread's. */
    public static ThreadState get() {
        return CURRENT.get();
    }

    int errno() {
        return captured.getInt(0);
    }

    /** What is in {@link #length}. */
    int length() {
        return lengthBytes.getInt(0);
    }

    /** {@link #length}, with how much room there is. */
    MemorySegment length(int room) {
        lengthBytes.putInt(0, room);
        return length;
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
