package io.panamio.sys.linux;

import io.panamio.sys.unix.UnixPipes;
import java.io.File;

/** Pipes of Linux, which can be opened again through {@code /proc}. */
final class LinuxPipes extends UnixPipes {
    LinuxPipes() {
        super(LinuxConstants.INSTANCE);
    }

    /** Opening this file creates another open file description of the pipe, see proc(5). */
    @Override
    public File file(int fd) {
        return new File("/proc/self/fd/" + fd);
    }
}
