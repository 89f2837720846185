package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.sys.Control;
import io.panamio.sys.RawAccess;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Control messages in native memory, in the platform's {@link ControlFormat}. A platform adds the messages whose types
 * or data differ between systems.
 */
public abstract class UnixControl extends Control {
    private static final int[] NO_FDS = {};

    private final UnixConstants c;
    private final ControlFormat format;
    /** The messages. */
    protected final MemorySegment memory;
    private int length;
    private boolean received;
    private boolean truncated;
    private boolean holdsFds;

    /** Creates empty control messages in 8-byte aligned memory. */
    protected UnixControl(UnixConstants constants, ControlFormat format, MemorySegment memory) {
        c = constants;
        this.format = format;
        this.memory = memory;
    }

    // ---- before and after a call

    final int capacity() {
        return (int) memory.byteSize();
    }

    /** Returns the number of bytes to send: 0 if the messages were received. */
    final int sendLength() {
        return received ? 0 : length;
    }

    /** Sets the outcome of a receive: {@code msg_controllen} and {@code msg_flags}. */
    final void received(int bytes, int flags) {
        length = bytes;
        received = true;
        truncated = (flags & c.MSG_CTRUNC()) != 0;
        holdsFds = bytes > 0 && fd(0) >= 0;
        if (holdsFds && c.MSG_CMSG_CLOEXEC() == 0) {
            for (int i = 0; fd(i) >= 0; i++) {
                Libc.setCloseOnExec(fd(i));
            }
        }
    }

    /**
     * Returns a descriptor that was received, by its index among all of them, which may be in several messages; -1 if
     * there are no more.
     */
    private int fd(int index) {
        int i = index;
        for (int at = 0; format.hasMessage(at, length); at = format.next(memory, at, length)) {
            if (format.level(memory, at) == c.SOL_SOCKET() && format.type(memory, at) == Posix.SCM_RIGHTS) {
                int count = format.dataSize(memory, at, length) / 4;
                if (i < count) {
                    return memory.get(JAVA_INT, format.data(at) + 4L * i);
                }
                i -= count;
            }
        }
        return -1;
    }

    @Override
    public final void clear() {
        if (holdsFds) { // without an array, for which there may be no memory
            holdsFds = false;
            for (int i = 0; fd(i) >= 0; i++) {
                Libc.close(fd(i));
            }
        }
        length = 0;
        received = false;
        truncated = false;
    }

    @Override
    public final boolean isEmpty() {
        return length == 0;
    }

    @Override
    public final boolean isTruncated() {
        return truncated;
    }

    // ---- reading

    private int find(int level, int type) {
        return format.find(memory, length, level, type);
    }

    /**
     * Returns the offset of the data of the first message with a level, a type and at least {@code min} bytes, or a
     * negative number if there is none or it was truncated.
     */
    protected final int find(int level, int type, int min) {
        int at = find(level, type);
        return at == ControlFormat.NONE || format.dataSize(memory, at, length) < min ? ControlFormat.NONE
            : format.data(at);
    }

    /** Returns the number that a message carries, in an int or in a byte as the system chooses; -1 if there is none. */
    protected final int number(int level, int type) {
        int at = find(level, type);
        int size = at == ControlFormat.NONE ? 0 : format.dataSize(memory, at, length);
        return size == 0 ? -1
            : size >= 4 ? memory.get(JAVA_INT, format.data(at))
            : Byte.toUnsignedInt(memory.get(JAVA_BYTE, format.data(at)));
    }

    @Override
    public final int ttl() {
        int v4 = number(Posix.IPPROTO_IP, c.CMSG_TTL());
        return v4 >= 0 ? v4 : number(Posix.IPPROTO_IPV6, c.IPV6_HOPLIMIT());
    }

    @Override
    public final int trafficClass() {
        int v4 = number(Posix.IPPROTO_IP, c.CMSG_TOS());
        return v4 >= 0 ? v4 : number(Posix.IPPROTO_IPV6, c.IPV6_TCLASS());
    }

