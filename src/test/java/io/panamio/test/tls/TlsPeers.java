package io.panamio.test.tls;

import io.panamio.test.support.Certificates;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Peers that use the JDK's own blocking sockets. */
final class TlsPeers {
    private static final SSLContext SERVER = Certificates.context(Certificates.ALPHA);
    private static final SSLContext CLIENT = Certificates.context();

    private TlsPeers() {
    }

    /** Returns a socket of the JDK's TLS over one of TCP. */
    static SSLSocket over(Socket socket, String protocol, boolean client) throws IOException {
        SSLSocket made = (SSLSocket) (client ? CLIENT : SERVER).getSocketFactory()
            .createSocket(socket, "localhost", socket.getPort(), true);
        made.setUseClientMode(client);
        made.setEnabledProtocols(new String[] {protocol});
        made.setSoTimeout((int) Loop.LONG.toMillis());
        return made;
    }
}
