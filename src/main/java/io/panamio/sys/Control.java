package io.panamio.sys;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/** A platform's control messages; {@code ControlMessages} documents each method. */
public abstract class Control {
    /** For the platforms. */
    protected Control() {
    }

    /** Removes all messages; closes received descriptors that were not taken. */
    public abstract void clear();

    /** Returns whether there are no messages. */
    public abstract boolean isEmpty();

    /** Returns whether the last receive was truncated. */
    public abstract boolean isTruncated();

    /** Returns the time to live, or -1. */
    public abstract int ttl();

    /** Returns the traffic class, or -1. */
    public abstract int trafficClass();

    /** Returns the time of arrival in nanoseconds since the epoch, or -1. */
    public abstract long timestampNanos();

    /** Returns the size of the datagrams that were coalesced, or -1. */
    public abstract int segmentSize();

    /** Returns the destination address of the datagram, or null. */
    public abstract InetAddress destination();

    /** Returns the index of the interface that received the datagram, or -1. */
    public abstract int interfaceIndex();

    /** Returns the sender's process, user and group, or null. */
    public abstract int[] credentials();

    /** Returns the received descriptors, which the caller must close; none if they were already taken. */
    public abstract int[] takeFds();

    /** Returns the data of the first message with a level and a type, or null. */
    public abstract MemorySegment get(int level, int type);

    /** Adds a time to live. */
    public abstract void putTtl(int hops);

    /** Adds a traffic class. */
    public abstract void putTrafficClass(int bits);

    /** Adds the size of the datagrams into which to segment the message. */
    public abstract void putSegmentSize(int bytes);

    /** Adds the source address and the interface to send from. */
    public abstract void putSource(InetAddress address, int interfaceIndex);

    /** Adds descriptors to pass. */
    public abstract void putFds(int[] fds);

    /** Adds credentials of the sender. */
    public abstract void putCredentials(int pid, int uid, int gid);

    /** Adds a message with a level, a type and data. */
    public abstract void put(int level, int type, MemorySegment data);
}
