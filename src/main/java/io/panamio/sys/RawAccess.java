package io.panamio.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Decides which memory may be passed as a bare address, as in a vector. FFM does not keep it alive during the call
 * then, so it must be native memory that no other thread can free: global, automatic, a buffer's, or confined to this
 * thread. The scopes of arenas are distinguished by class, for which there is no other public way; if all had the same
 * class, every segment would be passed the safe way.
 */
public final class RawAccess {
    private static final Class<?> SHARED = Arena.ofShared().scope().getClass();
    private static final Class<?> GLOBAL = Arena.global().scope().getClass();
    private static final Class<?> AUTO = Arena.ofAuto().scope().getClass();
    private static final Class<?> CONFINED = Arena.ofConfined().scope().getClass();
    private static final Class<?> BUFFER = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(1)).scope().getClass();

    private RawAccess() {
    }

    /** {@return whether a segment may be passed as a bare address} */
    public static boolean isSafe(MemorySegment segment) {
        Class<?> scope = segment.scope().getClass();
        return segment.isNative() && scope != SHARED
            && (scope == GLOBAL || scope == AUTO || scope == CONFINED || scope == BUFFER);
    }

    /** Throws the exception that FFM throws if such a segment is passed as an argument and cannot be used. */
    public static void requireUsable(MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("a segment of another thread's confined arena");
        }
    }

    /** Checks all segments before any byte moves, as an exception would lose the count. */
    public static void requireUsable(MemorySegment[] segments) {
        for (MemorySegment segment : segments) {
            requireUsable(segment);
        }
    }
}
