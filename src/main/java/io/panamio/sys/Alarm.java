package io.panamio.sys;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A time at which a source gets an event, unless this is cancelled before. The event is delivered by the thread that
 * the JDK has for the timeouts of futures. An alarm refers to the delivery, not to the source, which can be collected.
 */
public final class Alarm implements Consumer<Boolean> {
    private static final Duration MAX = Duration.ofNanos(Long.MAX_VALUE);

    private final Delivery delivery;
    private final int readiness;
    private final long time;
    /** Completes with true when the time has come, or with false if this is cancelled before. */
    private final CompletableFuture<Boolean> due = new CompletableFuture<>();

    /**
     * Sets an alarm.
     *
     * @param delivery the delivery of the source
     * @param readiness the {@link Readiness} bits of the event
     * @param delay the time from now on; {@link Long#MAX_VALUE} nanoseconds or more never elapse
     */
    public Alarm(Delivery delivery, int readiness, Duration delay) {
        this.delivery = delivery;
        this.readiness = readiness;
        long nanos = delay.compareTo(MAX) < 0 ? delay.toNanos() : Long.MAX_VALUE;
        time = System.nanoTime() + nanos; // read first: the event is never early
        if (nanos < Long.MAX_VALUE) {
            due.completeOnTimeout(true, nanos, TimeUnit.NANOSECONDS).thenAccept(this);
        }
    }

    /** Called when this is due or was cancelled. */
    @Override
    public void accept(Boolean isDue) {
        if (isDue) {
            delivery.deliver(readiness);
        }
    }

    /** {@return whether the time has come, even if this was cancelled} */
    public boolean isOver() {
        return System.nanoTime() - time >= 0;
    }

    /** Cancels this, so that no event follows. Idempotent. */
    public void cancel() {
        due.complete(false);
    }
}
