package io.panamio.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A minimal echo server on the Foreign Function and Memory API: no library, blocking calls, one handle for all
 * functions. The time that it takes longer than {@link StartNio} is the JDK's, and inevitable for {@link StartPanamio}.
 */
public final class StartFfm {
    private static final long BEGIN = System.nanoTime();
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle CALL = link();
    private static final MemorySegment ERRNO = Arena.global().allocate(8, 8);
    private static final MemorySegment MEMORY = Arena.global().allocate(4096, 16);

    private StartFfm() {
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link() {
        return LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));
    }

    private static int call(String function, long... arguments) throws Throwable {
        long[] a = Arrays.copyOf(arguments, 4);
        MemorySegment address = LINKER.defaultLookup().find(function).orElseThrow();
        int r = (int) (long) CALL.invokeExact(address, ERRNO, a[0], a[1], a[2], a[3]);
        if (r < 0) {
            int errno = ERRNO.asByteBuffer().order(ByteOrder.nativeOrder()).getInt();
            throw new IllegalStateException(function + " has failed, errno " + errno);
        }
        return r;
    }

    /**
     * Runs the server.
     *
     * @param args the port
     */
    public static void main(String... args) throws Throwable {
        long open = System.nanoTime();
        int port = Integer.parseInt(args[0]);
        ByteBuffer bytes = MEMORY.asByteBuffer().order(ByteOrder.nativeOrder());
        bytes.putShort(0, (short) 2); // struct sockaddr_in: AF_INET, the port, 127.0.0.1
        bytes.put(2, new byte[] {(byte) (port >> 8), (byte) port, 127, 0, 0, 1});
        long memory = MEMORY.address();
        int listener = call("socket", 2, 1, 0);
        call("bind", listener, memory, 16);
        call("listen", listener, 1);
        System.out.println(BEGIN);
        System.out.println(open);
        System.out.println("listening");
        int stream = call("accept", listener, 0, 0);
        for (int n; (n = call("recv", stream, memory, MEMORY.byteSize(), 0)) > 0;) {
            call("send", stream, memory, n, 0);
        }
    }
}
