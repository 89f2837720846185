package io.panamio.net;

import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/**
 * What goes with a message beside its bytes: the control messages, or ancillary data, of cmsg(3), as a view of native
 * memory that is used again and again. A receive fills it, and {@code ttl()}, {@code fds()} and so on look there; or
 * the {@code put} methods fill it for a send, which leaves it as it is.
 *
 * <p>What comes has to be asked for with an option of the socket ({@link SystemSocketOptions}), but for descriptors.
 * Reading allocates nothing where a method returns a number. What was received is not sent on: the first {@code put}
 * begins anew. For one thread at a time.
 *
 * <p>Anybody who can send to a Unix socket can send descriptors. Those that a receive has put here are closed by the
 * next one and by {@link #clear}, unless they were taken; that this is collected closes nothing.
 */
public abstract class ControlMessages {
    /** For the platforms. */
    protected ControlMessages() {
    }

    /**
     * An empty one.
     *
     * @param bytes how much memory it has; 64 for each kind of message is enough, for descriptors 32 and 4 for each
     * @return the control messages
     * @throws IllegalArgumentException if less than 1 or more than a million
     */
    public static ControlMessages withCapacity(int bytes) {
        if (bytes < 1 || bytes > 1_000_000) {
            throw new IllegalArgumentException("capacity " + bytes);
        }
        return Platform.current().messages().newControl(bytes);
    }

    /** Makes this empty. Descriptors that were received and not taken are closed. */
    public abstract void clear();

    /**
     * Whether there is nothing here.
     *
     * @return true if so
     */
    public abstract boolean isEmpty();

    /**
     * Whether the last receive had more than fits here; that is lost, and descriptors among it are closed.
     *
     * @return true if so
     */
    public abstract boolean isTruncated();

    // ---- reading

    /**
     * The time to live that the datagram arrived with, on IPv6 the hop limit: IP_TTL, IPV6_HOPLIMIT.
     *
     * @return from 0 to 255, or -1 if that is not here
     */
    public abstract int ttl();

    /**
     * The type of service that the datagram arrived with, on IPv6 the traffic class: IP_TOS, IPV6_TCLASS.
     *
     * @return from 0 to 255, or -1 if that is not here
     */
    public abstract int trafficClass();

    /**
     * When the datagram arrived: SCM_TIMESTAMPNS.
     *
     * @return nanoseconds since 1970, or -1 if that is not here
     */
    public abstract long timestampNanos();

    /**
     * The size of the datagrams that were put together into this one, all but the last: UDP_GRO.
     *
     * @return bytes, or -1 if that is not here: it is a single datagram
     */
    public abstract int segmentSize();

    /**
     * The address that the datagram was sent to: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @return the address, or null if that is not here
     */
    public abstract InetAddress destination();

    /**
     * The interface that the datagram arrived by: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @return its index, or -1 if that is not here
     */
    public abstract int interfaceIndex();

    /**
     * The sender's credentials: SCM_CREDENTIALS.
     *
     * @return the credentials, or null if that is not here
     */
    public abstract UnixCredentials credentials();

    /**
     * Takes the descriptors that came: SCM_RIGHTS. They are the caller's from now on, are not inherited by child
     * processes, and have the mode of the sender's, which may be blocking.
     *
     * @return the descriptors; none the second time
     */
    public abstract int[] takeFds();

    /**
     * Any control message, as the system's headers have it.
     *
     * @param level its protocol, by number
     * @param type its type, by number
     * @return its data, which is gone with the next receive, or null if that is not here
     */
    public abstract MemorySegment get(int level, int type);

    // ---- writing

    /**
     * Adds the time to live of the datagram, on IPv6 the hop limit.
     *
     * @param hops from 1 to 255
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putTtl(int hops);

    /**
     * Adds the type of service of the datagram, on IPv6 the traffic class.
     *
     * @param bits from 0 to 255
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putTrafficClass(int bits);

    /**
     * Adds the size of the datagrams that the message is to be cut into (GSO): UDP_SEGMENT.
     *
     * @param bytes from 1 to 65535
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putSegmentSize(int bytes);

    /**
     * Adds the address to send from and the interface to send by: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @param address one of this machine's, of the family of the receiver
     * @param interfaceIndex the interface's index, or 0 for any
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putSource(InetAddress address, int interfaceIndex);

    /**
     * Adds descriptors to be passed to the peer, who gets duplicates of them: SCM_RIGHTS. The system takes 253 at most.
     *
     * @param fds open descriptors, which stay the caller's; they may be closed when the message is sent
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putFds(int... fds);

    /**
     * Adds credentials to be shown to the peer: SCM_CREDENTIALS. Without privileges they must be this process's own.
     *
     * @param credentials whose
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages putCredentials(UnixCredentials credentials);

    /**
     * Adds any control message.
     *
     * @param level its protocol, by number
     * @param type its type, by number
     * @param data its data, as the system's headers have it
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public abstract ControlMessages put(int level, int type, MemorySegment data);
}
