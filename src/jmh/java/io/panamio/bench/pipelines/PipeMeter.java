package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Measure;
import io.panamio.bench.rig.Server;
import io.panamio.bench.rig.Wrk;
import io.panamio.bench.rig.WrkMeter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Measures a file server or a proxy. {@link Probe} checks a response once. */
final class PipeMeter extends WrkMeter<Body> {
    private final Path files;
    /** The size of a whole response, head and body; heads differ between servers. */
    private final Map<Server, Map<Body, Long>> responseSizes = new HashMap<>();

    PipeMeter(Path files, Wrk wrk, Server backEnd, int seconds, int warmUp, boolean repeat) {
        super(wrk, backEnd, seconds, warmUp, repeat);
        this.files = files;
    }

    @Override
    public List<Measure> measures(Body body) {
        return List.of(new Measure("requests", "requests/s"), new Measure("throughput", "GB/s"),
            new Measure("cpu", "µs/request"), new Measure("cpu per GB", "s/GB"), new Measure("heap", "B/request"),
            new Measure("busy", "processors"), new Measure("disturbed", "processors"));
    }

    @Override
    protected Wrk.Request request(Body body, Server server) {
        return new Wrk.Request("http:/" + server.address() + "/" + body.file(), body.connections(), "", null);
    }

    @Override
    protected void check(Body body, Server server) throws IOException {
        responseSizes.computeIfAbsent(server, s -> new HashMap<>())
            .put(body, Probe.responseSize(server.address(), body, files.resolve(body.file())));
    }

    @Override
    protected double[] values(Body body, Server server, Usage usage) {
        double bytes = usage.run().bytes();
        double seconds = usage.run().seconds();
        double requests = bytes / responseSizes.get(server).get(body);
        return new double[] {requests / seconds, bytes / 1e9 / seconds, 1e6 * usage.cpu() / requests,
            usage.cpu() / (bytes / 1e9), usage.heap() / (requests / seconds), usage.busy(), usage.disturbed()};
    }
}
