package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-platform")
class TrendTest {
    private static final double RESOLUTION = 10;
    private final Random random = new Random(5);

    private static Trend trend(IntToDoubleFunction value) {
        return Trend.of(IntStream.range(0, 400).mapToDouble(value).toArray());
    }

    private double noise() {
        return random.nextGaussian() * 30;
    }

    @Test
    void aSlowRiseIsFoundInNoise() {
        Trend trend = trend(i -> 1000 + i * 0.3 + noise());
        assertTrue(trend.rises(RESOLUTION), trend.toString());
        assertEquals(60, trend.growth(), 20);
    }

    @Test
    void noiseIsNoRise() {
        for (int i = 0; i < 300; i++) {
            Trend trend = trend(x -> 1000 + noise());
            assertFalse(trend.rises(RESOLUTION), trend.toString());
        }
    }

    @Test
    void aWarmUpIsNoRise() {
        Trend trend = trend(i -> 1000 - 900 * Math.exp(-i / 40.0) + noise());
        assertFalse(trend.rises(RESOLUTION), trend.toString());
    }

    @Test
    void outliersAreNoRise() {
        Trend trend = trend(i -> 1000 + noise() + (i > 370 && i % 3 == 0 ? 1e6 : 0));
        assertFalse(trend.rises(RESOLUTION), trend.toString());
    }

    @Test
    void aFallIsNoRise() {
        assertFalse(trend(i -> 1000 - i).rises(RESOLUTION));
    }

    @Test
    void whatIsBelowTheResolutionIsNoRise() {
        Trend trend = trend(i -> 100 + i * 0.04);
        assertFalse(trend.rises(RESOLUTION), trend.toString());
        assertTrue(trend.rises(7), trend.toString());
    }

    @Test
    void fewSamplesAreNoRise() {
        assertFalse(Trend.of().rises(0));
        assertFalse(Trend.of(1, 2, 3, 4).rises(0));
    }
}
