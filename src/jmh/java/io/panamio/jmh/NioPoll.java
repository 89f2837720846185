package io.panamio.jmh;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A Selector that watches the server ends of some connections, each with an attached {@link Source}.
 */
@State(Scope.Thread)
public class NioPoll {
    /** A connection and its number. */
    record Source(NioPair pair, int index) {
    }

    final NioPair[] pairs = new NioPair[Operation.SOURCES];
    final SelectionKey[] keys = new SelectionKey[Operation.SOURCES];
    Selector selector;

    /** The sum computed by a handler; a field, as select's consumer returns nothing. */
    long seen;

    /** Connects and registers. */
    @Setup
    public void open() throws IOException {
        selector = Selector.open();
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = new NioPair();
            pairs[i].open();
            keys[i] = pairs[i].server.register(selector, SelectionKey.OP_READ, new Source(pairs[i], i));
        }
    }

    /** Closes all. */
    @TearDown
    public void close() throws IOException {
        for (NioPair pair : pairs) {
            pair.close();
        }
        selector.close();
    }
}
