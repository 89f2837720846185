package io.panamio.sys.freebsd;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.bsd.BsdTransfers;
import io.panamio.sys.unix.Libc;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Files and sendfile(2) of FreeBSD, whose seventh argument is on the stack on x86-64. */
final class FreebsdTransfers extends BsdTransfers {
    FreebsdTransfers() {
        super(FreebsdConstants.INSTANCE, Libc.function("fstat"));
    }

    static final class Sendfile {
        static MethodHandle call = Libc.link("sendfile",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_INT));
    }

    private static int sendfile(int file, int to, long position, long count, MemorySegment headers,
            MemorySegment sent, int flags) {
        return Libc.invoke(capture -> (int) Sendfile.call.invokeExact(capture, file, to, position, count, headers, sent,
            flags));
    }

    @Override
    protected int sendFile(int to, int file, long position, long count, MemorySegment sent) {
        sent.set(JAVA_LONG, 0, 0);
        return sendfile(file, to, position, count, MemorySegment.NULL, sent, 0);
    }
}
