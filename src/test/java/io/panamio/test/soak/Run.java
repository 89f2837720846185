package io.panamio.test.soak;

import io.panamio.net.Pipe;
import io.panamio.pipeline.RingBuffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** What the threads of a soak share. */
final class Run {
    /** What is leaked on purpose, to see that it is found. */
    enum Leak {
        HEAP, NATIVE, DESCRIPTOR, MAPPING, THREAD
    }

    /** One session of so many leaks, if any does. */
    private static final int LEAKS = 4;

    final long seed;
    /** A session that takes longer has lost an event, however busy the machine. */
    final Duration patience;
    final Pattern pattern;
    final Calls calls = new Calls();
    final LongAdder sessions = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final AtomicLong numbers = new AtomicLong();
    private final Set<Leak> leaks;
    private final List<Object> leaked = new ArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean over;

    Run(long seed, Duration patience, Set<Leak> leaks) {
        this.seed = seed;
        this.patience = patience;
        this.leaks = leaks;
        pattern = new Pattern(seed);
    }

    /** {@return whether no session may begin any more} */
    boolean isOver() {
        return over || failure.get() != null;
    }

    void end() {
        over = true;
    }

    void failed(Throwable t) {
        failure.compareAndSet(null, t);
    }

    Throwable failure() {
        return failure.get();
    }

    void sessionEnded() throws IOException {
        sessions.increment();
        if (sessions.sum() % LEAKS == 0) {
            for (Leak leak : leaks) {
                leak(leak);
            }
        }
    }

    private synchronized void leak(Leak leak) throws IOException {
        leaked.add(switch (leak) {
            case HEAP -> new byte[1 << 16];
            case NATIVE -> Arena.global().allocate(1 << 16).fill((byte) 1);
            case DESCRIPTOR -> Pipe.open();
            case MAPPING -> RingBuffer.allocate(Arena.global(), 1);
            case THREAD -> Thread.ofPlatform().daemon().start(() -> {
                for (;;) {
                    LockSupport.park();
                }
            });
        });
    }
}
