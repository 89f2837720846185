package io.panamio.bench.rig;

/**
 * A kind of value.
 *
 * @param name what is measured
 * @param unit its unit
 */
public record Measure(String name, String unit) {
}
