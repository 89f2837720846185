package io.panamio.examples.proxy;

import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpStream;
import io.panamio.tls.TlsOptions;
import io.panamio.tls.TlsStream;
import javax.net.ssl.SSLContext;

/**
 * Which connections of a proxy are encrypted.
 *
 * @param ofClients the context for those of clients; null if they are not
 * @param toServer the context for those to the server; null if they are not
 * @param serverName the name for which the certificate of the server must be valid
 * @param options the time for handshakes
 */
public record Encryption(SSLContext ofClients, SSLContext toServer, String serverName, TlsOptions options) {
    /** Nothing is encrypted. */
    public static final Encryption NONE = new Encryption(null, null, null, TlsOptions.DEFAULT);

    DuplexStream ofClient(TcpStream client, SegmentPool pool) {
        return ofClients == null ? client : TlsStream.server(client, ofClients.createSSLEngine(), pool, options);
    }

    DuplexStream toServer(TcpStream server, SegmentPool pool) {
        return toServer == null ? server
            : TlsStream.client(server, toServer.createSSLEngine(serverName, 443), pool, options);
    }
}
