package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Memory that ends with a stream. Its segments belong to the thread that asked for the arena first: they carry the scope
 * of a confined arena, the only kind that closes for the price of a few instructions. That arena allocates nothing;
 * the blocks come from the platform, so that they can be freed by whichever thread is allowed to.
 *
 * <p>When another thread ends the stream, the blocks wait in a queue: for the owner, which looks there whenever it
 * polls, or makes or ends an arena; or for the owner's death, after which nobody can reach the segments any more and
 * any thread that looks there frees them.
 */
final class StreamArena implements Arena {
    private static final ConcurrentLinkedQueue<StreamArena> ENDED = new ConcurrentLinkedQueue<>();

    private final Thread owner = Thread.currentThread();
    private final Arena validity = Arena.ofConfined();
    private final List<MemorySegment> blocks = new ArrayList<>(2);

    StreamArena() {
        sweep();
    }

    @Override
    @SuppressWarnings("restricted")
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || (byteAlignment & (byteAlignment - 1)) != 0) {
            throw new IllegalArgumentException("size " + byteSize + ", alignment " + byteAlignment);
        }
        if (!validity.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("this arena belongs to " + owner);
        }
        // the platform aligns to 16 bytes; what needs more gets room to move
        long spare = byteAlignment > 16 ? byteAlignment : 0;
        MemorySegment block = Platform.current().allocate(Math.addExact(Math.max(byteSize, 1), spare));
        blocks.add(block);
        long start = -block.address() & (byteAlignment - 1);
        return block.asSlice(start, byteSize).reinterpret(validity, null);
    }

    @Override
    public MemorySegment.Scope scope() {
        return validity.scope();
    }

    /** Refused: the stream ends its arena. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("the arena of a stream is closed with the stream");
    }

    /** Ends the memory: now in the owner's thread, soon if another thread says so. */
    void end() {
        if (!tryEnd()) {
            ENDED.add(this);
        }
        sweep();
    }

    private boolean tryEnd() {
        if (Thread.currentThread() == owner) {
            validity.close();
        } else if (owner.isAlive()) {
            return false;
        }
        blocks.forEach(Platform.current()::free);
        blocks.clear();
        return true;
    }

    /** Ends what others left for this thread, and what dead threads left. */
    static void sweep() {
        if (!ENDED.isEmpty()) {
            for (Iterator<StreamArena> i = ENDED.iterator(); i.hasNext();) {
                StreamArena arena = i.next();
                if (arena.mayEnd() && ENDED.remove(arena)) { // the one that removes it ends it
                    arena.tryEnd();
                }
            }
        }
    }

    private boolean mayEnd() {
        return Thread.currentThread() == owner || !owner.isAlive();
    }
}
