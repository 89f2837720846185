package io.panamio.bench.tls;

import io.panamio.bench.rig.Scenario;
import java.util.List;

/**
 * The load on the servers.
 *
 * @param key its name on the command line
 * @param title its name in the results
 * @param tls13 whether by TLS 1.3, otherwise 1.2
 * @param page what is requested, see {@link Content}
 * @param unit what is counted
 * @param perRequest how many of it there are in a request: records that carry data, or one handshake
 * @param connections the number of connections
 */
record TlsScenario(String key, String title, boolean tls13, char page, String unit, int perRequest, int connections)
        implements Scenario {
    private static final int RECORDS = Content.LARGE >> 14;

    /** All scenarios. */
    static List<TlsScenario> all() {
        return List.of(
            new TlsScenario("handshake-1.3", "a handshake, TLS 1.3", true, Content.CLOSE, "handshake", 1, 16),
            new TlsScenario("handshake-1.2", "a handshake, TLS 1.2", false, Content.CLOSE, "handshake", 1, 16),
            new TlsScenario("send-1k", "send 1 KiB, TLS 1.3", true, Content.KIB, "record", 1, 64),
            new TlsScenario("send-1.3", "send 1 MiB, TLS 1.3", true, Content.MIB, "record", RECORDS, 16),
            new TlsScenario("send-1.2", "send 1 MiB, TLS 1.2", false, Content.MIB, "record", RECORDS, 16),
            new TlsScenario("receive-1.3", "receive 1 MiB, TLS 1.3", true, Content.UPLOAD, "record", RECORDS, 16),
            new TlsScenario("receive-1.2", "receive 1 MiB, TLS 1.2", false, Content.UPLOAD, "record", RECORDS, 16));
    }

    @Override
    public String toString() {
        return key;
    }
}
