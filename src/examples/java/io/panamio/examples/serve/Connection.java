package io.panamio.examples.serve;

import io.panamio.memory.Lease;
import io.panamio.net.TcpStream;

/** A client, and how far it is. What it has not taken of its answers is told by {@link #hasOutput}. */
final class Connection {
    final TcpStream stream;
    /** The address of the client, for the log. */
    final byte[] peer;
    long token;
    /** What has come and is not answered; null while there is nothing. */
    Ring ring;
    /** What is still to come of a request's body, and is passed over. */
    final Body body = new Body();

    /** Whether there may be more to read: the socket was not seen drained since the last event. */
    boolean mayRead;
    /**
     * Whether a short read proves nothing: the end of what comes or an error was announced, which is found by reading
     * on, or urgent data, at which a read stops.
     */
    boolean readOn;
    /** Whether the client will send no more. */
    boolean ended;
    /** Whether this ends with the answer that is written. */
    boolean closing;
    /** Whether the client may be about to send what is not wanted. */
    boolean moreToCome;
    /** Whether this has ended but for what the client still sends, which is passed over, so that it is not reset. */
    boolean lingering;
    /** Whether its request did not come in time. */
    boolean late;
    boolean dropped;
    /** Whether it waits for its next turn, and no event. */
    boolean again;

    /** What must be written first: heads and small contents. */
    Lease pending;
    long pendingFrom;
    long pendingTo;
    /** And then a content, from a position to an end. */
    Resource content;
    long position;
    long end;

    /** Which time it has. */
    Deadlines deadlines;
    Connection before;
    Connection after;
    long since;
    /** When the client took something last. */
    long progress;
    /** Whether the time for a request has begun. */
    boolean inRequest;

    Connection(TcpStream stream, byte[] peer) {
        this.stream = stream;
        this.peer = peer;
    }

    boolean hasOutput() {
        return pending != null || content != null;
    }
}
