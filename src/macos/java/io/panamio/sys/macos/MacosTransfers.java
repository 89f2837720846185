package io.panamio.sys.macos;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.bsd.BsdTransfers;
import io.panamio.sys.unix.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Files and sendfile(2) of macOS. */
final class MacosTransfers extends BsdTransfers {
    MacosTransfers() {
        super(MacosConstants.INSTANCE,
            MacosPlatform.X86_64 ? Libc.function("fstat$INODE64") : Libc.function("fstat"));
    }

    private static final MemorySegment SENDFILE = Libc.function("sendfile");

    private static int sendfile(int file, int to, long position, MemorySegment length, MemorySegment headers,
            int flags) {
        int r = Libc.call(SENDFILE, file, to, position, length.address(), headers.address(), flags);
        Reference.reachabilityFence(length);
        return r;
    }

    /** The length is read and written. */
    @Override
    protected int sendFile(int to, int file, long position, long count, MemorySegment sent) {
        sent.set(JAVA_LONG, 0, count);
        return sendfile(file, to, position, sent, MemorySegment.NULL, 0);
    }
}
