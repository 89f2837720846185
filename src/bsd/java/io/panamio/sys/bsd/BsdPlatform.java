package io.panamio.sys.bsd;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.CopyingSends;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Selector;
import io.panamio.sys.ZeroCopy;
import io.panamio.sys.unix.PollEvents;
import io.panamio.sys.unix.PollSelector;
import io.panamio.sys.unix.UnixPlatform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What macOS and FreeBSD share: kqueue, or poll(2) with {@code -Dpanamio.selector=poll}. */
public abstract class BsdPlatform extends UnixPlatform {
    private static final boolean POLL = isPoll(System.getProperty("panamio.selector", "kqueue"));

    private final String name;
    private final BsdConstants c;
    private final Mapping mapping;

    /** Creates the platform. */
    protected BsdPlatform(String name, BsdConstants constants) {
        super(constants);
        this.name = name;
        c = constants;
        mapping = new Mapping(constants);
    }

    private static boolean isPoll(String selector) {
        return switch (selector) {
            case "kqueue" -> false;
            case "poll" -> true;
            default -> throw new UnsupportedOperationException(
                "no selector \"" + selector + "\"; panamio.selector may be kqueue or poll");
        };
    }

    /** Throws, unless there are bindings for a processor; returns whether it is x86-64. */
    protected static boolean isX86(String arch) {
        return switch (arch) {
            case "amd64", "x86_64" -> true;
            case "aarch64" -> false;
            default -> throw new UnsupportedOperationException(
                "the processor " + arch + " is not supported; x86-64 and aarch64 are");
        };
    }

    // ---- selectors

    @Override
    public final Selector openSelector() throws IOException {
        return POLL ? openPollSelector() : KqueueSelector.open(c, this::isFile);
    }

    private boolean isFile(int fd) {
        return ((BsdTransfers) transfers()).isFile(fd);
    }

    private Selector openPollSelector() throws IOException {
        PipeEnd[] ends = pipes().open();
        try {
            return PollSelector.open(c, this::isFile, ends[0].fd(), ends[1].fd());
        } catch (Throwable t) {
            ends[0].discard();
            ends[1].discard();
            throw t;
        }
    }

    @Override
    public final EventBuffer newEvents(int capacity) {
        return POLL ? PollEvents.withCapacity(capacity) : KqueueEvents.withCapacity(c, capacity);
    }

    // ---- memory

    @Override
    public final MemorySegment map(long size) {
        return mapping.once(size);
    }

    @Override
    public final MemorySegment mapTwice(long size) {
        return mapping.twice(openShared(), size);
    }

    /** Opens a new shared memory object without a name; returns a negative number if that is refused. */
    protected abstract int openShared();

    @Override
    public final void unmapTwice(MemorySegment twice) {
        Mapping.munmap(twice, twice.byteSize());
    }

    @Override
    public final void unmap(MemorySegment mapped) {
        Mapping.munmap(mapped, mapped.byteSize());
    }

    // ---- features

    @Override
    public final String toString() {
        return name + (POLL ? " with poll(2)" : " with kqueue(2)");
    }

    @Override
    public Support support(Feature feature) {
        return switch (feature) {
            case EDGES -> POLL ? Support.EMULATED : Support.SUPPORTED;
            case EXCLUSIVE -> POLL ? Support.EMULATED : Support.REFUSED;
            case POLL_DESCRIPTOR -> POLL ? Support.REFUSED : Support.SUPPORTED;
            case PRIORITY -> POLL || c.EVFILT_EXCEPT() != 0 ? Support.SUPPORTED : Support.REFUSED;
            case BUSY_POLL, PIPE_REDIRECTS, NAMED_PIPES, ABSTRACT_ADDRESSES, CREDENTIAL_PASSING,
                DATAGRAM_SEGMENTATION, DATAGRAM_TRAFFIC_OPTIONS -> Support.REFUSED;
            case WRITE_MORE, SPLICE, ZERO_COPY -> Support.EMULATED;
            default -> Support.SUPPORTED;
        };
    }

    // ---- groups of calls

    private static final class ZeroCopyCalls {
        static final ZeroCopy ZERO_COPY = new CopyingSends();
    }

    @Override
    public final ZeroCopy zeroCopy() {
        return ZeroCopyCalls.ZERO_COPY;
    }
}
