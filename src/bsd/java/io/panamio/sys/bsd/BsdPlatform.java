package io.panamio.sys.bsd;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.CopyingSends;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Selector;
import io.panamio.sys.ZeroCopy;
import io.panamio.sys.unix.PollEvents;
import io.panamio.sys.unix.UnixPlatform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What macOS and FreeBSD share: kqueue, or poll(2) with {@code -Dpanamio.selector=poll}. */
public abstract class BsdPlatform extends UnixPlatform {
    private static final boolean POLL = isPoll("kqueue");

    private final String name;
    private final BsdConstants c;

    /** Creates the platform. */
    protected BsdPlatform(String name, BsdConstants constants) {
        super(constants);
        this.name = name;
        c = constants;
    }

    // ---- selectors

    @Override
    public final Selector openSelector() throws IOException {
        return POLL ? openPollSelector(this::isRefused) : KqueueSelector.open(c, this::isFile);
    }

    private boolean isFile(int fd) {
        return ((BsdTransfers) transfers()).isFile(fd);
    }

    private boolean isRefused(int fd) {
        return isFile(fd) || KqueueSelector.refuses(c, fd);
    }

    @Override
    public final EventBuffer newEvents(int capacity) {
        return POLL ? PollEvents.withCapacity(capacity) : KqueueEvents.withCapacity(c, capacity);
    }

    // ---- memory

    @Override
    public final MemorySegment map(long size) {
        return map(size, Bsd.MAP_ANON);
    }

    @Override
    public final MemorySegment mapTwice(long size) {
        return MirroredMemory.map(openShared(), size);
    }

    /** Opens a new shared memory object without a name; returns a negative number if that is refused. */
    protected abstract int openShared();

    @Override
    public final void unmapTwice(MemorySegment twice) {
        unmap(twice);
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
