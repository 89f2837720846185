package io.panamio.sys;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;

/** An arena of blocks that the platform allocates; any thread can free them. */
final class BlockArena extends SourceArena {
    private final ArrayList<MemorySegment> blocks = new ArrayList<>(2);

    @Override
    protected MemorySegment take(long byteSize, long byteAlignment) {
        // the platform aligns to 16 bytes; a larger alignment needs extra space
        long spare = byteAlignment > 16 ? byteAlignment : 0;
        blocks.ensureCapacity(blocks.size() + 1); // first: a block that cannot be added would never be freed
        MemorySegment block = Platform.current().allocate(Math.addExact(byteSize, spare));
        blocks.add(block);
        return block.asSlice(-block.address() & (byteAlignment - 1), byteSize);
    }

    @Override
    protected void releaseMemory() {
        while (!blocks.isEmpty()) { // resumes after an OutOfMemoryError
            Platform.current().free(blocks.getLast());
            blocks.removeLast();
        }
    }
}
