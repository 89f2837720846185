package io.panamio.test.poll;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.test.support.Behaviour;

/**
 * A model of a source, in plain Java: derives from the operations on the source and on its peers which conditions
 * events must report, and which they may report. What depends on the system's buffers or on timing is left open.
 */
final class Model {
    // the conditions of events: readable, writable, priority, read-closed, write-closed, error
    static final int R = 1;
    static final int W = 2;
    static final int P = 4;
    static final int RC = 8;
    static final int WC = 16;
    static final int E = 32;

    /** The number of bytes, datagrams or connections that were sent to the source and not received. */
    long unread;
    /** The number of bytes or datagrams that it has sent and its peer has not received. */
    private long unreceived;
    /** Whether a write would block, perhaps until its peer has received everything. */
    private boolean full;
    /** Whether it can be written to. */
    boolean writable;
    /** Whether it can only be written to, so that a failure is one of writing. */
    boolean onlyWritable;
    /** Whether the end of the stream follows the unread bytes. */
    boolean ended;
    /** Whether the peer is closed. */
    boolean closed;
    /** Whether the connection is broken, or was never made. */
    boolean failed;
    boolean readShut;
    boolean writeShut;
    /** Whether an urgent byte has ever arrived, which may be among the bytes that are read. */
    boolean urgent;
    /** Whether an urgent byte has arrived since the last operation on the source. */
    boolean newlyUrgent;
    /** Whether an operation has thrown, or the kind of source is one of which only bytes are modelled. */
    boolean unclear;

    /** Updates this after a write of the source, which may have filled it; {@code sent} may be a negative result. */
    void written(long sent, boolean filled) {
        unreceived += Math.max(sent, 0);
        full |= filled;
    }

    /** Updates this after a peer has received; {@code received} may be a negative result. */
    void receivedByPeer(long received) {
        unreceived -= Math.max(received, 0);
        full &= unreceived > 0;
    }

    /** Returns whether only operations of the peer or new bytes can change what is reported. */
    boolean isHealthy() {
        return !(ended || closed || failed || readShut || writeShut || urgent || unclear);
    }

    /**
     * Returns the conditions that events must have reported for an interest, and have not. {@code known} are those that
     * were reported and not found drained since.
     */
    int missing(Interest interest, int known) {
        boolean ends = interest.isReadable() || interest.toString().contains("HANG_UP");
        if (failed) { // which condition is reported depends on the system, and with kqueue(2) on the interest
            boolean asked = onlyWritable ? interest.isWritable()
                : ends || interest.isWritable() || !Behaviour.ENDS_ARE_REPORTED_BY_DIRECTION.isHere();
            boolean hidden = urgent && Behaviour.URGENT_DATA_HIDES_AN_END.isHere();
            return (known & (RC | WC | E)) != 0 || !asked || hidden ? 0 : E;
        }
        boolean mayBeLost = closed && (unreceived > 0 || unclear) || readShut;
        int must = 0;
        if (interest.isReadable() && unread > 0 && !urgent && !mayBeLost) {
            must |= R;
        }
        if (interest.isWritable() && writable && !full && !writeShut && !closed) {
            must |= W;
        }
        if (interest.isPriority() && newlyUrgent && Feature.PRIORITY.isAvailable() && isOpen()) {
            must |= P;
        }
        if (ends && (ended && !(unread > 0 && Behaviour.UNREAD_BYTES_HIDE_AN_END.isHere()) || readShut) && !urgent) {
            must |= RC;
        }
        return must & ~known;
    }

    private boolean isOpen() {
        return !(ended || closed || readShut);
    }

    /** Returns the conditions that an event may report now. */
    int possible() {
        boolean over = ended || closed || failed || unclear;
        boolean half = (ended || readShut || writeShut) && Behaviour.ENDS_ARE_REPORTED_BY_DIRECTION.isHere();
        return (unread > 0 || over || readShut || urgent ? R : 0)
            | (writable || unclear ? W : 0)
            | (urgent ? P : 0)
            | (over || readShut || half ? RC : 0)
            | (closed || failed || unclear || writeShut && (ended || readShut) || half ? WC : 0)
            | (failed || unclear || closed && unreceived > 0 ? E : 0);
    }

    /** Returns the conditions that an interest includes; urgent data, ends and errors are always reported. */
    static int asked(Interest interest) {
        return (interest.isReadable() || interest.isPriority() ? R : 0) | (interest.isWritable() ? W : 0)
            | P | RC | WC | E;
    }
}
