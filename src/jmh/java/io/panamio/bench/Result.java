package io.panamio.bench;

import java.util.Arrays;

/**
 * The values of one contender in one scenario for one measure: one for each round, in the order of the rounds, so that
 * ratios can be taken within a round.
 *
 * @param suite the part of the benchmarks: {@code echo}, {@code pipelines}, {@code start} and so on
 * @param scenario the scenario
 * @param contender the contender
 * @param measure the measure
 * @param unit its unit
 * @param values the values, one for each round
 */
public record Result(String suite, String scenario, String contender, String measure, String unit, double... values) {
    /** Returns the median: the middle value, or the mean of the two middle ones. */
    public double median() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
