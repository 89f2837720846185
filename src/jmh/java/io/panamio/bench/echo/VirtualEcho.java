package io.panamio.bench.echo;

import io.panamio.Interest;
import io.panamio.bench.rig.Allocations;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * The contenders {@code virtual} and {@code virtual-jdk}: echo with a virtual thread for each connection, on blocking
 * streams of this library and on sockets of the JDK. All else is the same.
 */
final class VirtualEcho {
    private static final int BACKLOG = 4096;
    private static final int BUFFER_SIZE = 2048; // for each connection

    private VirtualEcho() {
    }

    /** {@code PORT [jdk]}. */
    public static void main(String[] args) throws IOException {
        Allocations.answer();
        InetSocketAddress address =
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), Integer.parseInt(args[0]));
        if (args.length > 1) {
            jdk(address);
        } else {
            panamio(address);
        }
    }

    private static void jdk(InetSocketAddress address) throws IOException {
        try (ServerSocket listener = new ServerSocket(address.getPort(), BACKLOG, address.getAddress())) {
            for (;;) {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                Thread.startVirtualThread(() -> {
                    try {
                        echo(socket, socket.getInputStream(), socket.getOutputStream());
                    } catch (IOException e) {
                        // the connection is broken
                    }
                });
            }
        }
    }

    private static void panamio(InetSocketAddress address) throws IOException {
        try (Poller poller = Poller.open(); TcpListener listener = TcpListener.bind(address)) {
            for (;;) {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    poller.await(listener, Interest.READABLE);
                    continue;
                }
                stream.setNoDelay(true);
                Thread.startVirtualThread(() -> {
                    try {
                        echo(stream::close, poller.inputStream(stream), poller.outputStream(stream));
                    } catch (IOException e) {
                        // the connection is broken
                    }
                });
            }
        }
    }

    private static void echo(Closeable connection, InputStream in, OutputStream out) throws IOException {
        try (connection) {
            byte[] buffer = new byte[BUFFER_SIZE];
            for (int n; (n = in.read(buffer)) > 0;) {
                out.write(buffer, 0, n);
            }
        }
    }
}
