package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs a {@link Load} against a server in one event loop on Panamio. */
final class LoadLoop {
    private static final int BUFFER_SIZE = 16 * 1024;
    private static final Duration POLL_TIME = Duration.ofMillis(100);

    private static final class Client {
        final TcpStream stream;
        final Load.Exchange exchange;

        Client(TcpStream stream, Load.Exchange exchange) {
            this.stream = stream;
            this.exchange = exchange;
        }
    }

    private final Load load;
    private final List<Client> clients = new ArrayList<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE, 64);
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
            loop.clients.forEach(client -> client.stream.close());
        }
    }

    private void connect(Poll poll) throws IOException {
        Events events = Events.withCapacity(1024);
        for (int i = 0; i < load.connections; i++) {
            TcpStream stream = TcpStream.connect(load.address);
            clients.add(new Client(stream, load.new Exchange(i)));
            poll.registry().register(stream, i, Interest.WRITABLE);
        }
        for (int connected = 0; connected < load.connections && !load.stop;) {
            int n = poll.poll(events, POLL_TIME);
            for (int i = 0; i < n; i++) {
                TcpStream stream = clients.get((int) events.token(i)).stream;
                if (stream.finishConnect()) {
                    stream.setNoDelay(true);
                    poll.registry().reregister(stream, events.token(i), Interest.READABLE.add(Interest.WRITABLE));
                    connected++;
                }
            }
        }
    }

    private void exchange(Poll poll) throws IOException {
        Events events = Events.withCapacity(1024);
        for (Client client : clients) {
            client.exchange.begin();
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

    /** Sends and receives. After a short read, reads on only if required: until a read would block or throws. */
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
