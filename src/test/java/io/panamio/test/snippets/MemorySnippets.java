package io.panamio.test.snippets;

import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpStream;
import java.io.IOException;

/** Examples for the Javadoc of {@code SegmentPool}. */
final class MemorySnippets {
    private MemorySnippets() {
    }

    static long read(TcpStream stream) throws IOException {
        // @start region="segment-pool"
        PoolOptions options = PoolOptions.DEFAULT.sizes(4096, 65536).limit(64 << 20);
        try (SegmentPool pool = SegmentPool.open(options)) { // one for each event loop
            Lease lease = pool.acquire(1500);
            if (lease == null) {
                return 0; // the limit is reached: read later
            }
            try {
                return stream.read(lease.segment()); // 4096 bytes
            } finally {
                lease.release();
            }
        }
        // @end
    }
}
