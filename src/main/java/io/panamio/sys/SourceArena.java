package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * An arena that is closed with a source or a pool, confined to the thread that creates it. Its segments have the scope
 * of a confined arena, the only kind that closes at the cost of a few instructions. That arena allocates nothing:
 * subclasses provide and take back the memory.
 *
 * <p>If another thread closes the source, the memory is queued for its owner, which releases it when it next polls, or
 * creates or closes an arena. If the owner thread has ended, nothing can access the segments any more, and the next
 * thread that creates or closes an arena releases them.
 */
public abstract class SourceArena implements Arena {
    /** A thread with arenas, and the queue of those that other threads have closed. */
    static final class Owner {
        /**
         * The owner of the current thread. Its arenas keep it alive; a strong reference would let a long-lived thread
         * keep the class loader of the library alive.
         */
        private static final ThreadLocal<WeakReference<Owner>> CURRENT = new ThreadLocal<>();
        /** The owners whose queues may contain arenas. */
        static final Set<Owner> PENDING = ConcurrentHashMap.newKeySet();

        final Thread thread = Thread.currentThread();
        final Queue<SourceArena> ended = new ConcurrentLinkedQueue<>();

        /** {@return the owner of the current thread, or null if it has no arenas} */
        static Owner currentOrNull() {
            WeakReference<Owner> reference = CURRENT.get();
            return reference == null ? null : reference.get();
        }

        static Owner current() {
            Owner owner = currentOrNull();
            if (owner == null) {
                owner = new Owner();
                CURRENT.set(new WeakReference<>(owner));
            }
            return owner;
        }

        void add(SourceArena arena) {
            ended.add(arena);
            PENDING.add(this); // afterwards: the thread that removes it from the set then empties the queue
        }

        void free() {
            if (!ended.isEmpty()) {
                freeEnded();
            }
        }

        /** Locks this, as several threads may free the arenas of a thread that has ended. */
        private synchronized void freeEnded() {
            for (SourceArena arena; (arena = ended.peek()) != null;) {
                arena.free();
                ended.poll(); // afterwards: an error must not lose the memory
            }
        }
    }

    private final Owner owner = Owner.current();
    private final Arena lifetime = Arena.ofConfined();
    private boolean ofSource;

    /** Constructs an arena confined to the current thread. */
    protected SourceArena() {
        sweep();
        sweepDead();
    }

    @Override
    @SuppressWarnings("restricted")
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || (byteAlignment & (byteAlignment - 1)) != 0) {
            throw new IllegalArgumentException("size " + byteSize + ", alignment " + byteAlignment);
        }
        if (!lifetime.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        if (!isOwner()) {
            throw new WrongThreadException("this arena belongs to " + owner.thread);
        }
        return take(Math.max(byteSize, 1), byteAlignment).reinterpret(byteSize, lifetime, null);
    }

    /** Provides zeroed memory. Called by the owner thread. */
    protected abstract MemorySegment take(long byteSize, long byteAlignment);

    /**
     * Takes back all memory. Called by the owner thread, or by another one when that has ended. If it threw for lack of
     * memory, it is called again and resumes; otherwise further calls do nothing.
     */
    protected abstract void releaseMemory();

    /** {@return whether the current thread is the owner} */
    protected final boolean isOwner() {
        return Thread.currentThread() == owner.thread;
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    /** Marks this as the arena of a source, which only the source closes. */
    final SourceArena ofSource() {
        ofSource = true;
        return this;
    }

    /**
     * Closes this arena. Called by the owner thread.
     *
     * @throws UnsupportedOperationException if this is the arena of a source
     */
    @Override
    public final void close() {
        if (ofSource) {
            throw new UnsupportedOperationException("the arena of a source is closed with the source");
        }
        lifetime.close();
        releaseMemory();
    }

    /**
     * Closes this arena unless it is closed: now if the current thread is the owner, otherwise when the owner next
     * calls {@link #sweep}. Idempotent.
     */
    public final void end() {
        if (isOwner()) {
            free();
        } else {
            owner.add(this);
        }
        sweep();
        sweepDead();
    }

    /** Releases the memory. Called by the owner thread, or by another one when that has ended. */
    private void free() {
        if (isOwner() && lifetime.scope().isAlive()) {
            lifetime.close();
        }
        releaseMemory();
    }

    /** Releases the arenas of the current thread that other threads have closed. */
    public static void sweep() {
        Owner owner = Owner.currentOrNull();
        if (owner != null) {
            owner.free();
        }
    }

    /** Releases the closed arenas of threads that have ended. */
    private static void sweepDead() {
        if (!Owner.PENDING.isEmpty()) {
            for (Owner owner : Owner.PENDING) {
                if (!owner.thread.isAlive()) {
                    owner.free();
                    Owner.PENDING.remove(owner); // afterwards: an error must not lose the memory
                    owner.free(); // what was added meanwhile
                }
            }
        }
    }
}