    /** {@code ipi_spec_dst} is the local address, {@code ipi_addr} the one in the header. */
    @Override
    public InetAddress destination() {
        int v4 = find(Posix.IPPROTO_IP, c.IP_PKTINFO(), Structs.IN_PKTINFO_SIZE);
        int v6 = find(Posix.IPPROTO_IPV6, c.IPV6_PKTINFO(), Structs.IN6_PKTINFO_SIZE);
        try {
            return v4 >= 0 ? InetAddress.getByAddress(bytes(v4 + Structs.IN_PKTINFO_ADDR, 4))
                : v6 < 0 ? null
                : scoped(bytes(v6 + Structs.IN6_PKTINFO_ADDR, 16),
                    memory.get(JAVA_INT, v6 + Structs.IN6_PKTINFO_IFINDEX));
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
        int v4 = find(Posix.IPPROTO_IP, c.IP_PKTINFO(), Structs.IN_PKTINFO_SIZE);
        int v6 = find(Posix.IPPROTO_IPV6, c.IPV6_PKTINFO(), Structs.IN6_PKTINFO_SIZE);
        return v4 >= 0 ? memory.get(JAVA_INT, v4 + Structs.IN_PKTINFO_IFINDEX)
            : v6 < 0 ? -1 : memory.get(JAVA_INT, v6 + Structs.IN6_PKTINFO_IFINDEX);
    }

    @Override
    public final int[] takeFds() {
        if (!holdsFds) {
            return NO_FDS;
        }
        int count = 0;
        while (fd(count) >= 0) {
            count++;
        }
        int[] fds = new int[count];
        for (int i = 0; i < count; i++) {
            fds[i] = fd(i);
        }
        holdsFds = false; // after the allocation, which may fail
        return fds;
    }

    @Override
    public final MemorySegment get(int level, int type) {
        int at = find(level, type);
        return at == ControlFormat.NONE ? null
            : memory.asSlice(format.data(at), format.dataSize(memory, at, length)).asReadOnly();
    }

    // ---- writing

    /** Makes sure that {@code bytes} fit, and drops what was received. */
    private void requireRoom(long bytes) {
        int left = capacity() - sendLength();
        if (bytes > left) {
            throw new IndexOutOfBoundsException("no room for " + bytes + " more bytes in " + capacity());
        }
        if (received) {
            clear();
        }
    }

    /** Adds a header and zeroed data; returns the offset of the data. Nothing can fail after this. */
    protected final int add(int level, int type, long dataSize) {
        requireRoom(format.space(dataSize));
        int at = length;
        zero(at, at + (int) format.space(dataSize));
        return finish(at, level, type, (int) dataSize);
    }

    private void zero(int from, int to) {
        for (int i = from; i < to; i += 4) { // fill() would make a view of the segment
            memory.set(JAVA_INT, i, 0);
        }
    }

    private int finish(int at, int level, int type, int dataSize) {
        format.write(memory, at, level, type, dataSize);
        length = at + (int) format.space(dataSize);
        return format.data(at);
    }

    /** Adds a number for IPv4 and for IPv6; each protocol ignores the message of the other. */
    protected final void putNumber(int type4, int type6, int value) {
        requireRoom(2 * format.space(4)); // both or none
        memory.set(JAVA_INT, add(Posix.IPPROTO_IP, type4, 4), value);
        memory.set(JAVA_INT, add(Posix.IPPROTO_IPV6, type6, 4), value);
    }

    /** Throws an IllegalArgumentException if a value is out of its range. */
    protected static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " " + value + " is not between " + min + " and " + max);
        }
    }

    @Override
    public void putSource(InetAddress address, int interfaceIndex) {
        byte[] ip = address.getAddress();
        if (address instanceof Inet6Address) {
            int data = add(Posix.IPPROTO_IPV6, c.IPV6_PKTINFO(), Structs.IN6_PKTINFO_SIZE);
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data + Structs.IN6_PKTINFO_ADDR, 16);
            memory.set(JAVA_INT, data + Structs.IN6_PKTINFO_IFINDEX, interfaceIndex);
        } else {
            int data = add(Posix.IPPROTO_IP, c.IP_PKTINFO(), Structs.IN_PKTINFO_SIZE);
            memory.set(JAVA_INT, data + Structs.IN_PKTINFO_IFINDEX, interfaceIndex);
            MemorySegment.copy(ip, 0, memory, JAVA_BYTE, data + Structs.IN_PKTINFO_SPEC_DST, 4);
        }
    }

    @Override
    public final void putFds(int[] fds) {
        int data = add(c.SOL_SOCKET(), Posix.SCM_RIGHTS, 4L * fds.length);
        MemorySegment.copy(fds, 0, memory, JAVA_INT, data, fds.length);
    }

    @Override
    public final void put(int level, int type, MemorySegment value) {
        RawAccess.requireUsable(value);
        long size = value.byteSize();
        requireRoom(format.space(size));
        int at = length;
        int data = format.data(at);
        // The data before the header, as the copy may fail, and its source may be a message that was received here.
        MemorySegment.copy(value, 0, memory, data, size);
        for (long i = data + size; i < at + format.space(size); i++) {
            memory.set(JAVA_BYTE, i, (byte) 0);
        }
        finish(at, level, type, (int) size);
    }

    /** Returns the levels and types of the messages. */
    @Override
    public final String toString() {
        StringBuilder s = new StringBuilder("ControlMessages[");
        for (int at = 0; format.hasMessage(at, length); at = format.next(memory, at, length)) {
            s.append(at == 0 ? "" : ", ").append("level ").append(format.level(memory, at))
                .append(" type ").append(format.type(memory, at));
        }
        return s.append(']').toString();
    }
}
