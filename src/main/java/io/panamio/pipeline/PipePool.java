package io.panamio.pipeline;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Pools the pipes of {@link Splice}s; one pool for each event loop. A splice holds a pipe only while bytes are in it,
 * so idle connections hold none, and an empty pipe is returned to the pool, so bursts of data do not create pipes.
 *
 * {@snippet file="PipelineSnippets.java" region="pipe-pool"}
 *
 * <p>Not thread-safe: a pool and the splices that use it belong to one thread at a time.
 */
public final class PipePool implements AutoCloseable {
    private static final int PIPE_BYTES = 256 << 10;
    private static final int MAX_IDLE = 64;
    /** The sizes of the memory through which bytes are copied. */
    private static final int MIN_COPIED = 4 << 10;
    private static final int MAX_COPIED = 1 << 20;
    /** Loaded with this class, since a class file cannot be opened while no descriptors are available. */
    @SuppressWarnings("unused")
    private static final Class<?> PIPES = KernelPipe.class;

    /** Whether the system supports splice(2), otherwise bytes are copied; initialized here for the same reason. */
    static final boolean SPLICES = Feature.SPLICE.support() == Support.SUPPORTED;

    // no ArrayDeque, which loses its elements if there is no memory to grow
    private final List<KernelPipe> idle = new ArrayList<>();
    private final int pipeBytes;
    private final int maxIdle;
    private final List<MemorySegment> memories = new ArrayList<>();
    private MemorySegment scratch;
    private boolean closed;

    /** Constructs a pool of pipes of 256 KiB that keeps at most 64 idle ones. */
    public PipePool() {
        this(PIPE_BYTES, MAX_IDLE);
    }

    /**
     * Constructs a pool.
     *
     * @param pipeBytes the size of each pipe in bytes (F_SETPIPE_SZ). Linux rounds it up to a power of 2, at least a
     *     page. It allows an unprivileged process 1 MiB for one pipe (/proc/sys/fs/pipe-max-size) and each user 64 MiB
     *     for all pipes (pipe-user-pages-soft); beyond that, a pipe keeps its initial size of at most 64 KiB. Where
     *     splices are emulated, the size of the memory of each: at least 4 KiB, at most 1 MiB
     * @param maxIdle the maximum number of idle pipes to keep, two descriptors each
     * @throws IllegalArgumentException if an argument is less than 1
     */
    public PipePool(int pipeBytes, int maxIdle) {
        if (pipeBytes < 1 || maxIdle < 1) {
            throw new IllegalArgumentException("pipes of " + pipeBytes + " bytes, at most " + maxIdle + " idle");
        }
        this.pipeBytes = SPLICES ? pipeBytes : Math.clamp(pipeBytes, MIN_COPIED, MAX_COPIED);
        this.maxIdle = maxIdle;
    }

    int pipeBytes() {
        return pipeBytes;
    }

    /** {@return a buffer that fits as a whole into any empty pipe} */
    MemorySegment scratch() {
        if (scratch == null) {
            long page = Platform.current().pageSize(); // for which an empty pipe has room
            scratch = Arena.ofAuto().allocate(page, page);
        }
        return scratch;
    }

    /** {@return the {@link #scratch} buffer with its contents, which the pool does not use until its release} */
    MemorySegment takeScratch() {
        MemorySegment taken = scratch;
        scratch = null;
        return taken;
    }

    /** {@return an empty pipe: the one returned last, whose memory is most likely cached} */
    KernelPipe take() throws IOException {
        return idle.isEmpty() ? new KernelPipe(pipeBytes) : idle.removeLast();
    }

    /** {@return a buffer of the size of a pipe, for bytes that must be copied} */
    MemorySegment takeMemory() {
        return memories.isEmpty() ? Arena.ofAuto().allocate(pipeBytes, 64) : memories.removeLast();
    }

    /** Returns a buffer of the size of a pipe to the pool. */
    void release(MemorySegment memory) {
        if (!closed && memories.size() < maxIdle) {
            memories.add(memory);
        }
    }

    /** Returns the {@link #scratch} buffer to the pool. */
    void releaseScratch(MemorySegment memory) {
        scratch = memory;
    }

    /** Returns an empty pipe to the pool. */
    void release(KernelPipe pipe) {
        if (closed || idle.size() == maxIdle || !pipe.isOpen()) {
            pipe.close();
        } else {
            idle.add(pipe);
        }
    }

    /** {@return the number of idle pipes in the pool} */
    public int idle() {
        return idle.size();
    }

    /** Closes the idle pipes. Pipes in use are closed when they are returned. Idempotent. */
    @Override
    public void close() {
        closed = true;
        idle.forEach(KernelPipe::close);
        idle.clear();
        memories.clear();
    }
}
