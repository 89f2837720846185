package io.panamio.test.snippets;

import io.panamio.net.TcpStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** An action with a connected stream and its peer. */
interface Connection {
    void use(TcpStream stream, Socket peer) throws Exception;

    static void run(Connection action) throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket server = new ServerSocket(0, 1, here);
                TcpStream stream = TcpStream.connect(new InetSocketAddress(here, server.getLocalPort()));
                Socket peer = server.accept()) {
            while (!stream.finishConnect()) {
                Thread.onSpinWait();
            }
            action.use(stream, peer);
        }
    }
}
