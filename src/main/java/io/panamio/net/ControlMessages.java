package io.panamio.net;

import io.panamio.sys.Control;
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
public final class ControlMessages {
    final Control part;

    ControlMessages(Control part) {
        this.part = part;
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
        return new ControlMessages(Platform.current().messages().newControl(bytes));
    }

    /** Makes this empty. Descriptors that were received and not taken are closed. */
    public void clear() {
        part.clear();
    }

    /**
     * Whether there is nothing here.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return part.isEmpty();
    }

    /**
     * Whether the last receive had more than fits here; that is lost, and descriptors among it are closed.
     *
     * @return true if so
     */
    public boolean isTruncated() {
        return part.isTruncated();
    }

    // ---- reading

    /**
     * The time to live that the datagram arrived with, on IPv6 the hop limit: IP_TTL, IPV6_HOPLIMIT.
     *
     * @return from 0 to 255, or -1 if that is not here
     */
    public int ttl() {
        return part.ttl();
    }

    /**
     * The type of service that the datagram arrived with, on IPv6 the traffic class: IP_TOS, IPV6_TCLASS.
     *
     * @return from 0 to 255, or -1 if that is not here
     */
    public int trafficClass() {
        return part.trafficClass();
    }

    /**
     * When the datagram arrived: SCM_TIMESTAMPNS.
     *
     * @return nanoseconds since 1970, or -1 if that is not here
     */
    public long timestampNanos() {
        return part.timestampNanos();
    }

    /**
     * The size of the datagrams that were put together into this one, all but the last: UDP_GRO.
     *
     * @return bytes, or -1 if that is not here: it is a single datagram
     */
    public int segmentSize() {
        return part.segmentSize();
    }

    /**
     * The address that the datagram was sent to: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @return the address, or null if that is not here
     */
    public InetAddress destination() {
        return part.destination();
    }

    /**
     * The interface that the datagram arrived by: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @return its index, or -1 if that is not here
     */
    public int interfaceIndex() {
        return part.interfaceIndex();
    }

    /**
     * The sender's credentials: SCM_CREDENTIALS.
     *
     * @return the credentials, or null if that is not here
     */
    public UnixCredentials credentials() {
        int[] ids = part.credentials();
        return ids == null ? null : new UnixCredentials(ids[0], ids[1], ids[2]);
    }

    /**
     * Takes the descriptors that came: SCM_RIGHTS. They are the caller's from now on, are not inherited by child
     * processes, and have the mode of the sender's, which may be blocking.
     *
     * @return the descriptors; none the second time
     */
    public int[] takeFds() {
        return part.takeFds();
    }

    /**
     * Any control message, as the system's headers have it.
     *
     * @param level its protocol, by number
     * @param type its type, by number
     * @return its data, which is gone with the next receive, or null if that is not here
     */
    public MemorySegment get(int level, int type) {
        return part.get(level, type);
    }

    // ---- writing

    /**
     * Adds the time to live of the datagram, on IPv6 the hop limit.
     *
     * @param hops from 1 to 255
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putTtl(int hops) {
        part.putTtl(hops);
        return this;
    }

    /**
     * Adds the type of service of the datagram, on IPv6 the traffic class.
     *
     * @param bits from 0 to 255
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putTrafficClass(int bits) {
        part.putTrafficClass(bits);
        return this;
    }

    /**
     * Adds the size of the datagrams that the message is to be cut into (GSO): UDP_SEGMENT.
     *
     * @param bytes from 1 to 65535
     * @return this
     * @throws IllegalArgumentException if out of that range
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putSegmentSize(int bytes) {
        part.putSegmentSize(bytes);
        return this;
    }

    /**
     * Adds the address to send from and the interface to send by: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @param address one of this machine's, of the family of the receiver
     * @param interfaceIndex the interface's index, or 0 for any
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putSource(InetAddress address, int interfaceIndex) {
        part.putSource(address, interfaceIndex);
        return this;
    }

    /**
     * Adds descriptors to be passed to the peer, who gets duplicates of them: SCM_RIGHTS. The system takes 253 at most.
     *
     * @param fds open descriptors, which stay the caller's; they may be closed when the message is sent
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putFds(int... fds) {
        part.putFds(fds);
        return this;
    }

    /**
     * Adds credentials to be shown to the peer: SCM_CREDENTIALS. Without privileges they must be this process's own.
     *
     * @param credentials whose
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     */
    public ControlMessages putCredentials(UnixCredentials credentials) {
        part.putCredentials(credentials.pid(), credentials.uid(), credentials.gid());
        return this;
    }

    /**
     * Adds any control message.
     *
     * @param level its protocol, by number
     * @param type its type, by number
     * @param data its data, as the system's headers have it
     * @return this
     * @throws IndexOutOfBoundsException if there is no room left
     * @throws IllegalStateException if the memory of the data has ended
     * @throws WrongThreadException if it is another thread's
     */
    public ControlMessages put(int level, int type, MemorySegment data) {
        part.put(level, type, data);
        return this;
    }

    /** The numbers of the messages, for people. */
    @Override
    public String toString() {
        return part.toString();
    }
}
