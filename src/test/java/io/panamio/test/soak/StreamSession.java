package io.panamio.test.soak;

import io.panamio.Feature;
import io.panamio.net.Pipe;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Two ends of a stream in one loop, and how they end. */
final class StreamSession extends Session {
    /** What is connected how. */
    enum Medium {
        TCP, TLS, UNIX, UNIX_PAIR, PIPE
    }

    /** How it ends. */
    enum Plan {
        /** Each end shuts its half down when it has sent everything. */
        HALVES,
        /** The accepted end only closes, once it has received and sent everything. */
        CLOSE,
        /** One end closes in the middle. */
        EARLY,
        /** One end resets the connection in the middle. */
        RESET,
        /** Another thread closes one end in the middle. */
        ELSEWHERE,
        /** The client closes as soon as it has begun to connect. */
        NEVER_USED
    }

    private static final List<Medium> MEDIA = media();

    final Medium medium;
    final Plan plan;
    /** Whether it may break from now on. */
    boolean abrupt;
    private final End client;
    private final End server;
    /** The end that breaks, and after how many bytes. */
    private final End breaking;
    private final long after;

    StreamSession(SoakLoop loop) {
        super(loop);
        medium = MEDIA.get(random.nextInt(MEDIA.size()));
        Plan[] plans = Plan.values();
        Plan drawn = random.nextInt(2) == 0 ? Plan.HALVES : plans[random.nextInt(plans.length)];
        plan = switch (medium) {
            case TLS -> drawn == Plan.CLOSE ? Plan.HALVES : drawn;
            case PIPE, UNIX_PAIR -> drawn == Plan.NEVER_USED ? Plan.EARLY : drawn;
            default -> drawn;
        };
        long most = medium == Medium.TLS ? 1 << 18 : 1 << random.nextInt(8, 17);
        boolean both = medium != Medium.PIPE;
        client = new End(this, 2 * number, random.nextLong(most), both ? random.nextLong(most) : 0);
        server = new End(this, 2 * number + 1, client.toReceive(), client.toSend());
        breaking = random.nextBoolean() ? client : server;
        after = random.nextLong(most);
    }

    private static List<Medium> media() {
        List<Medium> media = new ArrayList<>();
        for (int i = 0; i < 8; i++) { // encrypted ones are dear
            media.addAll(List.of(Medium.TCP, Medium.TCP, Medium.TCP));
            if (Feature.UNIX_STREAMS.isAvailable()) {
                media.addAll(List.of(Medium.UNIX, Medium.UNIX_PAIR));
            }
            if (Feature.PIPES.isAvailable()) {
                media.add(Medium.PIPE);
            }
        }
        media.add(Medium.TLS);
        return media;
    }

    boolean isServer(End end) {
        return end == server;
    }

    End other(End end) {
        return end == client ? server : client;
    }

    @Override
    void start() throws IOException {
        loop.run.calls.add(Kind.CONNECT);
        switch (medium) {
            case PIPE -> {
                Pipe pipe = Pipe.open();
                client.open(pipe.sender(), null, pipe.sender(), true);
                server.open(pipe.receiver(), pipe.receiver(), null, true);
            }
            case UNIX_PAIR -> {
                UnixStream[] pair = UnixStream.pair();
                client.open(pair[0], pair[0], pair[0], true);
                server.open(pair[1], pair[1], pair[1], true);
            }
            default -> connect();
        }
    }

    private void connect() throws IOException {
        StreamSocket<?> stream = medium == Medium.UNIX ? UnixStream.connect(loop.unix.localAddress())
            : TcpStream.connect(loop.tcp.localAddress());
        if (plan == Plan.NEVER_USED) {
            if (random.nextBoolean() && medium != Medium.UNIX) {
                End.reset((TcpStream) stream);
            }
            stream.close();
            loop.run.calls.add(Kind.CLOSE);
            finish();
        } else {
            loop.connecting.put(number, this);
            client.open(stream, stream, stream, false);
        }
    }

    /** Continues with the other end of the connection. */
    void accepted(StreamSocket<?> stream) throws IOException {
        if (server.isClosed()) { // it broke before
            stream.close();
        } else {
            server.open(stream, stream, stream, true);
            server.turn();
        }
    }

    /** Breaks an end if its time has come, and returns whether it has been closed here. */
    boolean breaks(End end) throws IOException {
        if (end != breaking || abrupt || end.moved() < after || server.isNew()) {
            return false;
        }
        switch (plan) {
            case HALVES, CLOSE, NEVER_USED -> {
                return false;
            }
            case ELSEWHERE -> {
                abrupt = true;
                loop.others.submit(() -> {
                    end.closeSource();
                    loop.post(end);
                });
                return false;
            }
            case RESET -> {
                abrupt = true;
                end.resetIfTcp();
            }
            case EARLY -> abrupt = true;
        }
        end.close();
        ended(end);
        return true;
    }

    /** Ends the session once both ends are closed; one that is done has seen its last event, and only waits. */
    void ended(End end) throws IOException {
        End other = other(end);
        if (other.isDone()) {
            other.close();
        }
        if (other.isClosed()) {
            loop.connecting.remove(number);
            finish();
        }
    }

    @Override
    public String toString() {
        return medium + " " + plan + (abrupt ? " broken" : "") + ", client " + client + ", server " + server;
    }
}
