package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Runs a {@link Load} against a server in one event loop on Panamio. */
final class LoadLoop {
    private static final int BUFFER_SIZE = 16 * 1024;
    private static final Duration POLL_TIME = Duration.ofMillis(100);

    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
    private static final ConnectOptions OPTIONS =
        ConnectOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);

    private static final class Client implements AutoCloseable {
        final Connector connector;
        /** The connection, once it is established. */
        TcpStream stream;
        final Load.Exchange exchange;

        Client(Connector connector, Load.Exchange exchange) {
            this.connector = connector;
            this.exchange = exchange;
        }

        @Override
        public void close() {
            connector.close();
            if (stream != null) {
                stream.close();
            }
        }
    }

    private final Load load;
    private final List<Client> clients = new ArrayList<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE, 64);
    /** The lookup of the server's name, which all connections share; null if none was needed yet. */
    private CompletableFuture<InetAddress[]> addresses;
    private boolean recording;
    private long answered;

    private LoadLoop(Load load) {
        this.load = load;
    }

    /** Runs until {@link Load#stop}. */
    static void run(Load load) throws IOException {
        LoadLoop loop = new LoadLoop(load);
        try (Poll poll = Poll.open()) {
            loop.connect(poll);
            loop.exchange(poll);
        } finally {
            loop.clients.forEach(Client::close);
        }
    }

    private void connect(Poll poll) throws IOException {
        Events events = Events.withCapacity(1024);
        for (int i = 0; i < load.connections; i++) {
            Connector connector = Connector.connect(load.address.getHostString(), load.address.getPort(), CONNECT_TIME,
                OPTIONS, this::resolve);
            clients.add(new Client(connector, load.new Exchange(i)));
            poll.registry().register(connector, i, Interest.WRITABLE);
        }
        for (int connected = 0; connected < load.connections && !load.stop;) {
            int n = poll.poll(events, POLL_TIME);
            for (int i = 0; i < n; i++) {
                Client client = clients.get((int) events.token(i));
                if (client.stream == null) {
                    client.stream = client.connector.finishConnect();
                    connected += client.stream == null ? 0 : 1;
                }
            }
        }
    }

    private CompletableFuture<InetAddress[]> resolve(String name) {
        if (addresses == null) {
            addresses = Connector.resolve(name);
        }
        return addresses;
    }

    private void exchange(Poll poll) throws IOException {
        Events events = Events.withCapacity(1024);
        for (int i = 0; i < clients.size() && !load.stop; i++) {
            clients.get(i).exchange.begin();
            poll.registry().register(clients.get(i).stream, i, Interest.READABLE.add(Interest.WRITABLE));
        }
        while (!load.stop) {
            int n = poll.poll(events, POLL_TIME);
            recording = load.isRecording();
            for (int i = 0; i < n; i++) {
                transfer(clients.get((int) events.token(i)), ShortReads.mayHideMore(events, i));
            }
            load.answered = answered;
        }
    }

    /** Sends and receives. Stops after a short read unless {@code readOn}, otherwise when a read would block. */
    private void transfer(Client client, boolean readOn) throws IOException {
        send(client);
        long n;
        while ((n = client.stream.read(buffer)) > 0) {
            if (client.exchange.received(buffer, n)) {
                client.exchange.record(recording);
                answered++;
                client.exchange.begin();
                send(client);
            }
            if (n < BUFFER_SIZE && !readOn) {
                return;
            }
        }
        if (n == IoResult.EOF && !load.stop) {
            throw new IOException("the server closed a connection");
        }
    }

    private void send(Client client) throws IOException {
        Load.Exchange exchange = client.exchange;
        if (exchange.unsent() > 0) {
            long n = client.stream.write(load.pattern.asSlice(exchange.unsentFrom(), exchange.unsent()));
            exchange.sent(Math.max(n, 0));
        }
    }
}
