package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.sys.Control;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Control messages one after the other, each with a struct cmsghdr before its data, aligned to 8 bytes: Linux's. */
final class UnixControl extends Control {
    static final int HEADER_SIZE = 16;
    static final long LEVEL_OFFSET = 8;
    static final long TYPE_OFFSET = 12;
    private static final int NONE = -1;
    private static final int[] NO_FDS = {};

    private final UnixConstants c;
    final MemorySegment memory;
    private int length;
    private boolean received;
    private boolean truncated;
    private boolean holdsFds;

    /** Takes 8-aligned memory. */
    UnixControl(UnixConstants constants, MemorySegment memory) {
        c = constants;
        this.memory = memory;
    }

    static int aligned(int bytes) {
        return bytes + 7 & ~7;
    }

    // ---- before and after a call

    int capacity() {
        return (int) memory.byteSize();
    }

    /** What is to be sent: nothing that was received. */
    int sendLength() {
        return received ? 0 : length;
    }

    /** Tells what a receive has put here. */
    void received(int bytes, int flags) {
        length = bytes;
        received = true;
        truncated = (flags & c.MSG_CTRUNC()) != 0;
        holdsFds = bytes > 0 && find(c.SOL_SOCKET(), c.SCM_RIGHTS()) >= 0;
    }

