package io.panamio.sys;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/** A platform's control messages: what {@code ControlMessages} says of each method. */
public abstract class Control {
    /** For the platforms. */
    protected Control() {
    }

    /** Makes this empty; descriptors that were not taken are closed. */
    public abstract void clear();

    /** Whether there is nothing here. */
    public abstract boolean isEmpty();

    /** Whether the last receive had more than fits here. */
    public abstract boolean isTruncated();

    /** The time to live, or -1. */
    public abstract int ttl();

    /** The type of service, or -1. */
    public abstract int trafficClass();

    /** Nanoseconds since 1970, or -1. */
    public abstract long timestampNanos();

    /** The size of the datagrams that were put together, or -1. */
    public abstract int segmentSize();

    /** The address that the datagram was sent to, or null. */
    public abstract InetAddress destination();

    /** The index of the interface that it came by, or -1. */
    public abstract int interfaceIndex();

    /** The sender's process, user and group, or null. */
    public abstract int[] credentials();

    /** The descriptors that came, once. */
    public abstract int[] takeFds();

    /** The data of any message, or null. */
    public abstract MemorySegment get(int level, int type);

    /** Adds the time to live. */
    public abstract void putTtl(int hops);

    /** Adds the type of service. */
    public abstract void putTrafficClass(int bits);

    /** Adds the size to cut the message into. */
    public abstract void putSegmentSize(int bytes);

    /** Adds the address and the interface to send from. */
    public abstract void putSource(InetAddress address, int interfaceIndex);

    /** Adds descriptors. */
    public abstract void putFds(int[] fds);

    /** Adds credentials. */
    public abstract void putCredentials(int pid, int uid, int gid);

    /** Adds any message. */
    public abstract void put(int level, int type, MemorySegment data);
}
