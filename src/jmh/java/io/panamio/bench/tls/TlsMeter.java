package io.panamio.bench.tls;

import io.panamio.bench.rig.Measure;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.Wrk;
import io.panamio.bench.rig.WrkMeter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLSocket;

/** Measures a server, and compares one response of each kind, byte by byte. */
final class TlsMeter extends WrkMeter<TlsScenario> {
    private static final String UPLOAD = """
        wrk.method = "POST"
        wrk.body = string.rep("x", %d) .. "!"
        """.formatted(Content.LARGE - 1);
    private static final int TIMEOUT_MILLIS = 60_000;

    private final Path tls12;

    /** @param tls12 a configuration of OpenSSL that allows for TLS 1.2 at most */
    TlsMeter(Wrk wrk, Path tls12, int seconds, int warmUp) {
        super(wrk, null, seconds, warmUp, true);
        this.tls12 = tls12;
    }

    @Override
    public List<Measure> measures(TlsScenario scenario) {
        String one = scenario.unit();
        return List.of(new Measure("rate", one + "s/s"), new Measure("cpu", "µs/" + one),
            new Measure("heap", "B/" + one), new Measure("busy", "processors"),
            new Measure("disturbed", "processors"));
    }

    @Override
    protected Wrk.Request request(TlsScenario scenario, Server server) {
        return new Wrk.Request("https:/" + server.address() + "/" + scenario.page(), scenario.connections(),
            scenario.page() == Content.UPLOAD ? UPLOAD : "", scenario.tls13() ? null : tls12);
    }

    @Override
    protected void check(TlsScenario scenario, Server server) throws IOException {
        if (scenario.page() == Content.UPLOAD) {
            return; // its response is empty
        }
        try (SSLSocket socket = (SSLSocket) Trusting.context().getSocketFactory()
                .createSocket(server.address().getAddress(), server.address().getPort())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setEnabledProtocols(new String[] {scenario.tls13() ? "TLSv1.3" : "TLSv1.2"});
            socket.getOutputStream().write(("GET /" + scenario.page() + " HTTP/1.1\r\n\r\n").getBytes());
            byte[] expected = Content.response(scenario.page());
            if (!Arrays.equals(expected, socket.getInputStream().readNBytes(expected.length))) {
                throw new IOException("another response");
            }
        }
    }

    @Override
    protected double[] values(TlsScenario scenario, Server server, Usage usage) {
        double count = usage.run().responses() * scenario.perRequest();
        double rate = count / usage.run().seconds();
        return new double[] {rate, 1e6 * usage.cpu() / count, usage.heap() / rate, usage.busy(), usage.disturbed()};
    }
}
