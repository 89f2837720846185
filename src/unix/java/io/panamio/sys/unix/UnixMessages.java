package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
import java.lang.ref.Reference;
import java.net.SocketAddress;

/**
 * The calls of POSIX for messages. A batch takes one system call for each message, unless a platform has one for all of
 * them.
 */
public abstract class UnixMessages extends Messages {
    final UnixConstants c;
    final Sockaddr sockaddr;
    final ControlFormat format;
    private final Errors errors;
    private final WriteErrors writeErrors;

    /** Constructs the calls of a platform. */
    protected UnixMessages(UnixConstants constants) {
        c = constants;
        sockaddr = new Sockaddr(constants);
        format = new ControlFormat(constants);
        errors = new Errors(constants);
        writeErrors = new WriteErrors(constants);
    }

    /** Returns empty control messages in 8-byte aligned memory. */
    protected abstract UnixControl newControl(ControlFormat format, MemorySegment memory);

    /** Returns the size of a header of a batch: that of a struct msghdr, or of one that begins with it. */
    protected long batchHeaderSize() {
        return c.MSGHDR_SIZE();
    }

    // ---- memory

    @Override
    public final AddressBuffer newAddress() {
        return new UnixAddressBuffer(sockaddr);
    }

    @Override
    public final Control newControl(int bytes) {
        return newControl(Arena.ofAuto().allocate(format.aligned(bytes), 8));
    }

    @Override
    public final Batch newBatch(int capacity, int size, int control) {
        return new UnixBatch(this, capacity, size, control);
    }

    final UnixControl newControl(MemorySegment memory) {
        return newControl(format, memory);
    }

    /** Returns WOULD_BLOCK, or throws the error of a call: that of a receive is never EPIPE, which may hide another. */
    protected final long failed(int fd, String call, long r) throws IOException {
        if (r == -c.EAGAIN()) {
            return Sockets.WOULD_BLOCK;
        }
        throw writeErrors.exception(fd, call, (int) -r);
    }

    // ---- receiving

    @Override
    public final long recv(int fd, MemorySegment dst, AddressBuffer from) throws IOException {
        return receive(fd, dst, c.MSG_DONTWAIT() | c.MSG_WHOLE_LENGTH(), from);
    }

    @Override
    public final long peek(int fd, MemorySegment dst, AddressBuffer from) throws IOException {
        return receive(fd, dst, c.MSG_DONTWAIT() | c.MSG_WHOLE_LENGTH() | Posix.MSG_PEEK, from);
    }

    private long receive(int fd, MemorySegment dst, int flags, AddressBuffer from) throws IOException {
        long size = dst.byteSize();
        if (dst.isNative()) {
            return receive(fd, dst, size, flags, from);
        }
        if (wouldBlock(fd, size, from)) {
            return Sockets.WOULD_BLOCK;
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            MemorySegment bytes = scratch.copyBuffer(size);
            long r = receive(fd, bytes, size, flags, from);
            if (r > 0) {
                MemorySegment.copy(bytes, 0, dst, 0, Math.min(r, size));
            }
            return r;
        }
    }

    /** An array is passed as it is, since a segment of it would be garbage. */
    @Override
    public final long recv(int fd, byte[] dst, int off, int len, AddressBuffer from) throws IOException {
        if (wouldBlock(fd, len, from)) {
            return Sockets.WOULD_BLOCK;
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(len)) {
            MemorySegment bytes = scratch.copyBuffer(len);
            long r = receive(fd, bytes, len, c.MSG_DONTWAIT() | c.MSG_WHOLE_LENGTH(), from);
            if (r > 0) {
                MemorySegment.copy(bytes, JAVA_BYTE, 0, dst, off, (int) Math.min(r, len));
            }
            return r;
        }
    }

    /**
     * Returns whether no message is pending, with one more call, so that no memory is allocated for a copy in vain. If
     * the copy fits into the scratch memory, returns false without a call. Another thread may take the message first,
     * so its length cannot be relied on.
     */
    private boolean wouldBlock(int fd, long size, AddressBuffer from) throws IOException {
        if (size <= NativeScratch.COPY_SIZE) {
            return false;
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            return receive(fd, scratch.argument, 1, c.MSG_DONTWAIT() | Posix.MSG_PEEK, from) == Sockets.WOULD_BLOCK;
        }
    }

