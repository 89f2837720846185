package io.panamio.test.support;

import java.util.Arrays;

/**
 * Whether a series rises: by the sign of all differences (Mann and Kendall) and the median of all slopes (Theil and
 * Sen), which outliers, such as those of a busy machine, hardly move. The first half is warm-up. The second half is
 * reduced to the medians of at most 40 blocks, so that neighbours depend less on each other.
 *
 * @param significance how many standard deviations the number of rises exceeds that of a series without a trend
 * @param growth by how much the second half has grown
 * @param median the median of the second half
 */
public record Trend(double significance, double growth, double median) {
    private static final int BLOCKS = 40;
    /** By chance, one series in 10,000 exceeds it. */
    private static final double SIGNIFICANT = 3.72;
    /** Less than this part of the median is no growth. */
    private static final double RELATIVE = 0.02;

    public static Trend of(double... values) {
        double[] half = Arrays.copyOfRange(values, values.length / 2, values.length);
        int blocks = Math.min(BLOCKS, half.length);
        double[] medians = new double[blocks];
        for (int i = 0; i < blocks; i++) {
            medians[i] = median(Arrays.copyOfRange(half, i * half.length / blocks, (i + 1) * half.length / blocks));
        }
        double[] slopes = new double[blocks * (blocks - 1) / 2];
        int n = 0;
        int signs = 0;
        for (int i = 0; i < blocks; i++) {
            for (int j = i + 1; j < blocks; j++) {
                signs += (int) Math.signum(medians[j] - medians[i]);
                slopes[n++] = (medians[j] - medians[i]) / (j - i);
            }
        }
        double deviation = Math.sqrt(blocks * (blocks - 1.0) * (2 * blocks + 5) / 18);
        return new Trend(n == 0 ? 0 : (signs - Math.signum(signs)) / deviation,
            n == 0 ? 0 : median(slopes) * (blocks - 1), blocks == 0 ? 0 : median(half));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * Returns whether the series rises.
     *
     * @param resolution the least growth that means something, such as a page for memory
     */
    public boolean rises(double resolution) {
        return significance > SIGNIFICANT && growth > Math.max(resolution, RELATIVE * Math.abs(median));
    }
}
