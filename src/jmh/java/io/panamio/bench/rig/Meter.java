package io.panamio.bench.rig;

import java.io.IOException;
import java.util.List;

/**
 * How a server is measured in a scenario. The server runs, and all others are stopped.
 *
 * @param <S> the kind of scenario
 */
public interface Meter<S extends Scenario> {
    /** The kinds of values of a window, in their order. */
    List<Measure> measures(S scenario);

    /** Lets a server get warm. */
    void warm(S scenario, Server server) throws IOException, InterruptedException;

    /** Measures it once. */
    Window measure(S scenario, Server server) throws IOException, InterruptedException;
}
