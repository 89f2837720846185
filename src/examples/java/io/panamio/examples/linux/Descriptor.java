package io.panamio.examples.linux;

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
 * A descriptor that is not a socket, and a {@link SourceFd} to register it with a Poll: the base class of the
 * descriptors in this package. It owns the descriptor; the SourceFd does not. Not thread-safe.
 *
 * <p>Uses {@code java.lang.foreign}, which requires native access; without it the JDK prints a warning. If these
 * classes are copied to a module: {@code --enable-native-access=io.panamio,THAT.MODULE}; on the class path {@code
 * --enable-native-access=ALL-UNNAMED}.
 */
public abstract class Descriptor implements AutoCloseable {
    private static final MethodHandle READ = SystemCalls.link("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

    /** The target of {@link #read}. */
    final MemorySegment buffer;
    /** Receives errno. */
    final MemorySegment errno = SystemCalls.errnoIn(Arena.ofAuto());

    private final int fd;
    private final SourceFd source;
    private final IoOperation read = this::read; // created once, so that a loop allocates nothing
    private boolean closed;

    Descriptor(int fd, long bufferSize) {
        this.fd = fd;
        source = new SourceFd(fd);
        buffer = Arena.ofAuto().allocate(bufferSize, 8);
    }

    /**
     * Returns the source to register with a Poll, for {@link Interest#READABLE}.
     *
     * @return the source, always the same
     */
    public final SourceFd source() {
        return source;
    }

    final int fd() {
        return fd;
    }

    /** Reads into {@link #buffer}. Returns the number of bytes, or WOULD_BLOCK, after which an event reports more. */
    final long read() throws IOException {
        return source.tryIo(Interest.READABLE, read);
    }

    private long read(int open) throws IOException {
        do {
            try {
                long n = (long) READ.invokeExact(errno, open, buffer, buffer.byteSize());
                if (n >= 0) {
                    return n;
                }
            } catch (Throwable t) {
                throw SystemCalls.unexpected(t);
            }
        } while (SystemCalls.errno(errno) == SystemCalls.EINTR);
        if (SystemCalls.errno(errno) == SystemCalls.EAGAIN) {
            return IoResult.WOULD_BLOCK;
        }
        throw SystemCalls.failure("read", SystemCalls.errno(errno));
    }

    /** Deregisters the source, then closes the descriptor. Has no effect if already closed. */
    @Override
    public final void close() throws IOException {
        if (!closed) {
            closed = true;
            source.close();
            SystemCalls.call("close", fd);
        }
    }
}
