package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.SourceFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Set;

/** Examples for the Javadoc of {@code IoSource} and {@code SourceFd}. */
final class SourceSnippets {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle READ = LINKER.downcallHandle(LINKER.defaultLookup().find("read").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
        Linker.Option.captureCallState("errno"));
    private static final Set<Integer> EAGAIN = Set.of(11, 35); // Linux; macOS and the BSDs

    private SourceSnippets() {
    }

    /** read(2): the number of bytes, 0 at the end, or WOULD_BLOCK. */
    private static long nativeRead(int fd, MemorySegment dst) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long n = (long) READ.invokeExact(state, fd, dst, dst.byteSize());
            if (n >= 0) {
                return n;
            }
            int errno = (int) Linker.Option.captureStateLayout()
                .varHandle(MemoryLayout.PathElement.groupElement("errno")).get(state, 0L);
            if (EAGAIN.contains(errno)) {
                return IoResult.WOULD_BLOCK;
            }
            throw new IOException("read: error " + errno);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    // @start region="own-source"
    /** A device that is read through a downcall of its own. */
    static final class Device extends IoSource {
        Device(int fd) {
            super(fd);
        }

        long read(MemorySegment dst) throws IOException {
            int fd = begin(); // throws if this is closed
            try {
                long n = nativeRead(fd, dst);
                if (n == IoResult.WOULD_BLOCK) {
                    drained(Interest.READABLE);
                }
                return n;
            } finally {
                end();
            }
        }
    }
    // @end

    static long readPending(Poll poll, int fd, MemorySegment buffer) throws IOException {
        // @start region="source-fd"
        long received = 0;
        try (SourceFd source = new SourceFd(fd)) {
            poll.registry().register(source, 0, Interest.READABLE);
            poll.poll(Events.withCapacity(1));
            long n;
            while ((n = source.tryIo(Interest.READABLE, open -> nativeRead(open, buffer))) > 0) {
                received += n;
            }
        } // deregistered; the descriptor is still open
        // @end
        return received;
    }
}
