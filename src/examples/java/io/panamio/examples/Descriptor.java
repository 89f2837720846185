package io.panamio.examples;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.Interest;
import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.SourceFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A descriptor of Linux that is no socket, and a {@link SourceFd} by which a Poll watches it: what the descriptors here
 * have in common. It owns the descriptor, which the SourceFd does not. For one thread at a time.
 *
 * <p>The calls are made by {@code java.lang.foreign}, for which a program needs native access, or the JDK warns: where
 * these classes have been copied to a module, {@code --enable-native-access=io.panamio,THAT.MODULE}; on the class path
 * {@code --enable-native-access=ALL-UNNAMED}.
 */
public abstract class Descriptor implements AutoCloseable {
    private static final MethodHandle READ = SystemCalls.link("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

    /** Where {@link #read} puts what it reads. */
    final MemorySegment buffer;
    /** Where calls on the descriptor leave errno. */
    final MemorySegment errno = SystemCalls.errnoIn(Arena.ofAuto());

    private final int fd;
    private final SourceFd source;
    private final IoOperation read = this::read; // once, so that a loop allocates nothing
    private boolean closed;

    Descriptor(int fd, long bufferSize) {
        this.fd = fd;
        source = new SourceFd(fd);
        buffer = Arena.ofAuto().allocate(bufferSize, 8);
    }

    /**
     * What to register with a Poll, for {@link Interest#READABLE}.
     *
     * @return the source, always the same
     */
    public final SourceFd source() {
        return source;
    }

    final int fd() {
        return fd;
    }

    /** Reads into {@link #buffer}: how many bytes, or would block, and then there will be an event for more. */
    final long read() throws IOException {
        return source.tryIo(Interest.READABLE, read);
    }

    private long read(int open) throws IOException {
        try {
            long n = (long) READ.invokeExact(errno, open, buffer, buffer.byteSize());
            if (n >= 0) {
                return n;
            }
        } catch (Throwable t) {
            throw SystemCalls.unexpected(t);
        }
        if (SystemCalls.errno(errno) == SystemCalls.EAGAIN) {
            return IoResult.WOULD_BLOCK;
        }
        throw SystemCalls.failure("read", SystemCalls.errno(errno));
    }

    /** Ends the watch, and closes the descriptor then. Does nothing the second time. */
    @Override
    public final void close() throws IOException {
        if (!closed) {
            closed = true;
            source.close();
            SystemCalls.call("close", fd);
        }
    }
}
