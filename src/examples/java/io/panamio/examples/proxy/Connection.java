package io.panamio.examples.proxy;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.examples.ShortReads;
import io.panamio.net.Connector;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpStream;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.net.StandardSocketOptions;

/** A client, its connection to the server, and a flow in each direction. */
final class Connection {
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    final DuplexStream client;
    private final Connector connector;
    /** The connection to the server and the flows; null until the connector has finished. */
    private DuplexStream server;
    private Flow up;
    private Flow down;
    /** The sockets below both streams, which may be encrypted. */
    private final TcpStream clientSocket;
    private TcpStream serverSocket;
    private final Mode mode;
    private final Encryption encryption;
    private final Statistics statistics;
    private final Resources resources;
    /** What events of the client have reported before there are flows: see {@link Flow#sourceReady}. */
    private boolean clientReady;
    private boolean clientReadOn;
    long clientToken = -1; // none
    long serverToken = -1;
    /** Whether the server is connected and its TLS handshake, if any, complete. Until then nothing is read. */
    boolean connected;
    /** Whether it is queued to be moved again without an event. */
    boolean again;
    boolean closed;
    /** The timer that ends the connect, and then an idle connection. */
    long timer = -1; // none

    Connection(TcpStream clientSocket, Connector connector, Mode mode, Encryption encryption, Statistics statistics,
            Resources resources) {
        this.clientSocket = clientSocket;
        this.connector = connector;
        this.mode = mode;
        this.encryption = encryption;
        this.statistics = statistics;
        this.resources = resources;
        client = encryption.ofClient(clientSocket, resources.records);
    }

    /**
     * Handles an event, and moves bytes as far as possible.
     *
     * @param registry where the server is registered when it is connected
     * @return as {@link #move}
     * @throws java.net.ConnectException if the server cannot be reached
     * @throws IOException if either side has failed
     */
    boolean event(Events events, int i, Registry registry) throws IOException {
        boolean ofClient = events.token(i) == clientToken;
        // with poll(2) on macOS and FreeBSD, no event has the error flag
        boolean error = events.isError(i) || events.isReadClosed(i) && events.isWriteClosed(i);
        if (server == null) {
            if (!ofClient) {
                return finishConnect(registry) && shakeHands() && move();
            }
            clientReady = true;
            clientReadOn |= ShortReads.mayHideMore(events, i) || client instanceof TlsStream;
            IOException failure = error ? client.takeError() : null;
            if (failure != null) {
                throw failure;
            }
            return false;
        }
        Flow out = ofClient ? up : down;
        boolean any = (ofClient ? client : server) instanceof TlsStream; // any event may mean either direction
        boolean mustReadOn = any || ShortReads.mayHideMore(events, i);
        if (mustReadOn || events.isReadable(i)) {
            out.sourceReady(mustReadOn);
        }
        if (any || error || events.isWritable(i) || events.isWriteClosed(i)) {
            (ofClient ? down : up).sinkReady();
        }
        if (!ofClient) {
            shakeHands();
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

    /** Continues to connect to the server, and returns whether it is connected, and registered. */
    private boolean finishConnect(Registry registry) throws IOException {
        serverSocket = connector.finishConnect();
        if (serverSocket == null) {
            return false;
        }
        DuplexStream to = encryption.toServer(serverSocket, resources.records);
        up = Flow.of(mode, client, to, statistics.up, resources);
        down = Flow.of(mode, to, client, statistics.down, resources);
        if (clientReady) {
            up.sourceReady(clientReadOn);
        }
        server = to;
        registry.register((Source) server, serverToken, BOTH);
        return true;
    }

    private boolean shakeHands() throws IOException {
        if (!connected) {
            connected = !(server instanceof TlsStream tls) || tls.finishHandshake();
        }
        return connected;
    }

    /** Moves bytes as far as possible. Returns whether it must be called again without an event. */
    boolean move() throws IOException {
        boolean more = up.move() | down.move();
        up.requireNoFailure();
        down.requireNoFailure();
        return more;
    }

    /** Writes what is held back, as far as there is room. Returns whether nothing is left and both directions ended. */
    boolean isDone() throws IOException {
        return server != null && client.flush() & server.flush() && up.isDone() && down.isDone();
    }

    /** Closes both sides, and discards pending bytes. */
    void close() {
        closed = true;
        client.close();
        connector.close();
        if (server != null) {
            server.close();
            up.close();
            down.close();
        } else if (serverSocket != null) {
            serverSocket.close();
        }
    }

    /** Resets both sides, so that the peers get an error and not an end of stream. */
    void reset() {
        reset(clientSocket); // before the streams over them, which would send the end of the stream
        if (serverSocket != null) {
            reset(serverSocket);
        }
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
