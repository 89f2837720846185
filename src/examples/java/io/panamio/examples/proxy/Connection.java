package io.panamio.examples.proxy;

import io.panamio.Events;
import io.panamio.examples.ShortReads;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpStream;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.net.StandardSocketOptions;

/** A client, its connection to the server, and a flow in each direction. */
final class Connection {
    final DuplexStream client;
    final DuplexStream server;
    /** The sockets of both, which may be encrypted. */
    private final TcpStream clientSocket;
    private final TcpStream serverSocket;
    private final Flow up;
    private final Flow down;
    long clientToken = -1; // none
    long serverToken = -1;
    /** Whether the server is connected. Until then nothing is read. */
    boolean connected;
    /** Whether it is queued to be moved again without an event. */
    boolean again;
    boolean closed;
    /** The timer that ends the connect, and then an idle connection. */
    long timer = -1; // none

    Connection(TcpStream clientSocket, TcpStream serverSocket, Mode mode, Encryption encryption, Statistics statistics,
            Resources resources) {
        this.clientSocket = clientSocket;
        this.serverSocket = serverSocket;
        client = encryption.ofClient(clientSocket, resources.records);
        server = encryption.toServer(serverSocket, resources.records);
        up = Flow.of(mode, client, server, statistics.up, resources);
        down = Flow.of(mode, server, client, statistics.down, resources);
    }

    /**
     * Handles an event, and moves bytes as far as possible.
     *
     * @return as {@link #move}
     * @throws java.net.ConnectException if the server cannot be reached
     * @throws IOException if either side has failed
     */
    boolean event(Events events, int i) throws IOException {
        boolean ofClient = events.token(i) == clientToken;
        Flow out = ofClient ? up : down;
        boolean error = events.isError(i);
        boolean any = (ofClient ? client : server) instanceof TlsStream; // whose events permit everything
        boolean mustReadOn = any || ShortReads.mayHideMore(events, i);
        if (mustReadOn || events.isReadable(i)) {
            out.sourceReady(mustReadOn);
        }
        if (any || error || events.isWritable(i) || events.isWriteClosed(i)) {
            (ofClient ? down : up).sinkReady();
        }
        if (!connected && !ofClient) {
            connected = server instanceof TlsStream tls ? tls.finishHandshake() : server.finishConnect();
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

    /** Moves bytes as far as possible. Returns whether it must be called again without an event. */
    boolean move() throws IOException {
        boolean more = up.move() | down.move();
        up.requireNoFailure();
        down.requireNoFailure();
        return more;
    }

    /** Returns whether both directions have ended and everything is written, as far as there is room. */
    boolean isDone() throws IOException {
        return client.flush() & server.flush() && up.isDone() && down.isDone();
    }

    /** Closes both sides, and discards pending bytes. */
    void close() {
        closed = true;
        client.close();
        server.close();
        up.close();
        down.close();
    }

    /** Resets both sides, so that the peers get an error and not an end of stream. */
    void reset() {
        reset(clientSocket); // before the streams over them, which would send the end of the stream
        reset(serverSocket);
        close();
    }

    static void reset(TcpStream stream) {
        try {
            stream.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | RuntimeException | Error e) {
            // for example because it is broken; it is closed in any case
        }
        stream.close();
    }
}
