package io.panamio.sys.unix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Which memory may stand in an iovec. There it is a bare address that FFM does not keep alive during the call, so it
 * must be memory that no other thread can free: global, automatic, or confined to this thread. The scopes of arenas
 * are told apart by class: the only public way, and safe where all have the same one.
 */
final class Scopes {
    private static final Class<?> SHARED = Arena.ofShared().scope().getClass();
    private static final Class<?> GLOBAL = Arena.global().scope().getClass();
    private static final Class<?> AUTO = Arena.ofAuto().scope().getClass();
    private static final Class<?> CONFINED = Arena.ofConfined().scope().getClass();

    private Scopes() {
    }

    static boolean isSafe(MemorySegment segment) {
        Class<?> scope = segment.scope().getClass();
        return scope != SHARED && (scope == GLOBAL || scope == AUTO || scope == CONFINED);
    }

    /** What FFM would say of a segment that is an argument. */
    static void requireUsable(MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("a segment of another thread's confined arena");
        }
    }
}
