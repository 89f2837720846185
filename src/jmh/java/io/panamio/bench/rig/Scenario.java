package io.panamio.bench.rig;

/** What is asked of the servers. */
public interface Scenario {
    /** Its name in the results. */
    String title();
}
