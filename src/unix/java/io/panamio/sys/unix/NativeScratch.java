package io.panamio.sys.unix;

import io.panamio.sys.Platform;
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
 * What a system call needs of a thread: where errno is captured, and small room for arguments. It is the thread's from
 * {@link #enter} to {@link #close}, so no two calls share errno; what is in it does not outlast that. An operation that
 * is called in between may get the same one, and overwrite what is in it.
 *
 * <p>A platform thread has one of its own. A virtual thread, of which there may be any number, is lent one of a few: as
 * no operation waits, as many are in use as there are carriers, and one whose thread is unmounted all the same, while
 * it loads a class for example, is simply not lent to another meanwhile. A large copy buffer is lent to either kind of
 * thread. One that is never closed, which must not be, becomes garbage.
 *
 * <p>The memory is automatic, as a segment of a closeable arena costs more to pass. A thread refers to what it has by
 * the JDK's types alone, and weakly: else a thread that lives long would keep the class loader of the library alive.
 *
 * <p>What every start needs is read and written as a buffer, by which the same memory can be had: the first value that
 * is read from a segment costs a cold JVM 5 ms, in which it makes a var handle; a buffer has none.
 */
public final class NativeScratch implements AutoCloseable {
    private static final ThreadLocal<WeakReference<NativeScratch>> OWN = new ThreadLocal<>();
    /** What keeps them alive, as long as the thread and the library are. */
    private static final Map<Thread, NativeScratch> OWNERS = new WeakHashMap<>();

    /** The most segments that one gather or scatter call takes: IOV_MAX of Linux, macOS and the BSDs. */
    static final int IOV_MAX = 1024;
    /** How much a copy through {@link #copyBuffer} moves at a time, where it can be moved in parts. */
    static final int COPY_SIZE = 64 * 1024;
    /** The largest copy buffer that a platform thread keeps: 6,000 of them have 48 MB then. */
    private static final int OWN_COPY_SIZE = 8 * 1024;

    private static final int ERRNO =
        (int) Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** Where errno is captured. */
    final MemorySegment capture;
    private final ByteBuffer captured;
    /** Room for one argument of up to 16 bytes, such as an option or an event. */
    public final MemorySegment argument;
    /** The same. */
    public final ByteBuffer argumentBytes;
    /** Room for the length of an address or an option. */
    final MemorySegment length;
    private final ByteBuffer lengthBytes;
    /** Room for a sockaddr_storage, 128 bytes, 256 on OpenBSD; or for as many bytes of control messages. */
    public final MemorySegment address;
    /** The same. */
    public final ByteBuffer addressBytes;
    /** Room for a struct msghdr, 56 bytes on Linux, 48 elsewhere, of which only the iovecs are ever set. */
    final MemorySegment message;
    /** Room for a struct msghdr of which everything is set each time. */
    public final MemorySegment wholeMessage;
    /** The same. */
    public final ByteBuffer wholeMessageBytes;

    private final boolean lent;
    private MemorySegment vectors;
    private MemorySegment copyBuffer;
    /** A copy buffer for one operation alone. */
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

    /** A view of native memory in the system's byte order. */
    public static ByteBuffer bytes(MemorySegment memory) {
        return memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    // ---- whose it is

    /** The current thread's, until it is closed. */
    public static NativeScratch enter() {
        Thread thread = Thread.currentThread();
        return thread.isVirtual() ? Lending.lend(thread) : own();
    }

    /** The current thread's, with a {@link #copyBuffer} of that many bytes. */
    static NativeScratch enterToCopy(long bytes) {
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

    /** Gives back what is lent. */
    @Override
    public void close() {
        if (lent) {
            if (block != null) {
                Libc.free(block);
                block = null;
            }
            Lending.giveBack(this);
        }
    }

    /** Those that are not in use, without a lock. What is made beyond their number becomes garbage. */
    static final class Lending {
        private static final int PLACES =
            Integer.highestOneBit(Math.clamp(8L * Runtime.getRuntime().availableProcessors() - 1, 16, 1024));
        private static final int SPACING = 16; // a cache line for each
        private static final AtomicReferenceArray<NativeScratch> FREE = new AtomicReferenceArray<>(PLACES * SPACING);

        /** A thread begins at a place of its own, so that it mostly gets what it gave back, which is in the cache. */
        private static int place(Thread thread, int i) {
            return ((int) thread.threadId() + i & PLACES - 1) * SPACING;
        }

        static NativeScratch lend(Thread to) {
            for (int i = 0; i < PLACES; i++) {
                int place = place(to, i);
                NativeScratch scratch = FREE.get(place) == null ? null : FREE.getAndSet(place, null);
                if (scratch != null) {
                    return scratch;
                }
            }
            return new NativeScratch(true);
        }

        static void giveBack(NativeScratch scratch) {
            Thread from = Thread.currentThread();
            for (int i = 0; i < PLACES; i++) {
                int place = place(from, i);
                if (FREE.get(place) == null && FREE.compareAndSet(place, null, scratch)) {
                    return;
                }
            }
        }
    }

    // ---- what is in it

    int errno() {
        return captured.getInt(ERRNO);
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

    /** Room for some iovecs, {@link #IOV_MAX} at most. */
    MemorySegment vectors(int count) {
        long size = (long) UnixStreams.IOVEC_SIZE * count;
        if (vectors == null || vectors.byteSize() < size) {
            vectors = Arena.ofAuto().allocate(powerOfTwo(size, 256), 16);
        }
        return vectors;
    }

    /**
     * Room for what lies on the heap, where the system cannot reach: for as many bytes as {@link #enterToCopy} was told
     * of.
     */
    MemorySegment copyBuffer(long bytes) {
        if (bytes > COPY_SIZE) {
            block = Platform.current().allocate(bytes);
            return block;
        }
        if (copyBuffer == null || copyBuffer.byteSize() < bytes) {
            copyBuffer = Arena.ofAuto().allocate(lent ? COPY_SIZE : powerOfTwo(bytes, 1024), 64);
        }
        return copyBuffer;
    }

    private static long powerOfTwo(long least, long orMore) {
        return Math.max(Long.highestOneBit(2 * least - 1), orMore);
    }
}
