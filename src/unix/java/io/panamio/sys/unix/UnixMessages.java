package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.sys.Messages;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.SocketAddress;

/** Messages as POSIX moves them, with MSG_TRUNC to learn their whole length. A platform adds the calls for batches. */
public abstract class UnixMessages extends Messages {
    private final UnixConstants c;
    private final Errors errors;
    private final Sockaddr sockaddr;

    /** The messages of a platform. */
    protected UnixMessages(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
        sockaddr = new Sockaddr(constants);
    }

    /** Raw: recvmmsg(2). */
    protected abstract int recvmmsg(int fd, MemorySegment headers, int count, int flags);

    /** Raw: sendmmsg(2). */
    protected abstract int sendmmsg(int fd, MemorySegment headers, int count, int flags);

    // ---- memory

    @Override
    public final SocketAddressBuffer newAddress() {
        return new UnixAddressBuffer(sockaddr);
    }

    @Override
    public final ControlMessages newControl(int bytes) {
        return new UnixControl(c, Arena.ofAuto().allocate(UnixControl.aligned(bytes), 8));
    }

    @Override
    public final DatagramBatch newBatch(int capacity, int size, int control) {
        return new UnixBatch(c, sockaddr, capacity, size, control);
    }

    private long outcome(String call, long r) throws IOException {
        if (r >= 0) {
            return r;
        }
        if (r == -c.EAGAIN()) {
            return Sockets.WOULD_BLOCK;
        }
        throw errors.socket(call, (int) -r);
    }

    // ---- receiving

    @Override
    public final long recv(int fd, MemorySegment dst, boolean peek, SocketAddressBuffer from) throws IOException {
        int flags = c.MSG_DONTWAIT() | c.MSG_TRUNC() | (peek ? c.MSG_PEEK() : 0);
        long size = dst.byteSize();
        if (dst.isNative()) {
            return outcome("recvfrom", receive(fd, dst, size, flags, from));
        }
        if (size > ThreadState.COPY_SIZE) {
            try (Arena arena = Arena.ofConfined()) {
                return receiveCopying(fd, arena.allocate(size), dst, flags, from);
            }
        }
        return receiveCopying(fd, ThreadState.get().copyBuffer(), dst, flags, from);
    }

    private long receiveCopying(int fd, MemorySegment copy, MemorySegment dst, int flags, SocketAddressBuffer from)
            throws IOException {
        long size = dst.byteSize();
        long r = outcome("recvfrom", receive(fd, copy, size, flags, from));
        if (r > 0) {
            MemorySegment.copy(copy, 0, dst, 0, Math.min(r, size));
        }
        return r;
    }

    /** An array comes as it is, since a segment of it would be garbage. */
    @Override
    public final long recv(int fd, byte[] dst, int off, int len, SocketAddressBuffer from) throws IOException {
        if (len > ThreadState.COPY_SIZE) {
            return recv(fd, MemorySegment.ofArray(dst).asSlice(off, len), false, from);
        }
        MemorySegment copy = ThreadState.get().copyBuffer();
        long r = outcome("recvfrom", receive(fd, copy, len, c.MSG_DONTWAIT() | c.MSG_TRUNC(), from));
        if (r > 0) {
            MemorySegment.copy(copy, JAVA_BYTE, 0, dst, off, (int) Math.min(r, len));
        }
        return r;
    }

    private long receive(int fd, MemorySegment dst, long size, int flags, SocketAddressBuffer from) {
        UnixAddressBuffer address = (UnixAddressBuffer) from;
        long r;
        do {
            r = address == null ? Libc.recv(fd, dst, size, flags)
                : Libc.recvfrom(fd, dst, size, flags, address.address, address.room());
        } while (r == -c.EINTR());
        if (address != null) {
            address.setLength(r < 0 ? 0 : address.length());
        }
        return r;
    }

    @Override
    public final long recvMsg(int fd, MemorySegment dst, SocketAddressBuffer from, ControlMessages control)
            throws IOException {
        Scopes.requireUsable(dst);
        if (dst.isNative() && Scopes.isSafe(dst)) {
            return receiveMessage(fd, dst, dst.byteSize(), from, control);
        }
        if (dst.byteSize() > ThreadState.COPY_SIZE) {
            try (Arena arena = Arena.ofConfined()) {
                return receiveMessageCopying(fd, arena.allocate(dst.byteSize()), dst, from, control);
            }
        }
        return receiveMessageCopying(fd, ThreadState.get().copyBuffer(), dst, from, control);
    }

    private long receiveMessageCopying(int fd, MemorySegment copy, MemorySegment dst, SocketAddressBuffer from,
            ControlMessages control) throws IOException {
        long size = dst.byteSize();
        long r = receiveMessage(fd, copy, size, from, control);
        if (r > 0) {
            MemorySegment.copy(copy, 0, dst, 0, Math.min(r, size));
        }
        return r;
    }

