package io.panamio.bench.rig;

/** The load on the servers. */
public interface Scenario {
    /** Its name in the results. */
    String title();
}
