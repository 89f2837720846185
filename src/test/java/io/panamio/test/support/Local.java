package io.panamio.test.support;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.until;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.ReadableStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Fixtures for Unix sockets and pipes: names, connections with the JDK's channels, and bytes. */
public final class Local {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Path DIRECTORY = Path.of(System.getProperty("java.io.tmpdir"));

    private Local() {
    }

    // ---- names

    /** {@return a path that does not exist; a file created there is deleted with the loop} */
    public static Path path(Loop loop) {
        Path path = DIRECTORY.resolve("panamio-" + ProcessHandle.current().pid() + "-" + COUNT.getAndIncrement());
        loop.later((AutoCloseable) () -> Files.deleteIfExists(path));
        return path;
    }

    public static UnixAddress address(Loop loop) {
        Loop.assume(Feature.UNIX_STREAMS);
        return UnixAddress.ofPath(path(loop));
    }

    /** {@return an abstract name that is not in use} */
    public static UnixAddress abstractAddress() {
        Loop.assume(Feature.ABSTRACT_ADDRESSES);
        String name = "panamio-" + ProcessHandle.current().pid() + "-" + COUNT.getAndIncrement();
        return UnixAddress.ofAbstract(name.getBytes());
    }

    // ---- connections

    /** A connected stream of the library and the JDK's channel at its other end. */
    public record Pair(UnixStream stream, SocketChannel peer) {
    }

    /** Opens a listening JDK channel. */
    public static ServerSocketChannel server(Loop loop, UnixAddress address) throws IOException {
        Loop.assume(Feature.UNIX_STREAMS);
        return loop.later(ServerSocketChannel.open(StandardProtocolFamily.UNIX)).bind(address.toJdk());
    }

    /** A JDK channel that has connected to a listener. */
    public static SocketChannel client(Loop loop, UnixAddress address) throws IOException {
        return loop.later(SocketChannel.open(address.toJdk()));
    }

    /** A stream that has connected to a JDK channel. */
    public static Pair connected(Loop loop) throws IOException {
        Loop.assume(Feature.UNIX_STREAMS);
        UnixAddress address = address(loop);
        try (ServerSocketChannel server = server(loop, address)) {
            UnixStream stream = loop.later(UnixStream.connect(address));
            return new Pair(stream, loop.later(server.accept()));
        }
    }

    /** A stream that was accepted from a JDK channel. */
    public static Pair accepted(Loop loop) throws IOException {
        Loop.assume(Feature.UNIX_STREAMS);
        UnixAddress address = address(loop);
        try (UnixListener listener = UnixListener.bind(address)) {
            SocketChannel peer = client(loop, address);
            return new Pair(loop.later(listener.accept()), peer);
        }
    }

    public static UnixStream[] pair(Loop loop) throws IOException {
        Loop.assume(Feature.UNIX_STREAMS);
        UnixStream[] pair = UnixStream.pair();
        loop.later(pair[0]);
        loop.later(pair[1]);
        return pair;
    }

    // ---- bytes

    public static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    public static void send(SocketChannel peer, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            peer.write(buffer);
        }
    }

    /** Reads a number of bytes, or fewer if the stream ends. */
    public static byte[] receive(SocketChannel peer, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && peer.read(buffer) >= 0) {
            Thread.onSpinWait();
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** Reads exactly a number of bytes. */
    public static byte[] readFully(ReadableStream stream, int length) throws IOException {
        byte[] all = new byte[length];
        int[] got = new int[1];
        until(length + " bytes", () -> {
            long n = stream.read(all, got[0], length - got[0]);
            assertTrue(n > 0 || n == WOULD_BLOCK || length == 0, "end after " + got[0] + " of " + length + " bytes");
            got[0] += (int) Math.max(n, 0);
            return got[0] == length;
        });
        return all;
    }

    /** Writes until the stream would block, and returns the number of bytes written. */
    public static long fill(WritableStream stream) throws IOException {
        byte[] bytes = new byte[4096];
        long all = 0;
        long n;
        while ((n = stream.write(bytes, 0, bytes.length)) != WOULD_BLOCK) {
            all += n;
        }
        return all;
    }

    // ---- other programs

    /** Starts a program, which the loop terminates when closed; skips the test if it is not installed. */
    public static Process start(Loop loop, String... command) throws IOException {
        MissingPrograms.require(command[0]);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        loop.later((AutoCloseable) () -> end(process.destroyForcibly()));
        return process;
    }

    /** Waits for a program's end, and closes its streams, which the JDK would do a little later. */
    public static void end(Process process) throws IOException, InterruptedException {
        assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
        process.getOutputStream().close();
        process.getInputStream().close();
        process.getErrorStream().close();
    }
}
