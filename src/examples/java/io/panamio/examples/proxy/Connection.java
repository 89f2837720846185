package io.panamio.examples.proxy;

import io.panamio.Events;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.StandardSocketOptions;

/** A client, its connection to the server, and a flow for each direction. */
final class Connection {
    final TcpStream client;
    final TcpStream server;
    private final Flow up;
    private final Flow down;
    long clientToken = -1; // none
    long serverToken = -1;
    /** Whether the server was reached. Until then nothing is read. */
    boolean connected;
    /** Whether it is to be moved again without an event. */
    boolean again;
    boolean closed;
    /** Its place in a list of {@link Timeouts}, and when its time began there. */
    Timeouts timeouts;
    Connection before;
    Connection after;
    long since;

    Connection(TcpStream client, TcpStream server, Mode mode, Statistics statistics, Resources resources) {
        this.client = client;
        this.server = server;
        up = Flow.of(mode, client, server, statistics.up, resources);
        down = Flow.of(mode, server, client, statistics.down, resources);
    }

    /**
     * Takes note of an event and moves what it allows.
     *
     * @return as {@link #move}
     * @throws java.net.ConnectException if the server cannot be reached
     * @throws IOException if one of both sides has failed
     */
    boolean event(Events events, int i) throws IOException {
        boolean ofClient = events.token(i) == clientToken;
        Flow out = ofClient ? up : down;
        boolean error = events.isError(i);
        boolean hangUp = error || events.isReadClosed(i);
        if (hangUp || events.isReadable(i)) {
            out.sourceReady(hangUp || events.isPriority(i));
        }
        if (error || events.isWritable(i) || events.isWriteClosed(i)) {
            (ofClient ? down : up).sinkReady();
        }
        if (!connected && !ofClient) {
            connected = server.finishConnect();
        }
        if (error) {
            out.sourceFailed();
        }
        if (connected) {
            return move();
        }
        if (error) {
            out.takeFailure();
        }
        return false;
    }

    /** Moves what can be moved. True if it must be called again without an event. */
    boolean move() throws IOException {
        boolean more = up.move() | down.move();
        up.requireNoFailure();
        down.requireNoFailure();
        return more;
    }

    /** Whether both directions have ended and everything has gone. */
    boolean isDone() {
        return up.isDone() && down.isDone();
    }

    /** Closes both sides, and throws away what is on its way. */
    void close() {
        closed = true;
        client.close();
        server.close();
        up.close();
        down.close();
    }

    /** Closes so that both peers see a failure and not a proper end. */
    void reset() {
        reset(client);
        reset(server);
        close();
    }

    static void reset(TcpStream stream) {
        try {
            stream.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            // it is broken already
        }
        stream.close();
    }
}
