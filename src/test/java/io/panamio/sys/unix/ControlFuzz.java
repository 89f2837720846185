package io.panamio.sys.unix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Control messages of Linux as a receive leaves them, read by {@link UnixControl} and with the numbers of recvmsg(2),
 * cmsg(3), ip(7), ipv6(7), unix(7) and udp(7).
 */
public final class ControlFuzz {
    private static final int HEADER = 16;
    private static final int CAPACITY = 256;

    private ControlFuzz() {
    }

    /** A message. */
    private record Message(int level, int type, byte[] data) {
        boolean is(int aLevel, int aType) {
            return level == aLevel && type == aType;
        }

        ByteBuffer bytes() {
            return ByteBuffer.wrap(data).order(ByteOrder.nativeOrder());
        }
    }

    /** The first byte is the number of bytes that were received, the rest is the memory. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] all = Arrays.copyOf(Arrays.copyOfRange(input, 1, input.length), CAPACITY);
        int length = Byte.toUnsignedInt(input[0]);
        UnixControl control = (UnixControl) Platform.current().messages().newControl(CAPACITY);
        MemorySegment.copy(MemorySegment.ofArray(all), 0, control.memory, 0, CAPACITY);
        control.received(length, input.length % 2 == 0 ? 0 : 8); // MSG_CTRUNC
        int[] fds = control.takeFds(); // first: a clear would close them
        assertEquals(input.length % 2 != 0, control.isTruncated());
        assertEquals(length == 0, control.isEmpty());
        List<Message> messages = messages(ByteBuffer.wrap(all, 0, length).order(ByteOrder.nativeOrder()));
        assertArrayEquals(fds(messages), fds);
        assertEquals(0, control.takeFds().length, "taken twice");
        assertEquals(number(messages, 0, 2, 41, 52), control.ttl());
        assertEquals(number(messages, 0, 1, 41, 67), control.trafficClass());
        assertEquals(number(messages, 17, 104), control.segmentSize());
        ByteBuffer time = first(messages, 1, 35, 16);
        assertEquals(time == null ? -1 : time.getLong(0) * 1_000_000_000 + time.getLong(8), control.timestampNanos());
        ByteBuffer user = first(messages, 1, 2, 12);
        assertArrayEquals(user == null ? null : new int[] {user.getInt(0), user.getInt(4), user.getInt(8)},
            control.credentials());
        ByteBuffer v4 = first(messages, 0, 8, 12);
        ByteBuffer v6 = first(messages, 41, 50, 20);
        assertEquals(v4 != null ? v4.getInt(0) : v6 != null ? v6.getInt(16) : -1, control.interfaceIndex());
        byte[] address = v4 != null ? Arrays.copyOfRange(v4.array(), 8, 12)
            : v6 == null ? null : Arrays.copyOf(v6.array(), 16);
        if (address == null) {
            assertNull(control.destination());
        } else {
            byte[] got = control.destination().getAddress();
            assertArrayEquals(got, Arrays.copyOfRange(address, address.length - got.length, address.length));
        }
        for (Message m : messages) {
            assertArrayEquals(find(messages, m.level, m.type).data,
                control.get(m.level, m.type).toArray(ValueLayout.JAVA_BYTE));
        }
        assertEquals(messages.size(), control.toString().split("type", -1).length - 1);
        again(control, messages);
    }

    /** Writes the messages, which reads the same again. */
    private static void again(UnixControl control, List<Message> messages) {
        UnixControl copy = (UnixControl) Platform.current().messages().newControl(2 * CAPACITY);
        for (Message m : messages) {
            copy.put(m.level, m.type, MemorySegment.ofArray(m.data));
        }
        ByteBuffer sent = copy.memory.asSlice(0, copy.sendLength()).asByteBuffer().order(ByteOrder.nativeOrder());
        List<Message> got = messages(sent);
        assertEquals(messages.size(), got.size());
        for (int i = 0; i < got.size(); i++) {
            assertTrue(got.get(i).is(messages.get(i).level, messages.get(i).type));
            assertArrayEquals(messages.get(i).data, got.get(i).data);
        }
        control.clear();
        assertTrue(control.isEmpty() && !control.isTruncated());
    }

    /** Walks as CMSG_NXTHDR does, but clamps lengths that are too large or too small for a message. */
    private static List<Message> messages(ByteBuffer from) {
        List<Message> messages = new ArrayList<>();
        int at = 0;
        while (from.limit() - at >= HEADER) {
            long size = Math.max(HEADER, Math.min(from.getLong(at), from.limit() - at));
            byte[] data = new byte[(int) size - HEADER];
            from.get(at + HEADER, data);
            messages.add(new Message(from.getInt(at + 8), from.getInt(at + 12), data));
            at += (int) (size + 7 & ~7);
        }
        return messages;
    }

    private static Message find(List<Message> messages, int level, int type) {
        return messages.stream().filter(m -> m.is(level, type)).findFirst().orElse(null);
    }

    private static ByteBuffer first(List<Message> messages, int level, int type, int min) {
        Message m = find(messages, level, type);
        return m == null || m.data.length < min ? null : m.bytes();
    }

    /** Returns the number of the first of two messages, or else of the second, unless it is negative; or -1. */
    private static int number(List<Message> messages, int... levelsAndTypes) {
        int n = -1;
        for (int i = 0; n < 0 && i < levelsAndTypes.length; i += 2) {
            Message m = find(messages, levelsAndTypes[i], levelsAndTypes[i + 1]);
            n = m == null || m.data.length == 0 ? -1
                : m.data.length >= 4 ? m.bytes().getInt(0) : Byte.toUnsignedInt(m.data[0]);
        }
        return n;
    }

    /** Returns the descriptors up to the first negative number, at which the reader stops. */
    private static int[] fds(List<Message> messages) {
        return messages.stream().filter(m -> m.is(1, 1))
            .flatMapToInt(m -> {
                int[] fds = new int[m.data.length / 4];
                m.bytes().asIntBuffer().get(fds);
                return Arrays.stream(fds);
            }).takeWhile(fd -> fd >= 0).toArray();
    }
}
