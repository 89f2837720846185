package io.panamio.jmh;

import io.panamio.IoResult;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Both ends of a connection with Panamio. */
@State(Scope.Thread)
public class PanamioPair {
    TcpStream client;
    TcpStream server;

    /** Connects. */
    @Setup
    public void open() throws IOException {
        try (TcpListener listener = TcpListener.bind(loopback())) {
            client = TcpStream.connect(listener.localAddress());
            server = accept(listener);
        }
        Operation.check(client.finishConnect());
        client.setNoDelay(true);
        server.setNoDelay(true);
    }

    /** Closes both ends. */
    @TearDown
    public void close() {
        client.close();
        server.close();
    }

    /** Returns an address on the loopback interface with a port chosen by the system: IPv4 for all contenders. */
    static InetSocketAddress loopback() throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0);
    }

    /** Accepts a connection, which on the loopback interface is almost always pending already. */
    static TcpStream accept(TcpListener listener) throws IOException {
        TcpStream accepted;
        do {
            accepted = listener.accept();
        } while (accepted == null);
        return accepted;
    }

    /** Receives what was sent before, which has almost always arrived already. */
    long receive(MemorySegment dst) throws IOException {
        long n;
        do {
            n = server.read(dst);
        } while (n == IoResult.WOULD_BLOCK);
        return n;
    }
}
