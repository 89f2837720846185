package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.msghdr;
import io.panamio.bindings.linux.sock_extended_err;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Sockets;
import io.panamio.sys.ZeroCopy;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** MSG_ZEROCOPY, see Documentation/networking/msg_zerocopy.rst of the kernel. */
final class LinuxZeroCopy extends ZeroCopy {
    private static final Errors ERRORS = new Errors(LinuxConstants.INSTANCE);
    private static final ControlFormat FORMAT = new ControlFormat(LinuxConstants.INSTANCE);

    // ---- sockets

    @Override
    public boolean isEnabled(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 0).putInt(8, Integer.BYTES);
            int r = Libc.getsockopt(fd, Linux.SOL_SOCKET, Linux.SO_ZEROCOPY, scratch.argument,
                scratch.argument.asSlice(8, Integer.BYTES));
            return r == 0 && scratch.argumentBytes.getInt(0) != 0;
        }
    }

    @Override
    public boolean enable(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, 1);
            return Libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_ZEROCOPY, scratch.argument, Integer.BYTES) == 0;
        }
    }

    @Override
    public long send(int fd, MemorySegment src, long off, long len) throws IOException {
        int flags = Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL | Linux.MSG_ZEROCOPY;
        long size = Math.min(len, Libc.MAX_TRANSFER);
        long r;
        do {
            r = Libc.send(fd, src, off, size, flags);
        } while (r == -Linux.EINTR);
        if (r >= 0) {
            return r;
        }
        if (LinuxConstants.INSTANCE.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        if (r == -Linux.ENOBUFS) {
            return REFUSED; // too many sends, or too much memory, are pending
        }
        throw ERRORS.socket("send", (int) -r);
    }

    // ---- completions

    @Override
    public int complete(int fd, Completion to) throws IOException {
        int reports = 0;
        try (NativeScratch scratch = NativeScratch.enter()) {
            for (;;) {
                long r = receiveReports(fd, scratch);
                if (r >= 0) {
                    int length = (int) scratch.wholeMessageBytes.getLong((int) msghdr.msg_controllen$offset());
                    reports += deliver(scratch.address, length, to);
                } else if (r == -Linux.EAGAIN) {
                    return reports;
                } else if (r != -Linux.EINTR) {
                    throw ERRORS.socket("recvmsg", (int) -r);
                }
            }
        }
    }

    /** Receives control messages only, into the room for an address, which is enough for at least two reports. */
    private static long receiveReports(int fd, NativeScratch scratch) {
        ByteBuffer header = scratch.wholeMessageBytes;
        header.putLong((int) msghdr.msg_name$offset(), 0).putLong((int) msghdr.msg_iovlen$offset(), 0);
        header.putLong((int) msghdr.msg_control$offset(), scratch.address.address());
        header.putLong((int) msghdr.msg_controllen$offset(), scratch.address.byteSize());
        return Libc.recvmsg(fd, scratch.wholeMessage, Linux.MSG_ERRQUEUE | Linux.MSG_DONTWAIT);
    }

    /** Passes on the reports among control messages, a struct sock_extended_err each. */
    private static int deliver(MemorySegment control, int length, Completion to) {
        int reports = 0;
        for (int at = 0; FORMAT.hasMessage(at, length); at = FORMAT.next(control, at, length)) {
            long report = FORMAT.data(at);
            if (isError(FORMAT.level(control, at), FORMAT.type(control, at))
                    && FORMAT.dataSize(control, at, length) >= sock_extended_err.sizeof()
                    && control.get(JAVA_BYTE, report + sock_extended_err.ee_origin$offset())
                        == Linux.SO_EE_ORIGIN_ZEROCOPY) {
                to.completed(control.get(JAVA_INT, report + sock_extended_err.ee_info$offset()),
                    control.get(JAVA_INT, report + sock_extended_err.ee_data$offset()),
                    control.get(JAVA_BYTE, report + sock_extended_err.ee_code$offset())
                        == Linux.SO_EE_CODE_ZEROCOPY_COPIED);
                reports++;
            }
        }
        return reports;
    }

    private static boolean isError(int level, int type) {
        return level == Linux.IPPROTO_IP && type == Linux.IP_RECVERR
            || level == Linux.IPPROTO_IPV6 && type == Linux.IPV6_RECVERR;
    }
}
