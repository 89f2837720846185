package io.panamio.pipeline;

import io.panamio.sys.Cleaning;
import io.panamio.sys.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.Consumer;

/**
 * Memory that a {@link ZeroCopySender} sends from in place. It belongs either to the thread that has made it, which may
 * write there, or to the kernel, which still sends it; never to both:
 *
 * <ul>
 * <li>{@link #segment} lends the memory to the thread, and throws while a send is pending;
 * <li>a send takes it back: the segment that was lent is dead, and any use of it throws {@link IllegalStateException};
 * <li>when all sends from it are completed, {@link #isPending} is false, and {@code segment} lends it again.
 * </ul>
 *
 * <p>So what a pending send reads cannot be overwritten by mistake, nor freed: memory is only ever unmapped, not put to
 * another use, and the kernel keeps the pages that it has not done with. {@link #close} is safe at any time.
 *
 * <p>Sending, also one buffer many times and to many streams, allocates nothing. Lending costs a small arena and a
 * view, some 200 bytes of garbage and well under 100 ns.
 *
 * <p>For the thread that made it alone; others get a {@link WrongThreadException}. Dropped without a close, the memory
 * goes when the buffer and all segments of it are collected.
 */
public final class ZeroCopyBuffer implements AutoCloseable {
    private static final Class<?> AUTOMATIC = Arena.ofAuto().scope().getClass();
    private static final Class<?> GLOBAL = Arena.global().scope().getClass();
    private static final Class<?> SHARED = Arena.ofShared().scope().getClass();

    private final Thread owner = Thread.currentThread();
    private final MemorySegment memory;
    private final Cleaner.Cleanable pages;
    /** In each arena: the segments that it gives out keep this buffer, and with it the memory. */
    private final Consumer<MemorySegment> end = segment -> endLease();

    private Arena lease;
    private MemorySegment lent;
    private int pending;
    private boolean closed;

    private ZeroCopyBuffer(MemorySegment memory, Runnable unmapping) {
        this.memory = memory;
        pages = unmapping == null ? null : Cleaning.register(this, unmapping);
    }

    /**
     * Maps memory of its own, full of zeros: mmap(2).
     *
     * @param bytes how much; it may be more than 2 GB
     * @return the buffer, which belongs to the current thread
     * @throws IllegalArgumentException if {@code bytes} is not positive
     * @throws OutOfMemoryError if there is not so much; it is an {@link io.panamio.SystemError}
     */
    public static ZeroCopyBuffer allocate(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
        }
        MemorySegment memory = Platform.current().map(bytes);
        return new ZeroCopyBuffer(memory, () -> Platform.current().unmap(memory));
    }

    /**
     * Uses memory that is there, and that can be sent from as long as it likes: a file that is mapped into an
     * {@linkplain Arena#ofAuto automatic arena}, or memory of the {@linkplain Arena#global global one}. Any other could
     * be given to somebody else while the kernel still reads it. Nobody may write there while a send is pending, which
     * for the segment that is passed here cannot be watched. Any number of buffers may use the same memory, in other
     * threads for example.
     *
     * @param memory the memory; if it is read-only, so is what {@link #segment} lends
     * @return a buffer of it, which belongs to the current thread
     * @throws IllegalArgumentException if it is of another kind: on the heap, of an arena that can be closed, or freed,
     *     not unmapped, when it is collected
     */
    public static ZeroCopyBuffer of(MemorySegment memory) {
        Class<?> scope = memory.scope().getClass();
        boolean lasting = scope != SHARED && (scope == GLOBAL || scope == AUTOMATIC && memory.isMapped());
        if (!memory.isNative() || !lasting) {
            throw new IllegalArgumentException("memory that could be freed under a send: it must be of the global"
                + " arena, or a file mapped into an automatic one, or come from allocate()");
        }
        return new ZeroCopyBuffer(memory, null);
    }

    /**
     * How large it is.
     *
     * @return bytes
     */
    public long byteSize() {
        return memory.byteSize();
    }

    /**
     * Lends the memory, all of it, until the next send or the close.
     *
     * @return a segment, the same until then
     * @throws IllegalStateException while a send is pending, or if this is closed
     * @throws WrongThreadException if this buffer belongs to another thread
     */
    @SuppressWarnings("restricted")
    public MemorySegment segment() {
        requireUsable();
        if (pending > 0) {
            throw new IllegalStateException("the kernel has this memory until " + pending + " sends are completed");
        }
        if (lent == null) {
            lease = Arena.ofConfined();
            lent = memory.reinterpret(lease, end);
        }
        return lent;
    }

    /**
     * Whether a send is not completed. If a stream was closed before that, it stays so: then the buffer is to be closed
     * or dropped, too.
     *
     * @return true if so
     */
    public boolean isPending() {
        return pending > 0;
    }

    private void requireUsable() {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("this buffer belongs to " + owner);
        }
        if (closed) {
            throw new IllegalStateException("Already closed");
        }
    }

    // ---- for the sender

    /** Takes back what was lent, and gives the memory to be sent. */
    MemorySegment take() {
        requireUsable();
        if (lease != null) {
            lease.close();
        }
        return memory;
    }

    private void endLease() {
        lease = null;
        lent = null;
    }

    void sent() {
        pending++;
    }

    void completed() {
        pending--;
    }

    // ---- ending

    /**
     * Unmaps the memory, if it is the buffer's own. What is still being sent arrives unchanged: the kernel keeps those
     * pages, and nobody else gets them before it has done. Does nothing the second time.
     *
     * @throws WrongThreadException if this buffer belongs to another thread
     */
    @Override
    public void close() {
        if (!closed) {
            take();
            closed = true;
            if (pages != null) {
                pages.clean();
            }
        }
        Reference.reachabilityFence(this);
    }

    /** The size and the state, for people. */
    @Override
    public String toString() {
        return "ZeroCopyBuffer[" + memory.byteSize() + " bytes, "
            + (closed ? "closed" : pending > 0 ? pending + " sends pending" : "free") + "]";
    }
}