    private long receiveMessage(int fd, MemorySegment dst, long size, SocketAddressBuffer from,
            ControlMessages control) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) from;
        UnixControl messages = (UnixControl) control;
        messages.clear();
        MemorySegment message = ThreadState.get().wholeMessage;
        long r;
        do {
            prepare(message, dst, size, address, messages, messages.capacity());
            if (address != null) {
                message.set(JAVA_INT, c.MSGHDR_NAMELEN(), Sockaddr.STORAGE_SIZE);
            }
            r = Libc.recvmsg(fd, message, c.MSG_DONTWAIT() | c.MSG_TRUNC() | c.MSG_CMSG_CLOEXEC());
        } while (r == -c.EINTR());
        Reference.reachabilityFence(dst);
        if (address != null) {
            address.setLength(r < 0 ? 0 : message.get(JAVA_INT, c.MSGHDR_NAMELEN()));
        }
        if (r >= 0) {
            messages.received((int) message.get(JAVA_LONG, c.MSGHDR_CONTROLLEN()),
                message.get(JAVA_INT, c.MSGHDR_FLAGS()));
        }
        return outcome("recvmsg", r);
    }

    private void prepare(MemorySegment message, MemorySegment bytes, long size, UnixAddressBuffer address,
            UnixControl control, int controlLength) {
        MemorySegment vector = ThreadState.get().vectors();
        vector.set(JAVA_LONG, UnixStreams.IOV_BASE_OFFSET, bytes.address());
        vector.set(JAVA_LONG, UnixStreams.IOV_LEN_OFFSET, size);
        message.set(JAVA_LONG, c.MSGHDR_NAME(), address == null ? 0 : address.address.address());
        message.set(JAVA_INT, c.MSGHDR_NAMELEN(), address == null ? 0 : address.length());
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vector.address());
        message.set(JAVA_INT, c.MSGHDR_IOVLEN(), 1);
        message.set(JAVA_LONG, c.MSGHDR_CONTROL(), control.memory.address());
        message.set(JAVA_LONG, c.MSGHDR_CONTROLLEN(), controlLength);
        message.set(JAVA_INT, c.MSGHDR_FLAGS(), 0);
    }

    // ---- sending

    @Override
    public final long send(int fd, MemorySegment src, SocketAddressBuffer to) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) to;
        return address == null ? send(fd, src, MemorySegment.NULL, 0)
            : send(fd, src, address.address, address.length());
    }

    @Override
    public final long sendTo(int fd, MemorySegment src, SocketAddress to) throws IOException {
        MemorySegment address = ThreadState.get().address;
        return send(fd, src, address, sockaddr.write(address, sockaddr.family(to), to));
    }

    private long send(int fd, MemorySegment src, MemorySegment to, int toLength) throws IOException {
        long size = src.byteSize();
        if (src.isNative()) {
            return outcome("sendto", transmit(fd, src, size, to, toLength));
        }
        if (size > ThreadState.COPY_SIZE) {
            try (Arena arena = Arena.ofConfined()) {
                return outcome("sendto", transmit(fd, arena.allocate(size).copyFrom(src), size, to, toLength));
            }
        }
        MemorySegment copy = ThreadState.get().copyBuffer();
        MemorySegment.copy(src, 0, copy, 0, size);
        return outcome("sendto", transmit(fd, copy, size, to, toLength));
    }

    @Override
    public final long send(int fd, byte[] src, int off, int len, SocketAddressBuffer to) throws IOException {
        if (len > ThreadState.COPY_SIZE) {
            return send(fd, MemorySegment.ofArray(src).asSlice(off, len), to);
        }
        MemorySegment copy = ThreadState.get().copyBuffer();
        MemorySegment.copy(src, off, copy, JAVA_BYTE, 0, len);
        UnixAddressBuffer address = (UnixAddressBuffer) to;
        return outcome("sendto", address == null ? transmit(fd, copy, len, MemorySegment.NULL, 0)
            : transmit(fd, copy, len, address.address, address.length()));
    }

    private long transmit(int fd, MemorySegment src, long size, MemorySegment to, int toLength) {
        int flags = c.MSG_DONTWAIT() | c.MSG_NOSIGNAL();
        long r;
        do {
            r = toLength == 0 ? Libc.send(fd, src, size, flags) : Libc.sendto(fd, src, size, flags, to, toLength);
        } while (r == -c.EINTR());
        return r;
    }

    @Override
    public final long sendMsg(int fd, MemorySegment src, SocketAddressBuffer to, ControlMessages control)
            throws IOException {
        Scopes.requireUsable(src);
        long size = src.byteSize();
        if (src.isNative() && Scopes.isSafe(src)) {
            return transmitMessage(fd, src, size, to, control);
        }
        if (size > ThreadState.COPY_SIZE) {
            try (Arena arena = Arena.ofConfined()) {
                return transmitMessage(fd, arena.allocate(size).copyFrom(src), size, to, control);
            }
        }
        MemorySegment copy = ThreadState.get().copyBuffer();
        MemorySegment.copy(src, 0, copy, 0, size);
        return transmitMessage(fd, copy, size, to, control);
    }

    private long transmitMessage(int fd, MemorySegment src, long size, SocketAddressBuffer to,
            ControlMessages control) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) to;
        UnixControl messages = (UnixControl) control;
        MemorySegment message = ThreadState.get().wholeMessage;
        long r;
        do {
            prepare(message, src, size, address, messages, messages.sendLength());
            r = Libc.sendmsg(fd, message, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
        } while (r == -c.EINTR());
        Reference.reachabilityFence(src);
        return outcome("sendmsg", r);
    }

    // ---- batches

    @Override
    public final int recvBatch(int fd, DatagramBatch batch) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.clear();
        int r;
        do {
            b.prepareReceive();
            r = recvmmsg(fd, b.headers, b.capacity(), c.MSG_DONTWAIT() | c.MSG_TRUNC() | c.MSG_CMSG_CLOEXEC());
        } while (r == -c.EINTR());
        b.received(Math.max(r, 0));
        return (int) outcome("recvmmsg", r);
    }

    @Override
    public final int sendBatch(int fd, DatagramBatch batch, int first) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.prepareSend(first);
        int r;
        do {
            r = sendmmsg(fd, b.header(first), b.count() - first, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
        } while (r == -c.EINTR());
        return (int) outcome("sendmmsg", r);
    }
}
