package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Memory that ends with a stream. Its segments belong to the thread that asked for the arena first: they carry the
 * scope of a confined arena, the only kind that closes for the price of a few instructions. That arena allocates
 * nothing; the blocks come from the platform, so that they can be freed by whichever thread is allowed to.
 *
 * <p>When another thread ends the stream, the blocks wait for their owner, which looks for them whenever it polls, or
 * makes or ends an arena; or for the owner's death, after which nobody can reach the segments any more, and the next
 * thread that makes or ends an arena frees them.
 */
final class StreamArena implements Arena {
    /** A thread with arenas, and those that others have ended. */
    private static final class Owner {
        static final ThreadLocal<Owner> CURRENT = new ThreadLocal<>();
        /** Those for whom something waits, or did. */
        static final Set<Owner> AWAITED = ConcurrentHashMap.newKeySet();

        final Thread thread = Thread.currentThread();
        final Queue<StreamArena> ended = new ConcurrentLinkedQueue<>();

        static Owner current() {
            Owner owner = CURRENT.get();
            if (owner == null) {
                owner = new Owner();
                CURRENT.set(owner);
            }
            return owner;
        }

        void add(StreamArena arena) {
            ended.add(arena);
            AWAITED.add(this); // after: who removes it from there empties the queue then
        }

        void free() {
            for (StreamArena arena; (arena = ended.poll()) != null;) {
                arena.free();
            }
        }
    }

    private final Owner owner = Owner.current();
    private final Arena validity = Arena.ofConfined();
    private final List<MemorySegment> blocks = new ArrayList<>(2);

    StreamArena() {
        sweep();
        sweepDead();
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
        if (Thread.currentThread() != owner.thread) {
            throw new WrongThreadException("this arena belongs to " + owner.thread);
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
        if (Thread.currentThread() == owner.thread) {
            free();
        } else {
            owner.add(this);
        }
        sweep();
        sweepDead();
    }

    /** In the owner's thread, or when that is dead. */
    private void free() {
        if (Thread.currentThread() == owner.thread) {
            validity.close();
        }
        blocks.forEach(Platform.current()::free);
        blocks.clear();
    }

    /** Ends what others have left for this thread. */
    static void sweep() {
        Owner owner = Owner.CURRENT.get();
        if (owner != null) {
            owner.free();
        }
    }

    /** Ends what was left for threads that are no more. */
    private static void sweepDead() {
        if (!Owner.AWAITED.isEmpty()) {
            for (Owner owner : Owner.AWAITED) {
                if (!owner.thread.isAlive()) {
                    Owner.AWAITED.remove(owner);
                    owner.free();
                }
            }
        }
    }
}
