package io.panamio.tls;

import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.memory.Lease;
import io.panamio.memory.SegmentPool;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Memory that is on loan from the pool only while it holds something. */
final class Buffer {
    /** The size for encrypted records: four are read, three are written with one call. */
    static final int RECORDS = 64 << 10;
    /** The size for data: no record has more. */
    static final int DATA = 32 << 10;
    static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final SegmentPool pool;
    private final int size;
    private Lease lease;
    /** The memory, and the same as a buffer; null while this holds nothing. */
    MemorySegment memory;
    ByteBuffer bytes;

    Buffer(SegmentPool pool, int size) {
        this.pool = pool;
        this.size = size;
    }

    /** {@return whether this holds nothing} */
    boolean isEmpty() {
        return lease == null;
    }

    /**
     * Acquires the memory, with the position 0 and the size as the limit.
     *
     * @throws ResourceExhaustedException if the pool has none
     */
    ByteBuffer acquire() throws ResourceExhaustedException {
        Lease acquired = pool.acquire(size);
        if (acquired == null) {
            throw new ResourceExhaustedException("no buffer of " + size + " bytes: the limit of " + pool
                + " is reached", new SystemError.Failure("SegmentPool.acquire", 0, "ENOMEM"));
        }
        lease = acquired;
        memory = acquired.segment();
        bytes = acquired.buffer().clear().limit(size);
        return bytes;
    }

    /** Releases the memory, if there is any. */
    void release() {
        if (lease != null) {
            Lease released = lease;
            lease = null;
            memory = null;
            bytes = null;
            released.release();
        }
    }
}
