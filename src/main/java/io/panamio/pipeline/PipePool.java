package io.panamio.pipeline;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Pipes for {@link Splice}s: one pool for each event loop. A splice has a pipe only while there are bytes in it, so
 * that connections that are idle need none; and an empty one comes back here, so that no pipe is made for each burst.
 *
 * <p>For one thread at a time, and so are the splices that use it.
 */
public final class PipePool implements AutoCloseable {
    private static final int PIPE_BYTES = 256 << 10;
    private static final int MOST_IDLE = 64;
    private static final int PIPE_BUF = 4096;
    /** Loaded with this class: where there is no descriptor left for a pipe, there may be none for a class file. */
    @SuppressWarnings("unused")
    private static final Class<?> PIPES = KernelPipe.class;

    /** Whether the system splices, or else bytes are copied: asked for here, for the same reason. */
    static final boolean SPLICES = Feature.SPLICE.support() == Support.SUPPORTED;

    private final ArrayDeque<KernelPipe> idle = new ArrayDeque<>();
    private final int pipeBytes;
    private final int mostIdle;
    private final ArrayDeque<MemorySegment> memories = new ArrayDeque<>();
    private MemorySegment room;
    private boolean closed;

    /** A pool of pipes of 256 KiB that keeps 64 of them at most. */
    public PipePool() {
        this(PIPE_BYTES, MOST_IDLE);
    }

    /**
     * A pool.
     *
     * @param pipeBytes how large each pipe is to be: F_SETPIPE_SZ. Linux makes it a power of 2, a page at least, and
     *     allows a process without privileges 1 MiB in one pipe (/proc/sys/fs/pipe-max-size) and 64 MiB in all pipes of
     *     its user (pipe-user-pages-soft); where it refuses, a pipe keeps the 64 KiB, or less, that it is made with
     * @param mostIdle how many pipes to keep that are not in use, two descriptors each
     * @throws IllegalArgumentException if one of both is less than 1
     */
    public PipePool(int pipeBytes, int mostIdle) {
        if (pipeBytes < 1 || mostIdle < 1) {
            throw new IllegalArgumentException("pipes of " + pipeBytes + " bytes, " + mostIdle + " to keep");
        }
        this.pipeBytes = pipeBytes;
        this.mostIdle = mostIdle;
    }

    int pipeBytes() {
        return pipeBytes;
    }

    /** What every pipe that is empty has room for, whole. */
    MemorySegment room() {
        if (room == null) {
            room = Arena.ofAuto().allocate(PIPE_BUF, PIPE_BUF);
        }
        return room;
    }

    /** An empty pipe: the last one that came back, as its memory is the warmest. */
    KernelPipe take() throws IOException {
        KernelPipe pipe = idle.pollLast();
        return pipe == null ? new KernelPipe(pipeBytes) : pipe;
    }

    /** Memory of a pipe's size, for bytes that must be copied. */
    MemorySegment takeMemory() {
        MemorySegment memory = memories.pollLast();
        return memory == null ? Arena.ofAuto().allocate(pipeBytes, 64) : memory;
    }

    /** Takes memory back. */
    void giveBack(MemorySegment memory) {
        if (!closed && memories.size() < mostIdle) {
            memories.addLast(memory);
        }
    }

    /** Takes an empty pipe back. */
    void giveBack(KernelPipe pipe) {
        if (closed || idle.size() == mostIdle) {
            pipe.close();
        } else {
            idle.addLast(pipe);
        }
    }

    /**
     * How many pipes are here, not in use.
     *
     * @return the number
     */
    public int idle() {
        return idle.size();
    }

    /** Closes the pipes that are here; those in use are closed when they come back. */
    @Override
    public void close() {
        closed = true;
        idle.forEach(KernelPipe::close);
        idle.clear();
        memories.clear();
    }
}
