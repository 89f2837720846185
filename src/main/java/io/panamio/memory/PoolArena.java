package io.panamio.memory;

import io.panamio.sys.SourceArena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** An arena over the leases of a pool. Small allocations are cut from the lease that has the most space left. */
final class PoolArena extends SourceArena {
    private final SegmentPool pool;
    private final List<Lease> leases = new ArrayList<>(2);
    private MemorySegment chunk = MemorySegment.NULL;
    private long used;

    PoolArena(SegmentPool pool) {
        this.pool = pool;
    }

    @Override
    protected MemorySegment take(long byteSize, long byteAlignment) {
        long start = align(chunk, used, byteAlignment);
        if (byteSize <= chunk.byteSize() - start) {
            used = start + byteSize;
            return chunk.asSlice(start, byteSize).fill((byte) 0);
        }
        MemorySegment fresh = lease(byteSize, byteAlignment).segment();
        long at = align(fresh, 0, byteAlignment);
        if (fresh.byteSize() - at - byteSize > chunk.byteSize() - used) {
            chunk = fresh;
            used = at + byteSize;
        }
        return fresh.asSlice(at, byteSize).fill((byte) 0);
    }

    private static long align(MemorySegment segment, long offset, long alignment) {
        return offset + (-(segment.address() + offset) & (alignment - 1));
    }

    private Lease lease(long byteSize, long byteAlignment) {
        Lease lease = pool.acquire(byteSize);
        if (lease != null && align(lease.memory, 0, byteAlignment) > lease.memory.byteSize() - byteSize) {
            lease.release();
            lease = pool.acquire(Math.addExact(byteSize, byteAlignment)); // with room to align
        }
        if (lease == null) {
            throw new OutOfMemoryError(byteSize + " bytes exceed the limit of " + pool);
        }
        leases.add(lease);
        return lease;
    }

    @Override
    protected void releaseMemory() {
        if (isOwner()) { // otherwise the owner has ended, and nothing can use the pool
            while (!leases.isEmpty()) {
                leases.removeLast().release();
            }
            pool.ended(this);
        }
    }
}
