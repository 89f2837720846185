package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import java.io.IOException;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A Poll that watches the server ends of some connections; a token is an index. */
@State(Scope.Thread)
public class PanamioPoll {
    final PanamioPair[] pairs = new PanamioPair[Operation.SOURCES];
    final Events events = Events.withCapacity(Operation.SOURCES);
    Poll poll;

    /** Connects and registers. */
    @Setup
    public void open() throws IOException {
        poll = Poll.open();
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = new PanamioPair();
            pairs[i].open();
            poll.registry().register(pairs[i].server, i, Interest.READABLE);
        }
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        for (PanamioPair pair : pairs) {
            pair.close();
        }
        poll.close();
    }
}
