package io.panamio.jmh;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import io.panamio.Timers;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Many pending timers, of which an operation picks one at random. None expires during a measurement. */
@State(Scope.Thread)
public abstract class TimerSet {
    static final Duration DELAY = Duration.ofMinutes(10);
    /** The delay of a timer that is cancelled soon. */
    static final Duration SHORT = Duration.ofSeconds(20);

    /** The number of pending timers. */
    @Param({"1000", "1000000"})
    int timers;
    private int random = 1;

    /** For the subclasses. */
    protected TimerSet() {
    }

    /** Returns a random index (xorshift). */
    int next() {
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        return (int) ((random & 0xFFFF_FFFFL) * timers >>> 32);
    }

    /** Delays from ten to twenty minutes. */
    long nanos(int i) {
        return DELAY.toNanos() + i * (DELAY.toNanos() / timers);
    }

    /** {@link Timers}, with a tick of a millisecond. */
    public static class Panamio extends TimerSet {
        final Timers all;
        private long[] pending;

        /** With the default tick. */
        public Panamio() {
            this(Duration.ofMillis(1));
        }

        Panamio(Duration tick) {
            all = new Timers(tick);
        }

        /** Schedules. */
        @Setup
        public void schedule() {
            pending = new long[timers];
            for (int i = 0; i < timers; i++) {
                pending[i] = all.schedule(i, Duration.ofNanos(nanos(i)));
            }
        }

        boolean restart() {
            boolean done = all.reschedule(pending[next()], DELAY);
            Operation.check(done);
            return done;
        }

        /** Restarts a timer, and finds the next deadline, as a loop does before it waits. */
        long restartAndFind() {
            restart();
            return all.nanosToNext();
        }

        long startAndCancel() {
            long timer = all.schedule(0, SHORT);
            Operation.check(all.cancel(timer));
            return timer;
        }
    }

    /** {@link Timers}, with a tick of 100 milliseconds, in which a busy connection restarts its timer many times. */
    public static class PanamioCoarse extends Panamio {
        /** With a coarse tick. */
        public PanamioCoarse() {
            super(Duration.ofMillis(100));
        }
    }

    /**
     * Netty's wheel, with a tick of a millisecond, too. What its own thread does is not part of the figures. With the
     * default tick of 100 milliseconds it takes at most a million timeouts a second from its queue, so that memory runs
     * out.
     */
    public static class Wheel extends TimerSet implements TimerTask {
        private HashedWheelTimer wheel;
        private Timeout[] pending;

        /** Schedules. */
        @Setup
        public void schedule() {
            wheel = new HashedWheelTimer(1, TimeUnit.MILLISECONDS);
            pending = new Timeout[timers];
            for (int i = 0; i < timers; i++) {
                pending[i] = wheel.newTimeout(this, nanos(i), TimeUnit.NANOSECONDS);
            }
        }

        /** Ends the thread. */
        @TearDown
        public void stop() {
            wheel.stop();
        }

        @Override
        public void run(Timeout timeout) {
            throw new AssertionError("expired");
        }

        Object restart() {
            int i = next();
            Operation.check(pending[i].cancel());
            return pending[i] = wheel.newTimeout(this, DELAY.toNanos(), TimeUnit.NANOSECONDS);
        }

        Object startAndCancel() {
            Timeout timeout = wheel.newTimeout(this, SHORT.toNanos(), TimeUnit.NANOSECONDS);
            Operation.check(timeout.cancel());
            return timeout;
        }
    }

    /** The JDK's executor, which removes what is cancelled. */
    public static class Executor extends TimerSet implements Runnable {
        private ScheduledThreadPoolExecutor executor;
        private ScheduledFuture<?>[] pending;

        /** Schedules. */
        @Setup
        public void schedule() {
            executor = new ScheduledThreadPoolExecutor(1);
            executor.setRemoveOnCancelPolicy(true);
            pending = new ScheduledFuture<?>[timers];
            for (int i = 0; i < timers; i++) {
                pending[i] = executor.schedule(this, nanos(i), TimeUnit.NANOSECONDS);
            }
        }

        /** Ends the thread. */
        @TearDown
        public void stop() {
            executor.shutdownNow();
        }

        @Override
        public void run() {
            throw new AssertionError("expired");
        }

        Object restart() {
            int i = next();
            Operation.check(pending[i].cancel(false));
            return pending[i] = executor.schedule(this, DELAY.toNanos(), TimeUnit.NANOSECONDS);
        }

        Object startAndCancel() {
            ScheduledFuture<?> future = executor.schedule(this, SHORT.toNanos(), TimeUnit.NANOSECONDS);
            Operation.check(future.cancel(false));
            return future;
        }
    }
}
