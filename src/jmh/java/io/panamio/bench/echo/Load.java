package io.panamio.bench.echo;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.ConnectOptions;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * The connections of a scenario to one server. Each sends a message, waits until it has received all of it, checks
 * every byte, and sends the next, which is a different part of a pattern. One thread serves them all, by a Panamio Poll
 * that it polls without waiting.
 */
final class Load implements AutoCloseable {
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final long STALL_NANOS = 5_000_000_000L;
    private static final int GROUP = 64;
    /** The number of offsets in the pattern at which messages begin. */
    private static final int OFFSETS = 4096;

    /** A connection and its message in progress. */
    private static final class Client {
        TcpStream stream;
        boolean connected;
        long offset;
        long sent;
        long received;
        long started;
    }

    /** Round trips in nanoseconds, of the last {@link #run}. */
    final Histogram latencies = new Histogram(60_000_000_000L, 3);
    private final EchoScenario scenario;
    private final InetSocketAddress server;
    private final Client[] clients;
    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(1024);
    private final MemorySegment pattern;
    /** A little larger than a message, so that a read reveals excess bytes. */
    private final MemorySegment buffer;
    private int inProgress;
    private long end;

    /** Connects, and exchanges a message on each connection, so that the server has seen it. */
    Load(EchoScenario scenario, InetSocketAddress server) throws IOException {
        this.scenario = scenario;
        this.server = server;
        byte[] bytes = new byte[OFFSETS + scenario.size()];
        new Random(42).nextBytes(bytes);
        pattern = Arena.ofAuto().allocate(bytes.length, 64);
        pattern.copyFrom(MemorySegment.ofArray(bytes));
        buffer = Arena.ofAuto().allocate(scenario.size() + 64, 64);
        clients = new Client[scenario.connections() + scenario.idle()]; // the idle ones come last
        for (int i = 0; i < clients.length; i++) {
            clients[i] = new Client();
            clients[i].offset = i * 31L % OFFSETS;
        }
        end = System.nanoTime();
        try {
            for (int i = 0; i < clients.length; i += GROUP) { // few at a time: the backlog is limited
                exchange(i, Math.min(i + GROUP, clients.length));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Keeps the server busy for a while, and then lets it finish the messages in progress, so that all work is counted.
     */
    void run(double seconds) throws IOException {
        latencies.reset();
        end = System.nanoTime() + (long) (seconds * 1e9);
        exchange(0, scenario.connections());
    }

    /** Returns a percentile of the latencies, in microseconds. */
    double micros(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e3;
    }

    private void exchange(int first, int last) throws IOException {
        inProgress = last - first;
        for (int i = first; i < last; i++) {
            begin(i, System.nanoTime());
        }
        long lastEvent = System.nanoTime();
        while (inProgress > 0) {
            int n = poll.pollNow(events);
            if (n > 0) {
                lastEvent = System.nanoTime();
                for (int i = 0; i < n; i++) {
                    int client = (int) events.token(i);
                    serve(client, clients[client]);
                }
            } else if (System.nanoTime() - lastEvent > STALL_NANOS) {
                throw new IOException("no response for five seconds");
            }
        }
    }

    private void begin(int index, long now) throws IOException {
        Client client = clients[index];
        client.offset = (client.offset + 7) % OFFSETS;
        client.sent = 0;
        client.received = 0;
        client.started = now;
        if (client.stream == null) {
            client.connected = false;
            client.stream = connect();
            poll.registry().register(client.stream, index, BOTH);
        } else {
            send(client);
        }
    }

    private void serve(int index, Client client) throws IOException {
        if (!client.connected) {
            client.connected = client.stream.finishConnect();
            if (client.connected) {
                send(client);
            }
            return; // nothing was sent yet
        }
        if (client.sent < scenario.size()) {
            send(client);
        }
        long n = client.stream.read(buffer);
        if (n == IoResult.WOULD_BLOCK) {
            return;
        }
        if (n == IoResult.EOF) {
            throw new IOException("the server closed a connection");
        }
        if (client.received + n > client.sent) {
            throw new IOException("received more than was sent");
        }
        long from = client.offset + client.received;
        if (MemorySegment.mismatch(buffer, 0, n, pattern, from, from + n) >= 0) {
            throw new IOException("received bytes other than those sent");
        }
        client.received += n; // a short read: drained
        if (client.received == scenario.size()) {
            answered(index, client);
        }
    }

    private void answered(int index, Client client) throws IOException {
        long now = System.nanoTime();
        latencies.recordValue(now - client.started);
        if (scenario.reconnect()) {
            client.stream.close();
            client.stream = null;
        }
        if (now < end) {
            begin(index, now);
        } else {
            inProgress--;
        }
    }

    private void send(Client client) throws IOException {
        long n = client.stream.write(pattern.asSlice(client.offset + client.sent, scenario.size() - client.sent));
        client.sent += Math.max(n, 0);
    }

    @Override
    public void close() {
        for (Client client : clients) {
            if (client != null && client.stream != null) {
                client.stream.close();
            }
        }
        poll.close();
    }

    // ---- local addresses

    /*
     * The end that closes first, here the client, keeps the pair of addresses for a minute (TIME_WAIT). So that ports
     * do not run out, connections come from a hundred addresses, and a pair is reused only after five million others.
     */
    private static final int LOWEST_PORT = 10_000;
    private static final int PORTS = 50_000;
    private static final int ADDRESSES = 100;
    private static final ConnectOptions OPTIONS = ConnectOptions.DEFAULT
        .with(StandardSocketOptions.SO_REUSEADDR, true) // the address may be in TIME_WAIT with another server
        .with(StandardSocketOptions.TCP_NODELAY, true);
    private static int connections;

    private TcpStream connect() throws IOException {
        for (int tries = 0; tries < PORTS; tries++) {
            int n = connections++ & Integer.MAX_VALUE;
            byte address = (byte) (2 + n / PORTS % ADDRESSES);
            InetAddress local = InetAddress.getByAddress(new byte[] {127, 0, 0, address});
            try {
                return TcpStream.connect(server, OPTIONS.local(new InetSocketAddress(local, LOWEST_PORT + n % PORTS)));
            } catch (BindException e) {
                // the port is in use
            }
        }
        throw new BindException("no port is free");
    }
}
