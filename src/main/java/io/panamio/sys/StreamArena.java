package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Memory that ends with a stream. Its segments belong to the thread that asked for the arena first: they carry the
 * scope of a confined arena, the only kind that closes for the price of a few instructions. That arena allocates
 * nothing; where the memory comes from, and goes back to, is the subclass's.
 *
 * <p>When another thread ends the stream, the memory waits for its owner, which looks for it whenever it polls, or
 * makes or ends an arena; or for the owner's death, after which nobody can reach the segments any more, and the next
 * thread that makes or ends an arena gives it back.
 */
public abstract class StreamArena implements Arena {
    /** A thread with arenas, and those that others have ended. */
    private static final class Owner {
        /**
         * The current thread's, which its arenas keep alive: a thread that lives long must not do that with the class
         * loader of the library.
         */
        private static final ThreadLocal<WeakReference<Owner>> CURRENT = new ThreadLocal<>();
        /** Those for whom something waits, or did. */
        static final Set<Owner> AWAITED = ConcurrentHashMap.newKeySet();

        final Thread thread = Thread.currentThread();
        final Queue<StreamArena> ended = new ConcurrentLinkedQueue<>();

        /** The current thread's, or null if that has no arenas. */
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
    private boolean ofStream;

    /** An arena of the current thread. */
    protected StreamArena() {
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
        if (!isOwner()) {
            throw new WrongThreadException("this arena belongs to " + owner.thread);
        }
        return take(Math.max(byteSize, 1), byteAlignment).reinterpret(byteSize, validity, null);
    }

    /** Memory, zeroed, in the owner's thread. */
    protected abstract MemorySegment take(long byteSize, long byteAlignment);

    /**
     * Gives back all that was taken: in the owner's thread, or when that is dead in another. Called again, gives back
     * what there was no memory for before, mostly nothing.
     */
    protected abstract void giveBack();

    /** Whether this is the owner's thread. */
    protected final boolean isOwner() {
        return Thread.currentThread() == owner.thread;
    }

    @Override
    public MemorySegment.Scope scope() {
        return validity.scope();
    }

    /** From now on it is a stream's, which ends it. */
    final StreamArena ofStream() {
        ofStream = true;
        return this;
    }

    /** Ends the memory, in the owner's thread; refused to a stream's, which is ended by that. */
    @Override
    public final void close() {
        if (ofStream) {
            throw new UnsupportedOperationException("the arena of a stream is closed with the stream");
        }
        validity.close();
        giveBack();
    }

    /** Ends the memory, if that has not been done: now in the owner's thread, soon if another thread says so. */
    public final void end() {
        if (isOwner()) {
            free();
        } else {
            owner.add(this);
        }
        sweep();
        sweepDead();
    }

    /** In the owner's thread, or when that is dead. */
    private void free() {
        if (isOwner() && validity.scope().isAlive()) {
            validity.close();
        }
        giveBack();
    }

    /** Ends what others have left for this thread. */
    public static void sweep() {
        Owner owner = Owner.currentOrNull();
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
