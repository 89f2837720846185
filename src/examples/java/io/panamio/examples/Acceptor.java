package io.panamio.examples;

import io.panamio.Timers;
import java.time.Duration;

/**
 * Decides when an event loop accepts clients: after an event of the listener until none is waiting, as long as fewer
 * than a maximum are connected. After a failure, such as a lack of descriptors, the loop retries once a client has
 * ended, or after a while, since no event reports when accepting is possible again. It accepts at most {@link
 * #MAX_ACCEPTS} in a turn, so that connected clients are served in between.
 */
public final class Acceptor {
    /** The maximum number of clients that the loop accepts in a turn. */
    public static final int MAX_ACCEPTS = 64;
    /** The time after which accepting is retried. */
    public static final Duration RETRY = Duration.ofMillis(100);

    private int maxClients;
    /** Whether clients may be waiting to be accepted. */
    private boolean clientsWait;
    /** Whether accepting has failed since the last time that no client was waiting. */
    private boolean exhausted;
    /** The time at which accepting is then retried, unless a client ends earlier. */
    private long retryAt;
    /** The number of clients at the last failure: with fewer, accepting is retried at once. */
    private int retryBelow;

    /** Creates an acceptor of at most the given number of clients at a time. */
    public Acceptor(int maxClients) {
        this.maxClients = maxClients;
    }

    /** Records that clients may be waiting, for example after an event of the listener. */
    public void clientsWait() {
        clientsWait = true;
    }

    /** Records that no client is waiting. */
    public void drained() {
        clientsWait = false;
        exhausted = false;
    }

    /** Records that accepting has failed. Returns whether this is the first failure in a row, to be logged. */
    public boolean failed(int clients) {
        boolean first = !exhausted;
        exhausted = true;
        retryAt = System.nanoTime() + RETRY.toNanos();
        retryBelow = clients;
        return first;
    }

    /** Ends accepting for good. */
    public void stop() {
        maxClients = 0;
    }

    /** Returns whether to accept now, with the given number of clients. */
    public boolean isDue(int clients) {
        return isPending(clients) && (!exhausted || System.nanoTime() - retryAt >= 0 || clients < retryBelow);
    }

    /** Returns whether to accept now or, after a failure, within {@link #RETRY}. */
    public boolean isPending(int clients) {
        return clientsWait && clients < maxClients;
    }

    /** Returns the time until the next timer expires, but at most {@link #RETRY}. */
    public static Duration untilRetry(Timers timers) {
        return Duration.ofNanos(Math.min(timers.nanosToNext(), RETRY.toNanos()));
    }
}
