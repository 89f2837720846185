package io.panamio.sys.windows;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.bindings.windows.Windows;
import io.panamio.sys.CopyingSends;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Messages;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Pipes;
import io.panamio.sys.Platform;
import io.panamio.sys.Selector;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import io.panamio.sys.Transfers;
import io.panamio.sys.ZeroCopy;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Windows 10 and later on x86-64 and aarch64: poll requests of AFD, the driver of sockets, over a completion port. */
public final class WindowsPlatform extends Platform {
    /** Creates the platform. */
    @SuppressWarnings("restricted")
    public WindowsPlatform() {
        processor("x86_64", "aarch64");
        MemorySegment.NULL.reinterpret(0); // throws if native access is denied, before an initializer does
        String selector = System.getProperty("panamio.selector", "afd");
        if (!selector.equals("afd")) {
            throw new UnsupportedOperationException(
                "no selector \"" + selector + "\"; panamio.selector may be afd");
        }
    }

    @Override
    public Selector openSelector() throws IOException {
        return new CompletionSelector();
    }

    @Override
    public EventBuffer newEvents(int capacity) {
        return new CompletionEvents(capacity);
    }

    // ---- features

    @Override
    public String toString() {
        return "Windows with AFD over a completion port";
    }

    @Override
    public Support support(Feature feature) {
        return switch (feature) {
            case EDGES, PIPES, DATAGRAM_BATCHES, WRITE_MORE, SEND_FILE, SPLICE, ZERO_COPY -> Support.EMULATED;
            case PRIORITY, NAMED_PIPES, IPV4_DATAGRAM_INTERFACE, SOURCE_MEMBERSHIP, TCP_INFO -> Support.SUPPORTED;
            case MIRRORED_MEMORY -> Kernel32.hasPlaceholders() ? Support.SUPPORTED : Support.EMULATED;
            default -> Support.REFUSED;
        };
    }

    // ---- groups of calls: each a constant for the JIT compiler, created when first used

    private static final class Calls {
        static final Sockets SOCKETS = new WindowsSockets();
        static final Streams STREAMS = WindowsStreams.open();
    }

    private static final class MessageCalls { // classes that TCP does not need
        static final Messages MESSAGES = new WindowsMessages();
    }

    private static final class PipeCalls {
        static final Pipes PIPES = new WindowsPipes();
    }

    private static final class ZeroCopyCalls {
        static final ZeroCopy ZERO_COPY = new CopyingSends();
    }

    private static final class TransferCalls {
        static final Transfers TRANSFERS = new WindowsTransfers();
    }

    @Override
    public Sockets sockets() {
        return Calls.SOCKETS;
    }

    @Override
    public Streams streams() {
        return Calls.STREAMS;
    }

    @Override
    public ZeroCopy zeroCopy() {
        return ZeroCopyCalls.ZERO_COPY;
    }

    @Override
    public Messages messages() {
        return MessageCalls.MESSAGES;
    }

    @Override
    public Pipes pipes() {
        return PipeCalls.PIPES;
    }

    @Override
    public Transfers transfers() {
        return TransferCalls.TRANSFERS;
    }

    // ---- descriptors

    @Override
    public boolean isNonBlocking(int fd) {
        return true; // Winsock does not report it
    }

    @Override
    public void setNonBlocking(int fd, boolean on) throws IOException {
        int r = ioctlNonBlocking(fd, on);
        if ((r == -Windows.WSAENOTSOCK || r == -Windows.WSAEOPNOTSUPP) && Kernel32.isPipe(fd)) {
            if (!on) {
                throw new UnsupportedOperationException("Feature.PIPES has no blocking mode on " + this);
            }
        } else if (r < 0) {
            throw Errors.socket("ioctlsocket", "FIONBIO", -r);
        }
    }

    private static int ioctlNonBlocking(int fd, boolean on) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, on ? 1 : 0);
            return Winsock.ioctlsocket(fd, Windows.FIONBIO, scratch.argument);
        }
    }

    @Override
    public void close(int fd) {
        SocketState.forget(fd);
        int r = Winsock.closesocket(fd);
        if (r == -Windows.WSAEWOULDBLOCK) { // SO_LINGER and unsent data: still open, and waits only in blocking mode
            ioctlNonBlocking(fd, false);
            Winsock.closesocket(fd);
        } else if (r == -Windows.WSAENOTSOCK) { // of a source of the user's
            Kernel32.closeHandle(fd);
        }
    }

    // ---- memory

    @Override
    public MemorySegment allocate(long bytes) {
        return Memory.allocate(bytes);
    }

    @Override
    public void free(MemorySegment block) {
        Kernel32.free(block.address());
    }

    @Override
    public long pageSize() {
        return Memory.pageSize();
    }

    @Override
    public MemorySegment map(long size) {
        return Memory.map(size);
    }

    @Override
    public void unmap(MemorySegment mapping) {
        Memory.unmap(mapping);
    }

    @Override
    public MemorySegment mapTwice(long size) {
        return Memory.mapTwice(size);
    }

    @Override
    public void unmapTwice(MemorySegment twice) {
        Memory.unmapTwice(twice);
    }
}