    @Override
    public void clear() {
        if (holdsFds) { // without an array, for which there may be no memory
            holdsFds = false;
            int data = find(c.SOL_SOCKET(), c.SCM_RIGHTS());
            for (int at = data; at + 4 <= data + dataSize(data); at += 4) {
                Libc.close(memory.get(JAVA_INT, at));
            }
        }
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

    // ---- reading

    /** Where the data of a message is, or {@link #NONE}. */
    private int find(int level, int type) {
        for (int at = 0; at + HEADER_SIZE <= length;) {
            int size = size(at);
            if (memory.get(JAVA_INT, at + LEVEL_OFFSET) == level && memory.get(JAVA_INT, at + TYPE_OFFSET) == type) {
                return at + HEADER_SIZE;
            }
            at += aligned(size);
        }
        return NONE;
    }

    /** The size of the message at an offset, with its header. */
    private int size(int at) {
        return Math.clamp(memory.get(JAVA_LONG, at), HEADER_SIZE, length - at);
    }

    private int dataSize(int data) {
        return size(data - HEADER_SIZE) - HEADER_SIZE;
    }

    /** Where the data of a message is that has at least a size, or {@link #NONE}: also if it was cut. */
    private int find(int level, int type, int least) {
        int data = find(level, type);
        return data == NONE || dataSize(data) < least ? NONE : data;
    }

    private int number(int level, int type) {
        int data = find(level, type, 1);
        return data == NONE ? -1
            : dataSize(data) >= 4 ? memory.get(JAVA_INT, data)
            : Byte.toUnsignedInt(memory.get(JAVA_BYTE, data)); // Linux tells of IP_TOS in a byte
    }

    @Override
    public int ttl() {
        int v4 = number(c.IPPROTO_IP(), c.IP_TTL());
        return v4 >= 0 ? v4 : number(c.IPPROTO_IPV6(), c.IPV6_HOPLIMIT());
    }

    @Override
    public int trafficClass() {
        int v4 = number(c.IPPROTO_IP(), c.IP_TOS());
        return v4 >= 0 ? v4 : number(c.IPPROTO_IPV6(), c.IPV6_TCLASS());
    }

    @Override
    public long timestampNanos() {
        int data = find(c.SOL_SOCKET(), c.SCM_TIMESTAMPNS(), 16);
        return data == NONE ? -1 : memory.get(JAVA_LONG, data) * 1_000_000_000 + memory.get(JAVA_LONG, data + 8);
    }

    @Override
    public int segmentSize() {
        return number(c.IPPROTO_UDP(), c.UDP_GRO());
    }

    @Override
    public InetAddress destination() {
        int v4 = find(c.IPPROTO_IP(), c.IP_PKTINFO(), 12); // an index, the local address, the address in the header
        int v6 = find(c.IPPROTO_IPV6(), c.IPV6_PKTINFO(), 20); // the address, an index
        try {
            return v4 != NONE ? InetAddress.getByAddress(bytes(v4 + 8, 4))
                : v6 == NONE ? null : scoped(bytes(v6, 16), memory.get(JAVA_INT, v6 + 16));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
    }

    private static InetAddress scoped(byte[] ip, int index) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(ip);
        return Sockaddr.v6(ip, address.isLinkLocalAddress() || address.isMCLinkLocal() ? index : 0);
    }

    private byte[] bytes(long offset, int length) {
        return memory.asSlice(offset, length).toArray(JAVA_BYTE);
    }

    @Override
    public int interfaceIndex() {
        int v4 = find(c.IPPROTO_IP(), c.IP_PKTINFO(), 12);
        int v6 = find(c.IPPROTO_IPV6(), c.IPV6_PKTINFO(), 20);
        return v4 != NONE ? memory.get(JAVA_INT, v4) : v6 == NONE ? -1 : memory.get(JAVA_INT, v6 + 16);
    }

    @Override
    public int[] credentials() {
        int data = find(c.SOL_SOCKET(), c.SCM_CREDENTIALS(), 12);
        return data == NONE ? null : memory.asSlice(data, 12).toArray(JAVA_INT);
    }

    @Override
    public int[] takeFds() {
        if (!holdsFds) {
            return NO_FDS;
        }
        int data = find(c.SOL_SOCKET(), c.SCM_RIGHTS());
        int[] fds = memory.asSlice(data, dataSize(data) & ~3).toArray(JAVA_INT);
        holdsFds = false; // after: there may be no memory for the array
        return fds;
    }

    @Override
    public MemorySegment get(int level, int type) {
        int data = find(level, type);
        return data == NONE ? null : memory.asSlice(data, dataSize(data)).asReadOnly();
    }

    // ---- writing

    /** How much room a message needs. */
    private static long room(long dataSize) {
        return HEADER_SIZE + Math.min(dataSize, Integer.MAX_VALUE) + 7 & ~7; // the sum of all must not overflow
    }

    /** What was received gives way, unless it is all too much. */
    private void requireRoom(long bytes) {
        int left = capacity() - sendLength();
        if (bytes > left) {
            throw new IndexOutOfBoundsException("no room for " + bytes + " bytes more in " + capacity());
        }
        if (received) {
            clear();
        }
    }

    /** Adds a header and zeroed room for data, and returns where that is. Nothing can go wrong afterwards. */
    private int add(int level, int type, long dataSize) {
        requireRoom(room(dataSize));
        int at = length;
        zero(at, at + (int) room(dataSize));
        return finish(at, level, type, (int) dataSize);
    }

    private void zero(int from, int to) {
        for (int i = from; i < to; i += 8) { // fill() would make a view of the segment
            memory.set(JAVA_LONG, i, 0);
        }
    }

    private int finish(int at, int level, int type, int dataSize) {
        memory.set(JAVA_LONG, at, HEADER_SIZE + dataSize);
        memory.set(JAVA_INT, at + LEVEL_OFFSET, level);
        memory.set(JAVA_INT, at + TYPE_OFFSET, type);
        length = at + (int) room(dataSize);
        return at + HEADER_SIZE;
    }

    /** Adds a number for both protocols, each of which passes over what is the other's. */
    private void putNumber(int type4, int type6, int value) {
        requireRoom(2 * room(4)); // both or none
        memory.set(JAVA_INT, add(c.IPPROTO_IP(), type4, 4), value);
        memory.set(JAVA_INT, add(c.IPPROTO_IPV6(), type6, 4), value);
    }

    private static void require(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " " + value + " is not from " + least + " to " + most);
        }
    }

    @Override
    public void putTtl(int hops) {
        require("ttl", hops, 1, 255);
        putNumber(c.IP_TTL(), c.IPV6_HOPLIMIT(), hops);
    }

    @Override
    public void putTrafficClass(int bits) {
        require("traffic class", bits, 0, 255);
        putNumber(c.IP_TOS(), c.IPV6_TCLASS(), bits);
    }

    @Override
    public void putSegmentSize(int bytes) {
        require("segment size", bytes, 1, 65535);
        memory.set(JAVA_SHORT, add(c.IPPROTO_UDP(), c.UDP_SEGMENT(), 2), (short) bytes);
    }

    @Override
    public void putSource(InetAddress address, int interfaceIndex) {
        byte[] ip = address.getAddress();
        if (address instanceof Inet6Address) {
            int data = add(c.IPPROTO_IPV6(), c.IPV6_PKTINFO(), 20);
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data, 16);
            memory.set(JAVA_INT, data + 16, interfaceIndex);
        } else {
            int data = add(c.IPPROTO_IP(), c.IP_PKTINFO(), 12);
            memory.set(JAVA_INT, data, interfaceIndex);
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data + 4, 4);
        }
    }

    @Override
    public void putFds(int[] fds) {
        int data = add(c.SOL_SOCKET(), c.SCM_RIGHTS(), 4L * fds.length);
        MemorySegment.copy(fds, 0, memory, JAVA_INT, data, fds.length);
    }

    @Override
    public void putCredentials(int pid, int uid, int gid) {
        int data = add(c.SOL_SOCKET(), c.SCM_CREDENTIALS(), 12);
        memory.set(JAVA_INT, data, pid);
        memory.set(JAVA_INT, data + 4, uid);
        memory.set(JAVA_INT, data + 8, gid);
    }

    @Override
    public void put(int level, int type, MemorySegment value) {
        RawAccess.requireUsable(value);
        long size = value.byteSize();
        requireRoom(room(size));
        int at = length;
        // The bytes before the header, as the copy may fail, and may be of a message that was received here.
        MemorySegment.copy(value, 0, memory, at + HEADER_SIZE, size);
        for (long i = at + HEADER_SIZE + size; i < at + room(size); i++) {
            memory.set(JAVA_BYTE, i, (byte) 0);
        }
        finish(at, level, type, (int) size);
    }

    /** The numbers of the messages, for people. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("ControlMessages[");
        for (int at = 0; at + HEADER_SIZE <= length; at += aligned(size(at))) {
            s.append(at == 0 ? "" : ", ").append("level ").append(memory.get(JAVA_INT, at + LEVEL_OFFSET))
                .append(" type ").append(memory.get(JAVA_INT, at + TYPE_OFFSET));
        }
        return s.append(']').toString();
    }
}
