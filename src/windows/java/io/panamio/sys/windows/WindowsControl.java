package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.Feature;
import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._WSACMSGHDR;
import io.panamio.bindings.windows.in6_pktinfo;
import io.panamio.bindings.windows.in_pktinfo;
import io.panamio.sys.Control;
import io.panamio.sys.Platform;
import io.panamio.sys.RawAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Control messages in native memory: each is a WSACMSGHDR followed by data. A length that exceeds what was received, as
 * in a truncated message, is clamped.
 */
final class WindowsControl extends Control {
    private static final int[] NO_FDS = {};
    private static final int NONE = -1;

    private static final long LENGTH = _WSACMSGHDR.cmsg_len$offset(); // a size_t
    private static final long LEVEL = _WSACMSGHDR.cmsg_level$offset();
    private static final long TYPE = _WSACMSGHDR.cmsg_type$offset();
    private static final int DATA = (int) _WSACMSGHDR.sizeof();
    private static final int ALIGNMENT = 8;

    /**
     * The room that all messages need together, which a receive always has: without it, a datagram's length is lost.
     */
    private static final int ROOM = 512;

    /** The messages. */
    final MemorySegment memory;
    private final int capacity;
    private int length;
    private boolean received;
    private boolean truncated;

    /** Creates empty control messages. */
    WindowsControl(Arena arena, int bytes) {
        capacity = aligned(bytes);
        memory = arena.allocate(Math.max(capacity, ROOM), ALIGNMENT);
    }

    private static int aligned(int bytes) {
        return bytes + ALIGNMENT - 1 & -ALIGNMENT;
    }

    // ---- before and after a call

    /** Returns the number of bytes that the system may write. */
    int room() {
        return (int) memory.byteSize();
    }

    /** Returns the number of bytes to send: 0 if the messages were received. */
    int sendLength() {
        return received ? 0 : length;
    }

    /** Sets the outcome of a receive. */
    void received(int bytes, int flags) {
        length = Math.min(bytes, capacity);
        received = true;
        truncated = bytes > capacity || (flags & Windows.MSG_CTRUNC) != 0;
    }

    @Override
    public void clear() {
        length = 0;
        received = false;
        truncated = false;
    }

    @Override
    public boolean isEmpty() {
        return length == 0;
    }

    @Override
    public boolean isTruncated() {
        return truncated;
    }

    // ---- walking

    private boolean hasMessage(int at) {
        return at + DATA <= length;
    }

    private int next(int at) {
        return at + aligned(DATA + dataSize(at));
    }

    private int level(int at) {
        return memory.get(JAVA_INT, at + LEVEL);
    }

    private int type(int at) {
        return memory.get(JAVA_INT, at + TYPE);
    }

    private int dataSize(int at) {
        return Math.clamp(memory.get(JAVA_LONG, at + LENGTH), DATA, length - at) - DATA;
    }

    private int find(int level, int type) {
        for (int at = 0; hasMessage(at); at = next(at)) {
            if (level(at) == level && type(at) == type) {
                return at;
            }
        }
        return NONE;
    }

    /** Returns the offset of the data of the first message with at least {@code min} bytes, or a negative number. */
    private int find(int level, int type, long min) {
        int at = find(level, type);
        return at == NONE || dataSize(at) < min ? NONE : at + DATA;
    }

    /** Returns the number that a message carries; -1 if there is none. */
    private int number(int level, int type) {
        int data = find(level, type, 4);
        return data < 0 ? -1 : memory.get(JAVA_INT, data);
    }

    // ---- reading

    @Override
    public int ttl() {
        int v4 = Math.max(number(Windows.IPPROTO_IP, Windows.IP_TTL),
            number(Windows.IPPROTO_IP, Windows.IP_HOPLIMIT)); // whichever the system sends
        return v4 >= 0 ? v4 : number(Windows.IPPROTO_IPV6, Windows.IPV6_HOPLIMIT);
    }

    @Override
    public int trafficClass() {
        int v4 = number(Windows.IPPROTO_IP, Windows.IP_TOS);
        return v4 >= 0 ? v4 : number(Windows.IPPROTO_IPV6, Windows.IPV6_TCLASS);
    }

    @Override
    public long timestampNanos() {
        return -1;
    }

    @Override
    public int segmentSize() {
        return -1;
    }

    private int packetInfo() {
        return find(Windows.IPPROTO_IP, Windows.IP_PKTINFO, in_pktinfo.sizeof());
    }

    private int packetInfo6() {
        return find(Windows.IPPROTO_IPV6, Windows.IPV6_PKTINFO, in6_pktinfo.sizeof());
    }