    private long receive(int fd, MemorySegment dst, long size, int flags, AddressBuffer from)
            throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) from;
        if (c.MSG_WHOLE_LENGTH() == 0) {
            return receiveMessage(fd, dst, size, flags, address);
        }
        long r;
        do {
            r = address == null ? Libc.recv(fd, dst, 0, size, flags)
                : Libc.recvfrom(fd, dst, size, flags, address.address, address.room());
        } while (r == -Posix.EINTR);
        if (address != null) {
            address.setLength(r < 0 ? 0 : address.length());
        }
        return r >= 0 ? r : failed(fd, address == null ? "recv" : "recvfrom", r);
    }

    /** Receives by recvmsg(2), which also reports whether the message was truncated. */
    private long receiveMessage(int fd, MemorySegment dst, long size, int flags, UnixAddressBuffer from)
            throws IOException {
        RawAccess.requireUsable(dst);
        boolean inPlace = RawAccess.isSafe(dst);
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            MemorySegment bytes = inPlace ? dst : scratch.copyBuffer(size);
            long r = receiveMessage(scratch, fd, bytes, size, flags, from, null);
            if (r > 0 && !inPlace) {
                MemorySegment.copy(bytes, 0, dst, 0, Math.min(r, size));
            }
            return r;
        }
    }

    @Override
    public final long recvMsg(int fd, MemorySegment dst, AddressBuffer from, Control control)
            throws IOException {
        RawAccess.requireUsable(dst);
        control.clear();
        long size = dst.byteSize();
        boolean inPlace = RawAccess.isSafe(dst);
        if (!inPlace && wouldBlock(fd, size, from)) {
            return Sockets.WOULD_BLOCK;
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : size)) {
            MemorySegment bytes = inPlace ? dst : scratch.copyBuffer(size);
            long r = receiveMessage(scratch, fd, bytes, size, c.MSG_DONTWAIT() | c.MSG_WHOLE_LENGTH(),
                (UnixAddressBuffer) from, (UnixControl) control);
            if (r > 0 && !inPlace) {
                MemorySegment.copy(bytes, 0, dst, 0, Math.min(r, size));
            }
            return r;
        }
    }

    private long receiveMessage(NativeScratch scratch, int fd, MemorySegment dst, long size, int flags,
            UnixAddressBuffer from, UnixControl control) throws IOException {
        MemorySegment message = scratch.wholeMessage;
        long r;
        do {
            prepare(scratch, dst, size, from, control, control == null ? 0 : control.capacity());
            if (from != null) {
                message.set(JAVA_INT, c.MSGHDR_NAMELEN(), Structs.SOCKADDR_STORAGE_SIZE);
            }
            r = Libc.recvmsg(fd, message, control == null ? flags : flags | c.MSG_CMSG_CLOEXEC());
        } while (r == -Posix.EINTR);
        Reference.reachabilityFence(dst);
        if (from != null) {
            from.setLength(r < 0 ? 0 : message.get(JAVA_INT, c.MSGHDR_NAMELEN()));
        }
        if (r < 0) {
            return failed(fd, "recvmsg", r);
        }
        int received = message.get(JAVA_INT, c.MSGHDR_FLAGS());
        if (control != null) {
            control.received((int) c.length(message, c.MSGHDR_CONTROLLEN()), received);
        }
        return r <= size && (received & c.MSG_TRUNC()) != 0 ? size + 1 : r;
    }

    private void prepare(NativeScratch scratch, MemorySegment bytes, long size, UnixAddressBuffer address,
            UnixControl control, int controlLength) {
        MemorySegment message = scratch.wholeMessage;
        MemorySegment vector = scratch.vectors(1);
        vector.set(JAVA_LONG, Structs.IOVEC_BASE, bytes.address());
        vector.set(JAVA_LONG, Structs.IOVEC_LEN, size);
        message.set(JAVA_LONG, c.MSGHDR_NAME(), address == null ? 0 : address.address.address());
        message.set(JAVA_INT, c.MSGHDR_NAMELEN(), address == null ? 0 : address.length());
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vector.address());
        c.setLength(message, c.MSGHDR_IOVLEN(), 1);
        message.set(JAVA_LONG, c.MSGHDR_CONTROL(), control == null ? 0 : control.memory.address());
        c.setLength(message, c.MSGHDR_CONTROLLEN(), controlLength);
        message.set(JAVA_INT, c.MSGHDR_FLAGS(), 0);
    }

    // ---- sending

    @Override
    public final long send(int fd, MemorySegment src, AddressBuffer to) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) to;
        return address == null ? transmit(fd, src, MemorySegment.NULL, 0)
            : transmit(fd, src, address.address, address.length());
    }

    @Override
    public final long sendTo(int fd, MemorySegment src, SocketAddress to) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int length = sockaddr.write(scratch.addressBytes, sockaddr.family(to), to);
            return transmit(fd, src, scratch.address, length);
        }
    }

    @Override
    public final long send(int fd, byte[] src, int off, int len, AddressBuffer to) throws IOException {
        UnixAddressBuffer address = (UnixAddressBuffer) to;
        try (NativeScratch scratch = NativeScratch.enterToCopy(len)) {
            MemorySegment bytes = scratch.copyBuffer(len);
            MemorySegment.copy(src, off, bytes, JAVA_BYTE, 0, len);
            return address == null ? transmit(fd, bytes, len, MemorySegment.NULL, 0)
                : transmit(fd, bytes, len, address.address, address.length());
        }
    }

    private long transmit(int fd, MemorySegment src, MemorySegment to, int toLength) throws IOException {
        long size = src.byteSize();
        if (src.isNative()) {
            return transmit(fd, src, size, to, toLength);
        }
        try (NativeScratch scratch = NativeScratch.enterToCopy(size)) {
            return transmit(fd, copy(src, scratch), size, to, toLength);
        }
    }

    private static MemorySegment copy(MemorySegment src, NativeScratch scratch) {
        MemorySegment bytes = scratch.copyBuffer(src.byteSize());
        MemorySegment.copy(src, 0, bytes, 0, src.byteSize());
        return bytes;
    }

    private long transmit(int fd, MemorySegment src, long size, MemorySegment to, int toLength) throws IOException {
        int flags = c.MSG_DONTWAIT() | c.MSG_NOSIGNAL();
        long r;
        do {
            r = toLength == 0 ? Libc.send(fd, src, 0, size, flags) : Libc.sendto(fd, src, size, flags, to, toLength);
        } while (r == -Posix.EINTR);
        return r >= 0 ? r : failed(fd, toLength == 0 ? "send" : "sendto", r);
    }

    @Override
    public final long sendMsg(int fd, MemorySegment src, AddressBuffer to, Control control)
            throws IOException {
        RawAccess.requireUsable(src);
        boolean inPlace = RawAccess.isSafe(src);
        UnixControl messages = (UnixControl) control;
        try (NativeScratch scratch = NativeScratch.enterToCopy(inPlace ? 0 : src.byteSize())) {
            MemorySegment bytes = inPlace ? src : copy(src, scratch);
            long r;
            do {
                prepare(scratch, bytes, src.byteSize(), (UnixAddressBuffer) to, messages, messages.sendLength());
                r = Libc.sendmsg(fd, scratch.wholeMessage, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
            } while (r == -Posix.EINTR);
            Reference.reachabilityFence(bytes);
            return r >= 0 ? r : failed(fd, "sendmsg", r);
        }
    }

    // ---- batches

    @Override
    public int recvBatch(int fd, Batch batch) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.clear();
        b.setCount(0);
        int deferred = b.takeDeferred(fd);
        if (deferred != 0) {
            throw errors.socket("recvmsg", deferred);
        }
        b.prepareReceive();
        int n = 0;
        long r = 0;
        while (n < b.capacity() && r >= 0) {
            do {
                r = Libc.recvmsg(fd, b.header(n), c.MSG_DONTWAIT() | c.MSG_CMSG_CLOEXEC());
            } while (r == -Posix.EINTR);
            if (r >= 0) {
                b.received(n++, r);
            }
        }
        b.setCount(n);
        if (n == 0) {
            return (int) failed(fd, "recvmsg", r);
        }
        if (r < 0 && r != -c.EAGAIN()) {
            b.defer(fd, (int) -r);
        }
        return n;
    }

    @Override
    public int sendBatch(int fd, Batch batch, int first) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.prepareSend(first);
        int n = 0;
        while (n < b.count() - first) {
            long r;
            do {
                r = Libc.sendmsg(fd, b.header(first + n), c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
            } while (r == -Posix.EINTR);
            if (r < 0) {
                return n > 0 ? n : (int) failed(fd, "sendmsg", r); // the next call fails with the same error
            }
            n++;
        }
        return n;
    }
}
