package io.panamio.sys.linux;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.bindings.linux.Linux;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Messages;
import io.panamio.sys.Pipes;
import io.panamio.sys.Selector;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import io.panamio.sys.Transfers;
import io.panamio.sys.ZeroCopy;
import io.panamio.sys.unix.PollEvents;
import io.panamio.sys.unix.UnixConstants;
import io.panamio.sys.unix.UnixPlatform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Linux on 64-bit processors: epoll, or poll(2) with {@code -Dpanamio.selector=poll}. */
public class LinuxPlatform extends UnixPlatform {
    private static final String PROCESSOR =
        processor("x86_64", "aarch64", "riscv64", "s390x", "ppc64le", "loongarch64");
    static final boolean X86_64 = PROCESSOR.equals("x86_64");
    static final boolean PPC64LE = PROCESSOR.equals("ppc64le");
    private static final boolean POLL = isPoll("epoll");

    /** Creates the platform. */
    public LinuxPlatform() {
        super(constants());
    }

    private static UnixConstants constants() {
        requireNativeAccess();
        return LinuxConstants.INSTANCE;
    }

    @Override
    public Selector openSelector() throws IOException {
        return POLL ? openPollSelector(EpollSelector::refuses) : new EpollSelector();
    }

    @Override
    public EventBuffer newEvents(int capacity) {
        return POLL ? PollEvents.withCapacity(capacity) : new EpollEvents(capacity);
    }

    @Override
    public MemorySegment map(long size) {
        return map(size, Linux.MAP_ANONYMOUS);
    }

    @Override
    public MemorySegment mapTwice(long size) {
        return MirroredMemory.map(size);
    }

    @Override
    public void unmapTwice(MemorySegment twice) {
        MirroredMemory.unmap(twice);
    }

    // ---- features

    @Override
    public String toString() {
        return POLL ? "Linux with poll(2)" : "Linux with epoll(7)";
    }

    @Override
    public Support support(Feature feature) {
        return switch (feature) {
            case EDGES -> POLL ? Support.EMULATED : Support.SUPPORTED;
            case EXCLUSIVE -> POLL ? Support.EMULATED : Support.SUPPORTED; // more than one may wake up
            case POLL_DESCRIPTOR, BUSY_POLL -> POLL ? Support.REFUSED : Support.SUPPORTED;
            case NAMED_PIPES -> Support.REFUSED;
            case DATAGRAM_BATCHES -> either(LinuxMessages.HAS_BATCHES);
            case SEND_FILE -> LinuxTransfers.hasStatx() ? either(LinuxTransfers.hasSendfile()) : Support.REFUSED;
            case SPLICE -> either(LinuxTransfers.hasSplice());
            case MIRRORED_MEMORY -> either(MirroredMemory.isSupported());
            default -> Support.SUPPORTED;
        };
    }

    private static Support either(boolean supported) {
        return supported ? Support.SUPPORTED : Support.EMULATED;
    }

    // ---- groups of calls: each a constant for the JIT compiler, created when first used

    private static final class Calls {
        static final Sockets SOCKETS = new LinuxSockets();
        static final Streams STREAMS = streams(LinuxConstants.INSTANCE, Linux.MSG_MORE);
    }

    private static final class PipeCalls {
        static final Pipes PIPES = new LinuxPipes();
    }

    private static final class MessageCalls { // ten classes that TCP does not need
        static final Messages MESSAGES = new LinuxMessages();
    }

    private static final class TransferCalls {
        static final Transfers TRANSFERS = new LinuxTransfers();
    }

    private static final class ZeroCopyCalls {
        static final ZeroCopy ZERO_COPY = new LinuxZeroCopy();
    }

    @Override
    public Sockets sockets() {
        return Calls.SOCKETS;
    }

    @Override
    public Messages messages() {
        return MessageCalls.MESSAGES;
    }

    @Override
    public Transfers transfers() {
        return TransferCalls.TRANSFERS;
    }

    @Override
    public ZeroCopy zeroCopy() {
        return ZeroCopyCalls.ZERO_COPY;
    }

    @Override
    public Streams streams() {
        return Calls.STREAMS;
    }

    @Override
    public Pipes pipes() {
        return PipeCalls.PIPES;
    }
}
