package io.panamio.bench;

import java.util.Arrays;

/**
 * What one contender did in one scenario, by one measure: a value for each round, in the order of the rounds, so that
 * ratios can be taken within a round.
 *
 * @param suite which part of the benchmarks it is from: {@code echo}, {@code pipelines}, {@code start} and so on
 * @param scenario what was done
 * @param contender who did it
 * @param measure what was measured
 * @param unit its unit
 * @param values the values, one for each round
 */
public record Result(String suite, String scenario, String contender, String measure, String unit, double... values) {
    /** The middle value, or the mean of both. */
    public double median() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
