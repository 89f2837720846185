package io.panamio.jmh;

import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Connects, accepts, checks that the connect has succeeded, and closes both ends, which are non-blocking IPv4 sockets.
 * On the loopback interface a connection is established when connect returns, so nothing waits. Seven system calls:
 * socket, connect, accept4, getsockopt, getpeername, and two close; NIO makes 16.
 *
 * <p>The accepted end closes first, so TIME_WAIT stays on the listener's port, where a new connection with the same
 * client port is accepted as soon as its timestamp is newer (RFC 6191); client ports are free immediately and do not
 * run out.
 */
public class ConnectAcceptClose extends Operation {
    /** A listener. */
    @State(Scope.Thread)
    public static class Panamio {
        private TcpListener listener;
        private InetSocketAddress address;

        /** Opens the listener. */
        @Setup
        public void open() throws IOException {
            listener = TcpListener.bind(PanamioPair.loopback());
            address = listener.localAddress();
        }

        /** Closes. */
        @TearDown
        public void close() {
            listener.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        TcpStream client = TcpStream.connect(state.address);
        TcpStream server = PanamioPair.accept(state.listener);
        check(client.finishConnect());
        server.close();
        client.close();
    }

    /** A listener. */
    @State(Scope.Thread)
    public static class Nio {
        private ServerSocketChannel listener;
        private InetSocketAddress address;

        /** Opens the listener. */
        @Setup
        public void open() throws IOException {
            listener = NioPair.listen();
            address = (InetSocketAddress) listener.getLocalAddress();
        }

        /** Closes. */
        @TearDown
        public void close() throws IOException {
            listener.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        SocketChannel client = NioPair.connect(state.address);
        SocketChannel server = NioPair.accept(state.listener);
        check(client.finishConnect());
        server.close();
        client.close();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
