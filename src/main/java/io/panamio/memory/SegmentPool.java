package io.panamio.memory;

import io.panamio.sys.Platform;
import io.panamio.sys.StreamArena;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Memory for an event loop: segments of fixed classes of sizes, which are acquired and released again and again. It is
 * made by and for one thread, so that neither takes a lock, and releasing needs no handshake with other threads, as
 * closing a shared arena does. Acquire and release allocate nothing once the pool has grown to what is in use.
 *
 * <pre>{@code
 * SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.sizes(4096, 65536).limit(64 << 20));
 * ...
 * Lease lease = pool.acquire(1500);           // null: no more, read later
 * long got = stream.read(lease.segment());
 * ...
 * lease.release();
 * }</pre>
 *
 * <p>The pool takes memory from the system in slabs of 1 MiB, or of one segment where that is larger, and keeps it
 * until {@link #close}. What is larger than all classes gets memory of its own, which goes back to the system with its
 * release. No size has a limit but the memory that there is.
 *
 * <h2>What can go wrong</h2>
 * The price of a release without a handshake: a segment that was released can still be used, by the pool's thread, and
 * is then somebody else's. To release a lease twice is refused, unless it has been acquired again in between. After
 * {@link #close}, every segment throws {@link IllegalStateException}; other threads get a {@link WrongThreadException}
 * at any time.
 *
 * <p>A pool that is {@linkplain PoolOptions#checked checked}, or all pools with {@code -Dpanamio.checkedPools=true},
 * finds more, at the price of some garbage and of filling what is released:
 * <ul>
 * <li>A segment that is used after its release throws {@link IllegalStateException}, even if its memory was acquired
 *     again: each lease has a scope and an object of its own.
 * <li>A lease that is released twice is refused even then, and where it was released first is told.
 * <li>Writes after the release that do not go by the segment but by its address, of the system or of native code, are
 *     told when the memory is acquired again, or when the pool is closed.
 * <li>Leases that were not released before the pool was closed are logged as warnings of {@code
 *     System.getLogger("io.panamio")}, with where they were acquired.
 * </ul>
 *
 * <p>All methods are for the thread that made the pool. A thread that ends without closing it leaves its memory behind.
 */
public final class SegmentPool implements AutoCloseable {
    private static final long SLAB = 1 << 20;
    private static final long PAGE = 4096;
    /** What released memory is filled with in a checked pool. */
    private static final byte PATTERN = (byte) 0xDE;
    private static final long PATTERNS = 0xDEDE_DEDE_DEDE_DEDEL;
    /** How many leaks are told one by one. */
    private static final int TOLD = 10;

    /** The leases of a size. Those that are free are told by number, so that the heap's references never change. */
    static final class SizeClass {
        final long size;
        private Lease[] leases = new Lease[0];
        private int count;
        private int[] free = new int[0]; // a stack: who was used last is in the cache
        private int freeCount;

        SizeClass(long size) {
            this.size = size;
        }

        void add(Lease lease) {
            if (count == leases.length) {
                leases = Arrays.copyOf(leases, Math.max(16, 2 * count));
                free = Arrays.copyOf(free, leases.length);
            }
            leases[count++] = lease;
            free[freeCount++] = lease.number;
        }
    }

    private final Thread owner = Thread.currentThread();
    private final Arena arena = Arena.ofConfined();
    private final SizeClass[] classes;
    private final long limit;
    private final boolean checked;
    /** Leases with a scope of their own: the larger ones, and in a checked pool all. */
    private final Set<Lease> apart = new LinkedHashSet<>();
    private final Set<StreamArena> arenas = new HashSet<>();
    private boolean closed;
    private long reserved;
    private long acquired;

    private SegmentPool(PoolOptions options) {
        classes = Arrays.stream(options.sizes()).mapToObj(SizeClass::new).toArray(SizeClass[]::new);
        limit = options.limit();
        checked = options.checked();
    }

    /**
     * A pool of the current thread, with the default options.
     *
     * @return the pool, which has taken no memory yet
     */
    public static SegmentPool open() {
        return open(PoolOptions.DEFAULT);
    }

    /**
     * A pool of the current thread.
     *
     * @param options its sizes, its limit, and whether it is checked
     * @return the pool, which has taken no memory yet
     */
    public static SegmentPool open(PoolOptions options) {
        return new SegmentPool(options);
    }

    void requireOwner() {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("this pool belongs to " + owner);
        }
    }

    private void requireOpen() {
        requireOwner();
        if (closed) {
            throw new IllegalStateException("Already closed");
        }
    }

    // ---- leases

    /**
     * Acquires memory: a segment of the smallest class that fits and has any left, or of its own.
     *
     * @param size how many bytes it must have at least
     * @return the lease, or null if the pool's limit allows no more: there will be some when another is released
     * @throws IllegalArgumentException if the size is negative
     * @throws IllegalStateException if the pool is closed, or, where it is checked, if the memory was written to after
     *     its release; it is usable again then
     * @throws WrongThreadException in another thread than the pool's
     * @throws OutOfMemoryError if the system has no more
     */
    public Lease acquire(long size) {
        requireOpen();
        if (size < 0) {
            throw new IllegalArgumentException("size " + size);
        }
        for (SizeClass c : classes) {
            if (size <= c.size && (c.freeCount > 0 || grow(c))) {
                return lend(c);
            }
        }
        return size > classes[classes.length - 1].size ? acquireApart(size) : null;
    }

    private Lease lend(SizeClass c) {
        Lease lease = c.leases[c.free[c.freeCount - 1]];
        if (checked) {
            lease = checkedLease(lease);
        }
        c.freeCount--;
        lease.taken = true;
        acquired += c.size;
        return lease;
    }

    private Lease acquireApart(long size) {
        if (size > limit - reserved) {
            return null;
        }
        Arena life = Arena.ofConfined();
        Lease lease = new Lease(this, allocate(size, life), null, 0, life);
        lease.taken = true;
        lease.trace = checked ? new Throwable("acquired here") : null;
        apart.add(lease);
        reserved += size;
        acquired += size;
        return lease;
    }

    /** Whether the class has leases to lend afterwards. */
    private boolean grow(SizeClass c) {
        StreamArena.sweep(); // maybe another thread has closed a stream whose memory is from here
        if (c.freeCount == 0) {
            long n = Math.min(Math.max(1, SLAB / c.size), (limit - reserved) / c.size);
            MemorySegment slab = n == 0 ? null : allocate(n * c.size, arena);
            for (long i = 0; i < n; i++) {
                MemorySegment memory = slab.asSlice(i * c.size, c.size);
                if (checked) {
                    fill(memory);
                }
                c.add(new Lease(this, memory, c, c.count, null));
            }
            reserved += n * c.size;
        }
        return c.freeCount > 0;
    }

    /** Memory from the system that it has not touched yet, in whole pages. */
    @SuppressWarnings("restricted")
    private static MemorySegment allocate(long bytes, Arena arena) {
        if (bytes > Long.MAX_VALUE - PAGE) {
            throw new OutOfMemoryError(bytes + " bytes");
        }
        Platform platform = Platform.current();
        MemorySegment block = platform.allocate(bytes + PAGE);
        long start = -block.address() & (PAGE - 1);
        return block.reinterpret(arena, platform::free).asSlice(start, bytes);
    }

    /** For {@link Lease#release}. */
    void takeBack(Lease lease) {
        if (closed) {
            return;
        }
        acquired -= lease.memory.byteSize();
        if (lease.life != null) {
            endApart(lease);
        }
        SizeClass c = lease.sizeClass;
        if (c != null) {
            c.free[c.freeCount++] = lease.number;
        }
    }

    private void endApart(Lease lease) {
        apart.remove(lease);
        lease.life.close();
        lease.trace = checked ? new Throwable("released here") : null;
        if (lease.sizeClass == null) {
            reserved -= lease.memory.byteSize();
        } else {
            Lease slot = lease.sizeClass.leases[lease.number];
            fill(slot.memory);
            slot.trace = lease.trace;
        }
    }

    // ---- checks

    /** A lease of a slot's memory that has a scope and an object of its own. */
    @SuppressWarnings("restricted")
    private Lease checkedLease(Lease slot) {
        long at = written(slot.memory);
        if (at >= 0) {
            fill(slot.memory);
            throw new IllegalStateException("written to after its release, at byte " + at + " of " + slot, slot.trace);
        }
        Arena life = Arena.ofConfined();
        Lease lease = new Lease(this, slot.memory.reinterpret(life, null), slot.sizeClass, slot.number, life);
        lease.trace = new Throwable("acquired here");
        apart.add(lease);
        return lease;
    }

    private static void fill(MemorySegment memory) {
        memory.fill(PATTERN);
    }

    /** Where memory is not what it was filled with; -1 if nowhere. */
    private static long written(MemorySegment memory) {
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            if (memory.get(ValueLayout.JAVA_LONG, at) != PATTERNS) {
                return at;
            }
        }
        return -1;
    }

    /** Logs what is wrong when the pool is closed. */
    private void tell() {
        Logger logger = System.getLogger("io.panamio");
        int leaks = 0;
        for (Lease lease : apart) {
            if (leaks++ < TOLD) {
                logger.log(Level.WARNING, "closed a pool with a segment of " + lease.memory.byteSize()
                    + " bytes that was not released", lease.trace);
            }
        }
        if (leaks > TOLD) {
            logger.log(Level.WARNING, "closed a pool with " + leaks + " segments that were not released");
        }
        for (SizeClass c : classes) {
            for (int i = 0; i < c.freeCount; i++) {
                Lease slot = c.leases[c.free[i]];
                long at = written(slot.memory);
                if (at >= 0) {
                    logger.log(Level.WARNING, "closed a pool with a segment of " + c.size
                        + " bytes that was written to after its release, at byte " + at, slot.trace);
                }
            }
        }
    }

    // ---- arenas

    /**
     * An arena whose memory is drawn from the pool, and goes back to it when the arena is closed. Small pieces share a
     * segment. Like that of any arena it is zeroed, and its segments throw {@link IllegalStateException} after the
     * close. The arena and each segment are new objects.
     *
     * <p>Where the pool's limit allows no more, {@code allocate} throws an {@link OutOfMemoryError}. To give a stream
     * such an arena see {@link io.panamio.IoSource#arena(SegmentPool)}.
     *
     * @return an arena of the pool's thread; the pool's close ends it, too
     * @throws IllegalStateException if the pool is closed
     * @throws WrongThreadException in another thread than the pool's
     */
    public Arena arena() {
        requireOpen();
        PoolArena made = new PoolArena(this);
        arenas.add(made);
        return made;
    }

    /** Forgets an arena that has ended. */
    void ended(PoolArena ended) {
        arenas.remove(ended);
    }

    // ---- the whole

    /**
     * How much memory the pool has of the system.
     *
     * @return a number of bytes, 0 when it is closed
     * @throws WrongThreadException in another thread than the pool's
     */
    public long reserved() {
        requireOwner();
        return reserved;
    }

    /**
     * How much memory is acquired and not released, counted in whole segments.
     *
     * @return a number of bytes, 0 when it is closed
     * @throws WrongThreadException in another thread than the pool's
     */
    public long acquired() {
        requireOwner();
        return acquired;
    }

    /**
     * Gives all memory back to the system, whether released or not, and ends the pool's arenas. Does nothing the second
     * time.
     *
     * @throws WrongThreadException in another thread than the pool's
     */
    @Override
    public void close() {
        requireOwner();
        if (closed) {
            return;
        }
        if (checked) {
            tell();
        }
        closed = true;
        List.copyOf(arenas).forEach(StreamArena::end);
        apart.forEach(lease -> lease.life.close());
        apart.clear();
        arena.close();
        reserved = 0;
        acquired = 0;
    }

    /** How much is acquired of how much. */
    @Override
    public String toString() {
        return "SegmentPool[" + acquired + " of " + reserved + " bytes" + (closed ? ", closed]" : "]");
    }
}
