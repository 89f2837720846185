package io.panamio.test.soak;

import io.panamio.test.support.Certificates;
import io.panamio.tls.TlsOptions;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** The engines of both ends. */
final class Tls {
    static final TlsOptions OPTIONS = TlsOptions.DEFAULT.handshakeTimeout(Duration.ofMinutes(10));
    private static final SSLContext SERVER = small(Certificates.context(Certificates.ALPHA));
    private static final SSLContext CLIENT = small(Certificates.context());

    private Tls() {
    }

    /** Has the JDK keep few sessions: its caches fill for hours. */
    private static SSLContext small(SSLContext context) {
        context.getClientSessionContext().setSessionCacheSize(16);
        context.getServerSessionContext().setSessionCacheSize(16);
        return context;
    }

    static SSLEngine server() {
        return SERVER.createSSLEngine();
    }

    static SSLEngine client() {
        return CLIENT.createSSLEngine("localhost", 1);
    }
}
