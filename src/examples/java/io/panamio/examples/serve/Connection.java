package io.panamio.examples.serve;

import io.panamio.memory.Lease;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpStream;

/** A connection and its state. */
final class Connection {
    /** The socket, or TLS over it. */
    final DuplexStream stream;
    final TcpStream socket;
    /** The address of the client, for the log. */
    final byte[] peer;
    long token;
    /** Input that is not answered yet; null while there is none. */
    Ring ring;
    /** The rest of a request's body, which is discarded. */
    final Body body = new Body();

    /** Whether there may be more to read: the socket was not drained since the last event. */
    boolean mayRead;
    /** Whether to read until a read would block, even after a short one. */
    boolean readOn;
    /** Whether the end of the stream was read. */
    boolean ended;
    /** Whether this closes after the current response. */
    boolean closing;
    /** Whether the client may still send input that will not be answered. */
    boolean moreToCome;
    /** Whether the write side is shut down and further input is discarded, so that the close does not reset. */
    boolean lingering;
    /** Whether the request has timed out. */
    boolean late;
    boolean dropped;
    /** Whether it is queued for its next turn without an event. */
    boolean again;

    /** Pending output that is written first: heads and small contents. */
    Lease pending;
    long pendingFrom;
    long pendingTo;
    /** The content to send then, from a position to an end. */
    Resource content;
    long position;
    long end;

    /** What it waits for, since when, and the timer that ends that. */
    Wait wait;
    long since;
    long timer = -1; // none
    /** The time of the last progress in sending. */
    long progress;
    /** Whether the time for a request has begun. */
    boolean inRequest;

    Connection(DuplexStream stream, TcpStream socket, byte[] peer) {
        this.stream = stream;
        this.socket = socket;
        this.peer = peer;
    }

    /** Whether any event permits to read, as a handshake may have to be continued. */
    boolean isEncrypted() {
        return stream != socket;
    }

    boolean hasOutput() {
        return pending != null || content != null;
    }
}
