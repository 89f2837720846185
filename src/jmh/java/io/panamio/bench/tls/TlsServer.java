package io.panamio.bench.tls;

import io.panamio.bench.rig.Contender;
import java.util.List;

/**
 * A server that can be started.
 *
 * @param name its name in the tables
 * @param main its class
 */
record TlsServer(String name, Class<?> main) implements Contender {
    /** All servers. */
    static List<TlsServer> all() {
        return List.of(new TlsServer("panamio-tls", PanamioTls.class), new TlsServer("netty-tls", NettyTls.class));
    }

    @Override
    public boolean isJava() {
        return true;
    }

    @Override
    public List<String> command(int port) {
        return Contender.java(main, Integer.toString(port));
    }

    @Override
    public String toString() {
        return name;
    }
}
