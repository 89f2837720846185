package io.panamio.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server and its client, whose connections {@link Memory} measures. */
final class IdlePair implements AutoCloseable {
    /** The number of connections opened or closed before waiting for the server; its backlog is larger. */
    static final int BURST = 500;

    private final IdleProcess server;
    private final IdleProcess client;
    private long opened;
    private long closed;
    private long processorNanos;
    private long allocatedBytes;

    /** Starts both, with heaps for that many connections. */
    IdlePair(String contender, int connections, Path log) throws IOException {
        boolean tls = isTls(contender);
        long heap = 128 + connections / (tls ? 16 : 256); // MiB: 64 or 4 KiB for each connection
        List<String> options = new ArrayList<>(List.of("-XX:MarkSweepDeadRatio=0", // no garbage is left
            "-Xmn16m", "-Xms" + heap + "m", "-Xmx" + heap + "m"));
        if (Runtime.version().feature() >= 23) {
            options.add("--sun-misc-unsafe-memory-access=allow"); // for Netty
        }
        server = new IdleProcess(IdleServer.class, contender, options, log);
        try {
            client = new IdleProcess(IdleClient.class, (tls ? IdleClient.TLS : "") + server.read(),
                List.of("-Xmx" + heap + "m"), log);
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** Returns whether its connections are encrypted, so that each takes a handshake. */
    static boolean isTls(String contender) {
        return List.of("panamio-tls", "engine", "netty-tls").contains(contender);
    }

    /** Returns the number of connections that both have descriptors for. */
    int maxConnections() throws IOException {
        return (Math.min(server.maxDescriptors(), client.maxDescriptors()) - 200) / BURST * BURST;
    }

    long connections() {
        return opened - closed;
    }

    /**
     * Opens a burst of connections and waits until the server has accepted them.
     *
     * @return the reason why not all could be opened, or null
     */
    String open() throws IOException {
        String[] answer = client.ask("open " + BURST).split(" ", 2);
        opened += Integer.parseInt(answer[0]);
        usage();
        return answer.length > 1 ? answer[1] : null;
    }

    /** Closes a burst of connections, the oldest ones, and waits until the server has closed them. */
    void closeOldest() throws IOException {
        client.ask("close " + BURST);
        closed += BURST;
        usage();
    }

    /** Opens and closes bursts of connections. */
    void churn(int bursts) throws IOException {
        for (int i = 0; i < bursts; i++) {
            String stop = open();
            if (stop != null) {
                throw new IOException(stop);
            }
            closeOldest();
        }
    }

    private void usage() throws IOException {
        long[] usage = server.askNumbers("await " + opened + " " + closed);
        processorNanos = usage[0];
        allocatedBytes = usage[1];
    }

    /** Returns the processor time of the server's loop until the last burst. */
    long processorNanos() {
        return processorNanos;
    }

    /** Returns the bytes of heap allocated by the server's loop until the last burst. */
    long allocatedBytes() {
        return allocatedBytes;
    }

    /** Returns the size of the server's reachable heap and the physical memory of its process, in bytes. */
    long[] weigh() throws IOException {
        return server.askNumbers("weigh");
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
