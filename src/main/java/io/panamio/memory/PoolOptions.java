package io.panamio.memory;

import java.util.Arrays;

/** How a {@link SegmentPool} is made. Immutable: each method returns other options. */
public final class PoolOptions {
    /** The unit of sizes: a line of a processor's cache. */
    private static final long UNIT = 64;

    /**
     * Powers of two from 4 KiB to 64 KiB, without a limit, and checked with {@code -Dpanamio.checkedPools=true} alone.
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
     * The classes of sizes. A lease is of the smallest that fits.
     *
     * @param bytes the sizes, ascending multiples of 64
     * @return the options
     * @throws IllegalArgumentException if there are none, or not such
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
     * A class for each power of two between two bounds, with them.
     *
     * @param smallest a power of two, at least 64
     * @param largest a power of two, not less than that
     * @return the options
     * @throws IllegalArgumentException if they are not such
     */
    public PoolOptions powersOfTwo(long smallest, long largest) {
        if (smallest < UNIT || largest < smallest || Long.bitCount(smallest) != 1 || Long.bitCount(largest) != 1) {
            throw new IllegalArgumentException("no powers of two from " + smallest + " to " + largest);
        }
        long[] powers = new long[Long.numberOfTrailingZeros(largest / smallest) + 1];
        Arrays.setAll(powers, i -> smallest << i);
        return new PoolOptions(powers, limit, checked);
    }

    /**
     * How much memory the pool may have of the system. The default is as much as there is.
     *
     * @param bytes at least 1
     * @return the options
     * @throws IllegalArgumentException if less than 1
     */
    public PoolOptions limit(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("limit " + bytes);
        }
        return new PoolOptions(sizes, bytes, checked);
    }

    /**
     * Whether to look for mistakes in the use of memory, at a price: see {@link SegmentPool}.
     *
     * @param on true to look
     * @return the options
     */
    public PoolOptions checked(boolean on) {
        return new PoolOptions(sizes, limit, on);
    }
}
