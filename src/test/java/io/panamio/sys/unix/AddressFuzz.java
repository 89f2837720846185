package io.panamio.sys.unix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.net.UnixAddress;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Addresses of Linux as the system writes them, read by {@link Sockaddr} and by the layouts of ip(7) and so on. */
public final class AddressFuzz {
    private static final int SIZE = 128;
    private static final int UNIX = 1;
    private static final int INET = 2;
    private static final int INET6 = 10;

    private AddressFuzz() {
    }

    /** The first byte is the length that the system reports, the rest is the address. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        int length = Math.min(Byte.toUnsignedInt(input[0]), SIZE);
        byte[] all = Arrays.copyOf(Arrays.copyOfRange(input, 1, length + 1), SIZE);
        UnixAddressBuffer buffer = (UnixAddressBuffer) Platform.current().messages().newAddress();
        buffer.set(MemorySegment.ofArray(all), 0, length);
        int family = ByteBuffer.wrap(all).order(ByteOrder.nativeOrder()).getShort(0);
        if (length <= 2) {
            assertNull(buffer.get());
            assertNull(buffer.family());
            return;
        }
        if (family != UNIX && family != INET && family != INET6) {
            assertThrows(IllegalArgumentException.class, buffer::get);
            return;
        }
        SocketAddress read = buffer.get();
        if (family == UNIX) {
            unix((UnixAddress) read, all, Math.min(length, 110));
            assertEquals(-1, buffer.port());
        } else {
            inet((InetSocketAddress) read, all, family);
            assertEquals(((InetSocketAddress) read).getPort(), buffer.port());
            assertEquals(family == INET ? AddressFamily.IPV4 : AddressFamily.IPV6, buffer.family());
        }
        again(read);
    }

    private static void unix(UnixAddress read, byte[] all, int length) {
        boolean isAbstract = all[2] == 0;
        assertEquals(isAbstract, read.isAbstract());
        int end = isAbstract ? length : 2;
        while (end < length && !isAbstract && all[end] != 0) {
            end++;
        }
        assertArrayEquals(Arrays.copyOfRange(all, isAbstract ? 3 : 2, end), read.bytes());
    }

    private static void inet(InetSocketAddress read, byte[] all, int family) {
        assertEquals((all[2] & 255) << 8 | all[3] & 255, read.getPort());
        byte[] ip = read.getAddress().getAddress();
        int end = family == INET ? 8 : 24;
        assertArrayEquals(Arrays.copyOfRange(all, end - ip.length, end), ip);
        if (read.getAddress() instanceof Inet6Address v6) {
            int scope = ByteBuffer.wrap(all).order(ByteOrder.nativeOrder()).getInt(24);
            assertEquals(Math.max(scope, 0), v6.getScopeId());
        }
    }

    /** Writes the address, which reads the same again, and is equal as a buffer. */
    private static void again(SocketAddress address) {
        if (address instanceof UnixAddress unix && (unix.bytes().length > 107 || unix.bytes().length == 0)) {
            return; // a path without a terminating zero; a name that the system chooses
        }
        UnixAddressBuffer first = (UnixAddressBuffer) Platform.current().messages().newAddress();
        first.set(address);
        assertEquals(address, first.get());
        UnixAddressBuffer second = (UnixAddressBuffer) Platform.current().messages().newAddress();
        second.set(first);
        assertEquals(first, second);
        assertEquals(first.hashCode(), second.hashCode());
        assertEquals(address, second.get());
    }
}
