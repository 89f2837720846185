package io.panamio.jmh;

import io.panamio.net.UnixStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Sends 64 bytes over a Unix stream and receives them, in one thread: two system calls. */
public class UnixSendRecv extends Operation {
    /** Two streams of Panamio. */
    @State(Scope.Thread)
    public static class Panamio {
        UnixStream[] pair;

        /** Connects. */
        @Setup
        public void open() throws IOException {
            pair = UnixStream.pair();
        }

        /** Closes both ends. */
        @TearDown
        public void close() {
            pair[0].close();
            pair[1].close();
        }
    }

    /** Two channels of NIO. */
    @State(Scope.Thread)
    public static class Nio {
        SocketChannel client;
        SocketChannel server;

        /** Connects. */
        @Setup
        public void open() throws IOException {
            Path directory = Files.createTempDirectory("panamio");
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
            try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                client = SocketChannel.open(listener.bind(address).getLocalAddress());
                server = listener.accept();
            }
            Files.delete(address.getPath());
            Files.delete(directory);
            client.configureBlocking(false);
            server.configureBlocking(false);
        }

        /** Closes both ends. */
        @TearDown
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    @Benchmark
    public void panamio(Panamio unix, Memory memory) throws IOException {
        check(unix.pair[0].write(memory.segment) == Memory.BYTES);
        check(unix.pair[1].read(memory.segment) == Memory.BYTES);
    }

    @Benchmark
    public void panamioHeap(Panamio unix, Memory memory) throws IOException {
        check(unix.pair[0].write(memory.array, 0, Memory.BYTES) == Memory.BYTES);
        check(unix.pair[1].read(memory.array, 0, Memory.BYTES) == Memory.BYTES);
    }

    @Benchmark
    public void nio(Nio unix, Memory memory) throws IOException {
        exchange(unix, memory.direct);
    }

    @Benchmark
    public void nioHeap(Nio unix, Memory memory) throws IOException {
        exchange(unix, memory.heap);
    }

    private static void exchange(Nio unix, ByteBuffer memory) throws IOException {
        check(unix.client.write(memory.clear()) == Memory.BYTES);
        check(unix.server.read(memory.clear()) == Memory.BYTES);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
