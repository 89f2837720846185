package io.panamio.jmh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Both ends of a connection with NIO. */
@State(Scope.Thread)
public class NioPair {
    SocketChannel client;
    SocketChannel server;

    /** Connects. */
    @Setup
    public void open() throws IOException {
        try (ServerSocketChannel listener = listen()) {
            client = connect((InetSocketAddress) listener.getLocalAddress());
            server = accept(listener);
        }
        Operation.check(client.finishConnect());
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        server.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    /** Closes both ends. */
    @TearDown
    public void close() throws IOException {
        client.close();
        server.close();
    }

    // IPv4, like the other contenders; the default of NIO is IPv6

    static ServerSocketChannel listen() throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.INET);
        listener.bind(PanamioPair.loopback()).configureBlocking(false);
        return listener;
    }

    static SocketChannel connect(InetSocketAddress remote) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
        channel.configureBlocking(false);
        channel.connect(remote);
        return channel;
    }

    static SocketChannel accept(ServerSocketChannel listener) throws IOException {
        SocketChannel accepted;
        do {
            accepted = listener.accept();
        } while (accepted == null);
        accepted.configureBlocking(false);
        return accepted;
    }

    /** Sends all of a buffer. */
    int send(ByteBuffer src) throws IOException {
        return client.write(src.clear());
    }

    /** Receives what was sent before, which has almost always arrived already. */
    int receive(ByteBuffer dst) throws IOException {
        int n;
        do {
            n = server.read(dst.clear());
        } while (n == 0);
        return n;
    }
}
