package io.panamio.net;

import io.panamio.Feature;
import io.panamio.sys.Control;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/**
 * The control messages (ancillary data, cmsg(3)) that accompany a message, in reusable native memory. Either a receive
 * stores them and the getters read them, or the {@code put} methods add them for a send, which does not modify them.
 *
 * <p>Except for descriptors, control messages are received only if a socket option requests them, see {@link
 * SystemSocketOptions}. Getters that return a number allocate nothing. Received messages are not sent: the first {@code
 * put} after a receive starts over. Not thread-safe.
 *
 * <p>Any process that can send to a Unix socket can send descriptors. Received descriptors that were not {@linkplain
 * #takeFds taken} are closed by the next receive and by {@link #clear}, but not when this object becomes unreachable.
 * {@snippet file="UnixSnippets.java" region="pass"}
 */
public final class ControlMessages {
    final Control part;

    ControlMessages(Control part) {
        this.part = part;
    }

    /**
     * Allocates empty control messages.
     *
     * @param bytes the capacity, 1 &lt;= bytes &lt;= 1000000: 64 for each type of message suffice; a message of
     *     descriptors takes 32, and 4 more for each descriptor
     * @return the control messages
     * @throws IllegalArgumentException if {@code bytes} is out of range
     */
    public static ControlMessages withCapacity(int bytes) {
        if (bytes < 1 || bytes > 1_000_000) {
            throw new IllegalArgumentException("capacity " + bytes + " is not between 1 and 1000000");
        }
        return new ControlMessages(Platform.current().messages().newControl(bytes));
    }

    /** Removes all messages. Received descriptors that were not taken are closed. */
    public void clear() {
        part.clear();
    }

    /** {@return whether there are no messages} */
    public boolean isEmpty() {
        return part.isEmpty();
    }

    /**
     * {@return whether the last receive was truncated because the capacity was too small} Descriptors that did not fit
     * are closed.
     */
    public boolean isTruncated() {
        return part.isTruncated();
    }

    // ---- reading

    /**
     * {@return the time to live with which the datagram arrived (IP_TTL; on IPv6, IPV6_HOPLIMIT), 0 to 255, or -1 if
     * absent}
     */
    public int ttl() {
        return part.ttl();
    }

    /**
     * {@return the type of service with which the datagram arrived (IP_TOS; on IPv6, IPV6_TCLASS), 0 to 255, or -1 if
     * absent}
     */
    public int trafficClass() {
        return part.trafficClass();
    }

    /**
     * {@return the time at which the datagram arrived (SCM_TIMESTAMPNS), in nanoseconds since the epoch, or -1 if
     * absent}
     */
    public long timestampNanos() {
        return part.timestampNanos();
    }

    /**
     * {@return the size of all but the last of the datagrams that were coalesced into this one (UDP_GRO), in bytes, or
     * -1 if absent: a single datagram}
     */
    public int segmentSize() {
        return part.segmentSize();
    }

    /** {@return the destination address of the datagram (IP_PKTINFO, IPV6_PKTINFO), or null if absent} */
    public InetAddress destination() {
        return part.destination();
    }

    /**
     * {@return the index of the interface on which the datagram arrived (IP_PKTINFO, IPV6_PKTINFO), or -1 if absent}
     */
    public int interfaceIndex() {
        return part.interfaceIndex();
    }

    /** {@return the credentials of the sender (SCM_CREDENTIALS), or null if absent} */
    public UnixCredentials credentials() {
        int[] ids = part.credentials();
        return ids == null ? null : new UnixCredentials(ids[0], ids[1], ids[2]);
    }

    /**
     * Returns the received descriptors (SCM_RIGHTS), which the caller must close. They are not inherited by child
     * processes; on macOS, a child that another thread starts during the receive may inherit them. Their mode is that
     * of the sender's descriptors, possibly blocking.
     *
     * @return the descriptors; none if they were already taken
     */
    public int[] takeFds() {
        return part.takeFds();
    }

    /**
     * Returns the data of a control message of any type.
     *
     * @param level the number of the protocol level
     * @param type the number of the type
     * @return the data in the system's layout, valid until the next receive, or null if absent
     */
    public MemorySegment get(int level, int type) {
        return part.get(level, type);
    }

    // ---- writing

    /**
     * Adds the time to live with which to send the datagram; on IPv6, the hop limit.
     *
     * @param hops the time to live, 1 &lt;= hops &lt;= 255
     * @return this
     * @throws IllegalArgumentException if {@code hops} is out of range
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@link Feature#DATAGRAM_TRAFFIC_OPTIONS} is refused
     */
    public ControlMessages putTtl(int hops) {
        part.putTtl(hops);
        return this;
    }

    /**
     * Adds the type of service with which to send the datagram; on IPv6, the traffic class.
     *
     * @param bits the type of service, 0 &lt;= bits &lt;= 255
     * @return this
     * @throws IllegalArgumentException if {@code bits} is out of range
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@link Feature#DATAGRAM_TRAFFIC_OPTIONS} is refused
     */
    public ControlMessages putTrafficClass(int bits) {
        part.putTrafficClass(bits);
        return this;
    }

    /**
     * Adds the size of the datagrams into which to segment the message (GSO): UDP_SEGMENT.
     *
     * @param bytes the size, 1 &lt;= bytes &lt;= 65535
     * @return this
     * @throws IllegalArgumentException if {@code bytes} is out of range
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@link Feature#DATAGRAM_SEGMENTATION} is refused
     */
    public ControlMessages putSegmentSize(int bytes) {
        part.putSegmentSize(bytes);
        return this;
    }

    /**
     * Adds the source address and the interface with which to send the datagram: IP_PKTINFO, IPV6_PKTINFO.
     *
     * @param address a local address of the receiver's family
     * @param interfaceIndex the index of the interface; 0 or less for any, so that a reply can be sent with the
     *     {@link #interfaceIndex} of the request
     * @return this
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@code interfaceIndex} is positive, the address is of IPv4, and {@link
     *     Feature#IPV4_DATAGRAM_INTERFACE} is refused
     */
    public ControlMessages putSource(InetAddress address, int interfaceIndex) {
        part.putSource(address, Math.max(interfaceIndex, 0));
        return this;
    }

    /**
     * Adds descriptors to pass to the peer, which receives duplicates of them: SCM_RIGHTS. Linux permits at most 253.
     *
     * @param fds open descriptors, which the caller still owns and may close once the message is sent
     * @return this
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@link Feature#DESCRIPTOR_PASSING} is refused
     */
    public ControlMessages putFds(int... fds) {
        part.putFds(fds);
        return this;
    }

    /**
     * Adds credentials to send to the peer: SCM_CREDENTIALS. Without privileges they must be those of this process.
     *
     * @param credentials the credentials
     * @return this
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws UnsupportedOperationException if {@link Feature#CREDENTIAL_PASSING} is refused
     */
    public ControlMessages putCredentials(UnixCredentials credentials) {
        part.putCredentials(credentials.pid(), credentials.uid(), credentials.gid());
        return this;
    }

    /**
     * Adds a control message of any type.
     *
     * @param level the number of the protocol level
     * @param type the number of the type
     * @param data the data in the system's layout
     * @return this
     * @throws IndexOutOfBoundsException if there is not enough room left
     * @throws IllegalStateException if the arena of the data is closed
     * @throws WrongThreadException if the data belongs to another thread
     */
    public ControlMessages put(int level, int type, MemorySegment data) {
        part.put(level, type, data);
        return this;
    }

    /** {@return the levels and types of the messages} */
    @Override
    public String toString() {
        return part.toString();
    }
}
