package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._WSABUF;
import io.panamio.bindings.windows._WSAMSG;
import io.panamio.sys.AddressBuffer;
import io.panamio.sys.Batch;
import io.panamio.sys.Control;
import io.panamio.sys.Messages;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * Datagrams: recvfrom, sendto, WSARecvMsg and WSASendMsg. A batch is moved by one call for each datagram. Windows fails
 * a receive of a datagram that does not fit, after it has filled the buffer; here it returns one byte more than that.
 */
final class WindowsMessages extends Messages {
    /** More than the length of any datagram. */
    private static final int MAX_DATAGRAM = 1 << 16;

    private static final int NAME = (int) _WSAMSG.name$offset();
    private static final int NAME_LENGTH = (int) _WSAMSG.namelen$offset();
    private static final int BUFFERS = (int) _WSAMSG.lpBuffers$offset();
    private static final int BUFFER_COUNT = (int) _WSAMSG.dwBufferCount$offset();
    private static final int CONTROL_LENGTH = (int) (_WSAMSG.Control$offset() + _WSABUF.len$offset());
    private static final int CONTROL = (int) (_WSAMSG.Control$offset() + _WSABUF.buf$offset());
    private static final int FLAGS = (int) _WSAMSG.dwFlags$offset();

    /** WSARecvMsg, which no library exports. */
    private volatile MemorySegment wsaRecvMsg;

    // ---- memory

    @Override
    public AddressBuffer newAddress() {
        return new WindowsAddress();
    }

    @Override
    public Control newControl(int bytes) {
        return new WindowsControl(Arena.ofAuto(), bytes);
    }

    @Override
    public Batch newBatch(int capacity, int size, int control) {
        return new WindowsBatch(capacity, size, control);
    }

    // ---- receiving

    @Override
    public long recv(int fd, MemorySegment dst, AddressBuffer from) throws IOException {
        return receive(fd, dst, 0, from);
    }

    @Override
    public long peek(int fd, MemorySegment dst, AddressBuffer from) throws IOException {
        return receive(fd, dst, Windows.MSG_PEEK, from);
    }

    private static long receive(int fd, MemorySegment dst, int flags, AddressBuffer from) throws IOException {
        int size = (int) Math.min(dst.byteSize(), MAX_DATAGRAM);
        if (dst.isNative()) {
            return receive(fd, dst, size, flags, (WindowsAddress) from);
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment copy = scratch.copyBuffer(size);
            long r = receive(fd, copy, size, flags, (WindowsAddress) from);
            if (r > 0) {
                MemorySegment.copy(copy, 0, dst, 0, Math.min(r, size));
            }
            return r;
        }
    }

