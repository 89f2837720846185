package io.panamio.sys.freebsd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.Feature;
import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.sys.Platform;
import io.panamio.sys.bsd.BsdControl;
import io.panamio.sys.unix.ControlFormat;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Control messages of FreeBSD, where those of IPv4 contain an address without an interface. */
final class FreebsdControl extends BsdControl {
    private FreebsdControl(ControlFormat format, MemorySegment memory) {
        super(FreebsdConstants.INSTANCE, format, memory);
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link FreebsdMessages}. */
    static BsdControl in(ControlFormat format, MemorySegment memory) {
        return new FreebsdControl(format, memory);
    }

    @Override
    public InetAddress destination() {
        int data = find(Freebsd.IPPROTO_IP, Freebsd.IP_RECVDSTADDR, 4);
        try {
            return data < 0 ? super.destination()
                : InetAddress.getByAddress(memory.asSlice(data, 4).toArray(JAVA_BYTE));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
    }

    /** {@inheritDoc} That of IPv4 is not reported to an IPv6 socket either: it could not be used for a reply. */
    @Override
    public int interfaceIndex() {
        return destination() instanceof Inet4Address ? -1 : super.interfaceIndex();
    }

    @Override
    public void putSource(InetAddress address, int interfaceIndex) {
        if (!(address instanceof Inet4Address)) {
            super.putSource(address, interfaceIndex);
        } else if (interfaceIndex != 0) {
            throw Platform.current().refusal(Feature.IPV4_DATAGRAM_INTERFACE);
        } else {
            MemorySegment.copy(address.getAddress(), 0, memory, JAVA_BYTE,
                add(Freebsd.IPPROTO_IP, Freebsd.IP_SENDSRCADDR, 4), 4);
        }
    }
}
