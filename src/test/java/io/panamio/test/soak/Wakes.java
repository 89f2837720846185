package io.panamio.test.soak;

import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * A thread that wakes the loops in turn, and measures how long each takes to handle it; and beside it how long a thread
 * takes to handle the wakeup of a selector of the JDK, which varies with the load of the machine as well.
 */
final class Wakes implements Runnable, AutoCloseable {
    private static final long PAUSE = Duration.ofMillis(1).toNanos();
    private static final long MAX = TimeUnit.MINUTES.toNanos(10);
    /** After how long to look whether the soak has ended. */
    private static final long LOST = Duration.ofMillis(100).toNanos();

    private final Run run;
    private final List<SoakLoop> loops;
    private final Selector selector = Selector.open();
    private final SingleWriterRecorder library = new SingleWriterRecorder(MAX, 2);
    private final SingleWriterRecorder jdk = new SingleWriterRecorder(MAX, 2);
    private volatile Thread waiting;

    Wakes(Run run, List<SoakLoop> loops) throws IOException {
        this.run = run;
        this.loops = loops;
        Thread.ofPlatform().daemon().start(this::select);
    }

    private void select() {
        try {
            while (selector.isOpen()) {
                selector.select();
                Thread thread = waiting;
                waiting = null;
                LockSupport.unpark(thread);
            }
        } catch (IOException e) {
            run.failed(e);
        }
    }

    @Override
    public void run() {
        for (int i = 0; !run.isOver(); i++) {
            SoakLoop loop = loops.get(i % loops.size());
            long start = System.nanoTime();
            loop.wake(Thread.currentThread());
            while (loop.isWaking() && !run.isOver()) {
                LockSupport.parkNanos(this, LOST);
            }
            library.recordValue(elapsed(start));
            start = System.nanoTime();
            waiting = Thread.currentThread();
            selector.wakeup();
            while (waiting != null) {
                LockSupport.parkNanos(this, LOST);
            }
            jdk.recordValue(elapsed(start));
            LockSupport.parkNanos(this, PAUSE);
        }
    }

    private static long elapsed(long start) {
        return Math.min(System.nanoTime() - start, MAX);
    }

    /** {@return the latencies since the last call} */
    Histogram library() {
        return library.getIntervalHistogram();
    }

    Histogram jdk() {
        return jdk.getIntervalHistogram();
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
