package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.NativeScratch;
import io.panamio.sys.unix.UnixPipes;
import java.io.File;
import java.io.IOException;

/** Pipes of Linux, which opens a non-blocking, close-on-exec one in one call. */
final class LinuxPipes extends UnixPipes {
    LinuxPipes() {
        super(LinuxConstants.INSTANCE);
    }

    @Override
    public int[] open() throws IOException {
        int[] ends = new int[2]; // before the call, as nothing may fail after it
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Epoll.pipe2(scratch.argument, Linux.O_NONBLOCK | Linux.O_CLOEXEC);
            if (r < 0) {
                throw new Errors(LinuxConstants.INSTANCE).io("pipe2", -r);
            }
            ends[0] = scratch.argumentBytes.getInt(0);
            ends[1] = scratch.argumentBytes.getInt(4);
        }
        return ends;
    }

    /** Opening this file creates another open file description of the pipe, see proc(5). */
    @Override
    public File file(int fd) {
        return new File("/proc/self/fd/" + fd);
    }
}
