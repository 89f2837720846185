package io.panamio.memory;

import java.util.Arrays;

/**
 * The options of a {@link SegmentPool}. Immutable: each setter returns a modified copy.
 *
 * {@snippet file="MemorySnippets.java" region="segment-pool"}
 */
public final class PoolOptions {
    /** The granularity of sizes: one cache line. */
    private static final long UNIT = 64;

    /**
     * The default options: size classes at the powers of two from 4 KiB to 64 KiB, no limit, unchecked unless {@code
     * -Dpanamio.checkedPools=true} is set.
     */
    public static final PoolOptions DEFAULT =
        new PoolOptions(new long[] {4096, 8192, 16384, 32768, 65536}, Long.MAX_VALUE,
            Boolean.getBoolean("panamio.checkedPools"));

    private final long[] sizes;
    private final long limit;
    private final boolean checked;

    private PoolOptions(long[] sizes, long limit, boolean checked) {
        this.sizes = sizes;
        this.limit = limit;
        this.checked = checked;
    }

    long[] sizes() {
        return sizes;
    }

    long limit() {
        return limit;
    }

    boolean checked() {
        return checked;
    }

    /**
     * Sets the sizes of the segments. A lease gets a segment of the smallest size that fits.
     *
     * @param bytes the sizes, ascending multiples of 64 bytes
     * @return the modified copy
     * @throws IllegalArgumentException if {@code bytes} is empty, not ascending, or contains a size that is not a
     *     multiple of 64
     */
    public PoolOptions sizes(long... bytes) {
        long before = 0;
        for (long size : bytes) {
            if (size <= before || size % UNIT != 0) {
                throw new IllegalArgumentException(
                    "sizes must be ascending multiples of " + UNIT + ": " + Arrays.toString(bytes));
            }
            before = size;
        }
        if (before == 0) {
            throw new IllegalArgumentException("no sizes");
        }
        return new PoolOptions(bytes.clone(), limit, checked);
    }

    /**
     * Sets the sizes of the segments to the powers of two in a range.
     *
     * @param min the smallest size, a power of two, at least 64
     * @param max the largest size, a power of two, at least {@code min}
     * @return the modified copy
     * @throws IllegalArgumentException if a bound is not such a power of two
     */
    public PoolOptions powersOfTwo(long min, long max) {
        if (min < UNIT || max < min || Long.bitCount(min) != 1 || Long.bitCount(max) != 1) {
            throw new IllegalArgumentException("not powers of two, or out of order: from " + min + " to " + max);
        }
        long[] powers = new long[Long.numberOfTrailingZeros(max / min) + 1];
        Arrays.setAll(powers, i -> min << i);
        return new PoolOptions(powers, limit, checked);
    }

    /**
     * Limits the memory that the pool reserves from the system. Unlimited by default.
     *
     * @param bytes the limit in bytes, at least 1
     * @return the modified copy
     * @throws IllegalArgumentException if {@code bytes} is less than 1
     */
    public PoolOptions limit(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("limit " + bytes + " is less than 1");
        }
        return new PoolOptions(sizes, bytes, checked);
    }

    /**
     * Sets whether to detect misuse of memory, at a cost; see {@link SegmentPool}.
     *
     * @param checked whether the pool is checked
     * @return the modified copy
     */
    public PoolOptions checked(boolean checked) {
        return new PoolOptions(sizes, limit, checked);
    }
}
