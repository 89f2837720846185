package io.panamio.bench.rig;

import java.io.IOException;

/**
 * The values measured of a server during one window of time.
 *
 * @param values one for each of {@link Meter#measures}; NaN if not applicable
 * @param loadLost the part of the time that the load did not have its processor, or that others had one
 * @param serverWaited the part of the time that the server's threads waited for theirs
 */
public record Window(double[] values, double loadLost, double serverWaited) {
    private static final double MOST_LOST = 0.05;
    private static final double MOST_WAITED = 0.06;
    private static final int REPEATS = 3;

    /** Measures one window. */
    public interface Once {
        /** Measures. */
        Window measure() throws IOException, InterruptedException;
    }

    /**
     * Measures a window; repeats up to three times if other processes used a processor, and returns the least
     * disturbed.
     */
    public static Window leastDisturbed(Once once) throws IOException, InterruptedException {
        Window best = once.measure();
        for (int i = 0; i < REPEATS && best.isDisturbed(); i++) {
            Window next = once.measure();
            if (next.loadLost + next.serverWaited < best.loadLost + best.serverWaited) {
                best = next;
            }
        }
        return best;
    }

    boolean isDisturbed() {
        return loadLost > MOST_LOST || serverWaited > MOST_WAITED;
    }

    /** Formats the disturbance. */
    @Override
    public String toString() {
        return String.format("the load lost %.0f %% of a processor, the server waited for %.0f %% of the time",
            100 * loadLost, 100 * serverWaited);
    }
}