    /** An array is passed as it is, since a segment of it would be garbage. */
    @Override
    public long recv(int fd, byte[] dst, int off, int len, AddressBuffer from) throws IOException {
        int size = Math.min(len, MAX_DATAGRAM);
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment copy = scratch.copyBuffer(size);
            long r = receive(fd, copy, size, 0, (WindowsAddress) from);
            if (r > 0) {
                MemorySegment.copy(copy, JAVA_BYTE, 0, dst, off, (int) Math.min(r, size));
            }
            return r;
        }
    }

    private static long receive(int fd, MemorySegment dst, int size, int flags, WindowsAddress from)
            throws IOException {
        String call = from == null ? "recv" : "recvfrom";
        int r = from == null ? Winsock.recv(fd, dst, 0, size, flags)
            : Winsock.recvfrom(fd, dst, size, flags, from.address, from.room());
        if (r == -Windows.WSAEMSGSIZE) {
            return size + 1L;
        }
        if (r < 0 && from != null) {
            from.clear();
        }
        return r >= 0 ? r : failed(call, r);
    }

    /** Returns WOULD_BLOCK, or throws the error of a call. */
    static long failed(String call, int r) throws IOException {
        if (r == -Windows.WSAEWOULDBLOCK) {
            return Sockets.WOULD_BLOCK;
        }
        if (r == -Windows.WSAECONNRESET) { // Windows reports an unreachable port so
            throw Errors.socket(call, Windows.WSAECONNREFUSED);
        }
        throw Errors.socket(call, -r);
    }

    @Override
    public long recvMsg(int fd, MemorySegment dst, AddressBuffer from, Control control) throws IOException {
        RawAccess.requireUsable(dst);
        control.clear();
        int size = (int) Math.min(dst.byteSize(), MAX_DATAGRAM);
        boolean inPlace = RawAccess.isSafe(dst);
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            MemorySegment bytes = inPlace ? dst : scratch.copyBuffer(size);
            int r = receiveMessage(scratch, fd, bytes, size, (WindowsAddress) from, (WindowsControl) control);
            if (r > 0 && !inPlace) {
                MemorySegment.copy(bytes, 0, dst, 0, Math.min(r, size));
            }
            return r >= 0 ? r : failed("WSARecvMsg", r);
        }
    }

    /**
     * Receives a datagram with its control messages. Returns its size, {@code size + 1} if it was truncated, or the
     * negated error code.
     */
    private int receiveMessage(NativeScratch scratch, int fd, MemorySegment dst, int size, WindowsAddress from,
            WindowsControl control) throws IOException {
        MemorySegment function = wsaRecvMsg(fd);
        ByteBuffer message = prepare(scratch, dst, size, from, Sockaddr.STORAGE_SIZE, control, control.room());
        int r = Winsock.wsaRecvMsg(function, fd, scratch.wholeMessage, scratch.length(0));
        Reference.reachabilityFence(dst);
        if (from != null) {
            from.setLength(r < 0 && r != -Windows.WSAEMSGSIZE ? 0 : message.getInt(NAME_LENGTH));
        }
        if (r < 0 && r != -Windows.WSAEMSGSIZE) {
            return r;
        }
        int flags = message.getInt(FLAGS);
        control.received(message.getInt(CONTROL_LENGTH), flags);
        return r < 0 || (flags & (Windows.MSG_TRUNC | Windows.MSG_PARTIAL)) != 0 ? size + 1 : scratch.length();
    }

    private static ByteBuffer prepare(NativeScratch scratch, MemorySegment bytes, int size, WindowsAddress address,
            int addressLength, WindowsControl control, int controlLength) {
        MemorySegment buffer = scratch.vectors(_WSABUF.sizeof());
        WindowsGather.write(NativeScratch.bytes(buffer), 0, bytes.address(), size);
        return scratch.wholeMessageBytes
            .putLong(NAME, address == null ? 0 : address.address.address())
            .putInt(NAME_LENGTH, address == null ? 0 : addressLength)
            .putLong(BUFFERS, buffer.address())
            .putInt(BUFFER_COUNT, 1)
            .putInt(CONTROL_LENGTH, controlLength)
            .putLong(CONTROL, controlLength == 0 ? 0 : control.memory.address())
            .putInt(FLAGS, 0);
    }

    /** Returns the function that the provider of a socket has for WSARecvMsg; all of Windows' own have the same. */
    private MemorySegment wsaRecvMsg(int fd) throws IOException {
        MemorySegment function = wsaRecvMsg;
        if (function != null) {
            return function;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment guid = arena.allocate(16, 8); // WSAID_WSARECVMSG
            guid.set(JAVA_INT, 0, 0xF689D7C8);
            guid.set(JAVA_SHORT, 4, (short) 0x6F1F);
            guid.set(JAVA_SHORT, 6, (short) 0x436B);
            MemorySegment.copy(new byte[] {(byte) 0x8A, 0x53, (byte) 0xE5, 0x4F, (byte) 0xE3, 0x51, (byte) 0xC3, 0x22},
                0, guid, JAVA_BYTE, 8, 8);
            MemorySegment pointer = arena.allocate(ValueLayout.ADDRESS);
            int r = Winsock.wsaIoctl(fd, Windows.SIO_GET_EXTENSION_FUNCTION_POINTER, guid, pointer, arena.allocate(4));
            if (r < 0) {
                throw Errors.socket("WSAIoctl", "WSARecvMsg", -r);
            }
            function = pointer.get(ValueLayout.ADDRESS, 0);
            wsaRecvMsg = function;
            return function;
        }
    }

    // ---- sending

    @Override
    public long send(int fd, MemorySegment src, AddressBuffer to) throws IOException {
        WindowsAddress address = (WindowsAddress) to;
        return address == null ? transmit(fd, src, MemorySegment.NULL, 0)
            : transmit(fd, src, address.address, address.length());
    }

    @Override
    public long sendTo(int fd, MemorySegment src, SocketAddress to) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int length = Sockaddr.write(scratch.addressBytes, Sockaddr.family(to), to);
            return transmit(fd, src, scratch.address, length);
        }
    }

    @Override
    public long send(int fd, byte[] src, int off, int len, AddressBuffer to) throws IOException {
        WindowsAddress address = (WindowsAddress) to;
        int size = Math.min(len, MAX_DATAGRAM); // the system refuses that many
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment bytes = scratch.copyBuffer(size);
            MemorySegment.copy(src, off, bytes, JAVA_BYTE, 0, size);
            return address == null ? transmit(fd, bytes, size, MemorySegment.NULL, 0)
                : transmit(fd, bytes, size, address.address, address.length());
        }
    }

    private static long transmit(int fd, MemorySegment src, MemorySegment to, int toLength) throws IOException {
        int size = (int) Math.min(src.byteSize(), MAX_DATAGRAM);
        if (src.isNative()) {
            return transmit(fd, src, size, to, toLength);
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            return transmit(fd, copy(src, size, scratch), size, to, toLength);
        }
    }

    private static MemorySegment copy(MemorySegment src, int size, NativeScratch scratch) {
        MemorySegment bytes = scratch.copyBuffer(size);
        MemorySegment.copy(src, 0, bytes, 0, size);
        return bytes;
    }

    private static long transmit(int fd, MemorySegment src, int size, MemorySegment to, int toLength)
            throws IOException {
        if (toLength == 0) {
            int r = Winsock.send(fd, src, 0, size, 0);
            return r >= 0 ? r : failed("send", r == -Windows.WSAENOTCONN ? -Windows.WSAEDESTADDRREQ : r);
        }
        int r = Winsock.sendto(fd, src, size, 0, to, toLength);
        if (isOfOtherFamily(fd, r, toLength)) {
            try (NativeScratch scratch = NativeScratch.enter()) {
                r = Winsock.sendto(fd, src, size, 0, mapped(scratch, to), Sockaddr.SOCKADDR_IN6_SIZE);
            }
        }
        return r >= 0 ? r : failed("sendto", r);
    }

    /** Returns whether a send failed because its destination was an IPv4 address for an IPv6 socket. */
    private static boolean isOfOtherFamily(int fd, int r, int toLength) throws IOException {
        return (r == -Windows.WSAEFAULT || r == -Windows.WSAEAFNOSUPPORT || r == -Windows.WSAEINVAL)
            && toLength == Sockaddr.SOCKADDR_IN_SIZE && WindowsSockets.family(fd) == Windows.AF_INET6;
    }

    /** Returns an IPv4 address, which may be in the memory that is returned, as one of IPv6. */
    private static MemorySegment mapped(NativeScratch scratch, MemorySegment v4) {
        int ip = v4.get(JAVA_INT, Sockaddr.ADDR_OFFSET);
        short port = v4.get(JAVA_SHORT, Sockaddr.PORT_OFFSET);
        MemorySegment v6 = scratch.address;
        v6.asSlice(0, Sockaddr.SOCKADDR_IN6_SIZE).fill((byte) 0);
        v6.set(JAVA_SHORT, 0, (short) Windows.AF_INET6);
        v6.set(JAVA_SHORT, Sockaddr.PORT_OFFSET, port);
        v6.set(JAVA_SHORT, Sockaddr.ADDR6_OFFSET + 10, (short) -1);
        v6.set(JAVA_INT, Sockaddr.ADDR6_OFFSET + 12, ip);
        return v6;
    }

    @Override
    public long sendMsg(int fd, MemorySegment src, AddressBuffer to, Control control) throws IOException {
        RawAccess.requireUsable(src);
        int size = (int) Math.min(src.byteSize(), MAX_DATAGRAM);
        boolean inPlace = RawAccess.isSafe(src);
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            return transmit(scratch, fd, inPlace ? src : copy(src, size, scratch), size, (WindowsAddress) to,
                (WindowsControl) control);
        }
    }

    private static long transmit(NativeScratch scratch, int fd, MemorySegment src, int size, WindowsAddress to,
            WindowsControl control) throws IOException {
        int r = sendMessage(scratch, fd, src, size, to, control);
        return r >= 0 ? r : failed("WSASendMsg", r == -Windows.WSAENOTCONN ? -Windows.WSAEDESTADDRREQ : r);
    }

    /** Sends a datagram with control messages. Returns the number of bytes sent, or the negated error code. */
    private static int sendMessage(NativeScratch scratch, int fd, MemorySegment src, int size, WindowsAddress to,
            WindowsControl control) throws IOException {
        int toLength = to == null ? 0 : to.length();
        ByteBuffer message =
            prepare(scratch, src, size, toLength == 0 ? null : to, toLength, control, control.sendLength());
        int r = Winsock.wsaSendMsg(fd, scratch.wholeMessage, 0, scratch.length(0));
        if (isOfOtherFamily(fd, r, toLength)) {
            MemorySegment v6 = mapped(scratch, to.address);
            message.putLong(NAME, v6.address()).putInt(NAME_LENGTH, Sockaddr.SOCKADDR_IN6_SIZE);
            r = Winsock.wsaSendMsg(fd, scratch.wholeMessage, 0, scratch.length(0));
        }
        Reference.reachabilityFence(src);
        return r >= 0 ? scratch.length() : r;
    }

    // ---- batches

    @Override
    public int recvBatch(int fd, Batch batch) throws IOException {
        WindowsBatch b = (WindowsBatch) batch;
        b.clear();
        int deferred = b.takeDeferred(fd);
        if (deferred != 0) {
            throw Errors.socket("recvfrom", deferred);
        }
        int n = 0;
        try (NativeScratch scratch = NativeScratch.enter()) {
            while (n < b.capacity()) {
                WindowsControl control = b.control(n);
                WindowsAddress from = b.address(n);
                int r = control == null ? Winsock.recvfrom(fd, b.data(n), b.size(), 0, from.address, from.room())
                    : receiveMessage(scratch, fd, b.data(n), b.size(), from, control);
                if (r == -Windows.WSAEMSGSIZE) {
                    r = b.size() + 1;
                }
                if (r < 0) {
                    from.clear();
                    if (n == 0) {
                        return (int) failed(control == null ? "recvfrom" : "WSARecvMsg", r);
                    }
                    if (r != -Windows.WSAEWOULDBLOCK) {
                        b.defer(fd, r == -Windows.WSAECONNRESET ? Windows.WSAECONNREFUSED : -r);
                    }
                    break;
                }
                b.received(n++, r);
            }
        }
        return n;
    }

    @Override
    public int sendBatch(int fd, Batch batch, int first) throws IOException {
        WindowsBatch b = (WindowsBatch) batch;
        for (int i = first; i < b.count(); i++) {
            WindowsControl control = b.control(i);
            WindowsAddress to = b.address(i);
            try {
                long r = transmit(fd, b.data(i), Math.min(b.length(i), MAX_DATAGRAM), to, control);
                if (r < 0) {
                    return i > first ? i - first : (int) r;
                }
            } catch (IOException e) {
                if (i > first) {
                    return i - first; // the next call fails with the same error
                }
                throw e;
            }
        }
        return b.count() - first;
    }

    private static long transmit(int fd, MemorySegment src, int size, WindowsAddress to, WindowsControl control)
            throws IOException {
        if (control == null || control.sendLength() == 0) {
            return transmit(fd, src, size, to.address, to.length());
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            return transmit(scratch, fd, src, size, to, control);
        }
    }
}
