package io.panamio.bench;

import io.panamio.Interest;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A virtual thread for each connection, which waits until it ends: by a {@link Poller}, or in a socket of the JDK. */
final class IdleVirtual {
    private static final int BACKLOG = 4096;
    private static final int BUFFER_SIZE = 1; // for each connection: nothing is received

    private IdleVirtual() {
    }

    private interface Server {
        void run() throws IOException;
    }

    /** Starts the server on this library, and returns the port. */
    static int start() throws IOException {
        Poller poller = Poller.open();
        TcpListener listener = TcpListener.bind(new InetSocketAddress(0));
        start(() -> {
            for (;;) {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    poller.await(listener, Interest.READABLE);
                    continue;
                }
                stream.setNoDelay(true);
                IdleServer.opened();
                start(() -> awaitEnd(poller.inputStream(stream)));
            }
        });
        return listener.localAddress().getPort();
    }

    /** Starts the server on the JDK, and returns the port. */
    static int startJdk() throws IOException {
        ServerSocket listener = new ServerSocket(0, BACKLOG, InetAddress.getByName("0.0.0.0"));
        start(() -> {
            for (;;) {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                IdleServer.opened();
                start(() -> awaitEnd(socket.getInputStream()));
            }
        });
        return listener.getLocalPort();
    }

    private static void awaitEnd(InputStream in) throws IOException {
        try (in) {
            byte[] buffer = new byte[BUFFER_SIZE];
            while (in.read(buffer) >= 0) {
                // nothing to do
            }
        }
        IdleServer.closed();
    }

    private static void start(Server server) {
        Thread.startVirtualThread(() -> {
            try {
                server.run();
            } catch (IOException e) {
                System.err.println(e);
                Runtime.getRuntime().halt(1);
            }
        });
    }
}
