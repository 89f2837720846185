package io.panamio.memory;

import io.panamio.jfr.Flight;
import io.panamio.sys.Platform;
import io.panamio.sys.SourceArena;
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
 * A pool of memory segments for an event loop. A pool is confined to the thread that opens it: acquire and release take
 * no lock and, unlike closing a shared arena, need no handshake with other threads. Once the pool has grown to the
 * working set, acquire and release allocate nothing.
 *
 * {@snippet file="MemorySnippets.java" region="segment-pool"}
 *
 * <p>The pool reserves memory from the system in slabs of 1 MiB, or of one segment if that is larger, and keeps it
 * until {@link #close}. A request larger than all size classes gets dedicated memory, which is returned to the system
 * when the lease is released. The total is limited by {@link PoolOptions#limit}, by default only by the available
 * memory.
 *
 * <h2>Misuse</h2>
 * A release does not invalidate the segment: the pool's thread can still access it, even though the memory may already
 * have been acquired again. A second release of a lease throws {@link IllegalStateException}, unless that lease has
 * been acquired again in between. After {@link #close}, access to any segment throws {@link IllegalStateException}.
 * Access by other threads always throws {@link WrongThreadException}.
 *
 * <p>A {@linkplain PoolOptions#checked checked} pool detects more, but allocates objects for each lease and fills
 * released memory with a pattern. With {@code -Dpanamio.checkedPools=true}, pools are checked by default.
 * <ul>
 * <li>Access to a segment after its release throws {@link IllegalStateException}, even if its memory has been acquired
 *     again.
 * <li>A second release always throws, with the stack trace of the first one as its cause.
 * <li>A write to released memory through its address, by the system or by native code, is detected when the memory is
 *     acquired again, which then throws {@link IllegalStateException}, or when the pool is closed, which logs a
 *     warning.
 * <li>Leases that are not released when the pool is closed are logged as warnings, with the stack trace of their
 *     acquisition.
 * </ul>
 * Warnings are logged to {@code System.getLogger("io.panamio")}.
 *
 * <p>A thread that ends without closing its pool leaks the pool's memory.
 */
public final class SegmentPool implements AutoCloseable {
    private static final long SLAB = 1 << 20;
    private static final long PAGE = 4096;
    /** The byte that a checked pool fills released memory with. */
    private static final byte PATTERN = (byte) 0xDE;
    private static final long PATTERN_LONG = 0xDEDE_DEDE_DEDE_DEDEL;
    /** The maximum number of leaks that are logged individually. */
    private static final int MAX_REPORTED = 10;

    /** The leases of one size. The free ones are a stack of slots, so that acquire and release store no reference. */
    static final class SizeClass {
        final long size;
        private Lease[] leases = new Lease[0];
        private int count;
        private int[] free = new int[0]; // last in, first out: the segment released last is still in the cache
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
            free[freeCount++] = lease.slot;
        }
    }

    private final Thread owner = Thread.currentThread();
    private final Arena arena = Arena.ofConfined();
    private final SizeClass[] classes;
    private final long limit;
    private final boolean checked;
    /** Leases with an arena of their own: dedicated memory, and in a checked pool all leases. */
    private final Set<Lease> dedicated = new LinkedHashSet<>();
    private final Set<SourceArena> arenas = new HashSet<>();
    private boolean closed;
    private long reserved;
    private long acquired;

    private SegmentPool(PoolOptions options) {
        classes = Arrays.stream(options.sizes()).mapToObj(SizeClass::new).toArray(SizeClass[]::new);
        limit = options.limit();
        checked = options.checked();
    }

    /**
     * Opens a pool with the default options, confined to the current thread.
     *
     * @return the pool, which has reserved no memory yet
     */
    public static SegmentPool open() {
        return open(PoolOptions.DEFAULT);
    }

    /**
     * Opens a pool, confined to the current thread.
     *
     * @param options the segment sizes, the limit, and whether the pool is checked
     * @return the pool, which has reserved no memory yet
     */
    public static SegmentPool open(PoolOptions options) {
        Flight.isInUse(); // a loop asks at each poll, but there may be none
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
     * Acquires a segment of the smallest size class that fits and is available, or dedicated memory if the size exceeds
     * all classes.
     *
     * @param size the minimum size in bytes
     * @return the lease, or {@code null} if the limit of the pool is reached; retry after another lease is released
     * @throws IllegalArgumentException if {@code size} is negative
     * @throws IllegalStateException if the pool is closed; in a checked pool also if the memory was written to after
     *     its release, in which case the call may be repeated
     * @throws WrongThreadException if the pool belongs to another thread
     * @throws OutOfMemoryError if the system has no memory left
     */
    public Lease acquire(long size) {
        requireOpen();
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        Lease lease = find(size);
        if (Flight.recordsLeases()) {
            Flight.lease(size, lease == null ? 0 : lease.memory.byteSize(), acquired, reserved);
        }
        return lease;
    }

    private Lease find(long size) {
        for (SizeClass c : classes) {
            if (size <= c.size && (c.freeCount > 0 || grow(c))) {
                return lend(c);
            }
        }
        return size > classes[classes.length - 1].size ? acquireDedicated(size) : null;
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

    private Lease acquireDedicated(long size) {
        if (size > limit - reserved) {
            return null;
        }
        Arena own = Arena.ofConfined();
        Lease lease = new Lease(this, allocate(size, own), null, 0, own);
        lease.taken = true;
        lease.trace = checked ? new Throwable("acquired here") : null;
        dedicated.add(lease);
        reserved += size;
        acquired += size;
        return lease;
    }

    /** Reserves a slab for a class if the limit allows, and returns whether the class has free leases. */
    private boolean grow(SizeClass c) {
        SourceArena.sweep(); // another thread may have closed a source with memory of this pool
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

    /** Allocates memory that begins at a multiple of 4 KiB, and that the system commits on first use. */
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

    /** Makes the memory of a lease available again. Called by {@link Lease#release}. */
    void takeBack(Lease lease) {
        if (closed) {
            return;
        }
        acquired -= lease.memory.byteSize();
        if (lease.arena != null) {
            endDedicated(lease);
        }
        SizeClass c = lease.sizeClass;
        if (c != null) {
            c.free[c.freeCount++] = lease.slot;
        }
    }

    private void endDedicated(Lease lease) {
        dedicated.remove(lease);
        lease.arena.close();
        lease.trace = checked ? new Throwable("released here") : null;
        if (lease.sizeClass == null) {
            reserved -= lease.memory.byteSize();
        } else {
            Lease base = lease.sizeClass.leases[lease.slot];
            fill(base.memory);
            base.trace = lease.trace;
        }
    }

    // ---- checks

    /**
     * Returns a new lease of a slot's memory, whose segment is invalidated by its release.
     *
     * @throws IllegalStateException if the memory was written to after its last release
     */
    @SuppressWarnings("restricted")
    private Lease checkedLease(Lease base) {
        long at = findWrite(base.memory);
        if (at >= 0) {
            fill(base.memory);
            throw new IllegalStateException("written to after its release, at byte " + at + " of " + base, base.trace);
        }
        Arena own = Arena.ofConfined();
        Lease lease = new Lease(this, base.memory.reinterpret(own, null), base.sizeClass, base.slot, own);
        lease.trace = new Throwable("acquired here");
        dedicated.add(lease);
        return lease;
    }

    private static void fill(MemorySegment memory) {
        memory.fill(PATTERN);
    }

    /** {@return the offset of the first long that differs from the pattern, or -1} */
    private static long findWrite(MemorySegment memory) {
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            if (memory.get(ValueLayout.JAVA_LONG, at) != PATTERN_LONG) {
                return at;
            }
        }
        return -1;
    }

    /** Logs leaks and writes to released memory, when the pool is closed. */
    private void report() {
        Logger logger = System.getLogger("io.panamio");
        int leaks = 0;
        for (Lease lease : dedicated) {
            Flight.leak(Lease.class.getName(), -1, lease.memory.byteSize(), lease.trace);
            if (leaks++ < MAX_REPORTED) {
                logger.log(Level.WARNING, "closed a pool with a segment of " + lease.memory.byteSize()
                    + " bytes that was not released", lease.trace);
            }
        }
        if (leaks > MAX_REPORTED) {
            logger.log(Level.WARNING, "closed a pool with " + leaks + " segments that were not released");
        }
        for (SizeClass c : classes) {
            for (int i = 0; i < c.freeCount; i++) {
                Lease base = c.leases[c.free[i]];
                long at = findWrite(base.memory);
                if (at >= 0) {
                    logger.log(Level.WARNING, "closed a pool with a segment of " + c.size
                        + " bytes that was written to after its release, at byte " + at, base.trace);
                }
            }
        }
    }

    // ---- arenas

    /**
     * Returns a new arena whose memory comes from the pool and is returned to it when the arena is closed. Small
     * allocations share a segment. As with any arena, its memory is zeroed, and access after the close throws {@link
     * IllegalStateException}. The arena and each of its segments are new objects on the heap.
     *
     * <p>If the limit of the pool is reached, {@code allocate} throws {@link OutOfMemoryError}. For the arena of a
     * source see {@link io.panamio.IoSource#arena(SegmentPool)}.
     *
     * @return the arena, confined to the thread of the pool; it is also closed when the pool is closed
     * @throws IllegalStateException if the pool is closed
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public Arena arena() {
        requireOpen();
        PoolArena made = new PoolArena(this);
        arenas.add(made);
        return made;
    }

    /** Removes an arena of this pool that has been closed. */
    void ended(PoolArena ended) {
        arenas.remove(ended);
    }

    // ---- size and close

    /**
     * {@return the number of bytes reserved from the system; 0 if the pool is closed}
     *
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public long reserved() {
        requireOwner();
        return reserved;
    }

    /**
     * {@return the number of bytes acquired but not yet released, in whole segments; 0 if the pool is closed}
     *
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public long acquired() {
        requireOwner();
        return acquired;
    }

    /**
     * Returns all memory to the system, that of unreleased leases included, and closes the arenas of the pool.
     * Idempotent.
     *
     * @throws WrongThreadException if the pool belongs to another thread
     */
    @Override
    public void close() {
        requireOwner();
        if (closed) {
            return;
        }
        if (checked) {
            report();
        }
        closed = true;
        List.copyOf(arenas).forEach(SourceArena::end);
        dedicated.forEach(lease -> lease.arena.close());
        dedicated.clear();
        arena.close();
        reserved = 0;
        acquired = 0;
    }

    /** {@return the number of bytes acquired and the number of bytes reserved, and whether the pool is closed} */
    @Override
    public String toString() {
        return "SegmentPool[" + acquired + " of " + reserved + " bytes" + (closed ? ", closed]" : "]");
    }
}