    @Override
    public InetAddress destination() {
        int v4 = packetInfo();
        int v6 = packetInfo6();
        try {
            return v4 >= 0 ? InetAddress.getByAddress(bytes(v4 + in_pktinfo.ipi_addr$offset(), 4))
                : v6 < 0 ? null
                : scoped(bytes(v6 + in6_pktinfo.ipi6_addr$offset(), 16), index6(v6));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
    }

    private static InetAddress scoped(byte[] ip, int index) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return Sockaddr.v6(ip, address.isLinkLocalAddress() || address.isMCLinkLocal() ? index : 0);
    }

    private int index6(int data) {
        return memory.get(JAVA_INT, data + in6_pktinfo.ipi6_ifindex$offset());
    }

    private byte[] bytes(long offset, int length) {
        return memory.asSlice(offset, length).toArray(JAVA_BYTE);
    }

    @Override
    public int interfaceIndex() {
        int v4 = packetInfo();
        int v6 = packetInfo6();
        return v4 >= 0 ? memory.get(JAVA_INT, v4 + in_pktinfo.ipi_ifindex$offset()) : v6 < 0 ? -1 : index6(v6);
    }

    @Override
    public int[] credentials() {
        return null;
    }

    @Override
    public int[] takeFds() {
        return NO_FDS;
    }

    @Override
    public MemorySegment get(int level, int type) {
        int at = find(level, type);
        return at == NONE ? null : memory.asSlice(at + (long) DATA, dataSize(at)).asReadOnly();
    }

    // ---- writing

    private static long space(long dataSize) {
        return DATA + Math.min(dataSize, Integer.MAX_VALUE) + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** Makes sure that {@code bytes} fit, and drops what was received. */
    private void requireRoom(long bytes) {
        if (bytes > capacity - sendLength()) {
            throw new IndexOutOfBoundsException("no room for " + bytes + " more bytes in " + capacity);
        }
        if (received) {
            clear();
        }
    }

    /** Adds a header and zeroed data; returns the offset of the data. Nothing can fail after this. */
    private int add(int level, int type, long dataSize) {
        requireRoom(space(dataSize));
        int at = length;
        memory.asSlice(at, space(dataSize)).fill((byte) 0);
        return finish(at, level, type, (int) dataSize);
    }

    private int finish(int at, int level, int type, int dataSize) {
        memory.set(JAVA_LONG, at + LENGTH, DATA + dataSize);
        memory.set(JAVA_INT, at + LEVEL, level);
        memory.set(JAVA_INT, at + TYPE, type);
        length = at + (int) space(dataSize);
        return at + DATA;
    }

    @Override
    public void putTtl(int hops) {
        throw Platform.current().refusal(Feature.DATAGRAM_TRAFFIC_OPTIONS,
            "the socket option IP_TTL sets that of all datagrams");
    }

    @Override
    public void putTrafficClass(int bits) {
        throw Platform.current().refusal(Feature.DATAGRAM_TRAFFIC_OPTIONS,
            "the socket option IP_TOS sets that of all datagrams");
    }

    @Override
    public void putSegmentSize(int bytes) {
        throw Platform.current().refusal(Feature.DATAGRAM_SEGMENTATION);
    }

    @Override
    public void putSource(InetAddress address, int interfaceIndex) {
        byte[] ip = address.getAddress();
        if (address instanceof Inet6Address) {
            int data = add(Windows.IPPROTO_IPV6, Windows.IPV6_PKTINFO, in6_pktinfo.sizeof());
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data + in6_pktinfo.ipi6_addr$offset(), 16);
            memory.set(JAVA_INT, data + in6_pktinfo.ipi6_ifindex$offset(), interfaceIndex);
        } else {
            int data = add(Windows.IPPROTO_IP, Windows.IP_PKTINFO, in_pktinfo.sizeof());
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data + in_pktinfo.ipi_addr$offset(), 4);
            memory.set(JAVA_INT, data + in_pktinfo.ipi_ifindex$offset(), interfaceIndex);
        }
    }

    @Override
    public void putFds(int[] fds) {
        throw Platform.current().refusal(Feature.DESCRIPTOR_PASSING);
    }

    @Override
    public void putCredentials(int pid, int uid, int gid) {
        throw Platform.current().refusal(Feature.CREDENTIAL_PASSING);
    }

    @Override
    public void put(int level, int type, MemorySegment value) {
        RawAccess.requireUsable(value);
        long size = value.byteSize();
        requireRoom(space(size));
        int at = length;
        long data = at + (long) DATA;
        // The data before the header, as the copy may fail, and its source may be a message that was received here.
        MemorySegment.copy(value, 0, memory, data, size);
        memory.asSlice(data + size, at + space(size) - data - size).fill((byte) 0);
        finish(at, level, type, (int) size);
    }

    /** Returns the levels and types of the messages. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("ControlMessages[");
        for (int at = 0; hasMessage(at); at = next(at)) {
            s.append(at == 0 ? "" : ", ").append("level ").append(level(at)).append(" type ").append(type(at));
        }
        return s.append(']').toString();
    }
}
