package io.panamio.pipeline;

import io.panamio.sys.Cleaning;
import io.panamio.sys.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.Consumer;

/**
 * Memory that a {@link ZeroCopySender} sends from in place. At any time it belongs either to the thread that created
 * it, which may write to it, or to the kernel, which is still sending it:
 *
 * <ul>
 * <li>{@link #segment} lends the memory to the thread, and throws while a send is pending.
 * <li>A send takes it back: any access to the segment lent before throws {@link IllegalStateException}.
 * <li>Once all sends from it are completed, {@link #isPending} is {@code false}, and {@code segment} lends it again.
 * </ul>
 *
 * {@snippet file="PipelineSnippets.java" region="zero-copy"}
 *
 * <p>The bytes of a pending send can therefore be neither overwritten by mistake nor freed: memory is only ever
 * unmapped, never reused, and the kernel keeps the pages that it still needs. {@link #close} is safe at any time.
 *
 * <p>Sending allocates nothing, even one buffer many times and to many streams. Lending allocates a small arena and a
 * view, about 200 bytes, and takes well under 100 ns.
 *
 * <p>Confined to the thread that creates it; other threads get {@link WrongThreadException}. If the buffer is not
 * closed, its memory is unmapped once the buffer and all its segments are garbage-collected.
 */
public final class ZeroCopyBuffer implements AutoCloseable {
    private static final Class<?> AUTOMATIC = Arena.ofAuto().scope().getClass();
    private static final Class<?> GLOBAL = Arena.global().scope().getClass();
    private static final Class<?> SHARED = Arena.ofShared().scope().getClass();

    private final Thread owner = Thread.currentThread();
    private final MemorySegment memory;
    private final Cleaner.Cleanable pages;
    /** Passed to each arena, so that the segments lent keep this buffer, and with it the memory, alive. */
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
     * Maps zeroed memory for a new buffer, confined to the current thread: mmap(2).
     *
     * @param bytes the size in bytes, which may exceed 2 GB
     * @return the buffer
     * @throws IllegalArgumentException if {@code bytes} is not positive
     * @throws OutOfMemoryError if no memory is available; the error is a {@link io.panamio.SystemError}
     * @throws UnsupportedOperationException if {@link io.panamio.Feature#ZERO_COPY} is refused
     */
    public static ZeroCopyBuffer allocate(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("size " + bytes + " is less than 1");
        }
        MemorySegment memory = Platform.current().map(bytes);
        return new ZeroCopyBuffer(memory, () -> Platform.current().unmap(memory));
    }

    /**
     * Returns a buffer over existing memory, confined to the current thread. The memory must be a file mapped into an
     * {@linkplain Arena#ofAuto automatic arena}, or belong to the {@linkplain Arena#global global arena}: any other
     * memory could be reused while the kernel still reads it. Nothing may write to it while a send is pending, which
     * cannot be detected for the segment passed here. Several buffers, also of several threads, may use the same
     * memory.
     *
     * @param memory the memory; if it is read-only, so is the segment that {@link #segment} lends
     * @return the buffer
     * @throws IllegalArgumentException if {@code memory} is on the heap, or of an arena that can be closed, or is
     *     freed, rather than unmapped, when it is garbage-collected
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

    /** {@return the size in bytes} */
    public long byteSize() {
        return memory.byteSize();
    }

    /**
     * Lends the whole memory until the next send or the close.
     *
     * @return the segment, the same one until then
     * @throws IllegalStateException if a send is pending, or this buffer is closed
     * @throws WrongThreadException if this buffer belongs to another thread
     */
    @SuppressWarnings("restricted")
    public MemorySegment segment() {
        requireUsable();
        if (pending > 0) {
            throw new IllegalStateException("in use by the kernel: " + pending + " sends pending");
        }
        if (lent == null) {
            lease = Arena.ofConfined();
            lent = memory.reinterpret(lease, end);
        }
        return lent;
    }

    /**
     * {@return whether a send is not completed yet; remains {@code true} if the stream was closed before that: then
     * close or drop the buffer, too}
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

    // ---- used by the sender

    /** Revokes the segment that was lent, and returns the memory to send from. */
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

    // ---- closing

    /**
     * Unmaps the memory, if this buffer allocated it. Data that is still being sent arrives unchanged: the kernel keeps
     * those pages, and reuses them only afterwards. Idempotent.
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

    /** {@return the size and the state, for diagnostics} */
    @Override
    public String toString() {
        return "ZeroCopyBuffer[" + memory.byteSize() + " bytes, "
            + (closed ? "closed" : pending > 0 ? pending + " sends pending" : "free") + "]";
    }
}
