package io.panamio.sys.freebsd;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.Messages;
import io.panamio.sys.Pipes;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import io.panamio.sys.Transfers;
import io.panamio.sys.bsd.BsdConstants;
import io.panamio.sys.bsd.BsdPlatform;
import io.panamio.sys.unix.UnixPipes;

/** FreeBSD on aarch64 and x86-64: kqueue, or poll(2) with {@code -Dpanamio.selector=poll}. */
public final class FreebsdPlatform extends BsdPlatform {
    static final boolean X86_64 = processor("x86_64", "aarch64").equals("x86_64");

    /** Creates the platform. */
    public FreebsdPlatform() {
        super("FreeBSD", constants());
    }

    private static BsdConstants constants() {
        requireNativeAccess();
        return FreebsdConstants.INSTANCE;
    }

    @Override
    protected int openShared() {
        return SharedMemory.open();
    }

    @Override
    public Support support(Feature feature) {
        return feature == Feature.IPV4_DATAGRAM_INTERFACE ? Support.REFUSED : super.support(feature);
    }

    // ---- groups of calls: each a constant for the JIT compiler, created when first used

    private static final class Calls {
        static final Sockets SOCKETS = new FreebsdSockets();
        static final Streams STREAMS = streams(FreebsdConstants.INSTANCE, 0);
    }

    private static final class PipeCalls {
        static final Pipes PIPES = new UnixPipes(FreebsdConstants.INSTANCE);
    }

    private static final class MessageCalls { // ten classes that TCP does not need
        static final Messages MESSAGES = new FreebsdMessages();
    }

    private static final class TransferCalls {
        static final Transfers TRANSFERS = new FreebsdTransfers();
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
    public Pipes pipes() {
        return PipeCalls.PIPES;
    }

    @Override
    public Messages messages() {
        return MessageCalls.MESSAGES;
    }

    @Override
    public Transfers transfers() {
        return TransferCalls.TRANSFERS;
    }
}
