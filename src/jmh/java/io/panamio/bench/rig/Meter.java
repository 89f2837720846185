package io.panamio.bench.rig;

import java.io.IOException;
import java.util.List;

/**
 * Measures a server in a scenario. The server runs, and all others are stopped.
 *
 * @param <S> the kind of scenario
 */
public interface Meter<S extends Scenario> {
    /** The kinds of values of a window, in order. */
    List<Measure> measures(S scenario);

    /** Warms a server up. */
    void warm(S scenario, Server server) throws IOException, InterruptedException;

    /** Measures it once. */
    Window measure(S scenario, Server server) throws IOException, InterruptedException;
}
