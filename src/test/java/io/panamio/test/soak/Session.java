package io.panamio.test.soak;

import io.panamio.Event;
import java.io.IOException;
import java.util.Random;

/** A connection, a pipe or a pair of datagram sockets, from its beginning to its end. */
abstract class Session implements SoakLoop.Actor {
    final SoakLoop loop;
    final Random random;
    final long number;
    private final long token;
    private final long deadline;

    Session(SoakLoop loop) {
        this.loop = loop;
        number = loop.run.numbers.incrementAndGet();
        random = loop.random;
        token = loop.actors.insert(this);
        deadline = loop.schedule(token, loop.run.patience);
    }

    abstract void start() throws IOException;

    final void finish() throws IOException {
        loop.cancel(deadline);
        loop.actors.remove(token);
        loop.ended();
    }

    /** Returns a size: mostly small, sometimes large. */
    static int size(Random random) {
        return 1 + random.nextInt(switch (random.nextInt(16)) {
            case 0 -> Pattern.MAX;
            case 1, 2, 3 -> 4096;
            default -> 200;
        });
    }

    @Override
    public final void event(Event event) {
        throw new AssertionError("no source");
    }

    @Override
    public final void turn() {
        throw new AssertionError("no source");
    }

    @Override
    public final void expired() {
        throw new AssertionError("no end after " + loop.run.patience + ": " + this);
    }
}
