package io.panamio.bench;

import java.util.Arrays;

/**
 * The median and the quartiles of many values.
 *
 * @param low the lower quartile
 * @param median the median
 * @param high the upper quartile
 */
record Spread(double low, double median, double high) {
    static Spread of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(at(sorted, 0.25), at(sorted, 0.5), at(sorted, 0.75));
    }

    /** Returns the spread of the ratios within each round. */
    static Spread ofRatios(double[] values, double[] others) {
        double[] ratios = new double[Math.min(values.length, others.length)];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = values[i] / others[i];
        }
        return of(ratios);
    }

    private static double at(double[] sorted, double part) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double rank = part * (sorted.length - 1);
        int below = (int) rank;
        double above = sorted[Math.min(below + 1, sorted.length - 1)];
        return sorted[below] + (rank - below) * (above - sorted[below]);
    }

    @Override
    public String toString() {
        return String.format("%.2f [%.2f %.2f]", median, low, high);
    }
}
