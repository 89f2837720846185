package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Native memory for system calls: the segment that captures the error code, and room for small arguments. It belongs to
 * a thread from {@link #enter} to {@link #close}, so that no two calls share it; its contents do not outlast that. An
 * operation that is called in between may get the same one and overwrite its contents.
 *
 * <p>A platform thread has one of its own. A virtual thread, of which there may be any number, borrows one from a pool:
 * as no operation waits, at most one for each carrier is in use. A thread that is unmounted nevertheless, for example
 * while it loads a class, keeps what it borrowed. A large copy buffer is borrowed by either kind of thread. A borrowed
 * one that is not returned becomes garbage.
 *
 * <p>The memory is that of automatic arenas, as a segment of a closeable arena costs more to pass. A thread refers to
 * its own only through types of the JDK, and weakly: otherwise a long-lived thread would keep the class loader of the
 * library alive.
 *
 * <p>What is needed at every start is read and written as a buffer over the same memory: the first access to a segment
 * creates a var handle, which takes 5 ms on a cold JVM; a buffer needs none.
 */
public final class NativeScratch implements AutoCloseable {
    private static final ThreadLocal<WeakReference<NativeScratch>> OWN = new ThreadLocal<>();
    /** Keeps each one alive as long as its thread and the library are. */
    private static final Map<Thread, NativeScratch> OWNERS = new WeakHashMap<>();

    /**
     * The maximum number of segments of one gather or scatter call: IOV_MAX of Linux, macOS and the BSDs, and enough
     * WSABUFs on Windows.
     */
    public static final int MAX_VECTORS = 1024;
    /** The maximum number of bytes that are copied at once, where a copy can be made in parts. */
    public static final int COPY_SIZE = 64 * 1024;
    /** The largest copy buffer that a platform thread keeps: 48 MB for 6,000 threads. */
    private static final int OWN_COPY_SIZE = 8 * 1024;

    /** The captured error code. */
    public final MemorySegment capture;
    private final ByteBuffer captured;
    /** Room for one argument of up to 16 bytes, such as the value of an option or an event. */
    public final MemorySegment argument;
    /** {@link #argument} as a buffer. */
    public final ByteBuffer argumentBytes;
    /** Room for the length of an address or an option. */
    public final MemorySegment length;
    private final ByteBuffer lengthBytes;
    /** Room for a sockaddr_storage (128 bytes, 256 on OpenBSD), or for as many bytes of control messages. */
    public final MemorySegment address;
    /** {@link #address} as a buffer. */
    public final ByteBuffer addressBytes;
    /** The header of a message, such as a struct msghdr, of which only the vectors are ever set. */
    public final MemorySegment message;
    /** The header of a message, of which all fields are set each time. */
    public final MemorySegment wholeMessage;
    /** {@link #wholeMessage} as a buffer. */
    public final ByteBuffer wholeMessageBytes;

    private final boolean lent;
    private MemorySegment vectors;
    private MemorySegment copyBuffer;
    /** A copy buffer of one operation, freed at its end. */
    private MemorySegment block;

    private NativeScratch(boolean lent) {
        this.lent = lent;
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
        wholeMessageBytes = bytes(wholeMessage);
    }

    /** Returns native memory as a buffer in the system's byte order. */
    public static ByteBuffer bytes(MemorySegment memory) {
        return memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Loads the classes that a call may be the first to need. */
    @SuppressWarnings("unused")
    public static void load() {
        Class<?>[] loaded = {Lending.class, RawAccess.class, BlockArena.class, SourceArena.Owner.class,
            AddressFamily.class};
    }

    // ---- borrowing

    /** Returns scratch memory for the current thread to use until {@link #close}. */
    public static NativeScratch enter() {
        Thread thread = Thread.currentThread();
        return thread.isVirtual() ? Lending.lend(thread) : own();
    }

    /** Returns scratch memory as {@link #enter} does, for a {@link #copyBuffer} of {@code bytes} bytes. */
    public static NativeScratch enterToCopy(long bytes) {
        Thread thread = Thread.currentThread();
        return bytes > OWN_COPY_SIZE || thread.isVirtual() ? Lending.lend(thread) : own();
    }

    private static NativeScratch own() {
        WeakReference<NativeScratch> reference = OWN.get();
        NativeScratch scratch = reference == null ? null : reference.get();
        return scratch == null ? make() : scratch;
    }

    private static NativeScratch make() {
        NativeScratch scratch = new NativeScratch(false);
        synchronized (OWNERS) {
            OWNERS.put(Thread.currentThread(), scratch);
        }
        OWN.set(new WeakReference<>(scratch));
        return scratch;
    }

    /** Frees what belongs to one operation, and returns this to the pool if it was borrowed. */
    @Override
    public void close() {
        if (lent) {
            if (block != null) {
                Platform.current().free(block);
                block = null;
            }
            Lending.release(this);
        }
    }

    /** The pool of those that are not in use, without a lock. Surplus ones become garbage. */
    private static final class Lending {
        private static final int SLOTS =
            Integer.highestOneBit(Math.clamp(8L * Runtime.getRuntime().availableProcessors() - 1, 16, 1024));
        private static final int SPACING = 16; // a cache line for each
        private static final AtomicReferenceArray<NativeScratch> FREE = new AtomicReferenceArray<>(SLOTS * SPACING);

        /** A thread starts at its own slot, and so mostly gets back what it returned, which is still in the cache. */
        private static int slot(Thread thread, int i) {
            return ((int) thread.threadId() + i & SLOTS - 1) * SPACING;
        }

        static NativeScratch lend(Thread to) {
            for (int i = 0; i < SLOTS; i++) {
                int slot = slot(to, i);
                NativeScratch scratch = FREE.get(slot) == null ? null : FREE.getAndSet(slot, null);
                if (scratch != null) {
                    return scratch;
                }
            }
            return new NativeScratch(true);
        }

        static void release(NativeScratch scratch) {
            Thread from = Thread.currentThread();
            for (int i = 0; i < SLOTS; i++) {
                int slot = slot(from, i);
                if (FREE.get(slot) == null && FREE.compareAndSet(slot, null, scratch)) {
                    return;
                }
            }
        }
    }

    // ---- contents

    /**
     * Returns the offset of a captured error code. Adds up the sizes: a layout path takes 3 ms on a cold JVM.
     *
     * @param name the name by which FFM captures it
     */
    public static int captureOffset(String name) {
        int offset = 0;
        for (MemoryLayout member : Linker.Option.captureStateLayout().memberLayouts()) {
            if (member.name().orElse("").equals(name)) {
                return offset;
            }
            offset += (int) member.byteSize();
        }
        throw new IllegalArgumentException(name);
    }

    /** {@return the captured error code at an offset} */
    public int captured(int offset) {
        return captured.getInt(offset);
    }

    /** Returns the value of {@link #length}. */
    public int length() {
        return lengthBytes.getInt(0);
    }

    /** Sets {@link #length} to the size of a buffer, and returns it. */
    public MemorySegment length(int room) {
        lengthBytes.putInt(0, room);
        return length;
    }

    /** Returns room for vectors, {@link #MAX_VECTORS} at most. */
    public MemorySegment vectors(long bytes) {
        if (vectors == null || vectors.byteSize() < bytes) {
            vectors = Arena.ofAuto().allocate(powerOfTwo(bytes, 256), 16);
        }
        return vectors;
    }

    /** Returns native memory for a copy of what is on the heap, of at most the size passed to {@link #enterToCopy}. */
    public MemorySegment copyBuffer(long bytes) {
        if (bytes > COPY_SIZE) {
            block = Platform.current().allocate(bytes);
            return block;
        }
        if (copyBuffer == null || copyBuffer.byteSize() < bytes) {
            copyBuffer = Arena.ofAuto().allocate(lent ? COPY_SIZE : powerOfTwo(bytes, 1024), 64);
        }
        return copyBuffer;
    }

    private static long powerOfTwo(long size, long min) {
        return Math.max(Long.highestOneBit(2 * size - 1), min);
    }
}
